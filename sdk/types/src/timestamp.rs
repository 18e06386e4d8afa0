//! Points in time, as the platform writes them; a day is a [`Date`].
//!
//! Observed replies carry microseconds and the offset of US Eastern time
//! (`2023-08-18T18:08:53.745647-04:00`), while webhook bodies carry `event_date` without any zone
//! (`2022-11-08T19:53:09`). [`Timestamp`] reads both, says which it was
//! ([`Timestamp::zone_was_missing`]), and writes back the very text it read, so that a body that is
//! stored and sent again does not change.
//!
//! It refuses a date without a time, a time zone name in brackets, and more than nine fractional
//! digits.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use jiff::fmt::temporal::{DateTimePrinter, Pieces};
use jiff::tz::Offset;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

mod date;

pub use self::date::{Date, InvalidDate};

/// A point in time together with the text that named it.
///
/// Two timestamps are equal when they are the same instant, however they are written.
///
/// ```
/// use layer2_types::Timestamp;
///
/// let east: Timestamp = "2023-08-18T18:08:53.745647-04:00".parse()?;
/// let utc: Timestamp = "2023-08-18 22:08:53.745647Z".parse()?;
/// assert_eq!(east, utc);
/// assert_eq!(east.to_string(), "2023-08-18T18:08:53.745647-04:00");
///
/// let bare: Timestamp = "2022-11-08T19:53:09".parse()?;
/// assert!(bare.zone_was_missing());
/// assert_eq!(bare, "2022-11-08T19:53:09Z".parse()?);
/// # Ok::<(), layer2_types::InvalidTimestamp>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    instant: jiff::Timestamp,
    offset: Option<Offset>,
    text: Box<str>,
}

impl Timestamp {
    /// The instant as it is written at an offset: RFC 3339 with six fractional digits.
    ///
    /// What is finer than a microsecond is cut off, from the instant as from the text. An offset with seconds, as zones had
    /// before there was standard time, is rounded to its minute: RFC 3339 cannot write it.
    #[must_use]
    pub fn new(instant: jiff::Timestamp, offset: Offset) -> Self {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

        let instant = floor_to_microsecond(instant);
        let offset = round_to_minute(offset);
        let text = PRINTER.timestamp_with_offset_to_string(&instant, offset);
        Self {
            instant,
            offset: Some(offset),
            text: text.into_boxed_str(),
        }
    }

    /// The point in time. A text without a zone is taken as UTC.
    #[must_use]
    pub fn instant(&self) -> jiff::Timestamp {
        self.instant
    }

    /// The offset from UTC in the text, if it had one.
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }

    /// True if the text had neither an offset nor a `Z`, so that UTC is an assumption.
    #[must_use]
    pub fn zone_was_missing(&self) -> bool {
        self.offset.is_none()
    }

    /// The text as it was read, or as [`Timestamp::new`] wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instant.hash(state);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.text)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let pieces = Pieces::parse(text).map_err(|_| InvalidTimestamp(()))?;
        let (Some(time), None) = (pieces.time(), pieces.time_zone_annotation()) else {
            return Err(InvalidTimestamp(()));
        };
        let offset = pieces.to_numeric_offset();
        let instant = offset
            .unwrap_or(Offset::UTC)
            .to_timestamp(pieces.date().to_datetime(time))
            .map_err(|_| InvalidTimestamp(()))?;
        Ok(Self {
            instant,
            offset,
            text: text.into(),
        })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimestampVisitor;

        impl Visitor<'_> for TimestampVisitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time as text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TimestampVisitor)
    }
}

/// The text is not a date and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp(());

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date and time; write it like 2026-01-05T09:00:00.000001-05:00")
    }
}

impl std::error::Error for InvalidTimestamp {}

/// Before it is printed: the printer would round the offset and not the time of day beside it, and so name another instant.
fn round_to_minute(offset: Offset) -> Offset {
    let seconds = offset.seconds();
    let surplus = seconds.rem_euclid(60);
    let rounded = seconds - surplus + if surplus < 30 { 0 } else { 60 };
    // The largest offset, 25:59:59 to either side, has no whole minute but the one towards zero.
    Offset::from_seconds(rounded)
        .or_else(|_| Offset::from_seconds(seconds - seconds % 60))
        .unwrap_or(offset)
}

fn floor_to_microsecond(instant: jiff::Timestamp) -> jiff::Timestamp {
    let nanoseconds = instant.as_nanosecond();
    // In range: the smallest timestamp is a whole second, so rounding down stays above it.
    jiff::Timestamp::from_nanosecond(nanoseconds - nanoseconds.rem_euclid(1000)).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn timestamp(text: &str) -> Timestamp {
        text.parse().expect("a test timestamp")
    }

    #[test]
    fn every_observed_spelling_is_read_and_written_back() {
        let noon = "2026-01-05T12:00:00Z"
            .parse::<jiff::Timestamp>()
            .expect("valid");
        for text in [
            "2026-01-05T12:00:00Z",
            "2026-01-05T12:00:00",
            "2026-01-05 12:00:00",
            "2026-01-05t12:00:00z",
            "2026-01-05T07:00:00.0-05:00",
            "2026-01-05T12:00:00.000000000+00:00",
            "2026-01-05 17:30:00.000000+05:30",
            "2026-01-05T07:00:00-0500",
        ] {
            let json = format!("\"{text}\"");
            let read: Timestamp = serde_json::from_str(&json).expect(text);
            assert_eq!(read.instant(), noon, "{text}");
            assert_eq!(serde_json::to_string(&read).expect("serializes"), json);
        }
        for digits in 0..=9_usize {
            let fraction = &".123456789"[..if digits == 0 { 0 } else { digits + 1 }];
            let text = format!("2023-08-18T18:08:53{fraction}-04:00");
            let nanosecond = timestamp(&text).instant().subsec_nanosecond();
            let expected: i32 = format!("{:0<9}", fraction.trim_start_matches('.'))
                .parse()
                .expect("digits");
            assert_eq!(nanosecond, expected, "{text}");
        }
    }

    #[test]
    fn a_missing_zone_is_utc_and_marked() {
        let bare = timestamp("2022-11-08T19:53:09");
        assert!(bare.zone_was_missing());
        assert_eq!(bare.offset(), None);
        let zoned = timestamp("2022-11-08T19:53:09Z");
        assert!(!zoned.zone_was_missing());
        assert_eq!(zoned.offset(), Some(Offset::UTC));
        assert_eq!(bare, zoned);
        assert_eq!(
            timestamp("2022-11-08T19:53:09-05:00").offset(),
            Some(jiff::tz::offset(-5))
        );
    }

    #[test]
    fn what_is_no_point_in_time_is_refused() {
        for text in [
            "",
            "now",
            "1700000000",
            "2026-01-05",
            "12:00:00",
            "2026-02-30T00:00:00Z",
            "2026-01-05T25:00:00Z",
            "2026-01-05T12:00:00.1234567890Z",
            "2026-01-05T12:00:00-05:00[America/New_York]",
            "2026-01-05T12:00:00[America/New_York]",
            "2026-01-05T12:00:00Z ",
            " 2026-01-05T12:00:00Z",
        ] {
            assert_eq!(
                text.parse::<Timestamp>(),
                Err(InvalidTimestamp(())),
                "{text:?}"
            );
        }
        for json in ["null", "1700000000", "\"yesterday\""] {
            assert!(serde_json::from_str::<Timestamp>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn order_and_equality_are_those_of_the_instant() {
        let early = timestamp("2026-01-05T09:00:00-05:00");
        let late = timestamp("2026-01-05T14:00:01Z");
        assert!(early < late, "although its text sorts after");
        let same = timestamp("2026-01-05T14:00:00Z");
        assert_eq!(early, same);
        assert_eq!(HashSet::from([early, same]).len(), 1);
    }

    #[test]
    fn a_made_timestamp_has_six_digits_and_an_offset() {
        let instant =
            jiff::Timestamp::from_nanosecond(1_692_396_533_745_647_999).expect("in range");
        let east = Timestamp::new(instant, jiff::tz::offset(-4));
        assert_eq!(east.as_str(), "2023-08-18T18:08:53.745647-04:00");
        assert_eq!(
            Timestamp::new(instant, Offset::UTC).as_str(),
            "2023-08-18T22:08:53.745647+00:00"
        );
        assert_eq!(east.offset(), Some(jiff::tz::offset(-4)));
        for extreme in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
            let made = Timestamp::new(extreme, Offset::UTC);
            assert_eq!(timestamp(made.as_str()), made);
        }
    }

    #[test]
    fn an_offset_with_seconds_still_names_the_instant() {
        let instant = jiff::Timestamp::from_second(-3_000_000_000).expect("in range");
        // New York until 1883, the largest offset there is, and the smallest.
        for (seconds, minutes) in [(-17_762, -296), (93_599, 1_559), (-93_599, -1_559), (90, 2)] {
            let offset = Offset::from_seconds(seconds).expect("in range");
            let made = Timestamp::new(instant, offset);
            assert_eq!(timestamp(made.as_str()).instant(), instant, "{made}");
            let rounded = made.offset().expect("it has one").seconds();
            assert!((rounded - seconds).abs() < 60, "{made}");
            assert_eq!(rounded, minutes * 60, "{made}");
        }
    }

    proptest! {
        #[test]
        fn a_made_timestamp_is_what_its_text_says(
            microseconds in -60_000_000_000_000_000_i64..200_000_000_000_000_000,
            extra in 0_i32..1000,
            minutes in -25 * 60_i32..25 * 60,
        ) {
            let instant = jiff::Timestamp::from_microsecond(microseconds).expect("in range")
                + jiff::SignedDuration::from_nanos(i64::from(extra));
            let offset = Offset::from_seconds(minutes * 60).expect("in range");
            let made = Timestamp::new(instant, offset);
            let read: Timestamp = made.as_str().parse().expect("its own text");
            prop_assert_eq!(read.instant(), made.instant());
            prop_assert_eq!(read.offset(), made.offset());
            prop_assert_eq!(made.instant().as_microsecond(), microseconds);
        }
    }
}
