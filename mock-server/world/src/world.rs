//! The world of one sandbox: all its state, and the two ways in.
//!
//! [`World::execute`] changes it, [`World::query`] reads it. Both are pure: the same genesis and the same commands with
//! the same contexts give the same world, the same replies, ids, times and webhook bodies. A command is checked whole
//! before anything is changed, so a rejected one leaves no trace, not even on the clock.
//!
//! The world never sends anything: what is to be sent lies in its outbox until the shell takes it.

use jiff::Timestamp;
use layer2_ledger::Violation;
use layer2_types::operation::IdempotencyRule;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;

use crate::accounting;
use crate::clock::BusinessClock;
use crate::command::ClientCommand;
use crate::command::Command;
use crate::command::IdempotencyKey;
use crate::command::Internal;
use crate::context::Context;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::delays::Delays;
use crate::generated;
use crate::genesis::Genesis;
use crate::idempotency::SavedReplies;
use crate::ids::Origin;
use crate::outbox::DeliveryId;
use crate::outbox::DueDelivery;
use crate::outbox::Outbox;
use crate::page::AS_OF;
use crate::page::push_encoded;
use crate::payments;
use crate::plaid;
use crate::rejection::Rejection;
use crate::request::Actor;
use crate::request::OperationRef;
use crate::request::Reply;
use crate::request::Request;
use crate::schedule::DueJob;
use crate::schedule::JobReport;
use crate::schedule::Schedule;
use crate::seed::Seed;
use crate::settings::Settings;
use crate::snapshot;
use crate::snapshot::SnapshotError;

/// The state of one sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    genesis: Genesis,
    clock: BusinessClock,
    /// How many client commands were accepted.
    accepted: u64,
    pub(crate) schedule: Schedule,
    pub(crate) outbox: Outbox,
    saved: SavedReplies,
    pub(crate) payments: payments::state::State,
    pub(crate) accounting: accounting::state::State,
    pub(crate) plaid: plaid::state::State,
}

/// The version of the rules: what a command does, and what a snapshot holds. Raised by every change after which a journal
/// that is carried out again may lead elsewhere, so that no journal is carried out by rules that did not write it, and by
/// every change of the form of a snapshot, which goes on to be read in all forms that it ever had
/// ([`World::restore`]). Tests hold what is kept of each version against it, so a change that forgets the number is seen.
pub const RULES_VERSION: u32 = 2;

/// Jobs that one command runs at most.
const JOBS_AT_ONCE: usize = 1_000;

/// What a command has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The reply to a client command; none for an internal one.
    pub reply: Option<Reply>,
    /// Whether the reply is a saved one. Then nothing was changed and nothing is to be journaled.
    pub replayed: bool,
    /// When something is due next: a job or a delivery.
    pub wake_at: Option<Timestamp>,
    /// The jobs that ran.
    pub ran: Vec<JobReport>,
}

impl World {
    /// A new world.
    pub fn new(genesis: Genesis) -> Self {
        let clock = BusinessClock::starting_at(genesis.start);
        let start = clock.at(genesis.start);
        let (seed, settings) = (genesis.seed.clone(), genesis.settings.clone());
        let mut world = Self {
            genesis,
            clock,
            accepted: 0,
            schedule: Schedule::default(),
            outbox: Outbox::default(),
            saved: SavedReplies::default(),
            payments: payments::state::State::default(),
            accounting: accounting::state::State::default(),
            plaid: plaid::state::State::default(),
        };
        let mut cx =
            WriteContext::new(start, 0, Origin::Genesis, &seed, &Actor::Control, &settings);
        let populated = world.populate(&mut cx);
        debug_assert!(populated.is_ok(), "{populated:?}");
        world
    }

    /// Carries out a command, or rejects it and changes nothing.
    pub fn execute(&mut self, command: &Command, cx: Context) -> Result<Outcome, Rejection> {
        match command {
            Command::Client(command) => self.execute_client(command, cx),
            Command::Internal(Internal::RunDue) => Ok(self.run_due(cx)),
            Command::Internal(Internal::DeliveryFinished {
                delivery,
                attempt,
                outcome,
            }) => {
                let keep = self.settings().webhook_log_limit;
                self.outbox
                    .finish(&self.genesis.seed, delivery, *attempt, *outcome, keep);
                Ok(self.outcome(None, Vec::new()))
            }
        }
    }

    /// What a command that was carried out before is answered with; none if it is new, and a rejection if its key belongs to
    /// another one. Changes nothing, so that it can be had where nothing can be written.
    pub fn repeated(&self, command: &ClientCommand) -> Result<Option<Outcome>, Rejection> {
        let Some(key) = saved_under(command) else {
            return Ok(None);
        };
        let saved = self.saved.replay(command, key)?;
        Ok(saved.map(|reply| Outcome {
            replayed: true,
            ..self.outcome(Some(reply), Vec::new())
        }))
    }

    /// Answers a read.
    pub fn query(&self, request: &Request, now: Timestamp) -> Result<Reply, Rejection> {
        self.must_exist(request.op)?;
        let cx = ReadContext::new(self.clock.at(now), self.settings(), &request.actor)
            .with_as_of(request.query_value(AS_OF));
        match request.op {
            OperationRef::Payments(op) => generated::payments::read(self, &cx, op, request),
            OperationRef::Accounting(op) => generated::accounting::read(self, &cx, op, request),
            OperationRef::Plaid(op) => generated::plaid::read(self, &cx, op, request),
            OperationRef::Control(op) => generated::control::read(self, &cx, op, request),
        }
    }

    /// Whether a job is due. The shell then runs [`Internal::RunDue`] before anything else.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.schedule
            .next_due()
            .is_some_and(|due| due <= self.clock.at(now))
    }

    /// When the next job is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.schedule.next_due()
    }

    /// When the next attempt to deliver a webhook is due.
    pub fn next_delivery_due(&self) -> Option<Timestamp> {
        self.outbox.next_due()
    }

    /// The jobs that wait, in the order in which they will run.
    pub fn pending_jobs(&self) -> impl Iterator<Item = JobReport> {
        self.schedule.waiting()
    }

    /// The attempts to deliver that wait, by the instant at which they are due: id, attempt, instant.
    pub fn pending_deliveries(&self) -> impl Iterator<Item = (&DeliveryId, u32, Timestamp)> {
        self.outbox.waiting()
    }

    /// The webhooks that are due, in the order in which they are to be sent. They stay due until the shell says how
    /// they ended.
    pub fn due_deliveries(&self, now: Timestamp) -> Vec<DueDelivery> {
        self.deliveries_to_send(now, usize::MAX, |_, _| true)
    }

    /// The first of them that the shell wants, by id and attempt; at most `room`, so that no more bodies are copied
    /// than are sent.
    pub fn deliveries_to_send(
        &self,
        now: Timestamp,
        room: usize,
        wanted: impl Fn(&DeliveryId, u32) -> bool,
    ) -> Vec<DueDelivery> {
        let due = self.outbox.due(self.clock.at(now));
        due.filter(|(id, attempt, _)| wanted(id, *attempt))
            .filter_map(|(_, _, number)| self.outbox.due_delivery(number, &self.genesis.seed))
            .take(room)
            .collect()
    }

    /// The subscriptions whose newest finished delivery was given up.
    pub fn failing_subscriptions(&self) -> Vec<&SubscriptionId> {
        let rows = self.payments.subscriptions.rows();
        rows.map(|row| &row.id)
            .filter(|id| self.outbox.is_failing(id))
            .collect()
    }

    /// Business time at `now`: never before the last accepted client command.
    pub fn business_now(&self, now: Timestamp) -> Timestamp {
        self.clock.at(now)
    }

    /// What the sandbox was told about itself.
    pub const fn settings(&self) -> &Settings {
        &self.genesis.settings
    }

    /// Where its ids, secrets and chance come from.
    pub const fn seed(&self) -> &Seed {
        &self.genesis.seed
    }

    /// What it began with.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// How many client commands were accepted.
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// The ids of the customers, oldest first.
    pub fn customer_ids(&self) -> impl Iterator<Item = &str> {
        self.payments.customers.rows().map(|row| row.id.as_str())
    }

    /// The ids of the accounts, oldest first.
    pub fn account_ids(&self) -> impl Iterator<Item = &str> {
        self.payments.accounts.rows().map(|row| row.id.as_str())
    }

    /// At most so many of the ids that may stand in the place of a path parameter, such as `transfer_id`, the newest first.
    pub fn newest_ids(&self, parameter: &str, most: usize) -> Vec<String> {
        self.payments.newest_ids(parameter, most)
    }

    /// The whole world as text; equal worlds give equal texts.
    pub fn snapshot(&self) -> Result<String, SnapshotError> {
        snapshot::write(self)
    }

    /// A world from its snapshot, which these rules or older ones have made.
    pub fn restore(snapshot: &str) -> Result<Self, SnapshotError> {
        snapshot::read(snapshot)
    }

    /// The same world under another name, as that of another sandbox.
    #[must_use]
    pub fn renamed(mut self, name: String) -> Self {
        self.genesis.name = name;
        self
    }

    /// SHA-256 of each file that can be downloaded, in hexadecimal digits.
    pub fn file_digests(&self) -> impl Iterator<Item = &str> {
        let rows = self.payments.documents.rows();
        rows.filter_map(|row| Some(row.file.as_ref()?.sha256.as_str()))
    }

    /// Recomputes the books and compares. A sound world has no violation.
    pub fn invariants(&self) -> Result<(), Vec<Violation>> {
        self.payments.funds.book().invariants()
    }

    fn execute_client(
        &mut self,
        command: &ClientCommand,
        cx: Context,
    ) -> Result<Outcome, Rejection> {
        let request = &command.request;
        self.must_exist(request.op)?;
        if let Some(outcome) = self.repeated(command)? {
            return Ok(outcome);
        }
        let now = self.clock.next(cx.now);
        let ordinal = self.accepted + 1;
        let (seed, settings) = (self.genesis.seed.clone(), self.genesis.settings.clone());
        let origin = Origin::Client(ordinal);
        let mut wcx = WriteContext::new(now, cx.seq, origin, &seed, &request.actor, &settings);
        let reply = self.dispatch(&mut wcx, request)?;

        self.accepted = ordinal;
        self.clock.advance_to(now);
        if let Some(key) = saved_under(command) {
            self.saved.save(command, key, &reply);
        }
        Ok(self.outcome(Some(reply), Vec::new()))
    }

    fn dispatch(
        &mut self,
        cx: &mut WriteContext<'_>,
        request: &Request,
    ) -> Result<Reply, Rejection> {
        match request.op {
            OperationRef::Payments(op) => generated::payments::write(self, cx, op, request),
            OperationRef::Accounting(op) => generated::accounting::write(self, cx, op, request),
            OperationRef::Plaid(op) => generated::plaid::write(self, cx, op, request),
            OperationRef::Control(op) => generated::control::write(self, cx, op, request),
        }
    }

    /// Runs what is due, each job at the instant at which it was due. A job that plans another one at its own instant
    /// cannot hold the shell for ever: what is beyond the limit stays due ([`World::is_due`]).
    fn run_due(&mut self, cx: Context) -> Outcome {
        let now = self.clock.at(cx.now);
        let mut ran = Vec::new();
        while ran.len() < JOBS_AT_ONCE
            && let Some(due) = self.schedule.take_due(now)
        {
            ran.push(due.report());
            self.run(&due, cx.seq);
        }
        self.outcome(None, ran)
    }

    fn run(&mut self, due: &DueJob, seq: u64) {
        let (seed, settings) = (self.genesis.seed.clone(), self.genesis.settings.clone());
        let origin = Origin::Job(due.number);
        let mut cx = WriteContext::new(due.due, seq, origin, &seed, &Actor::Control, &settings);
        due.job.work().run(self, &mut cx);
    }

    /// How long work takes in this sandbox.
    pub(crate) const fn delays(&self) -> Delays {
        Delays::of(self.genesis.settings.profile)
    }

    /// The path of a control resource of this sandbox, for links.
    pub(crate) fn control_path(&self, resource: &str) -> String {
        let mut path = "/_control/v1/sandboxes/".to_owned();
        push_encoded(&mut path, &self.genesis.name);
        path.push('/');
        path.push_str(resource);
        path
    }

    fn must_exist(&self, op: OperationRef) -> Result<(), Rejection> {
        let operation = op.operation();
        let platform = self.settings().platform;
        if operation.is_on(platform) {
            return Ok(());
        }
        Err(Rejection::not_in_version(operation, platform.as_str()))
    }

    fn outcome(&self, reply: Option<Reply>, ran: Vec<JobReport>) -> Outcome {
        let wake_at = [self.next_due(), self.next_delivery_due()]
            .into_iter()
            .flatten()
            .min();
        Outcome {
            reply,
            replayed: false,
            wake_at,
            ran,
        }
    }
}

/// The key under which the reply of a command is saved.
fn saved_under(command: &ClientCommand) -> Option<&IdempotencyKey> {
    let is_keyed = command.request.op.operation().idempotency == IdempotencyRule::Header;
    command.key.as_ref().filter(|_| is_keyed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::transfers::TransferJob;

    #[test]
    fn one_command_runs_so_many_jobs_and_leaves_the_rest_due() {
        let start = Timestamp::UNIX_EPOCH;
        let mut world = World::new(Genesis {
            name: "test".to_owned(),
            seed: Seed::new([1; 32]),
            settings: Settings::default(),
            start,
        });
        // Jobs of transfers that are gone find nothing to do.
        for _ in 0..=JOBS_AT_ONCE {
            let id = "gone".parse().unwrap();
            world.schedule.add(start, TransferJob::Expire(id));
        }
        let mut run = |seq| {
            let context = Context { now: start, seq };
            let due = Command::Internal(Internal::RunDue);
            let ran = world.execute(&due, context).unwrap().ran.len();
            (ran, world.is_due(start))
        };
        assert_eq!(run(1), (JOBS_AT_ONCE, true));
        assert_eq!(run(2), (1, false));
    }
}
