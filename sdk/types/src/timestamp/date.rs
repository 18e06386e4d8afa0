//! Calendar days, as the platform writes them.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// A calendar day, `YYYY-MM-DD`.
///
/// ```
/// use layer2_types::Date;
///
/// let born: Date = "1984-02-29".parse()?;
/// assert_eq!(born.to_string(), "1984-02-29");
/// assert!("1985-02-29".parse::<Date>().is_err());
/// # Ok::<(), layer2_types::InvalidDate>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day of a calendar.
    ///
    /// # Errors
    ///
    /// If there is no such day, or its year does not have four digits.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, InvalidDate> {
        civil::Date::new(year, month, day)
            .map_err(|_| InvalidDate(()))
            .and_then(Self::try_from)
    }

    /// The day as `jiff` has it.
    #[must_use]
    pub fn civil(self) -> civil::Date {
        self.0
    }
}

impl TryFrom<civil::Date> for Date {
    type Error = InvalidDate;

    fn try_from(day: civil::Date) -> Result<Self, InvalidDate> {
        if day.year() < 0 {
            return Err(InvalidDate(()));
        }
        Ok(Self(day))
    }
}

impl From<Date> for civil::Date {
    fn from(date: Date) -> Self {
        date.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let shape_is_right = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape_is_right {
            return Err(InvalidDate(()));
        }
        text.parse().map(Self).map_err(|_| InvalidDate(()))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;

        impl Visitor<'_> for DateVisitor {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a day as text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(DateVisitor)
    }
}

/// The text is not a calendar day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDate(());

impl fmt::Display for InvalidDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a calendar day; write it like 2026-01-05")
    }
}

impl std::error::Error for InvalidDate {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_ten_characters() {
        let day: Date = serde_json::from_str("\"2026-01-05\"").expect("valid");
        assert_eq!(Date::new(2026, 1, 5), Ok(day));
        assert_eq!(
            serde_json::to_string(&day).expect("serializes"),
            "\"2026-01-05\""
        );
        assert_eq!(civil::Date::from(day), day.civil());
        assert!(day < Date::new(2026, 1, 6).expect("valid"));
        for text in [
            "",
            "2026-1-5",
            "20260105",
            "2026-13-01",
            "2026-02-29",
            "2026-01-05T00:00:00",
            "-026-01-05",
        ] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate(())), "{text:?}");
        }
        assert_eq!(Date::new(-1, 1, 1), Err(InvalidDate(())));
    }

    proptest! {
        #[test]
        fn any_day_comes_back(year in 0_i16..=9999, month in 1_i8..=12, day in 1_i8..=28) {
            let date = Date::new(year, month, day).expect("every month has 28 days");
            prop_assert_eq!(date.to_string().parse(), Ok(date));
        }
    }
}
