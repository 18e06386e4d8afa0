//! One sandbox: a world with its journal and clocks behind one lock, and what the shell keeps beside it.
//!
//! Everything that decides the state is under the lock ([`Core`]): due work, then the command, then what became due by
//! it, then the journal row; nothing is awaited in between. Beside it, with locks of their own, are things that decide
//! nothing: ordered faults, the request log, a copy of the token epoch.
//!
//! Deliveries go out without the lock and come back as commands. A reset starts a new generation, so that an outcome of
//! the old one is not taken for an attempt of the new one, whose ids are the same.

mod broken;
mod claim;
mod core;
mod deliveries;
mod epoch;
mod imaging;
mod in_flight;
mod keeping;
mod load;
mod neighbours;
mod pending;
mod rows;
mod shared;
#[cfg(test)]
mod tests;
mod turn;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use layer2_types::control;
use layer2_world::{
    Genesis, Outcome,
    command::{ClientCommand, Command},
    rejection::Rejection,
    request::{Reply, Request},
    settings::{Profile, Settings},
};
use tokio::sync::Notify;

use self::core::Core;
use super::{
    blobs::{BlobId, Blobs, Lease},
    clocks::ClockMode,
    credentials::Credentials,
    faults::Faults,
    http::limits,
    journal::{Journal, Row},
    request_log::RequestLog,
    store::StoreError,
};
pub(crate) use broken::{Broken, Outage};
pub(crate) use claim::Unclaimed;
pub(crate) use deliveries::{Attempt, Step};
pub(crate) use load::LoadError;
pub(crate) use pending::PendingWork;
use shared::Gate;
use turn::Intent;

/// Rows that a look at the whole journal reads at once.
const PAGE: usize = 1_000;

/// One sandbox.
pub(crate) struct Sandbox {
    pub(crate) credentials: Credentials,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) requests: Mutex<RequestLog>,
    /// The bytes of the files that its commands name.
    pub(crate) blobs: Blobs,
    /// Wakes whoever waits for due work or for a delivery to come back.
    pub(crate) changed: Arc<Notify>,
    /// Held by whoever moves the clock on this server.
    moving: tokio::sync::Mutex<()>,
    genesis: Genesis,
    clock_mode: ClockMode,
    /// The same that the core writes to: it is waited for without the lock.
    journal: Arc<dyn Journal>,
    core: Mutex<Core>,
    /// Held by whoever reads the state again, and by a reset, which is not to come in between.
    entering: tokio::sync::Mutex<()>,
    /// Held by whoever keeps a snapshot: each is a copy of the whole state.
    keeping: tokio::sync::Mutex<()>,
    /// Where those wait who want to enter, if other servers write the journal too.
    gate: Gate,
    /// That of the head, to be had without the lock.
    epoch: AtomicU64,
    /// The store cannot say what it was made from, so that it can only be deleted and made anew.
    is_unknown: bool,
    closed: AtomicBool,
}

/// An accepted command.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) reply: Option<Reply>,
    pub(crate) replayed: bool,
}

impl From<Outcome> for Accepted {
    fn from(outcome: Outcome) -> Accepted {
        let Outcome {
            reply, replayed, ..
        } = outcome;
        Accepted { reply, replayed }
    }
}

impl Sandbox {
    /// A sandbox in the state that its journal tells of; a new one, if that is empty. Where the journal tells of none, the
    /// sandbox is there all the same: broken, or to be read by whoever calls it, if the store did not answer.
    pub(crate) async fn open(
        genesis: Genesis,
        clock_mode: ClockMode,
        journal: Arc<dyn Journal>,
    ) -> Sandbox {
        let blobs = Blobs::new(limits::FILE_BYTES);
        let core = match load::load(&*journal, &genesis, clock_mode, &blobs).await {
            Ok(state) => Core::new(state, Arc::clone(&journal)),
            Err(error) => {
                let state = load::unread(&*journal, &genesis, clock_mode).await;
                Core::unread(state, Arc::clone(&journal), &genesis.name, &error)
            }
        };
        Sandbox::of(genesis, clock_mode, journal, blobs, core)
    }

    /// A sandbox of which the store cannot say what it was made from: it has a name and can be reset and deleted.
    pub(crate) async fn unknown(
        genesis: Genesis,
        clock_mode: ClockMode,
        journal: Arc<dyn Journal>,
        error: StoreError,
    ) -> Sandbox {
        let state = load::unread(&*journal, &genesis, clock_mode).await;
        let error = LoadError::Store(error);
        let core = Core::unread(state, Arc::clone(&journal), &genesis.name, &error);
        let blobs = Blobs::new(limits::FILE_BYTES);
        Sandbox {
            is_unknown: true,
            ..Sandbox::of(genesis, clock_mode, journal, blobs, core)
        }
    }

    fn of(
        genesis: Genesis,
        clock_mode: ClockMode,
        journal: Arc<dyn Journal>,
        blobs: Blobs,
        core: Core,
    ) -> Sandbox {
        Sandbox {
            credentials: Credentials::derive(&genesis.seed, &genesis.name),
            faults: Mutex::default(),
            requests: Mutex::default(),
            blobs,
            changed: core.in_flight.changed(),
            moving: tokio::sync::Mutex::default(),
            entering: tokio::sync::Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            gate: Gate::new(core.is_stale),
            epoch: AtomicU64::new(core.head.epoch),
            is_unknown: false,
            closed: AtomicBool::new(false),
            core: Mutex::new(core),
            journal,
            genesis,
            clock_mode,
        }
    }

    /// A sandbox for a test.
    #[cfg(test)]
    pub(crate) async fn in_memory(clock_mode: ClockMode) -> Sandbox {
        let genesis = Genesis {
            name: "test".to_owned(),
            seed: layer2_world::Seed::new([1; 32]),
            settings: Settings::default(),
            start: super::clocks::MANUAL_START,
        };
        let journal = Arc::new(super::journal::memory::MemoryJournal::default());
        Sandbox::open(genesis, clock_mode, journal).await
    }

    pub(crate) fn name(&self) -> &str {
        &self.genesis.name
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.genesis.settings
    }

    pub(crate) fn clock_mode(&self) -> ClockMode {
        self.clock_mode
    }

    /// Whether the store cannot say what it was made from: then no reset brings it back.
    pub(crate) fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    pub(crate) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Carries out a client's command: what is due first, the command, then what became due by it. The bytes of the
    /// file that it names are kept if it is accepted, before a reset can come between.
    pub(crate) async fn command(
        &self,
        command: ClientCommand,
        file: Option<Lease<'_>>,
    ) -> Result<Result<Accepted, Rejection>, Broken> {
        if let Some(saved) = self.saved_while_refusing(&command).await {
            return Ok(saved);
        }
        let is_fast = self.genesis.settings.profile == Profile::Fast;
        let work = |core: &mut Core| {
            let now = core.clock.now(Timestamp::now());
            let awaited = core.next_due();
            core.run_due(now);
            let outcome = core.execute(Command::Client(command), now, file);
            // The reply is made; what follows at once is seen by the next request.
            if is_fast {
                core.run_due(now);
            }
            (outcome, core.next_due() != awaited)
        };
        let (outcome, is_news) = self.turn(Intent::Write, work).await?;
        // Whoever waits knows the next instant at which something is due; only another one is news.
        if is_news {
            self.changed.notify_waiters();
        }
        Ok(outcome.map(Accepted::from))
    }

    /// While nothing can be written, what was acknowledged is answered as a read is: whoever is in doubt about a command
    /// learns what became of it. Nothing is to be had for a command that is new.
    async fn saved_while_refusing(
        &self,
        command: &ClientCommand,
    ) -> Option<Result<Accepted, Rejection>> {
        if !lock(&self.core).takes_nothing() {
            return None;
        }
        let look = |core: &mut Core| core.world.repeated(command);
        let saved = self.turn(Intent::Read, look).await.ok()?;
        saved.map(|saved| saved.map(Accepted::from)).transpose()
    }

    /// Answers a read from the state after what is due.
    pub(crate) async fn query(
        &self,
        request: &Request,
    ) -> Result<Result<Reply, Rejection>, Broken> {
        self.look(|core, now| core.world.query(request, now)).await
    }

    /// Business time, and by how much advances have moved it. Due work is left alone.
    pub(crate) async fn clock(&self) -> Result<(Timestamp, SignedDuration), Broken> {
        self.read(|core| {
            let now = core.clock.now(Timestamp::now());
            (core.world.business_now(now), core.clock.advanced())
        })
        .await
    }

    /// Moves the clock to the next instant at which something is due, at most to `target`; says whether that is short
    /// of the target.
    pub(crate) async fn advance_towards(&self, target: Timestamp) -> Result<bool, Broken> {
        self.turn(Intent::Write, |core| {
            let next = core.next_due().filter(|next| *next < target);
            core.advance_to(next.unwrap_or(target), Timestamp::now());
            next.is_some()
        })
        .await
    }

    /// What an id names and what belongs to it, with the rows of the journal that led there.
    pub(crate) async fn explain(
        &self,
        id: &str,
    ) -> Result<Result<(control::Explanation, Vec<Row>), Rejection>, Broken> {
        let explained = match self.look(|core, _| core.world.explain(id)).await? {
            Ok(explained) => explained,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let rows = self.rows_that(explained.since.saturating_sub(1), |row| {
            explained.causes.contains(&row.seq) || names_in_path(&row.command, id)
        });
        Ok(Ok((explained.explanation, rows.await?)))
    }

    /// Begins again: same name, seed, settings and credentials.
    pub(crate) async fn reset(&self) -> Result<(), Broken> {
        let epoch = self
            .turn(Intent::Reset, |core| {
                core.reset(&self.genesis, self.clock_mode);
                self.blobs.clear();
                core.head.epoch
            })
            .await?;
        // Where the head was flawed it is another one.
        self.note_epoch(epoch);
        lock(&self.faults).clear();
        lock(&self.requests).clear();
        self.changed.notify_waiters();
        Ok(())
    }

    /// How many commands were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.lock(Intent::Read).map_or(0, |core| core.last_seq)
    }

    /// The state as text, for comparison with a replay.
    pub(crate) async fn snapshot(&self) -> Result<String, Broken> {
        let text = self.read(|core| core.world.snapshot()).await?;
        text.map_err(|_| Broken::Defect)
    }

    /// Which sandbox of a shared store it is.
    pub(crate) fn identity(&self) -> i64 {
        self.journal.identity()
    }

    /// Waits until another server may have written; where there is none, for ever.
    pub(crate) async fn stirred(&self) {
        match self.journal.stirred() {
            Some(stirred) => stirred.notified().await,
            None => std::future::pending().await,
        }
    }

    /// The bytes of a file that a reply names, from memory or from the store. A reset in between leaves none.
    pub(crate) async fn file(&self, id: BlobId) -> Result<Option<Bytes>, Broken> {
        if let Some(bytes) = self.blobs.get(id) {
            return Ok(Some(bytes));
        }
        let stored = self.journal.blob(id).await;
        stored.map_err(|error| self.told(&error))
    }

    /// Says to the dispatcher that the sandbox is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Looks at the state. Where what it rested on is lost, it looks once more, at what is safe.
    async fn read<T>(&self, work: impl Fn(&mut Core) -> T) -> Result<T, Broken> {
        match self.turn(Intent::Read, &work).await {
            Err(Broken::Outage(_)) => self.turn(Intent::Read, &work).await,
            other => other,
        }
    }

    /// Looks at the state after what is due.
    async fn look<T>(&self, work: impl Fn(&mut Core, Timestamp) -> T) -> Result<T, Broken> {
        let work = |core: &mut Core| {
            let now = core.clock.now(Timestamp::now());
            let ran = core.run_due(now);
            (work(core, now), !ran.is_empty())
        };
        let (result, is_news) = self.read(work).await?;
        if is_news {
            self.changed.notify_waiters();
        }
        Ok(result)
    }

    /// What an error of the store means for the sandbox; the error itself goes to the log.
    fn told(&self, error: &StoreError) -> Broken {
        tracing::error!(sandbox = self.name(), %error, "the store of a sandbox failed");
        Broken::store(error)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// Whether a command was about the object of this id.
fn names_in_path(command: &Command, id: &str) -> bool {
    match command {
        Command::Client(command) => command.request.path.iter().any(|(_, named)| named == id),
        Command::Internal(_) => false,
    }
}

/// A lock on what decides nothing: a panic elsewhere is no reason to lose it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
