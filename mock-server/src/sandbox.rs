//! One sandbox: a world with its journal and clocks behind one lock, and what the shell keeps beside it.
//!
//! Everything that decides the state is under the lock ([`Core`]): due work, then the command, then what became due by
//! it, then the journal row; nothing is awaited in between. Beside it, with locks of their own, are things that decide
//! nothing: ordered faults, the request log, the token epoch.
//!
//! Deliveries go out without the lock and come back as commands. A reset starts a new generation, so that an outcome of
//! the old one is not taken for an attempt of the new one, whose ids are the same.

use std::{
    collections::BTreeSet,
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use layer2_types::control;
use layer2_world::{
    Genesis, JobReport, Outcome, World,
    command::{ClientCommand, Command, Internal},
    context::Context,
    outbox::{DeliveryId, DeliveryOutcome, DueDelivery},
    rejection::Rejection,
    request::{Reply, Request},
    settings::{Profile, Settings},
};
use tokio::sync::Notify;

use super::{
    blobs::{Blobs, Lease},
    clocks::{ClockMode, SandboxClock},
    credentials::Credentials,
    faults::Faults,
    http::limits,
    journal::{self, Journal, Row},
    request_log::RequestLog,
};

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
    /// The same that the core appends to: it is waited for without the lock.
    journal: Arc<dyn Journal>,
    core: Mutex<Core>,
    epoch: AtomicU64,
    closed: AtomicBool,
}

/// What the lock protects.
struct Core {
    world: World,
    journal: Arc<dyn Journal>,
    /// Position of the last row; 0 before the first.
    last_seq: u64,
    /// Why the state cannot be trusted any more, if so.
    broken: Option<Broken>,
    clock: SandboxClock,
    generation: u64,
    /// Attempts that were handed out and have not come back.
    in_flight: BTreeSet<(DeliveryId, u32)>,
    /// While the clock is being moved, deliveries are sent by whoever moves it.
    paused: bool,
}

/// The sandbox is unusable until it is reset: its state cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A command panicked while it held the lock.
    #[error(
        "a defect of the server has broken this sandbox; reset it, and please report what led here"
    )]
    Defect,
    /// Rows could not be read, taken or made safe, so state and journal are not the same any more.
    #[error(
        "the journal of this sandbox cannot be read or written; the log of the server says why; reset the sandbox once that is mended"
    )]
    Journal,
}

/// An answer, with the row that it rests on: it may leave once that row is durable.
#[derive(Clone, Debug)]
pub(crate) struct Seen<T> {
    pub(crate) result: Result<T, Rejection>,
    pub(crate) seq: u64,
}

impl<T> Seen<T> {
    /// The same for what is made of the answer; a refusal stays one.
    pub(crate) fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Seen<U>, E> {
        let result = match self.result {
            Ok(value) => Ok(make(value)?),
            Err(rejection) => Err(rejection),
        };
        Ok(Seen {
            result,
            seq: self.seq,
        })
    }
}

/// A delivery that was handed out to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) delivery: DueDelivery,
    generation: u64,
    /// The row that it rests on: it may leave once that row is durable.
    pub(crate) seq: u64,
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
    /// A sandbox in the state that its journal tells of; a new one, if that is empty. With a journal that cannot be
    /// read it is there and broken, so that it does not take the others along.
    pub(crate) fn new(genesis: Genesis, clock_mode: ClockMode) -> Sandbox {
        let journal = journal::open(&genesis);
        Sandbox::with_journal(genesis, clock_mode, journal)
    }

    fn with_journal(genesis: Genesis, clock_mode: ClockMode, journal: Arc<dyn Journal>) -> Sandbox {
        Sandbox {
            credentials: Credentials::derive(&genesis.seed, &genesis.name),
            faults: Mutex::default(),
            requests: Mutex::default(),
            blobs: Blobs::new(limits::FILE_BYTES),
            changed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            core: Mutex::new(Core::load(&genesis, clock_mode, Arc::clone(&journal))),
            journal,
            genesis,
            clock_mode,
            epoch: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
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
    pub(crate) fn command(
        &self,
        command: ClientCommand,
        file: Option<Lease<'_>>,
    ) -> Result<Seen<Accepted>, Broken> {
        let (seen, is_news) = {
            let mut core = self.core()?;
            let now = core.clock.now(Timestamp::now());
            let awaited = core.next_due();
            core.run_due(now);
            let outcome = core.execute(Command::Client(command), now);
            if let (
                Ok(Outcome {
                    replayed: false, ..
                }),
                Some(file),
            ) = (&outcome, file)
            {
                file.keep();
            }
            // The reply is made; what follows at once is seen by the next request.
            if self.genesis.settings.profile == Profile::Fast {
                core.run_due(now);
            }
            let seen = core.seen(outcome.map(|outcome| Accepted {
                reply: outcome.reply,
                replayed: outcome.replayed,
            }));
            (seen, core.next_due() != awaited)
        };
        // Whoever waits knows the next instant at which something is due; only another one is news.
        if is_news {
            self.changed.notify_waiters();
        }
        seen
    }

    /// Answers a read from the state after what is due.
    pub(crate) fn query(&self, request: &Request) -> Result<Seen<Reply>, Broken> {
        self.query_then(request, |reply| reply)
    }

    /// The same, with something to do before a reset can come between: the bytes that a reply names are still there.
    pub(crate) fn query_then<T>(
        &self,
        request: &Request,
        then: impl FnOnce(Reply) -> T,
    ) -> Result<Seen<T>, Broken> {
        let mut core = self.core()?;
        let now = core.clock.now(Timestamp::now());
        let ran = core.run_due(now);
        let reply = core.world.query(request, now).map(then);
        let seen = core.seen(reply);
        drop(core);
        if !ran.is_empty() {
            self.changed.notify_waiters();
        }
        seen
    }

    /// Business time, and by how much advances have moved it.
    pub(crate) fn clock(&self) -> Result<(Timestamp, jiff::SignedDuration), Broken> {
        let mut core = self.core()?;
        let now = core.clock.now(Timestamp::now());
        Ok((core.world.business_now(now), core.clock.advanced()))
    }

    /// Runs what is due and hands out at most `room` deliveries that are due.
    pub(crate) fn step(&self, room: usize) -> Result<Step, Broken> {
        let mut core = self.core()?;
        let now = core.clock.now(Timestamp::now());
        let step = core.step(now, room);
        core.sound()?;
        Ok(step)
    }

    /// The dispatcher's step: nothing while the clock is being moved. Also tells how long to wait for the next one.
    pub(crate) fn dispatch_step(&self) -> Result<(Step, Option<std::time::Duration>), Broken> {
        let mut core = self.core()?;
        let wall = Timestamp::now();
        let now = core.clock.now(wall);
        if core.paused {
            return Ok((Step::default(), None));
        }
        let room = limits::DELIVERIES_AT_ONCE.saturating_sub(core.in_flight.len());
        let step = core.step(now, room);
        core.sound()?;
        let wait = step.next.and_then(|next| core.clock.wait_until(next, wall));
        Ok((step, wait))
    }

    /// Moves the clock to the next instant at which something is due, at most to `target`; says whether that is short
    /// of the target.
    pub(crate) fn advance_towards(&self, target: Timestamp) -> Result<bool, Broken> {
        let mut core = self.core()?;
        let wall = Timestamp::now();
        let next = core.next_due().filter(|next| *next < target);
        core.clock.advance_to(next.unwrap_or(target), wall);
        Ok(next.is_some())
    }

    /// Records how an attempt ended.
    pub(crate) fn finish(&self, attempt: &Attempt, outcome: DeliveryOutcome) -> Result<(), Broken> {
        {
            let mut core = self.core()?;
            if core.generation != attempt.generation {
                return Ok(());
            }
            let now = core.clock.now(Timestamp::now());
            let (delivery, number) = (attempt.delivery.delivery.clone(), attempt.delivery.attempt);
            core.in_flight.remove(&(delivery.clone(), number));
            let finished = Internal::DeliveryFinished {
                delivery,
                attempt: number,
                outcome,
            };
            if let Err(rejection) = core.execute(Command::Internal(finished), now) {
                tracing::error!(
                    status = rejection.status,
                    "the world refused the outcome of a delivery"
                );
            }
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// All work that waits, by its instant.
    pub(crate) fn pending_work(&self) -> Result<Vec<PendingWork>, Broken> {
        let core = self.core()?;
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
        Ok(pending)
    }

    /// What an id names and what belongs to it, with the rows of the journal that led there.
    pub(crate) fn explain(
        &self,
        id: &str,
    ) -> Result<Result<(control::Explanation, Vec<Row>), Rejection>, Broken> {
        let mut core = self.core()?;
        let now = core.clock.now(Timestamp::now());
        let ran = core.run_due(now);
        let explained = core.world.explain(id).map(|explained| {
            let rows = core.journal.find(&mut |row| {
                explained.causes.contains(&row.seq) || names_in_path(&row.command, id)
            });
            rows.map(|rows| (explained.explanation, rows))
        });
        drop(core);
        if !ran.is_empty() {
            self.changed.notify_waiters();
        }
        match explained {
            Ok(found) => found.map(Ok).map_err(|_| Broken::Journal),
            Err(unknown) => Ok(Err(unknown)),
        }
    }

    /// Keeps the dispatcher from sending until the guard is dropped.
    pub(crate) fn pause(&self) -> Result<Pause<'_>, Broken> {
        self.core()?.paused = true;
        Ok(Pause { sandbox: self })
    }

    /// Begins again: same name, seed, settings and credentials.
    pub(crate) fn reset(&self) {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        let (generation, paused) = (core.generation + 1, core.paused);
        *core = Core::new(&self.genesis, self.clock_mode, Arc::clone(&self.journal));
        (core.generation, core.paused) = (generation, paused);
        if let Err(error) = self.journal.clear() {
            core.fail(&error);
        }
        self.blobs.clear();
        self.core.clear_poison();
        drop(core);
        lock(&self.faults).clear();
        lock(&self.requests).clear();
        self.changed.notify_waiters();
    }

    /// Waits until the rows up to `seq` survive a crash. No lock is held, and where the journal has nothing to wait for
    /// (as in memory) nothing is waited for.
    pub(crate) async fn durable(&self, seq: u64) -> Result<(), Broken> {
        let Some(safe) = self.journal.durable(seq) else {
            return Ok(());
        };
        if let Err(error) = safe.await {
            self.core()?.fail(&error);
            return Err(Broken::Journal);
        }
        Ok(())
    }

    /// All journal rows.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, Broken> {
        let _core = self.core()?;
        self.journal.load().map_err(|_| Broken::Journal)
    }

    /// How many commands were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.core().map_or(0, |core| core.last_seq)
    }

    /// The state as text, for comparison with a replay.
    pub(crate) fn snapshot(&self) -> Result<String, Broken> {
        let core = self.core()?;
        core.world.snapshot().map_err(|_| Broken::Defect)
    }

    /// The number of times that tokens were expired.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Ends every token issued so far.
    pub(crate) fn expire_tokens(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Says to the dispatcher that the sandbox is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn core(&self) -> Result<MutexGuard<'_, Core>, Broken> {
        let core = self.core.lock().map_err(|_| Broken::Defect)?;
        core.sound()?;
        Ok(core)
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

impl Core {
    fn new(genesis: &Genesis, clock_mode: ClockMode, journal: Arc<dyn Journal>) -> Core {
        Core {
            world: World::new(genesis.clone()),
            journal,
            last_seq: 0,
            broken: None,
            clock: SandboxClock::new(clock_mode, genesis.start),
            generation: 0,
            in_flight: BTreeSet::new(),
            paused: false,
        }
    }

    /// The state that the rows of the journal lead to; time goes on from the last of them.
    fn load(genesis: &Genesis, clock_mode: ClockMode, journal: Arc<dyn Journal>) -> Core {
        let mut core = Core::new(genesis, clock_mode, journal);
        let loaded = core.journal.load().and_then(|rows| {
            let world = journal::replay(genesis.clone(), &rows).map_err(io::Error::other)?;
            Ok((world, rows))
        });
        match loaded {
            Ok((world, rows)) => {
                core.world = world;
                core.last_seq = rows.len() as u64;
                if let Some(last) = rows.last() {
                    core.clock.advance_to(last.now, Timestamp::now());
                }
            }
            Err(error) => core.fail(&error),
        }
        core
    }

    fn sound(&self) -> Result<(), Broken> {
        self.broken.map_or(Ok(()), Err)
    }

    /// State and journal part: nothing is answered from here on.
    fn fail(&mut self, error: &io::Error) {
        tracing::error!(%error, "the journal of a sandbox failed");
        self.broken = Some(Broken::Journal);
    }

    /// An answer of this moment, unless it rests on a row that the journal did not take.
    fn seen<T>(&self, result: Result<T, Rejection>) -> Result<Seen<T>, Broken> {
        self.sound()?;
        Ok(Seen {
            result,
            seq: self.last_seq,
        })
    }

    /// Carries out a command and journals it, unless it was refused or answered from a saved reply.
    fn execute(&mut self, command: Command, now: Timestamp) -> Result<Outcome, Rejection> {
        let seq = self.last_seq + 1;
        let outcome = self.world.execute(&command, Context { now, seq })?;
        if !outcome.replayed {
            self.last_seq = seq;
            let taken = self.journal.append(Row {
                seq,
                now,
                command,
                digest: journal::digest(&outcome),
            });
            if let Err(error) = taken {
                self.fail(&error);
            }
        }
        Ok(outcome)
    }

    /// Runs what is due, also what becomes due by it.
    fn run_due(&mut self, now: Timestamp) -> Vec<JobReport> {
        let mut ran = Vec::new();
        for _ in 0..limits::DUE_ROUNDS {
            if !self.world.is_due(now) {
                break;
            }
            match self.execute(Command::Internal(Internal::RunDue), now) {
                Ok(outcome) => ran.extend(outcome.ran),
                Err(rejection) => {
                    tracing::error!(
                        status = rejection.status,
                        "the world refused its own due work"
                    );
                    break;
                }
            }
        }
        if self.world.is_due(now) {
            tracing::warn!("work is still due after all rounds of one step; the next step goes on");
        }
        ran
    }

    fn step(&mut self, now: Timestamp, room: usize) -> Step {
        let ran = self.run_due(now);
        let on_their_way = &self.in_flight;
        let is_new = |id: &DeliveryId, attempt| !on_their_way.contains(&(id.clone(), attempt));
        let due = self.world.deliveries_to_send(now, room, is_new);
        let mut attempts = Vec::with_capacity(due.len());
        for delivery in due {
            self.in_flight
                .insert((delivery.delivery.clone(), delivery.attempt));
            attempts.push(Attempt {
                delivery,
                generation: self.generation,
                seq: self.last_seq,
            });
        }
        Step {
            ran,
            attempts,
            in_flight: self.in_flight.len(),
            overdue: self.world.is_due(now),
            next: self.next_due(),
        }
    }

    /// The next instant at which a job or a delivery is due. Deliveries that are on their way do not count, and none
    /// does while no more may be on their way: the end of one is a change that wakes whoever waits.
    fn next_due(&self) -> Option<Timestamp> {
        let has_room = self.in_flight.len() < limits::DELIVERIES_AT_ONCE;
        let delivery = self
            .world
            .pending_deliveries()
            .find(|(id, attempt, _)| !self.in_flight.contains(&((*id).clone(), *attempt)))
            .map(|(_, _, due)| due)
            .filter(|_| has_room);
        [self.world.next_due(), delivery]
            .into_iter()
            .flatten()
            .min()
    }
}

/// A lock on what decides nothing: a panic elsewhere is no reason to lose it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
