//! A server inside a program: one line in a test, as many side by side as one likes.
//!
//! The server has a thread and a runtime of its own, so the caller's runtime cannot starve it: a test may pause tokio's
//! time, block its only thread or have no runtime at all. It listens on a free port of the loopback address and stops
//! when the handle is dropped.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use layer2_types::{control::SandboxInfo, operation::Platform};
use layer2_world::{
    Genesis,
    seed::Seed,
    settings::{
        ErrorStyle, Profile, Settings, SignaturePolicy, TimestampStyle, WEBHOOK_LOG_LIMITS,
    },
};
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    clocks::ClockMode,
    directory,
    http::{listener::CuttableListener, service::Connections},
    journal::Row,
    ready_file,
    request_log::RequestRecord,
    sandbox::lock,
    server::{Config, Server},
    start_error::{StartError, StartErrorKind},
    store::StoreUrl,
    webhooks::guard::CallbackPolicy,
};

/// How long requests in progress may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct SandboxServer {
    server: Arc<Server>,
    info: SandboxInfo,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxServer {
    /// Starts a server with default settings on a free port.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had.
    pub async fn start() -> Result<SandboxServer, StartError> {
        SandboxServer::builder().start().await
    }

    /// Starts a server with default settings on a free port, without a runtime.
    ///
    /// ```
    /// let server = layer2_mock::SandboxServer::start_blocking()?;
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), layer2_mock::StartError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had.
    pub fn start_blocking() -> Result<SandboxServer, StartError> {
        SandboxServer::builder().start_blocking()
    }

    /// Starts with other settings.
    pub fn builder() -> SandboxServerBuilder {
        SandboxServerBuilder::default()
    }

    /// Base URL of the server; that of the payments API is this and `/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.server.config.url
    }

    /// Everything that a client needs to reach the default sandbox.
    #[must_use]
    pub fn info(&self) -> SandboxInfo {
        self.info.clone()
    }

    /// Bearer token of the control API.
    #[must_use]
    pub fn control_token(&self) -> &str {
        &self.server.config.control_token
    }

    /// The journal of a sandbox, or nothing if there is no such sandbox or a defect has broken it.
    #[must_use]
    pub fn journal(&self, sandbox: &str) -> Option<Vec<Row>> {
        let sandbox = self.server.directory.named(sandbox)?;
        self.ask(async move { sandbox.rows().await.ok() })
    }

    /// What a sandbox was made from; with its journal it makes the same world again.
    #[must_use]
    pub fn genesis(&self, sandbox: &str) -> Option<Genesis> {
        Some(self.server.directory.named(sandbox)?.genesis().clone())
    }

    /// The state of a sandbox as text, for comparison.
    #[must_use]
    pub fn snapshot(&self, sandbox: &str) -> Option<String> {
        let sandbox = self.server.directory.named(sandbox)?;
        self.ask(async move { sandbox.snapshot().await.ok() })
    }

    /// The last requests of a sandbox, oldest first.
    #[must_use]
    pub fn requests(&self, sandbox: &str) -> Option<Vec<RequestRecord>> {
        let sandbox = self.server.directory.named(sandbox)?;
        let records = lock(&sandbox.requests).records();
        Some(records)
    }

    /// Differences between what the server sent and what the documents say; looked for in debug builds alone.
    #[must_use]
    pub fn contract_violations(&self) -> Vec<String> {
        self.server.contract.violations()
    }

    /// Has a question answered on the server's own runtime, whatever the caller runs on.
    fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = mpsc::channel();
        self.runtime.spawn(async move {
            // The caller waits for it.
            let _ = answer.send(question.await);
        });
        answered.recv().ok().flatten()
    }
}

impl Drop for SandboxServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the server was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Settings of a server to be started.
#[derive(Clone)]
#[must_use = "a builder starts nothing by itself"]
pub struct SandboxServerBuilder {
    listen: SocketAddr,
    public_url: Option<String>,
    seed: Option<u64>,
    control_token: Option<String>,
    clock: ClockMode,
    callbacks: CallbackPolicy,
    settings: Settings,
    store: StoreUrl,
}

impl Default for SandboxServerBuilder {
    fn default() -> Self {
        SandboxServerBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            seed: None,
            control_token: None,
            clock: ClockMode::default(),
            callbacks: CallbackPolicy::default(),
            settings: Settings::default(),
            store: StoreUrl::default(),
        }
    }
}

/// Without the control token, and without the seed that every credential follows from.
impl fmt::Debug for SandboxServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxServerBuilder")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("clock", &self.clock)
            .field("callbacks", &self.callbacks)
            .field("settings", &self.settings)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl SandboxServerBuilder {
    /// Address to listen on; a free port of the loopback address otherwise.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// URL under which clients reach the server, where it is not the address it listens on.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Number that everything random comes from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Bearer token of the control API; made from the seed otherwise.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(token.into());
        self
    }

    /// How the business clocks run.
    pub fn clock(mut self, mode: ClockMode) -> Self {
        self.clock = mode;
        self
    }

    /// Where webhooks may be sent.
    pub fn allow_callbacks(mut self, policy: CallbackPolicy) -> Self {
        self.callbacks = policy;
        self
    }

    /// Which version of the platform to be.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.settings.platform = platform;
        self
    }

    /// How long the platform's own work takes.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Which requests must be signed.
    pub fn signatures(mut self, policy: SignaturePolicy) -> Self {
        self.settings.signatures = policy;
        self
    }

    /// How much an error says.
    pub fn errors(mut self, style: ErrorStyle) -> Self {
        self.settings.errors = style;
        self
    }

    /// Whether every error code is replaced by one that no document has, so that a client shows whether it leans on
    /// codes. Codes of the token endpoints and of control stay.
    pub fn opaque_codes(mut self, opaque: bool) -> Self {
        self.settings.opaque_codes = opaque;
        self
    }

    /// Whether unknown request fields and amounts sent as text are refused.
    pub fn strict(mut self, strict: bool) -> Self {
        self.settings.strict = strict;
        self
    }

    /// Whether an invoice is asked for over a withdrawal that is worth more than 10,000 US dollars.
    pub fn information_requests(mut self, asked: bool) -> Self {
        self.settings.information_requests = asked;
        self
    }

    /// Whether the client is regulated itself, and so makes customers without an application.
    pub fn regulated_client(mut self, regulated: bool) -> Self {
        self.settings.regulated_client = regulated;
        self
    }

    /// Zone of the timestamps in replies and events.
    pub fn timestamps(mut self, style: TimestampStyle) -> Self {
        self.settings.timestamps = style;
        self
    }

    /// How many finished events, with their deliveries, the webhook log keeps; at least 1 and at most a million.
    pub fn webhook_log_limit(mut self, limit: u32) -> Self {
        let (least, most) = (*WEBHOOK_LOG_LIMITS.start(), *WEBHOOK_LOG_LIMITS.end());
        self.settings.webhook_log_limit = limit.clamp(least, most);
        self
    }

    /// Where the sandboxes are kept. What a durable store holds opens under the seed that it was made with.
    pub fn store(mut self, store: StoreUrl) -> Self {
        self.store = store;
        self
    }

    /// Starts the server. Nothing of it runs on the caller's runtime.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had, or the store cannot be opened.
    pub async fn start(self) -> Result<SandboxServer, StartError> {
        let (started, has_started) = oneshot::channel();
        let launched = self.launch(move |outcome| {
            // Nobody listens if the caller has gone, and then nobody is missed.
            let _ = started.send(outcome);
        })?;
        let outcome = has_started.await;
        launched.complete(outcome.unwrap_or_else(|_| Err(thread_ended())))
    }

    /// Starts the server without a runtime.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had, or the store cannot be opened.
    pub fn start_blocking(self) -> Result<SandboxServer, StartError> {
        let (started, has_started) = mpsc::channel();
        let launched = self.launch(move |outcome| {
            // As above.
            let _ = started.send(outcome);
        })?;
        let outcome = has_started.recv();
        launched.complete(outcome.unwrap_or_else(|_| Err(thread_ended())))
    }

    fn launch(self, report: impl FnOnce(Started) + Send + 'static) -> Result<Launched, StartError> {
        let bound = self.bind()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("layer2-mock".to_owned())
            .spawn(move || run_thread(bound, stopped, report))
            .map_err(StartError::thread)?;
        Ok(Launched { stop, thread })
    }

    /// Binds the socket and chooses the seed.
    pub(crate) fn bind(self) -> Result<Bound, StartError> {
        let listener = TcpListener::bind(self.listen)
            .map_err(|error| StartError::bind(self.listen, &error))?;
        listener
            .set_nonblocking(true)
            .map_err(|error| StartError::bind(self.listen, &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::bind(self.listen, &error))?;
        let is_public = !address.ip().is_loopback();
        if is_public && self.seed.is_none() && self.store.is_durable() {
            return Err(StartError::new(
                StartErrorKind::Seed,
                format!(
                    "--store {} needs --seed where others can reach the server ({address}): the seed would be another one at each start, and what is kept opens under the seed that it was kept with",
                    self.store
                ),
            ));
        }
        let (seed, random_seed) = choose_seed(self.seed, is_public)?;
        let control_token = self
            .control_token
            .unwrap_or_else(|| hex::encode(&seed.derive("control-token", &[])[..20]));
        let url = self
            .public_url
            .unwrap_or_else(|| format!("http://{}", reachable(address)));
        let config = Config {
            seed,
            control_token,
            url: url.trim_end_matches('/').to_owned(),
            settings: self.settings,
            clock: self.clock,
            callbacks: self.callbacks,
            store: self.store,
        };
        Ok(Bound {
            listener,
            config,
            random_seed,
        })
    }
}

/// A server that has its socket and does not know its sandboxes yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    config: Config,
    /// Whether the credentials are new at every start.
    pub(crate) random_seed: bool,
}

impl Bound {
    /// Opens the store and brings the sandboxes back. Runs on the server's runtime.
    pub(crate) async fn open(self) -> Result<Opened, StartError> {
        let server = Server::open(self.config).await?;
        let default = server.directory.named(directory::DEFAULT).ok_or_else(|| {
            StartError::new(
                StartErrorKind::Sandbox,
                "the default sandbox is missing".to_owned(),
            )
        })?;
        let info = ready_file::info(&server, &default)?;
        Ok(Opened {
            server: Arc::new(server),
            listener: self.listener,
            info,
        })
    }
}

/// A server that has its sandboxes and does not answer yet.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) server: Arc<Server>,
    pub(crate) listener: TcpListener,
    pub(crate) info: SandboxInfo,
}

/// What the thread of a server reports once it serves, or does not.
type Started = Result<(Arc<Server>, SandboxInfo, Handle), StartError>;

/// A server's thread, before it is known whether it serves.
struct Launched {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Launched {
    fn complete(self, started: Started) -> Result<SandboxServer, StartError> {
        let (server, info, runtime) = started?;
        Ok(SandboxServer {
            server,
            info,
            runtime,
            stop: Some(self.stop),
            thread: Some(self.thread),
        })
    }
}

fn thread_ended() -> StartError {
    StartError::thread(io::Error::other("the thread ended"))
}

/// An address that a client on this machine can call: "all addresses" is none.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The seed of the server. On loopback it is the same at every start; where others can reach the server, known
/// credentials would let anybody forge tokens, so it is random unless it is chosen.
fn choose_seed(chosen: Option<u64>, is_public: bool) -> Result<(Seed, bool), StartError> {
    match chosen {
        Some(number) => Ok((
            Seed::new([0; 32]).child("server", &[&number.to_be_bytes()]),
            false,
        )),
        None if is_public => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| {
                StartError::new(
                    StartErrorKind::Seed,
                    format!("the system gives no random numbers ({error})"),
                )
            })?;
            Ok((Seed::new(bytes), true))
        }
        None => Ok((Seed::new([0; 32]), false)),
    }
}

/// The life of the server's thread.
fn run_thread(bound: Bound, stopped: oneshot::Receiver<()>, report: impl FnOnce(Started)) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(Err(StartError::thread(error))),
    };
    runtime.block_on(async {
        let Opened {
            server,
            listener,
            info,
        } = match bound.open().await {
            Ok(opened) => opened,
            Err(error) => return report(Err(error)),
        };
        report(Ok((Arc::clone(&server), info, Handle::current())));
        tokio::select! {
            served = serve(Arc::clone(&server), listener, std::future::pending()) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the server ended");
                }
            }
            // The handle is dropped: nobody waits for what is still open.
            _ = stopped => {}
        }
        server.close().await;
    });
    // A name that is being resolved must not hold up a test.
    runtime.shutdown_background();
}

/// Serves until `stop`, then lets requests in progress end.
pub(crate) async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = CuttableListener(tokio::net::TcpListener::from_std(listener)?);
    for sandbox in server.directory.all() {
        server.dispatch(&sandbox);
    }
    let watched = Arc::clone(&server);
    let (stopping, has_stopped) = oneshot::channel();
    let serving = axum::serve(listener, Connections(server)).with_graceful_shutdown(async move {
        stop.await;
        // The other side waits for as long as this lives.
        let _ = stopping.send(());
    });
    tokio::select! {
        served = serving.into_future() => served,
        () = watched.watch_store() => Ok(()),
        () = async {
            let _ = has_stopped.await;
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_others_can_reach_it_nothing_is_known_beforehand() {
        let bind = async |address: [u8; 4], seed: Option<u64>| {
            let mut builder = SandboxServer::builder().listen(SocketAddr::from((address, 0)));
            builder.seed = seed;
            let bound = builder.bind().expect("bind");
            (bound.random_seed, bound.open().await.expect("open").info)
        };
        let (is_random, one) = bind([0, 0, 0, 0], None).await;
        let (_, two) = bind([0, 0, 0, 0], None).await;
        assert!(is_random);
        assert_ne!(one.payments.client_secret, two.payments.client_secret);
        assert_ne!(one.control_token, two.control_token);
        assert!(one.url.starts_with("http://127.0.0.1:"), "{}", one.url);
        let (is_random, chosen) = bind([0, 0, 0, 0], Some(7)).await;
        assert!(!is_random);
        let (_, same) = bind([127, 0, 0, 1], Some(7)).await;
        assert_eq!(chosen.control_token, same.control_token);
        assert!(!bind([127, 0, 0, 1], None).await.0);
    }

    #[test]
    fn what_is_kept_needs_a_seed_that_is_known_at_the_next_start() {
        let builder = SandboxServer::builder()
            .listen(SocketAddr::from(([0, 0, 0, 0], 0)))
            .store("sqlite:never-made.db".parse().expect("a store"));
        let refused = builder.start_blocking().expect_err("no seed");
        assert_eq!(refused.kind(), StartErrorKind::Seed);
        assert!(refused.to_string().contains("--seed"), "{refused}");
    }

    #[test]
    fn what_is_shown_of_a_builder_holds_no_secret() {
        let builder = SandboxServer::builder()
            .seed(20_261_121)
            .control_token("open-sesame");
        let shown = format!("{builder:?} {builder:#?}");
        assert!(shown.contains("127.0.0.1:0"), "{shown}");
        for secret in ["20261121", "open-sesame"] {
            assert!(!shown.contains(secret), "a secret is in Debug");
        }
    }

    #[test]
    fn what_is_shown_of_a_server_holds_no_secret() {
        let server = SandboxServer::start_blocking().expect("start");
        let shown = format!("{server:?}");
        let info = server.info();
        for secret in [
            server.control_token(),
            &info.payments.client_secret,
            &info.payments.signing_key,
            &info.accounting.client_secret,
            &info.plaid.secret,
        ] {
            assert!(!shown.contains(secret), "a secret is in Debug");
        }
    }
}
