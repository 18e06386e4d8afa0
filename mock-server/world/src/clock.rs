//! The business clock: what time it is for statuses, expiry, transaction dates and webhook schedules.
//!
//! The world never reads a clock. Each command brings the time at which it lands; the business clock makes of it an
//! instant in whole microseconds (what the wire shows) that is later than that of every accepted client command before
//! it. So two transactions of two commands never share an instant, even when the sandbox's clock is frozen.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::Offset;
use jiff::tz::TimeZoneDatabase;
use serde::Deserialize;
use serde::Serialize;

use crate::settings::TimestampStyle;

/// How far the accepted client commands have moved the business clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BusinessClock {
    last: Timestamp,
}

impl BusinessClock {
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self {
            last: whole_microseconds(start),
        }
    }

    /// The instant of a client command that lands at `now`: at least one microsecond after the last one.
    pub(crate) fn next(&self, now: Timestamp) -> Timestamp {
        let after_last = later(self.last, SignedDuration::from_micros(1));
        whole_microseconds(now).max(after_last)
    }

    /// The instant of a read or of an internal command that lands at `now`. It does not move the clock.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        whole_microseconds(now).max(self.last)
    }

    /// Records that a client command was accepted at `instant`.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        debug_assert!(instant > self.last, "the business clock only moves forward");
        self.last = instant;
    }
}

/// `instant` plus `span`, or the last instant that can be told.
pub(crate) fn later(instant: Timestamp, span: SignedDuration) -> Timestamp {
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// An instant as the wire shows it: RFC 3339 with six decimals, in New York time as observed, or in UTC.
pub(crate) fn wire(instant: Timestamp, style: TimestampStyle) -> layer2_types::Timestamp {
    let offset = match style {
        TimestampStyle::NewYork => new_york_offset(instant),
        TimestampStyle::Utc => Offset::UTC,
    };
    layer2_types::Timestamp::new(instant, offset)
}

/// The day in which an instant falls for the platform's books, which follow the same zone as its timestamps.
pub(crate) fn day(instant: Timestamp, style: TimestampStyle) -> jiff::civil::Date {
    match style {
        TimestampStyle::NewYork => new_york_offset(instant).to_datetime(instant).date(),
        TimestampStyle::Utc => Offset::UTC.to_datetime(instant).date(),
    }
}

/// Zone data comes from the bundle alone, so a machine without it, or with other data, gives the same replies.
fn new_york_offset(instant: Timestamp) -> Offset {
    static ZONE: std::sync::OnceLock<Option<jiff::tz::TimeZone>> = std::sync::OnceLock::new();
    ZONE.get_or_init(|| TimeZoneDatabase::bundled().get("America/New_York").ok())
        .as_ref()
        // The bundle holds every zone (a test asks for this one); UTC would be the same instant all the same.
        .map_or(Offset::UTC, |zone| zone.to_offset(instant))
}

fn whole_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn client_commands_move_a_frozen_clock_by_a_microsecond() {
        let frozen = at("2026-01-05T14:00:00Z");
        let mut clock = BusinessClock::starting_at(frozen);
        let first = clock.next(frozen);
        assert_eq!(first, at("2026-01-05T14:00:00.000001Z"));
        clock.advance_to(first);
        assert_eq!(clock.next(frozen), at("2026-01-05T14:00:00.000002Z"));
        assert_eq!(clock.at(frozen), first);
    }

    #[test]
    fn a_clock_that_runs_is_followed() {
        let clock = BusinessClock::starting_at(at("2026-01-05T14:00:00Z"));
        assert_eq!(
            clock.next(at("2026-01-05T15:00:00.123456789Z")),
            at("2026-01-05T15:00:00.123456Z")
        );
    }

    #[test]
    fn new_york_time_follows_daylight_saving() {
        let summer = wire(at("2023-08-18T22:08:53.745647Z"), TimestampStyle::NewYork);
        assert_eq!(summer.to_string(), "2023-08-18T18:08:53.745647-04:00");
        let winter = wire(at("2023-12-12T15:05:38.659937Z"), TimestampStyle::NewYork);
        assert_eq!(winter.to_string(), "2023-12-12T10:05:38.659937-05:00");
        assert_eq!(
            day(at("2026-01-05T03:00:00Z"), TimestampStyle::NewYork).to_string(),
            "2026-01-04"
        );
        assert_eq!(
            day(at("2026-01-05T03:00:00Z"), TimestampStyle::Utc).to_string(),
            "2026-01-05"
        );
    }
}
