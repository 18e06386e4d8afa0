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
use http::header::RETRY_AFTER;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Operation;
use layer2_types::operation::RetryRule;

use crate::idempotency;
use crate::runtime::Runtime;

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

/// Whether the platform can tell a repetition of this request from a new one.
pub(crate) fn may_repeat(operation: &Operation, body: &[u8]) -> bool {
    match operation.retry {
        RetryRule::Safe => true,
        RetryRule::Keyed => match operation.idempotency {
            IdempotencyRule::Header => true,
            IdempotencyRule::ExternalId => idempotency::names_external_id(body),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a status may be gone the next time.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` asks for: seconds, or a date compared with `now` (RFC 9110, 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let date = date
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .ok()?;
    let now = u64::try_from(now.as_millisecond())
        .map(Duration::from_millis)
        .unwrap_or_default();
    Some(date.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
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

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = jiff::Timestamp::from_second(784_111_777).unwrap(); // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(
            retry_after(&header("120"), now),
            Some(Duration::from_secs(120))
        );
        let later = header("Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(retry_after(&later, now), Some(Duration::from_secs(30)));
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
