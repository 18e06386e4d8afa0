//! What all requests of one server share.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use layer2_world::{World, seed::Seed, settings::Settings};

use super::{
    clocks::{ClockMode, MANUAL_START},
    directory::{self, Directory, DirectoryError},
    http::{contract::Contract, route::Routes},
    image::Image,
    journal::{Base, Journal, Snapshot},
    known_tokens::KnownTokens,
    metrics::Metrics,
    sandbox::{Broken, Outage, Sandbox, Unclaimed},
    start_error::StartError,
    store::{self, Charter, Kept, Store, StoreError, StoreUrl},
    webhooks::dispatcher::{self, Sender},
};

/// How long until a server that nobody calls looks again what others have done.
const WATCH: Duration = Duration::from_secs(1);

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
    pub(crate) callbacks: super::webhooks::guard::CallbackPolicy,
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
    /// Held by whoever makes or deletes a sandbox: directory and store change together.
    changing: tokio::sync::Mutex<()>,
    /// What the store said when the directory was last brought up to what other servers do.
    seen_changes: AtomicI64,
    named: AtomicU64,
}

/// What a new sandbox is to be.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) name: String,
    /// Text of the client's that makes another sandbox of the same name. A secret, as in [`Charter`].
    pub(crate) seed: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) clock: ClockMode,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Plan {
    fn charter(self) -> Charter {
        let start = match self.clock {
            ClockMode::Manual => MANUAL_START,
            ClockMode::Wall => Timestamp::now(),
        };
        Charter {
            name: self.name,
            seed: self.seed,
            settings: self.settings,
            clock: self.clock,
            start,
            inherited: None,
            identity: None,
        }
    }
}

/// Why a sandbox is not made, reset or deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Broken(Broken),
    /// Somebody moves its clock.
    #[error("another call moves its clock; try again when it has answered")]
    Busy,
    #[error(transparent)]
    Directory(DirectoryError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<DirectoryError> for ChangeError {
    fn from(error: DirectoryError) -> ChangeError {
        ChangeError::Directory(error)
    }
}

impl From<Unclaimed> for ChangeError {
    fn from(error: Unclaimed) -> ChangeError {
        match error {
            Unclaimed::Busy => ChangeError::Busy,
            Unclaimed::Broken(broken) => ChangeError::Broken(broken),
        }
    }
}

impl From<StoreError> for ChangeError {
    fn from(error: StoreError) -> ChangeError {
        match error {
            StoreError::Taken => ChangeError::Directory(DirectoryError::Taken),
            other => ChangeError::Store(other),
        }
    }
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

    /// Makes a sandbox and sets its dispatcher to work. Runs on the server's runtime.
    pub(crate) async fn create(&self, plan: Plan) -> Result<Arc<Sandbox>, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        let sandbox = self.make(plan).await?;
        self.dispatch(&sandbox);
        Ok(sandbox)
    }

    /// Begins a sandbox again. One of which the store cannot say what it was made from is made anew, with the server's own
    /// settings. Runs on the server's runtime.
    pub(crate) async fn reset(&self, sandbox: Arc<Sandbox>) -> Result<Arc<Sandbox>, ChangeError> {
        if sandbox.is_unknown() {
            return self.make_anew(&sandbox).await;
        }
        let claim = sandbox.claim().await?;
        let reset = sandbox.reset().await.map_err(ChangeError::Broken);
        claim.release().await;
        reset.map(|()| sandbox)
    }

    /// Makes a sandbox of the same name in the place of one of which nothing can be read. The store puts one for the other
    /// at once, so that what is refused leaves the old one where it is.
    async fn make_anew(&self, old: &Arc<Sandbox>) -> Result<Arc<Sandbox>, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        match self.directory.named(old.name()) {
            Some(now) if Arc::ptr_eq(&now, old) => {}
            // Another call was a moment earlier; what has been put into the new one since stays there.
            Some(_) => return Err(ChangeError::Busy),
            None => return Err(DirectoryError::Unknown.into()),
        }
        let claim = old.claim().await?;
        let made = self.make_claimed_anew(old).await;
        claim.release().await;
        made
    }

    /// The same where the clock is this call's.
    async fn make_claimed_anew(&self, old: &Sandbox) -> Result<Arc<Sandbox>, ChangeError> {
        let charter = self.plan(old.name().to_owned()).charter();
        let head = old.next_head().await.map_err(ChangeError::Broken)?;
        let snapshot = World::new(charter.genesis(&self.config.seed)).snapshot();
        let base = Base {
            head,
            snapshot: Snapshot {
                generation: head.generation,
                seq: 0,
                text: snapshot.map_err(|_| ChangeError::Broken(Broken::Defect))?,
            },
            files: Vec::new(),
        };
        self.put(&charter, &base, true).await
    }

    /// Makes a sandbox that begins with an image, if asked in place of the one of its name, and sets its dispatcher to
    /// work. Runs on the server's runtime.
    pub(crate) async fn begin(
        &self,
        mut image: Image,
        replace: bool,
    ) -> Result<Arc<Sandbox>, ChangeError> {
        let name = image.genesis.name.clone();
        let _one_at_a_time = self.changing.lock().await;
        let old = self.directory.named(&name).filter(|_| replace);
        let Some(old) = &old else {
            self.directory.may_add(&name)?;
            return self.put(&image.charter(), &image.base, replace).await;
        };
        let claim = old.claim().await?;
        // Tokens that were expired stay so.
        image.base.head.epoch = image.base.head.epoch.max(old.epoch());
        let put = self.put(&image.charter(), &image.base, replace).await;
        claim.release().await;
        put
    }

    /// Keeps a sandbox that begins with a base and sets its dispatcher to work. The caller sees to it that nobody else makes
    /// or deletes one.
    async fn put(
        &self,
        charter: &Charter,
        base: &Base,
        replace: bool,
    ) -> Result<Arc<Sandbox>, ChangeError> {
        let journal = self.store.begin(charter, base, replace).await?;
        let sandbox = Arc::new(self.open_kept(charter, journal).await);
        self.directory.put(Arc::clone(&sandbox));
        self.dispatch(&sandbox);
        Ok(sandbox)
    }

    /// Deletes a sandbox with all that is kept of it; the default one stays.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        self.directory.may_remove(name)?;
        self.store.delete(name).await?;
        Ok(self.directory.remove(name)?)
    }

    /// Sets the dispatcher of a sandbox to work. Runs on the server's runtime.
    pub(crate) fn dispatch(&self, sandbox: &Arc<Sandbox>) {
        tokio::spawn(dispatcher::run(
            Arc::clone(sandbox),
            Arc::clone(&self.sender),
        ));
    }

    /// Brings the directory up to what other servers have done before this call: sandboxes made and deleted, tokens
    /// expired. Nothing where no other server uses the store.
    pub(crate) async fn catch_up(&self) -> Result<(), Outage> {
        let Some(shared) = self.store.shared() else {
            return Ok(());
        };
        let outage = |error: StoreError| {
            tracing::error!(%error, "the sandboxes of the store cannot be had");
            match error {
                StoreError::Full(_) => Outage::Full,
                _ => Outage::Unavailable,
            }
        };
        let changes = shared.changes().await.map_err(outage)?;
        if self.seen_changes.load(Ordering::Acquire) == changes {
            return Ok(());
        }
        for sandbox in self.follow_store().await.map_err(outage)? {
            self.dispatch(&sandbox);
        }
        Ok(())
    }

    /// Looks now and then what other servers have done, for as long as it is polled: the webhooks of a sandbox are sent
    /// also by a server that nobody calls.
    pub(crate) async fn watch_store(&self) {
        if self.store.shared().is_none() {
            return std::future::pending().await;
        }
        loop {
            // What went wrong is in the log, and the next look may do better.
            let _ = self.catch_up().await;
            tokio::time::sleep(WATCH).await;
        }
    }

    /// Adds the sandboxes that others have made and removes those that they have deleted; gives the new ones.
    async fn follow_store(&self) -> Result<Vec<Arc<Sandbox>>, StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let Some(shared) = self.store.shared() else {
            return Ok(Vec::new());
        };
        // Asked before the list: what happens in between is seen next time.
        let changes = shared.changes().await?;
        let known: BTreeMap<i64, Arc<Sandbox>> = self
            .directory
            .all()
            .into_iter()
            .map(|sandbox| (sandbox.identity(), sandbox))
            .collect();
        let ids: Vec<i64> = known.keys().copied().collect();
        let listed = shared.list(&ids).await?;
        let mut gone = known.clone();
        let mut kept = Vec::new();
        for listed in listed {
            gone.remove(&listed.id);
            if let Some(sandbox) = known.get(&listed.id) {
                sandbox.note_epoch(listed.epoch);
            }
            kept.extend(listed.kept);
        }
        for sandbox in gone.values() {
            self.directory.forget(sandbox.name());
        }
        let mut added = Vec::new();
        for kept in kept {
            let sandbox = Arc::new(self.load(kept).await);
            self.directory.put(Arc::clone(&sandbox));
            added.push(sandbox);
        }
        self.seen_changes.store(changes, Ordering::Release);
        Ok(added)
    }

    /// Leaves everything as the next start wants to find it: a snapshot at the end of each journal.
    pub(crate) async fn close(&self) {
        for sandbox in self.directory.all() {
            sandbox.close();
            if let Err(error) = sandbox.keep_snapshot().await {
                tracing::error!(sandbox = sandbox.name(), %error, "no snapshot could be kept");
            }
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store could not be closed");
        }
    }

    /// Makes a sandbox. The caller sees to it that nobody else makes or deletes one.
    async fn make(&self, plan: Plan) -> Result<Arc<Sandbox>, ChangeError> {
        self.directory.may_add(&plan.name)?;
        let charter = plan.charter();
        let journal = self.store.create(&charter).await?;
        let sandbox = Arc::new(self.open_kept(&charter, journal).await);
        self.directory.add(Arc::clone(&sandbox))?;
        Ok(sandbox)
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

#[cfg(test)]
mod tests {
    use layer2_world::Genesis;

    use super::*;
    use crate::{http::limits, journal::memory::MemoryJournal};

    async fn server() -> Server {
        let config = Config {
            seed: Seed::new([1; 32]),
            control_token: "control".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            settings: Settings::default(),
            clock: ClockMode::Manual,
            callbacks: crate::webhooks::guard::CallbackPolicy::default(),
            store: StoreUrl::Memory,
        };
        Server::open(config).await.expect("a server")
    }

    /// A sandbox of which the store cannot say what it was made from, and whose tokens were expired.
    async fn unknown(server: &Server, name: &str) -> Arc<Sandbox> {
        let genesis: Genesis = server
            .plan(name.to_owned())
            .charter()
            .genesis(&server.config.seed);
        let error = StoreError::Unusable("changed by hand".to_owned());
        let sandbox = Sandbox::unknown(
            genesis,
            ClockMode::Manual,
            Arc::new(MemoryJournal::default()),
            error,
        );
        let sandbox = Arc::new(sandbox.await);
        sandbox.note_epoch(3);
        server.directory.put(Arc::clone(&sandbox));
        sandbox
    }

    #[tokio::test]
    async fn one_that_is_unknown_is_made_anew_once_and_its_tokens_stay_expired() {
        let server = server().await;
        let old = unknown(&server, "team").await;
        let made = server.reset(Arc::clone(&old)).await.expect("made");
        assert!(!made.is_unknown());
        assert_eq!(made.epoch(), 3);
        // A call that had found the old one and waited.
        let late = server.reset(old).await;
        assert!(matches!(late, Err(ChangeError::Busy)), "{late:?}");
        let now = server.directory.named("team").expect("team");
        assert!(Arc::ptr_eq(&now, &made), "what was made stays");
    }

    #[tokio::test]
    async fn one_that_was_deleted_meanwhile_is_not_made_again() {
        let server = server().await;
        let old = unknown(&server, "team").await;
        server.delete("team").await.expect("deleted");
        let late = server.reset(old).await;
        let gone = matches!(late, Err(ChangeError::Directory(DirectoryError::Unknown)));
        assert!(gone, "{late:?}");
        assert!(server.directory.named("team").is_none());
    }

    #[tokio::test]
    async fn one_beyond_the_limit_can_be_reset_too() {
        let server = server().await;
        for number in 0..limits::SANDBOXES {
            unknown(&server, &format!("s-{number}")).await;
        }
        let default = unknown(&server, directory::DEFAULT).await;
        let made = server.reset(default).await.expect("made");
        assert!(!made.is_unknown());
    }

    #[tokio::test]
    async fn while_its_clock_is_moved_it_stays_as_it_is() {
        let server = server().await;
        let old = unknown(&server, "team").await;
        let _claim = old.claim().await.expect("nobody moves it");
        let refused = server.reset(Arc::clone(&old)).await;
        assert!(matches!(refused, Err(ChangeError::Busy)), "{refused:?}");
        let now = server.directory.named("team").expect("team");
        assert!(Arc::ptr_eq(&now, &old));
    }
}
