//! One sandbox: a world with its journal and clocks behind one lock, and what the shell keeps beside it.
//!
//! Everything that decides the state is under the lock ([`Core`]): due work, then the command, then what became due by
//! it, then the journal row; nothing is awaited in between. Beside it, with locks of their own, are things that decide
//! nothing: ordered faults, the request log, a copy of the token epoch.
//!
//! Deliveries go out without the lock and come back as commands. A reset starts a new generation, so that an outcome of
//! the old one is not taken for an attempt of the new one, whose ids are the same.

mod core;
mod imaging;
mod load;
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
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use layer2_types::control;
use layer2_world::{
    Genesis, JobReport, Outcome,
    command::{ClientCommand, Command, Internal},
    outbox::{DeliveryId, DeliveryOutcome, DueDelivery},
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
    journal::{Journal, Row, Snapshot},
    request_log::RequestLog,
    store::StoreError,
};
pub(crate) use load::LoadError;
use shared::Gate;
use turn::Intent;

/// How long the dispatcher waits before it looks again whether it may send, or whether the store takes something.
const PATIENCE: Duration = Duration::from_secs(1);

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
    pub(crate) changed: Notify,
    /// Held by whoever moves the clock: one at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
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
    closed: AtomicBool,
}

/// The sandbox is unusable until it is reset: its state cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A command panicked while it held the lock.
    #[error(
        "a defect of the server has broken this sandbox; reset it, and please report what led here"
    )]
    Defect,
    /// The journal is not one that leads to a state.
    #[error(
        "the journal of this sandbox cannot be read; the log of the server says why; reset the sandbox once that is mended"
    )]
    Journal,
    /// The store does not do its work for now. Nothing was done.
    #[error(transparent)]
    Outage(Outage),
}

/// Why a store does not do its work for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Outage {
    /// It takes no more.
    #[error("the store of the server is full; nothing was done")]
    Full,
    /// It cannot be reached or written.
    #[error("the store of the server does not answer; nothing is done that it cannot keep")]
    Unavailable,
}

impl Outage {
    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Outage::Full => {
                "Reads go on. Delete or reset sandboxes that are not needed, or give the store more room; then send the request again."
            }
            Outage::Unavailable => {
                "Send the request again, with the same idempotency key where it takes one; the log of the server says what is wrong."
            }
        }
    }
}

/// A delivery that was handed out to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) delivery: DueDelivery,
    generation: u64,
}

/// An accepted command.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) reply: Option<Reply>,
    pub(crate) replayed: bool,
}

/// What happened under the lock when work was due.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) ran: Vec<JobReport>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) in_flight: usize,
    /// Work is still due: a limit ended the step before it was done.
    pub(crate) overdue: bool,
    /// Deliveries are due that another server sends.
    pub(crate) elsewhere: bool,
    /// The next instant at which something is due that is not on its way yet.
    pub(crate) next: Option<Timestamp>,
}

/// Work that waits: a job, or a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingWork {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) due: Timestamp,
}

impl Sandbox {
    /// A sandbox in the state that its journal tells of; a new one, if that is empty.
    pub(crate) async fn open(
        genesis: Genesis,
        clock_mode: ClockMode,
        journal: Arc<dyn Journal>,
    ) -> Result<Sandbox, LoadError> {
        let blobs = Blobs::new(limits::FILE_BYTES);
        let state = load::load(&*journal, &genesis, clock_mode, &blobs).await?;
        Ok(Sandbox {
            credentials: Credentials::derive(&genesis.seed, &genesis.name),
            faults: Mutex::default(),
            requests: Mutex::default(),
            blobs,
            changed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            entering: tokio::sync::Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            gate: Gate::default(),
            epoch: AtomicU64::new(state.head.epoch),
            closed: AtomicBool::new(false),
            core: Mutex::new(Core::new(state, Arc::clone(&journal))),
            journal,
            genesis,
            clock_mode,
        })
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
        let opened = Sandbox::open(genesis, clock_mode, journal).await;
        opened.expect("an empty journal")
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
        Ok(outcome.map(
            |Outcome {
                 reply, replayed, ..
             }| Accepted { reply, replayed },
        ))
    }

    /// Answers a read from the state after what is due.
    pub(crate) async fn query(
        &self,
        request: &Request,
    ) -> Result<Result<Reply, Rejection>, Broken> {
        let query = |core: &mut Core, now| core.world.query(request, now);
        match self.look(query).await {
            // What it rested on is lost; it is asked again of what is safe.
            Err(Broken::Outage(_)) => self.look(query).await,
            other => other,
        }
    }

    /// Business time, and by how much advances have moved it. Due work is left alone.
    pub(crate) async fn clock(&self) -> Result<(Timestamp, SignedDuration), Broken> {
        self.turn(Intent::Read, |core| {
            let now = core.clock.now(Timestamp::now());
            (core.world.business_now(now), core.clock.advanced())
        })
        .await
    }

    /// Runs what is due and hands out at most `room` deliveries that are due; none where another server sends.
    pub(crate) async fn step(&self, room: usize) -> Result<Step, Broken> {
        let is_sender = self.journal.may_dispatch();
        let work = |core: &mut Core| {
            let now = core.clock.now(Timestamp::now());
            if is_sender {
                return (core.step(now, room), None);
            }
            let mut step = core.step(now, 0);
            step.elsewhere = core.is_sending_due(now);
            (step, None)
        };
        Ok(self.hand_out(work).await?.0)
    }

    /// The dispatcher's step: nothing while the clock is being moved, and where another server sends. Also tells how
    /// long to wait for the next one.
    pub(crate) async fn dispatch_step(&self) -> Result<(Step, Option<Duration>), Broken> {
        if !self.journal.may_dispatch() {
            return Ok((Step::default(), Some(PATIENCE)));
        }
        let work = |core: &mut Core| {
            let wall = Timestamp::now();
            let now = core.clock.now(wall);
            if core.paused {
                return (Step::default(), None);
            }
            let room = limits::DELIVERIES_AT_ONCE.saturating_sub(core.in_flight.len());
            let step = core.step(now, room);
            let wait = step.next.and_then(|next| core.clock.wait_until(next, wall));
            (step, wait)
        };
        match self.hand_out(work).await {
            Err(Broken::Outage(_)) => Ok((Step::default(), Some(PATIENCE))),
            other => other,
        }
    }

    /// What is handed out and cannot be made safe has not been handed out.
    async fn hand_out(
        &self,
        work: impl FnOnce(&mut Core) -> (Step, Option<Duration>),
    ) -> Result<(Step, Option<Duration>), Broken> {
        // What others share is taken only if there is work to run; otherwise deliveries wait until their outcomes can be kept.
        let intent = match self.journal.shared() {
            Some(_) => Intent::Read,
            None => Intent::Write,
        };
        let mut handed_out = Vec::new();
        let taken = &mut handed_out;
        let done = self
            .turn(intent, move |core| {
                let (step, wait) = work(core);
                taken.extend(
                    step.attempts
                        .iter()
                        .map(|attempt| (attempt.generation, attempt.key())),
                );
                (step, wait)
            })
            .await;
        if done.is_err() && !handed_out.is_empty() {
            let mut core = lock(&self.core);
            for (generation, key) in &handed_out {
                core.call_off(*generation, key);
            }
        }
        done
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

    /// Records how an attempt ended. An outcome that is lost is one that is not known: the attempt is made again.
    pub(crate) async fn finish(
        &self,
        attempt: &Attempt,
        outcome: DeliveryOutcome,
    ) -> Result<(), Broken> {
        let work = |core: &mut Core| {
            if core.head.generation != attempt.generation {
                return;
            }
            let now = core.clock.now(Timestamp::now());
            let (delivery, attempt) = attempt.key();
            core.in_flight.remove(&(delivery.clone(), attempt));
            let finished = Internal::DeliveryFinished {
                delivery,
                attempt,
                outcome,
            };
            if let Err(rejection) = core.execute(Command::Internal(finished), now, None) {
                tracing::error!(
                    status = rejection.status,
                    "the world refused the outcome of a delivery"
                );
            }
        };
        let finished = self.turn_unseen(Intent::Write, work).await;
        if finished.is_err() {
            // It is not on its way any more, whatever became of its outcome.
            lock(&self.core).call_off(attempt.generation, &attempt.key());
        }
        self.changed.notify_waiters();
        finished
    }

    /// All work that waits, by its instant.
    pub(crate) async fn pending_work(&self) -> Result<Vec<PendingWork>, Broken> {
        self.turn(Intent::Read, |core| pending_work(core)).await
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

    /// Keeps the dispatcher from sending until the guard is dropped.
    pub(crate) fn pause(&self) -> Result<Pause<'_>, Broken> {
        self.lock(Intent::Write)?.paused = true;
        Ok(Pause { sandbox: self })
    }

    /// Begins again: same name, seed, settings and credentials.
    pub(crate) async fn reset(&self) -> Result<(), Broken> {
        self.turn(Intent::Reset, |core| {
            core.reset(&self.genesis, self.clock_mode);
            self.blobs.clear();
        })
        .await?;
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
        let text = self
            .turn(Intent::Read, |core| core.world.snapshot())
            .await?;
        text.map_err(|_| Broken::Defect)
    }

    /// Sets about keeping a snapshot, once the journal has grown so much that it is worth its price. Nothing while one
    /// is being kept, or while nothing can be written.
    pub(crate) fn tend_journal(self: &Arc<Self>) {
        if !self.journal.wants_snapshot() || self.keeping.try_lock().is_err() {
            return;
        }
        if lock(&self.core).refusing.is_some() {
            return;
        }
        let sandbox = Arc::clone(self);
        tokio::spawn(async move {
            // Many may have come here before the first of them runs.
            let Ok(_one_at_a_time) = sandbox.keeping.try_lock() else {
                return;
            };
            if let Err(error) = sandbox.take_snapshot().await {
                tracing::warn!(sandbox = sandbox.name(), %error, "no snapshot could be kept");
            }
        });
    }

    /// Keeps a snapshot of the state, if there are rows that the next start would have to carry out. Waits for one that
    /// is being kept: there may be rows after it.
    pub(crate) async fn keep_snapshot(&self) -> Result<(), Broken> {
        let _one_at_a_time = self.keeping.lock().await;
        self.take_snapshot().await
    }

    async fn take_snapshot(&self) -> Result<(), Broken> {
        if !self.journal.outgrows_snapshot() {
            return Ok(());
        }
        // A copy is made under the lock and written down beside it, as the copy takes a fraction of the time.
        let (world, mut snapshot) = self
            .turn(Intent::Read, |core| {
                let place = core.position();
                let snapshot = Snapshot {
                    generation: place.generation,
                    seq: place.seq,
                    text: String::new(),
                };
                (core.world.clone(), snapshot)
            })
            .await?;
        let written = tokio::task::spawn_blocking(move || world.snapshot()).await;
        let text = written.ok().and_then(Result::ok);
        snapshot.text = text.ok_or(Broken::Defect)?;
        let kept = self.journal.snapshot(snapshot).await;
        kept.map_err(|error| self.told(&error))
    }

    /// The number of times that tokens were expired.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Ends every token issued so far.
    pub(crate) async fn expire_tokens(&self) -> Result<u64, Broken> {
        let epoch = self.turn(Intent::Write, Core::expire_tokens).await?;
        self.note_epoch(epoch);
        Ok(epoch)
    }

    /// Learns how many times tokens were expired, by whomever: that number never goes back.
    pub(crate) fn note_epoch(&self, epoch: u64) {
        self.epoch.fetch_max(epoch, Ordering::AcqRel);
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

    /// Looks at the state after what is due.
    async fn look<T>(&self, work: impl FnOnce(&mut Core, Timestamp) -> T) -> Result<T, Broken> {
        let work = |core: &mut Core| {
            let now = core.clock.now(Timestamp::now());
            let ran = core.run_due(now);
            (work(core, now), !ran.is_empty())
        };
        let (result, is_news) = self.turn(Intent::Read, work).await?;
        if is_news {
            self.changed.notify_waiters();
        }
        Ok(result)
    }

    /// What an error of the store means for the sandbox; the error itself goes to the log.
    fn told(&self, error: &StoreError) -> Broken {
        tracing::error!(sandbox = self.name(), %error, "the store of a sandbox failed");
        match error {
            StoreError::Full(_) => Broken::Outage(Outage::Full),
            StoreError::Unavailable(_) => Broken::Outage(Outage::Unavailable),
            StoreError::Taken | StoreError::Unusable(_) => Broken::Journal,
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl Attempt {
    fn key(&self) -> (DeliveryId, u32) {
        (self.delivery.delivery.clone(), self.delivery.attempt)
    }
}

fn pending_work(core: &Core) -> Vec<PendingWork> {
    let jobs = core.world.pending_jobs().map(|job| PendingWork {
        kind: job.name,
        subject: job.subject,
        due: job.due,
    });
    let deliveries = core
        .world
        .pending_deliveries()
        .map(|(id, _, due)| PendingWork {
            kind: "delivery",
            subject: id.as_str().to_owned(),
            due,
        });
    let mut pending: Vec<PendingWork> = jobs.chain(deliveries).collect();
    pending.sort_by_key(|work| work.due);
    pending
}

/// Whether a command was about the object of this id.
fn names_in_path(command: &Command, id: &str) -> bool {
    match command {
        Command::Client(command) => command.request.path.iter().any(|(_, named)| named == id),
        Command::Internal(_) => false,
    }
}

/// While it lives, the dispatcher of the sandbox sends nothing.
#[derive(Debug)]
pub(crate) struct Pause<'s> {
    sandbox: &'s Sandbox,
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.sandbox
            .core
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .paused = false;
        self.sandbox.changed.notify_waiters();
    }
}

/// A lock on what decides nothing: a panic elsewhere is no reason to lose it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
