//! How far the platform's clock is from ours.
//!
//! A signature carries the second at which it was made, and the platform refuses one that is too old or too new. A
//! machine with a wrong clock would never get a signed call through, so the client reads the `Date` of each reply and
//! signs by the platform's clock. The server wrote the date somewhere between our sending and our reading: the midpoint
//! is the best guess (the rule of the AWS SDKs).

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::AGE;
use http::header::DATE;

/// Replies slower than this say too little about when the date was written.
const SLOWEST_USEFUL_REPLY: Duration = Duration::from_secs(60);

/// A `Date` has whole seconds; a smaller difference is noise.
const NOISE_MS: i64 = 1_500;

/// What one client has learned about one API's clock. Zero until a reply says otherwise.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    offset_ms: AtomicI64,
}

impl Skew {
    /// Learns from a reply that was asked for at `sent` (our wall clock) and took `took` (our monotonic clock). Says
    /// whether signatures carry another time from now on.
    pub(crate) fn learn(&self, sent: jiff::Timestamp, took: Duration, headers: &HeaderMap) -> bool {
        // A reply from a cache carries the date of its first life.
        if headers.contains_key(AGE) || took > SLOWEST_USEFUL_REPLY {
            return false;
        }
        let Some(server_ms) = date_ms(headers) else {
            return false;
        };
        let half_ms = i64::try_from(took.as_millis() / 2).unwrap_or(0);
        // The date was cut to its second, so the true instant is half a second later on average.
        let offset = server_ms + 500 - (sent.as_millisecond() + half_ms);
        let offset = if offset.abs() <= NOISE_MS { 0 } else { offset };
        let before = self.offset_ms.swap(offset, Ordering::Relaxed);
        (offset - before).abs() > NOISE_MS
    }

    /// How far the platform's clock is ahead of ours, in milliseconds.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Whether a signature that was made with this offset would carry another time now. It does not matter which call
    /// has learned that: all that were on their way with the old time are refused, and all may be sent again.
    pub(crate) fn has_moved_from(&self, offset_ms: i64) -> bool {
        (self.offset_ms() - offset_ms).abs() > NOISE_MS
    }
}

/// Our `now` by a clock that is so far ahead, in whole seconds.
pub(crate) fn seconds_at(now: jiff::Timestamp, offset_ms: i64) -> i64 {
    now.as_millisecond()
        .saturating_add(offset_ms)
        .div_euclid(1_000)
}

fn date_ms(headers: &HeaderMap) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn now() -> jiff::Timestamp {
        jiff::Timestamp::from_second(NOW).unwrap()
    }

    fn dated(second: i64) -> HeaderMap {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(second).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(DATE, httpdate::fmt_http_date(date).parse().unwrap());
        headers
    }

    #[test]
    fn the_midpoint_between_sending_and_reading_is_compared() {
        let skew = Skew::default();
        assert_eq!(seconds_at(now(), skew.offset_ms()), NOW);
        assert!(skew.learn(now(), Duration::from_secs(10), &dated(NOW + 605)));
        assert_eq!(seconds_at(now(), skew.offset_ms()), NOW + 600);
        assert!(skew.learn(now(), Duration::ZERO, &dated(NOW - 300)));
        assert!(
            !skew.learn(now(), Duration::ZERO, &dated(NOW - 300)),
            "it is known"
        );
        assert_eq!(
            seconds_at(now(), skew.offset_ms()),
            NOW - 300,
            "a clock that goes ahead is put back"
        );
    }

    #[test]
    fn noise_old_replies_and_cached_replies_teach_nothing() {
        let skew = Skew::default();
        assert!(!skew.learn(now(), Duration::ZERO, &dated(NOW + 1)));
        assert_eq!(seconds_at(now(), skew.offset_ms()), NOW);

        let mut cached = dated(NOW + 600);
        cached.insert(AGE, "3".parse().unwrap());
        skew.learn(now(), Duration::ZERO, &cached);
        skew.learn(now(), Duration::from_secs(61), &dated(NOW + 600));
        skew.learn(now(), Duration::ZERO, &HeaderMap::new());
        assert_eq!(seconds_at(now(), skew.offset_ms()), NOW);
    }
}
