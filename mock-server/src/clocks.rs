//! The two clocks of a sandbox.
//!
//! The **business clock** dates everything the platform records: statuses, due work, expiry, events, the schedule of
//! webhook retries. It is the wall clock plus an offset that `advance` enlarges, or a manual clock that starts at
//! [`MANUAL_START`] and stands still. It never goes back. (That no two accepted commands share an instant is the world's
//! own rule: it adds a microsecond where the clock has not moved.)
//!
//! The **transport clock** is the wall clock: token life, request and webhook signatures. Advancing a month of business
//! time therefore breaks no client and no receiver.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a manual business clock starts: Monday 2026-01-05, 14:00 UTC (9:00 in New York).
pub const MANUAL_START: Timestamp = Timestamp::constant(1_767_621_600, 0);

/// How the business clock runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClockMode {
    /// Stands still; moves by `advance` alone.
    Manual,
    /// The machine's clock plus what has been advanced.
    #[default]
    Wall,
}

/// Business time. Lives under the sandbox's lock, beside the state that it dates.
#[derive(Clone, Debug)]
pub(crate) struct SandboxClock {
    mode: ClockMode,
    offset: SignedDuration,
    /// The latest instant that was read or reached; time never goes below it.
    last: Timestamp,
}

impl SandboxClock {
    pub(crate) fn new(mode: ClockMode, wall: Timestamp) -> SandboxClock {
        let last = match mode {
            ClockMode::Manual => MANUAL_START,
            ClockMode::Wall => truncate(wall),
        };
        SandboxClock {
            mode,
            offset: SignedDuration::ZERO,
            last,
        }
    }

    /// The instant at which a command or a read lands.
    pub(crate) fn now(&mut self, wall: Timestamp) -> Timestamp {
        if self.mode == ClockMode::Wall {
            self.last = self.last.max(self.shifted(wall));
        }
        self.last
    }

    /// Moves the clock forward to an instant; an instant that is past changes nothing.
    pub(crate) fn advance_to(&mut self, instant: Timestamp, wall: Timestamp) {
        if self.mode == ClockMode::Wall {
            let ahead = instant.duration_since(self.shifted(wall));
            if ahead.is_positive() {
                self.offset = self.offset.saturating_add(ahead);
            }
        }
        self.last = self.last.max(instant);
    }

    /// Goes on where a journal says that the clock stood: by how much it was advanced, and when something last happened.
    pub(crate) fn resume(&mut self, advanced: SignedDuration, latest: Option<Timestamp>) {
        let reached = match self.mode {
            ClockMode::Manual => MANUAL_START.saturating_add(advanced).ok(),
            ClockMode::Wall => {
                self.offset = advanced;
                None
            }
        };
        for instant in [reached, latest].into_iter().flatten() {
            self.last = self.last.max(instant);
        }
    }

    /// When the wall clock will show a business instant; a manual clock never gets there by itself.
    pub(crate) fn wait_until(
        &mut self,
        instant: Timestamp,
        wall: Timestamp,
    ) -> Option<std::time::Duration> {
        match self.mode {
            ClockMode::Manual => None,
            ClockMode::Wall => Some(
                std::time::Duration::try_from(instant.duration_since(self.now(wall)))
                    .unwrap_or_default(),
            ),
        }
    }

    /// By how much advances have moved the clock.
    pub(crate) fn advanced(&self) -> SignedDuration {
        match self.mode {
            ClockMode::Manual => self.last.duration_since(MANUAL_START),
            ClockMode::Wall => self.offset,
        }
    }

    fn shifted(&self, wall: Timestamp) -> Timestamp {
        truncate(wall.saturating_add(self.offset).unwrap_or(Timestamp::MAX))
    }
}

/// Cuts an instant to the microsecond.
fn truncate(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("timestamp")
    }

    #[test]
    fn the_manual_clock_stands_still_between_commands() {
        assert_eq!(MANUAL_START.to_string(), "2026-01-05T14:00:00Z");
        let mut clock = SandboxClock::new(ClockMode::Manual, at(5));
        assert_eq!(clock.now(at(99)), MANUAL_START);
        clock.advance_to(MANUAL_START + SignedDuration::from_hours(24), at(99));
        assert_eq!(clock.now(at(99)).to_string(), "2026-01-06T14:00:00Z");
        clock.advance_to(MANUAL_START, at(99));
        assert_eq!(
            clock.now(at(99)).to_string(),
            "2026-01-06T14:00:00Z",
            "time never goes back"
        );
        assert_eq!(clock.wait_until(MANUAL_START, at(0)), None);
    }

    #[test]
    fn a_clock_goes_on_where_it_stood() {
        let hours = SignedDuration::from_hours;
        let mut manual = SandboxClock::new(ClockMode::Manual, at(0));
        manual.resume(hours(24), Some(MANUAL_START + hours(1)));
        assert_eq!(manual.now(at(99)), MANUAL_START + hours(24));
        assert_eq!(manual.advanced(), hours(24));
        let mut wall = SandboxClock::new(ClockMode::Wall, at(1_000));
        wall.resume(hours(1), Some(at(5_000)));
        assert_eq!(wall.now(at(1_100)), at(5_000), "what has happened is past");
        assert_eq!(wall.now(at(2_000)), at(5_600));
        assert_eq!(wall.advanced(), hours(1));
    }

    #[test]
    fn the_wall_clock_keeps_what_was_advanced_and_never_goes_back() {
        let mut clock = SandboxClock::new(ClockMode::Wall, at(1_000));
        clock.advance_to(at(5_000), at(1_010));
        assert_eq!(clock.now(at(1_020)), at(5_010));
        assert_eq!(
            clock.now(at(900)),
            at(5_010),
            "a wall clock set back is waited out"
        );
        assert_eq!(
            clock.wait_until(at(5_100), at(1_020)),
            Some(std::time::Duration::from_secs(90)),
        );
        assert_eq!(
            clock.wait_until(at(1), at(1_020)),
            Some(std::time::Duration::ZERO)
        );
    }
}
