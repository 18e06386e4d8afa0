//! What the lock of a sandbox protects: the world and everything that decides what becomes of it.

use std::sync::Arc;

use jiff::Timestamp;
use layer2_world::{
    Genesis, JobReport, Outcome, RULES_VERSION, World,
    command::{Command, Internal},
    context::Context,
    outbox::DeliveryId,
    rejection::Rejection,
};

use super::{Attempt, Broken, LoadError, Outage, Step, in_flight::InFlight, load, turn::Intent};
use crate::{
    blobs::Lease,
    clocks::{ClockMode, SandboxClock},
    http::limits,
    journal::{self, Head, Journal, Mark, Position, Row, Write},
};

/// The state of a sandbox, with the journal that it is written to.
pub(super) struct Core {
    pub(super) world: World,
    /// Position of the last row; 0 before the first.
    pub(super) last_seq: u64,
    pub(super) head: Head,
    pub(super) clock: SandboxClock,
    /// Why the state cannot be trusted any more, if so.
    pub(super) broken: Option<Broken>,
    /// The state is not the one that is safe: it has to be read again before anybody sees it.
    pub(super) is_stale: bool,
    /// Why nothing is written for now, after the journal has failed.
    pub(super) refusing: Option<Outage>,
    /// Nothing is written any more, as the server ends.
    is_ending: bool,
    /// Nothing may be written for now, as the sandbox has not been taken from the servers that share it.
    only_looks: bool,
    /// Attempts that were handed out and have not come back.
    pub(super) in_flight: Arc<InFlight>,
    /// While the clock is being moved, deliveries are sent by whoever moves it.
    pub(super) paused: bool,
    journal: Arc<dyn Journal>,
    /// What has been written in this turn, of a journal that is shared.
    collected: Vec<Write>,
    /// The last write that an exclusive journal was handed.
    mark: Mark,
}

/// A state that was read from a journal.
pub(super) struct State {
    pub(super) world: World,
    pub(super) last_seq: u64,
    pub(super) head: Head,
    pub(super) clock: SandboxClock,
}

impl State {
    /// The state before the first command.
    pub(super) fn new(genesis: &Genesis, clock_mode: ClockMode) -> State {
        State {
            world: World::new(genesis.clone()),
            last_seq: 0,
            head: Head::default(),
            clock: SandboxClock::new(clock_mode, genesis.start),
        }
    }
}

impl Core {
    pub(super) fn new(state: State, journal: Arc<dyn Journal>) -> Core {
        Core {
            world: state.world,
            last_seq: state.last_seq,
            head: state.head,
            clock: state.clock,
            broken: None,
            is_stale: false,
            refusing: None,
            is_ending: false,
            only_looks: false,
            in_flight: Arc::default(),
            paused: false,
            journal,
            collected: Vec::new(),
            mark: Mark::default(),
        }
    }

    /// A core whose state could not be read. Whoever calls is told why, or has it read again if the store did not answer.
    pub(super) fn unread(
        state: State,
        journal: Arc<dyn Journal>,
        name: &str,
        error: &LoadError,
    ) -> Core {
        let mut core = Core::new(state, journal);
        if error.is_passing() {
            tracing::warn!(sandbox = name, %error, "a sandbox could not be read; it is when it is called");
            core.is_stale = true;
        } else {
            tracing::error!(sandbox = name, %error, "a sandbox cannot be brought back; it is refused until it is reset or deleted");
            core.broken = Some(Broken::journal(error));
        }
        core
    }

    /// Puts what is safe in the place of the state. What is on its way was safe before it went, and stays so.
    pub(super) fn replace(&mut self, state: State) {
        if self.head.generation != state.head.generation {
            self.in_flight = self.in_flight.begun_again();
        }
        self.world = state.world;
        self.last_seq = state.last_seq;
        self.head = state.head;
        self.clock = state.clock;
        self.is_stale = false;
        self.only_looks = false;
        // It rests on nothing that is still on its way.
        self.mark = Mark::default();
        self.collected.clear();
    }

    /// Takes in what another server has written.
    pub(super) fn follow(&mut self, head: Head, rows: &[Row]) -> Result<(), LoadError> {
        load::check_rules(rows)?;
        self.last_seq = journal::replay::replay_onto(&mut self.world, self.last_seq, rows)?;
        self.head = head;
        let latest = rows.last().map(|row| row.now);
        self.clock.resume(head.advanced, latest);
        Ok(())
    }

    /// Does something that may write nothing: due work waits.
    pub(super) fn only_looking<T>(&mut self, work: impl FnOnce(&mut Core) -> T) -> T {
        self.only_looks = true;
        let result = work(self);
        self.only_looks = false;
        result
    }

    /// Begins again: same name, seed and settings. Tokens that were expired stay so.
    pub(super) fn reset(&mut self, genesis: &Genesis, clock_mode: ClockMode) {
        let head = Head {
            generation: self.head.generation + 1,
            epoch: self.head.epoch,
            ..Head::default()
        };
        self.replace(State {
            head,
            ..State::new(genesis, clock_mode)
        });
        self.broken = None;
        self.write(Write::Reset(head));
    }

    /// From here on nothing is written.
    pub(super) fn end_writing(&mut self) {
        self.is_ending = true;
    }

    /// Whether nothing is written for now, or any more.
    pub(super) fn takes_nothing(&self) -> bool {
        self.refusing.is_some() || self.is_ending
    }

    /// Whether whoever enters may do what is meant: once the server ends, look.
    pub(super) fn admit(&self, intent: Intent) -> Result<(), Broken> {
        match intent {
            Intent::Reset | Intent::Write if self.is_ending => Err(Broken::Outage(Outage::Ending)),
            Intent::Read | Intent::Reset | Intent::Write => Ok(()),
        }
    }

    pub(super) fn sound(&self) -> Result<(), Broken> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    pub(super) fn position(&self) -> Position {
        Position {
            generation: self.head.generation,
            seq: self.last_seq,
        }
    }

    /// The last write that what is seen now rests on.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// What was written since the last call, of a journal that is shared.
    pub(super) fn collect(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.collected)
    }

    /// Whether these writes are news to the server that sends the webhooks and runs what is due: the clock has moved,
    /// another instant is the next one, or there is something to be sent.
    pub(super) fn concerns_sender(&self, awaited: Option<Timestamp>, writes: &[Write]) -> bool {
        let is_row = |write: &Write| matches!(write, Write::Row { .. });
        !writes.iter().all(is_row)
            || self.next_due() != awaited
            || self.world.pending_deliveries().next().is_some()
    }

    /// Moves the business clock forward.
    pub(super) fn advance_to(&mut self, instant: Timestamp, wall: Timestamp) {
        self.clock.advance_to(instant, wall);
        let advanced = self.clock.advanced();
        if advanced != self.head.advanced {
            self.head.advanced = advanced;
            self.write(Write::Head(self.head));
        }
    }

    /// Ends every token issued so far.
    pub(super) fn expire_tokens(&mut self) -> u64 {
        self.head.epoch += 1;
        self.write(Write::Head(self.head));
        self.head.epoch
    }

    /// Carries out a command and journals it, unless it was refused or answered from a saved reply. The file that it
    /// names is kept with its row.
    pub(super) fn execute(
        &mut self,
        command: Command,
        now: Timestamp,
        file: Option<Lease<'_>>,
    ) -> Result<Outcome, Rejection> {
        let seq = self.last_seq + 1;
        let outcome = self.world.execute(&command, Context { now, seq })?;
        if !outcome.replayed {
            self.last_seq = seq;
            let row = Row {
                seq,
                now,
                command,
                digest: journal::digest(&outcome),
                rules: RULES_VERSION,
            };
            let file = file.and_then(Lease::keep);
            self.write(Write::Row { row, file });
        }
        Ok(outcome)
    }

    /// Runs what is due, also what becomes due by it. While nothing can be written, due work waits.
    pub(super) fn run_due(&mut self, now: Timestamp) -> Vec<JobReport> {
        let mut ran = Vec::new();
        if self.takes_nothing() || self.only_looks {
            return ran;
        }
        for _ in 0..limits::DUE_ROUNDS {
            if !self.world.is_due(now) {
                break;
            }
            match self.execute(Command::Internal(Internal::RunDue), now, None) {
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

    pub(super) fn step(&mut self, now: Timestamp, room: usize) -> Step {
        let ran = self.run_due(now);
        let on_their_way = &self.in_flight;
        let is_new = |id: &DeliveryId, attempt| !on_their_way.has(&(id.clone(), attempt));
        let due = self.world.deliveries_to_send(now, room, is_new);
        let mut attempts = Vec::with_capacity(due.len());
        for delivery in due {
            let key = (delivery.delivery.clone(), delivery.attempt);
            attempts.push(Attempt {
                delivery,
                generation: self.head.generation,
                flight: self.in_flight.begin(key),
            });
        }
        Step {
            ran,
            attempts,
            in_flight: self.in_flight.len(),
            overdue: self.world.is_due(now),
            elsewhere: false,
            next: self.next_due(),
        }
    }

    /// Whether a delivery is due, whoever sends it.
    pub(super) fn is_sending_due(&self, now: Timestamp) -> bool {
        let next = self.world.next_delivery_due();
        next.is_some_and(|due| due <= self.world.business_now(now))
    }

    /// The next instant at which a job or a delivery is due. Deliveries that are on their way do not count, and none
    /// does while no more may be on their way: the end of one is a change that wakes whoever waits.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let has_room = self.in_flight.len() < limits::DELIVERIES_AT_ONCE;
        let delivery = self
            .world
            .pending_deliveries()
            .find(|(id, attempt, _)| !self.in_flight.has(&((*id).clone(), *attempt)))
            .map(|(_, _, due)| due)
            .filter(|_| has_room);
        [self.world.next_due(), delivery]
            .into_iter()
            .flatten()
            .min()
    }

    fn write(&mut self, write: Write) {
        match self.journal.shared() {
            Some(_) => self.collected.push(write),
            None => self.mark = self.journal.write(write),
        }
    }
}
