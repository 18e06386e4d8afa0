//! Whether to try again, and how long to wait before.
//!
//! Two questions are kept apart. *May* it be repeated: that is the operation's `x-retry` in the documents, and for the
//! ones that repeat by key, whether the request carries what makes it recognisable. *Is it worth it*: that is the
//! failure. A request that never left is always repeatable; a refusal of the token is handled by the token layer. The
//! wait is drawn evenly from zero to an exponential limit (full jitter); a `Retry-After` sets the least wait, and one
//! that does not fit into the time limit of the call ends the attempts, since asking earlier than told is rude and
//! useless.

use std::time::Duration;

use http::HeaderMap;
use http::StatusCode;
use http::header::DATE;
use http::header::RETRY_AFTER;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Operation;
use layer2_types::operation::RetryRule;

use crate::body::Body;
use crate::error::GaveUp;
use crate::error::Outcome;
use crate::idempotency;
use crate::runtime::Runtime;
use crate::verdict::Failure;

/// How often and how fast a client tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts of one call, the first one included. One means: never again.
    pub max_attempts: u32,
    /// Limit of the wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// Limit that the wait never exceeds.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// Three attempts, waits of up to 250 ms and 500 ms.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(8),
        }
    }
}

impl RetryPolicy {
    /// One attempt only. What the token layer resends after a 401 is not a retry.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Sets the number of attempts, the first one included; at least one is made.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the limits of the wait: before the second attempt, and ever.
    #[must_use]
    pub fn with_backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// The wait before the attempt that follows `attempt` (counted from one).
    pub(crate) fn backoff(&self, attempt: u32, runtime: &Runtime) -> Duration {
        let factor = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        runtime.jitter(self.base.saturating_mul(factor).min(self.cap))
    }
}

/// What is known about a call when one of its attempts has failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// Attempts that count against the policy, the failed one included.
    pub(crate) attempts: u32,
    /// Whether the platform can tell a repetition of the request from a new one, by [`may_repeat`].
    pub(crate) may_repeat: bool,
    /// The strongest that is known about the work, the failed attempt included.
    pub(crate) known: Outcome,
    /// What is left of the time of the call.
    pub(crate) left: Duration,
    /// The wait that the policy has drawn.
    pub(crate) wait: Duration,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Another one, after this wait.
    Again(Duration),
    /// The failure is the answer.
    Stop {
        /// Why no other attempt follows, if one could have helped.
        gave_up: Option<GaveUp>,
        /// Whether the caller may try later.
        retryable: bool,
    },
}

/// Whether a failed attempt is followed by another. `pay` takes the price out of the client's budget, and is asked last.
pub(crate) fn decide(
    policy: &RetryPolicy,
    failure: &Failure,
    situation: Situation,
    pay: impl FnOnce() -> bool,
) -> Decision {
    let error = &failure.error;
    let repeatable = situation.may_repeat || error.outcome() == Outcome::NotSent;
    let wait = error
        .retry_after()
        .map_or(situation.wait, |told| told.max(situation.wait));
    let gave_up = if !failure.transient {
        None
    } else if !repeatable {
        Some(GaveUp::Rule)
    } else if situation.attempts >= policy.max_attempts {
        Some(GaveUp::Attempts)
    } else if wait >= situation.left {
        Some(GaveUp::Deadline)
    } else if !pay() {
        Some(GaveUp::Budget)
    } else {
        return Decision::Again(wait);
    };
    // The token layer has tried again by itself and says whether that may work later.
    let passing = failure.transient || error.is_retryable();
    Decision::Stop {
        gave_up,
        retryable: passing && (situation.may_repeat || situation.known <= Outcome::NotDone),
    }
}

/// Whether the platform can tell a repetition of this request from a new one.
pub(crate) fn may_repeat(operation: &Operation, body: &Body) -> bool {
    match operation.retry {
        RetryRule::Safe => true,
        RetryRule::Keyed => match operation.idempotency {
            IdempotencyRule::Header => true,
            IdempotencyRule::ExternalId => idempotency::names_external_id(&body.bytes()),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a status may be gone the next time.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). A date is the server's, so it is compared with the
/// server's own `Date` where there is one, and with our `now` where there is not: the clocks may be days apart.
pub(crate) fn retry_after(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = since_epoch(text)?;
    let server_now = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = server_now.and_then(since_epoch).unwrap_or_else(|| {
        u64::try_from(now.as_millisecond())
            .map(Duration::from_millis)
            .unwrap_or_default()
    });
    Some(until.saturating_sub(now))
}

fn since_epoch(date: &str) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    date.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::budget::RetryCost;
    use crate::error::Error;
    use crate::error::ErrorKind;
    use crate::runtime::Dice;
    use crate::runtime::NoEntropy;

    #[derive(Debug)]
    struct Highest;

    impl Dice for Highest {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(0xff);
            Ok(())
        }
    }

    fn header(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())])
    }

    #[test]
    fn the_limit_of_the_wait_doubles_up_to_the_cap() {
        let runtime = Runtime {
            dice: Arc::new(Highest),
            ..Runtime::system()
        };
        let policy = RetryPolicy::default();
        let waits: Vec<_> = [1, 2, 3, 6, 7, 40, u32::MAX]
            .iter()
            .map(|attempt| policy.backoff(*attempt, &runtime).as_millis())
            .collect();
        assert_eq!(waits, [250, 500, 1_000, 8_000, 8_000, 8_000, 8_000]);
    }

    const WAIT: Duration = Duration::from_millis(100);

    fn failed(outcome: Outcome, transient: bool) -> Failure {
        Failure {
            error: Error::new(ErrorKind::ReplyLost, outcome, "it broke"),
            transient,
            cost: RetryCost::Failure,
            remedy: None,
        }
    }

    fn situation(known: Outcome, may_repeat: bool) -> Situation {
        Situation {
            attempts: 1,
            may_repeat,
            known,
            left: Duration::from_secs(1),
            wait: WAIT,
        }
    }

    #[test]
    fn what_may_not_repeat_is_sent_again_only_if_it_never_left() {
        let policy = RetryPolicy::default();
        for (outcome, may_repeat, decision) in [
            (Outcome::NotSent, false, Decision::Again(WAIT)),
            (Outcome::NotDone, true, Decision::Again(WAIT)),
            (Outcome::Unknown, true, Decision::Again(WAIT)),
            (
                Outcome::NotDone,
                false,
                Decision::Stop {
                    gave_up: Some(GaveUp::Rule),
                    retryable: true,
                },
            ),
            (
                Outcome::Unknown,
                false,
                Decision::Stop {
                    gave_up: Some(GaveUp::Rule),
                    retryable: false,
                },
            ),
        ] {
            let failure = failed(outcome, true);
            let decided = decide(&policy, &failure, situation(outcome, may_repeat), || true);
            assert_eq!(decided, decision, "{outcome:?} {may_repeat}");
        }
    }

    #[test]
    fn an_older_doubt_forbids_to_call_the_failure_retryable() {
        // The first attempt may have done it; the second never left. Only a new decision of the caller may follow.
        let failure = failed(Outcome::NotSent, true);
        let mut known = situation(Outcome::Unknown, false);
        known.attempts = 3;
        assert_eq!(
            decide(&RetryPolicy::default(), &failure, known, || true),
            Decision::Stop {
                gave_up: Some(GaveUp::Attempts),
                retryable: false
            }
        );
    }

    #[test]
    fn attempts_time_and_budget_end_it_in_this_order() {
        let policy = RetryPolicy::default();
        let failure = failed(Outcome::NotDone, true);
        let mut last = situation(Outcome::NotDone, true);
        let why = |situation, pay: bool, paid: &std::cell::Cell<bool>| {
            let decided = decide(&policy, &failure, situation, || {
                paid.set(true);
                pay
            });
            match decided {
                Decision::Again(_) => None,
                Decision::Stop { gave_up, .. } => gave_up,
            }
        };
        let paid = std::cell::Cell::new(false);
        last.left = WAIT;
        assert_eq!(why(last, true, &paid), Some(GaveUp::Deadline));
        last.attempts = policy.max_attempts;
        assert_eq!(why(last, true, &paid), Some(GaveUp::Attempts));
        assert!(!paid.get(), "nothing is paid for what is not sent");
        let empty = situation(Outcome::NotDone, true);
        assert_eq!(why(empty, false, &paid), Some(GaveUp::Budget));
        assert_eq!(why(empty, true, &paid), None);
    }

    #[test]
    fn a_lasting_failure_gives_nothing_up() {
        let decided = decide(
            &RetryPolicy::default(),
            &failed(Outcome::NotDone, false),
            situation(Outcome::NotDone, true),
            || true,
        );
        let stop = Decision::Stop {
            gave_up: None,
            retryable: false,
        };
        assert_eq!(decided, stop);
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = jiff::Timestamp::from_second(784_111_777).unwrap(); // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(
            retry_after(&header("120"), now),
            Some(Duration::from_secs(120))
        );
        let later = header("Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(retry_after(&later, now), Some(Duration::from_secs(30)));
        let mut by_its_own_clock = later.clone();
        let server_now = "Sun, 06 Nov 1994 08:50:00 GMT".parse().unwrap();
        by_its_own_clock.insert(DATE, server_now);
        assert_eq!(
            retry_after(&by_its_own_clock, now),
            Some(Duration::from_secs(7))
        );
        let past = header("Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(retry_after(&past, now), Some(Duration::ZERO));
        assert_eq!(retry_after(&header("soon"), now), None);
        assert_eq!(retry_after(&header("-1"), now), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_statuses_that_pass_by_are_transient() {
        let transient: Vec<u16> = (100..600)
            .filter(|code| is_transient(StatusCode::from_u16(*code).unwrap()))
            .collect();
        assert_eq!(transient, [408, 429, 500, 502, 503, 504]);
    }
}
