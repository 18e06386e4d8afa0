//! Moves the clock of a sandbox, and waits until nothing is due: the reason why tests need not sleep or poll.
//!
//! An advance is a loop and not a jump: the clock goes to the next instant at which something is due, the work runs, the
//! lock is released, what is to be sent is sent, the outcomes are fed back in the order in which they were due, and on it
//! goes. A receiver that calls the API back meanwhile is served. One advance or settle runs at a time: whoever comes
//! meanwhile is told so and does not wait, as it may be the receiver that the first one waits for. Wall time and rounds
//! are limited, and what is left then is reported and not hidden.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::Timestamp;
use layer2_world::JobReport;

use super::dispatcher::Sender;
use crate::{
    http::limits,
    sandbox::{Attempt, Broken, Sandbox},
};

/// How long to wait for deliveries that another server sends, before the next look.
const ELSEWHERE: Duration = Duration::from_millis(20);

/// What `settle` and `advance` did.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Jobs that ran, in their order.
    pub(crate) ran: Vec<JobReport>,
    /// Whether nothing was left when it ended; else a limit ended it.
    pub(crate) complete: bool,
}

/// Does all that is due now and waits for what is on its way. The caller has the clock ([`Sandbox::hold`]).
pub(crate) async fn settle(sandbox: &Sandbox, sender: &Sender) -> Result<Settled, Broken> {
    let _pause = sandbox.pause()?;
    Driver::new(sandbox, sender).run(None).await
}

/// Moves the business clock to `target` and does on the way what becomes due. The caller has the clock
/// ([`Sandbox::hold`]).
pub(crate) async fn advance(
    sandbox: &Sandbox,
    sender: &Sender,
    target: Timestamp,
) -> Result<Settled, Broken> {
    let _pause = sandbox.pause()?;
    Driver::new(sandbox, sender).run(Some(target)).await
}

struct Driver<'s> {
    sandbox: &'s Sandbox,
    sender: &'s Sender,
    started: Instant,
    limits: Limits,
}

/// When to stop with work left.
#[derive(Clone, Copy, Debug)]
struct Limits {
    wall: Duration,
    rounds: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            wall: limits::SETTLE_WALL,
            rounds: limits::SETTLE_ROUNDS,
        }
    }
}

impl<'s> Driver<'s> {
    fn new(sandbox: &'s Sandbox, sender: &'s Sender) -> Driver<'s> {
        Driver {
            sandbox,
            sender,
            started: Instant::now(),
            limits: Limits::default(),
        }
    }

    async fn run(&self, target: Option<Timestamp>) -> Result<Settled, Broken> {
        let mut settled = Settled::default();
        let mut to_go = target;
        for _ in 0..self.limits.rounds {
            if self.started.elapsed() > self.limits.wall {
                return Ok(settled);
            }
            // Registered before the state is read, so that no change is missed.
            let changed = self.sandbox.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let step = self.sandbox.step(limits::DELIVERIES_AT_ONCE).await?;
            settled.ran.extend(step.ran);
            if !step.attempts.is_empty() {
                self.send_in_order(step.attempts).await?;
            } else if step.in_flight > 0 {
                // The dispatcher sent these before it was paused; their outcomes are on their way.
                let left = self.limits.wall.saturating_sub(self.started.elapsed());
                let _ = tokio::time::timeout(left, changed).await;
            } else if step.elsewhere {
                // Another server sends these; what it records is seen at the next look.
                let _ = tokio::time::timeout(ELSEWHERE, changed).await;
            } else if step.overdue {
                // Work that makes work at the same instant: on with it, until a limit ends it and it is reported.
            } else if let Some(instant) = to_go {
                if !self.sandbox.advance_towards(instant).await? {
                    // The target is reached; what is due there still runs.
                    to_go = None;
                }
            } else {
                settled.complete = true;
                return Ok(settled);
            }
        }
        Ok(settled)
    }

    /// Sends all at once and feeds the outcomes back in the order in which the attempts were due. Gives the first error,
    /// once all have come back; whoever drops this gives back those whose outcomes are not known.
    async fn send_in_order(&self, attempts: Vec<Attempt>) -> Result<(), Broken> {
        let sent = attempts
            .iter()
            .map(|attempt| self.sender.send(&attempt.delivery));
        let outcomes = join_all(sent).await;
        let mut ended = Ok(());
        for (attempt, outcome) in attempts.into_iter().zip(outcomes) {
            // One that cannot be recorded keeps no other from it.
            let finished = self.sandbox.finish(attempt, outcome).await;
            ended = ended.and(finished);
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;
    use crate::{
        clocks::{ClockMode, MANUAL_START},
        webhooks::guard::CallbackPolicy,
    };

    #[tokio::test]
    async fn an_advance_that_meets_its_limit_is_not_complete() {
        let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
        let sender = Sender::new(CallbackPolicy::default());
        // Within two years the accounts that the sandbox begins with fall asleep.
        let target = MANUAL_START + (2 * 366 * 24).hours();
        let is_left = async || {
            let pending = sandbox.pending_work().await.expect("sound");
            pending.iter().any(|work| work.due <= target)
        };

        let mut driver = Driver::new(&sandbox, &sender);
        driver.limits.rounds = 1;
        let cut_off = driver.run(Some(target)).await.expect("sound");
        assert!(!cut_off.complete && cut_off.ran.is_empty());
        assert!(is_left().await);
        let (now, _) = sandbox.clock().await.expect("sound");
        assert!(MANUAL_START < now && now < target, "{now}");

        let done = advance(&sandbox, &sender, target).await.expect("sound");
        assert!(done.complete && !done.ran.is_empty());
        assert!(!is_left().await);
    }
}
