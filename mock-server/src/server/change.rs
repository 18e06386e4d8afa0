//! Making, resetting and deleting sandboxes: directory and store change together, one call at a time.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use layer2_world::{World, settings::Settings};

use super::Server;
use crate::{
    clocks::{ClockMode, MANUAL_START},
    directory::DirectoryError,
    image::Image,
    journal::{Base, Snapshot},
    sandbox::{Broken, Sandbox, Unclaimed},
    store::{Charter, StoreError},
};

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
    pub(super) fn charter(self) -> Charter {
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
    /// Makes a sandbox and sets its dispatcher to work. Runs on the server's runtime.
    pub(crate) async fn create(&self, plan: Plan) -> Result<Arc<Sandbox>, ChangeError> {
        let _one_at_a_time = self.change_of(&plan.name).await?;
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
        let _one_at_a_time = self.change_of(old.name()).await?;
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
        let _one_at_a_time = self.change_of(&name).await?;
        let old = self.directory.named(&name).filter(|_| replace);
        let Some(old) = &old else {
            self.directory.may_add(&name)?;
            return self.put(&image.charter(), &image.base, replace).await;
        };
        let claim = old.claim().await?;
        let put = self.put_in_place(old, &mut image).await;
        claim.release().await;
        put
    }

    /// The same where the clock is this call's. Tokens that were expired stay so.
    async fn put_in_place(
        &self,
        old: &Sandbox,
        image: &mut Image,
    ) -> Result<Arc<Sandbox>, ChangeError> {
        let next = old.next_head().await.map_err(ChangeError::Broken)?;
        let head = &mut image.base.head;
        head.epoch = head.epoch.max(next.epoch);
        self.put(&image.charter(), &image.base, true).await
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
        let _one_at_a_time = self.change_of(name).await?;
        self.directory.may_remove(name)?;
        self.store.delete(name).await?;
        Ok(self.directory.remove(name)?)
    }

    /// Makes a sandbox. The caller sees to it that nobody else makes or deletes one.
    pub(super) async fn make(&self, plan: Plan) -> Result<Arc<Sandbox>, ChangeError> {
        self.directory.may_add(&plan.name)?;
        let charter = plan.charter();
        let journal = self.store.create(&charter).await?;
        let sandbox = Arc::new(self.open_kept(&charter, journal).await);
        self.directory.put(Arc::clone(&sandbox));
        Ok(sandbox)
    }
}

#[cfg(test)]
mod tests {
    use layer2_world::{Genesis, seed::Seed};

    use super::*;
    use crate::{
        directory, http::limits, journal::memory::MemoryJournal, server::Config, store::StoreUrl,
        webhooks::guard::CallbackPolicy,
    };

    async fn server() -> Server {
        let config = Config {
            seed: Seed::new([1; 32]),
            control_token: "control".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            settings: Settings::default(),
            clock: ClockMode::Manual,
            callbacks: CallbackPolicy::default(),
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
