//! What all requests of one server share.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use futures_util::future::join_all;
use layer2_world::{seed::Seed, settings::Settings};

use super::{
    clocks::ClockMode,
    directory::{self, Directory, DirectoryError},
    http::{contract::Contract, route::Routes},
    journal::Journal,
    known_tokens::KnownTokens,
    metrics::Metrics,
    sandbox::Sandbox,
    start_error::StartError,
    store::{self, Charter, Kept, Store, StoreUrl},
    webhooks::{
        dispatcher::{self, Sender},
        guard::CallbackPolicy,
    },
};

mod change;
mod following;

pub(crate) use change::{ChangeError, Plan};

/// What a server is told at its start.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) seed: Seed,
    /// A secret: it opens every sandbox.
    pub(crate) control_token: String,
    /// Address under which clients reach it, without a slash at the end.
    pub(crate) url: String,
    pub(crate) settings: Settings,
    pub(crate) clock: ClockMode,
    pub(crate) callbacks: CallbackPolicy,
    pub(crate) store: StoreUrl,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.url)
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .field("callbacks", &self.callbacks)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// The state of one server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    pub(crate) directory: Directory,
    pub(crate) sender: Arc<Sender>,
    pub(crate) known_tokens: KnownTokens,
    pub(crate) metrics: Metrics,
    pub(crate) contract: Contract,
    store: Arc<dyn Store>,
    /// Held by whoever makes or deletes a sandbox.
    changing: tokio::sync::Mutex<()>,
    /// Held by whoever brings the directory up to what other servers do, and where a change of this one's own begins.
    following: tokio::sync::Mutex<()>,
    /// The name of the sandbox that this server makes or deletes: directory and store change together, and nobody else
    /// touches it meanwhile.
    in_change: Mutex<Option<String>>,
    /// Sandboxes are neither made nor deleted any more.
    is_ending: AtomicBool,
    /// What the store said when the directory was last brought up to what other servers do.
    seen_changes: AtomicI64,
    named: AtomicU64,
}

impl Server {
    /// A server with the sandboxes of its store, and with the default one in any case.
    pub(crate) async fn open(config: Config) -> Result<Server, StartError> {
        let store = store::open(&config.store, &config.seed)
            .await
            .map_err(|error| StartError::store(&config.store, &error))?;
        let server = Server {
            routes: Routes::new()?,
            directory: Directory::default(),
            sender: Arc::new(Sender::new(config.callbacks)),
            known_tokens: KnownTokens::default(),
            metrics: Metrics::default(),
            contract: Contract::default(),
            store,
            changing: tokio::sync::Mutex::default(),
            following: tokio::sync::Mutex::default(),
            in_change: Mutex::default(),
            is_ending: AtomicBool::new(false),
            seen_changes: AtomicI64::new(-1),
            named: AtomicU64::new(0),
            config,
        };
        let failed = |error| StartError::store(&server.config.store, &error);
        for kept in server.store.sandboxes().await.map_err(failed)? {
            server.directory.put(Arc::new(server.load(kept).await));
        }
        if server.directory.named(directory::DEFAULT).is_none() {
            let plan = server.plan(directory::DEFAULT.to_owned());
            match server.make(plan).await {
                Ok(_) => {}
                // Another server that shares the store was a moment earlier.
                Err(ChangeError::Directory(DirectoryError::Taken)) => {
                    server.follow_store().await.map_err(failed)?;
                }
                Err(error) => return Err(StartError::default_sandbox(&error)),
            }
        }
        Ok(server)
    }

    /// The plan of a sandbox with the server's own settings.
    pub(crate) fn plan(&self, name: String) -> Plan {
        Plan {
            name,
            seed: None,
            settings: self.config.settings.clone(),
            clock: self.config.clock,
        }
    }

    /// A name that no sandbox has.
    pub(crate) fn fresh_name(&self) -> String {
        loop {
            let number = self.named.fetch_add(1, Ordering::Relaxed) + 1;
            let name = format!("sandbox-{number}");
            if self.directory.named(&name).is_none() {
                return name;
            }
        }
    }

    /// Sets the dispatcher of a sandbox to work. Runs on the server's runtime.
    pub(crate) fn dispatch(&self, sandbox: &Arc<Sandbox>) {
        tokio::spawn(dispatcher::run(
            Arc::clone(sandbox),
            Arc::clone(&self.sender),
        ));
    }

    /// Leaves everything as the next start wants to find it: a snapshot at the end of each journal. Nothing is written from
    /// here on, although requests may still come: a row after its snapshot is one that newer rules do not carry out.
    pub(crate) async fn close(&self) {
        {
            // Whoever makes one ends first; whoever waits for that is refused.
            let _nobody_else = self.changing.lock().await;
            self.is_ending.store(true, Ordering::Release);
            // Nor does anybody add one of another server's from here on.
            let _nobody_follows = self.following.lock().await;
        }
        let sandboxes = self.directory.all();
        join_all(sandboxes.iter().map(|sandbox| sandbox.end_sending())).await;
        for sandbox in &sandboxes {
            sandbox.end_writing();
        }
        for sandbox in sandboxes {
            if let Err(error) = sandbox.keep_snapshot().await {
                tracing::error!(sandbox = sandbox.name(), %error, "no snapshot could be kept");
            }
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store could not be closed");
        }
    }

    /// The sandbox that a store keeps, whatever has become of it.
    async fn load(&self, kept: Kept) -> Sandbox {
        let Kept {
            name,
            charter,
            journal,
        } = kept;
        match charter {
            Ok(charter) => self.open_kept(&charter, journal).await,
            Err(error) => {
                let charter = self.plan(name).charter();
                let genesis = charter.genesis(&self.config.seed);
                Sandbox::unknown(genesis, charter.clock, journal, error).await
            }
        }
    }

    async fn open_kept(&self, charter: &Charter, journal: Arc<dyn Journal>) -> Sandbox {
        let genesis = charter.genesis(&self.config.seed);
        Sandbox::open(genesis, charter.clock, journal).await
    }
}
