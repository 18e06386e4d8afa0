//! Deliveries: handed out under the lock, sent without it, and back as commands.

use std::{sync::PoisonError, time::Duration};

use jiff::Timestamp;
use layer2_world::{
    JobReport,
    command::{Command, Internal},
    outbox::{DeliveryOutcome, DueDelivery},
};

use super::{Broken, Sandbox, core::Core, in_flight::Flight, lock, turn::Intent};
use crate::http::limits;

/// How long the dispatcher waits before it looks again whether it may send, or whether the store takes something.
const PATIENCE: Duration = Duration::from_secs(1);

/// A delivery that was handed out to be sent. One that is dropped without an outcome has not been made.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) delivery: DueDelivery,
    pub(super) generation: u64,
    pub(super) flight: Flight,
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

impl Sandbox {
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

    /// What is handed out and cannot be made safe has not been handed out: it is dropped on the way here.
    async fn hand_out(
        &self,
        work: impl FnOnce(&mut Core) -> (Step, Option<Duration>),
    ) -> Result<(Step, Option<Duration>), Broken> {
        // What others share is taken only if there is work to run; otherwise deliveries wait until their outcomes can be
        // kept, and so do those of a store that takes no more.
        let takes_nothing = lock(&self.core).takes_nothing();
        let intent = match self.journal.shared() {
            Some(_) if !takes_nothing => Intent::Read,
            _ => Intent::Write,
        };
        self.turn(intent, work).await
    }

    /// Records how an attempt ended. An outcome that is lost is one that is not known: the attempt is made again.
    pub(crate) async fn finish(
        &self,
        attempt: Attempt,
        outcome: DeliveryOutcome,
    ) -> Result<(), Broken> {
        let work = |core: &mut Core| {
            let Attempt {
                delivery,
                generation,
                mut flight,
            } = attempt;
            flight.end();
            if core.head.generation != generation {
                return;
            }
            let now = core.clock.now(Timestamp::now());
            let finished = Internal::DeliveryFinished {
                delivery: delivery.delivery,
                attempt: delivery.attempt,
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
        self.changed.notify_waiters();
        finished
    }

    /// Keeps the dispatcher from sending until the guard is dropped.
    pub(crate) fn pause(&self) -> Result<Pause<'_>, Broken> {
        self.lock(Intent::Write)?.paused = true;
        Ok(Pause { sandbox: self })
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
