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
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
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
    clocks::{BusinessClock, ClockMode},
    credentials::Credentials,
    faults::Faults,
    http::limits,
    journal::{self, Journal, Row, memory::MemoryJournal},
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
    core: Mutex<Core>,
    epoch: AtomicU64,
    closed: AtomicBool,
}

/// What the lock protects.
struct Core {
    world: World,
    journal: MemoryJournal,
    clock: BusinessClock,
    generation: u64,
    /// Attempts that were handed out and have not come back.
    in_flight: BTreeSet<(DeliveryId, u32)>,
    /// While the clock is being moved, deliveries are sent by whoever moves it.
    paused: bool,
}

/// The sandbox is unusable: a command panicked while it held the lock, so its state cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a defect of the server has broken this sandbox; reset it, and please report what led here"
)]
pub(crate) struct Broken;

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
    pub(crate) fn new(genesis: Genesis, clock_mode: ClockMode) -> Sandbox {
        Sandbox {
            credentials: Credentials::derive(&genesis.seed, &genesis.name),
            faults: Mutex::default(),
            requests: Mutex::default(),
            blobs: Blobs::new(limits::FILE_BYTES),
            changed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            core: Mutex::new(Core::new(&genesis, clock_mode, 0)),
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
    ) -> Result<Result<Accepted, Rejection>, Broken> {
        let accepted = {
            let mut core = self.core()?;
            let now = core.clock.now(Timestamp::now());
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
            outcome
        };
        self.changed.notify_waiters();
        Ok(accepted.map(|outcome| Accepted {
            reply: outcome.reply,
            replayed: outcome.replayed,
        }))
    }

    /// Answers a read from the state after what is due.
    pub(crate) fn query(&self, request: &Request) -> Result<Result<Reply, Rejection>, Broken> {
        self.query_then(request, |reply| reply)
    }

    /// The same, with something to do before a reset can come between: the bytes that a reply names are still there.
    pub(crate) fn query_then<T>(
        &self,
        request: &Request,
        then: impl FnOnce(Reply) -> T,
    ) -> Result<Result<T, Rejection>, Broken> {
        let mut core = self.core()?;
        let now = core.clock.now(Timestamp::now());
        let ran = core.run_due(now);
        let reply = core.world.query(request, now).map(then);
        drop(core);
        if !ran.is_empty() {
            self.changed.notify_waiters();
        }
        Ok(reply)
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
        Ok(core.step(now, room))
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
            (explained.explanation, rows)
        });
        drop(core);
        if !ran.is_empty() {
            self.changed.notify_waiters();
        }
        Ok(explained)
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
        *core = Core::new(&self.genesis, self.clock_mode, generation);
        core.paused = paused;
        self.blobs.clear();
        self.core.clear_poison();
        drop(core);
        lock(&self.faults).clear();
        lock(&self.requests).clear();
        self.changed.notify_waiters();
    }

    /// Waits until everything that was accepted so far survives a crash. A journal in memory survives none, so there is
    /// nothing to wait for; a durable one waits here, where no lock is held.
    pub(crate) async fn durable(&self) {}

    /// All journal rows.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, Broken> {
        Ok(self.core()?.journal.rows())
    }

    /// How many commands were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.core().map_or(0, |core| core.journal.next_seq() - 1)
    }

    /// The state as text, for comparison with a replay.
    pub(crate) fn snapshot(&self) -> Result<String, Broken> {
        Ok(self.core()?.world.snapshot())
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
        self.core.lock().map_err(|_| Broken)
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
    fn new(genesis: &Genesis, clock_mode: ClockMode, generation: u64) -> Core {
        let clock = BusinessClock::new(clock_mode, genesis.start);
        Core {
            world: World::new(genesis.clone()),
            journal: MemoryJournal::default(),
            clock,
            generation,
            in_flight: BTreeSet::new(),
            paused: false,
        }
    }

    /// Carries out a command and journals it, unless it was refused or answered from a saved reply.
    fn execute(&mut self, command: Command, now: Timestamp) -> Result<Outcome, Rejection> {
        let seq = self.journal.next_seq();
        let outcome = self.world.execute(&command, Context { now, seq })?;
        if !outcome.replayed {
            self.journal.append(Row {
                seq,
                now,
                command,
                digest: journal::digest(&outcome),
            });
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
        ran
    }

    fn step(&mut self, now: Timestamp, room: usize) -> Step {
        let ran = self.run_due(now);
        let mut attempts = Vec::new();
        for delivery in self.world.due_deliveries(now) {
            if attempts.len() >= room {
                break;
            }
            if self
                .in_flight
                .insert((delivery.delivery.clone(), delivery.attempt))
            {
                attempts.push(Attempt {
                    delivery,
                    generation: self.generation,
                });
            }
        }
        Step {
            ran,
            attempts,
            in_flight: self.in_flight.len(),
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
mod tests {
    use layer2_types::payments;
    use layer2_world::{
        command::{Fingerprint, IdempotencyKey},
        request::{Actor, OperationRef},
        seed::Seed,
    };

    use super::*;
    use crate::{blobs::BlobId, clocks::MANUAL_START};

    fn sandbox() -> Sandbox {
        let genesis = Genesis {
            name: "test".to_owned(),
            seed: Seed::new([1; 32]),
            settings: Settings::default(),
            start: MANUAL_START,
        };
        Sandbox::new(genesis, ClockMode::Manual)
    }

    fn list() -> Request {
        Request {
            op: OperationRef::Payments(payments::OperationId::CustomersList),
            path: Vec::new(),
            query: Vec::new(),
            body: None,
            actor: Actor::Client,
        }
    }

    #[test]
    fn a_panic_under_the_lock_breaks_the_sandbox_until_it_is_reset() {
        let sandbox = sandbox();
        assert!(sandbox.query(&list()).expect("sound").is_ok());
        let panicked = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _core = sandbox.core();
                    panic!("a defect");
                })
                .join()
                .is_err()
        });
        assert!(panicked);
        assert_eq!(sandbox.query(&list()).err(), Some(Broken));
        sandbox.reset();
        assert!(sandbox.query(&list()).expect("mended").is_ok());
    }

    /// A command with a key; what it does is no matter here, only whether it is accepted.
    fn subscribe() -> ClientCommand {
        let body = r#"{"event_type":"ACCOUNT_OPEN","callback_url":"http://127.0.0.1:9/events"}"#;
        ClientCommand {
            request: Request {
                op: OperationRef::Payments(payments::OperationId::SubscriptionsCreate),
                body: Some(body.to_owned()),
                ..list()
            },
            key: Some(IdempotencyKey::new("k").expect("a key")),
            fingerprint: Fingerprint::new([7; 32]),
        }
    }

    #[test]
    fn the_bytes_of_a_file_stay_with_the_command_that_was_accepted() {
        let sandbox = sandbox();
        let send = |command: ClientCommand, text: &'static str| {
            let bytes = bytes::Bytes::from_static(text.as_bytes());
            let lease = sandbox.blobs.put(BlobId::of(&bytes), bytes).expect("room");
            sandbox.command(command, Some(lease)).expect("sound")
        };
        let has = |text: &str| sandbox.blobs.get(BlobId::of(text.as_bytes())).is_some();

        let mut refused = subscribe();
        refused.request.body = None;
        assert!(send(refused, "refused").is_err());
        assert!(!has("refused"));

        let first = send(subscribe(), "accepted").expect("accepted");
        assert!(!first.replayed && has("accepted"));
        let again = send(subscribe(), "sent again").expect("its saved reply");
        assert!(again.replayed && has("accepted") && !has("sent again"));

        sandbox.reset();
        assert!(!has("accepted"));
    }

    #[test]
    fn tokens_expire_by_epoch_and_a_reset_does_not_bring_them_back() {
        let sandbox = sandbox();
        assert_eq!(sandbox.epoch(), 0);
        assert_eq!(sandbox.expire_tokens(), 1);
        sandbox.reset();
        assert_eq!(sandbox.epoch(), 1);
    }
}
