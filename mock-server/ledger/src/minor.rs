//! Money as an integer: a count of an asset's smallest unit.
//!
//! There is no `+` here. Every operation is checked and says so in its return type, because a sum
//! that wraps is money that appears. There is no multiplication either: a rate is applied by
//! [`mul_div`](crate::mul_div), which states its rounding.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::deserialize_text;

/// A signed number of an asset's smallest unit (cents, satoshi, wei).
///
/// Serializes as a decimal text, so that no JSON reader in between can turn it into a float.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinorUnits(i128);

impl MinorUnits {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that a book can count; no total ever exceeds it.
    pub const MAX: Self = Self(i128::MAX);

    /// That many smallest units.
    #[must_use]
    pub const fn new(units: i128) -> Self {
        Self(units)
    }

    /// The number of smallest units.
    #[must_use]
    pub const fn get(self) -> i128 {
        self.0
    }

    /// The sum, or [`Overflow`].
    pub const fn checked_add(self, other: Self) -> Result<Self, Overflow> {
        match self.0.checked_add(other.0) {
            Some(sum) => Ok(Self(sum)),
            None => Err(Overflow),
        }
    }

    /// The difference, or [`Overflow`].
    pub const fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Ok(Self(difference)),
            None => Err(Overflow),
        }
    }

    /// The opposite, or [`Overflow`] for the one value that has none.
    pub const fn checked_neg(self) -> Result<Self, Overflow> {
        match self.0.checked_neg() {
            Some(opposite) => Ok(Self(opposite)),
            None => Err(Overflow),
        }
    }

    /// True for exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// True below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// True above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// A sum whose bound the caller has proven: every total of a book lies within the turnover of
    /// its asset, and the turnover is checked before anything is applied.
    pub(crate) const fn add_bounded(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// A difference whose bound the caller has proven, see [`MinorUnits::add_bounded`].
    pub(crate) const fn sub_bounded(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for MinorUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MinorUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MinorUnits({})", self.0)
    }
}

impl FromStr for MinorUnits {
    type Err = InvalidMinorUnits;

    fn from_str(text: &str) -> Result<Self, InvalidMinorUnits> {
        text.parse().map(Self).map_err(|_| InvalidMinorUnits)
    }
}

impl Serialize for MinorUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

/// A sum or difference lies outside of 127 bits and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the result does not fit 127 bits and a sign; split the amount")]
#[non_exhaustive]
pub struct Overflow;

/// The text is not a whole number of smallest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of smallest units: expected an integer without a decimal point")]
#[non_exhaustive]
pub struct InvalidMinorUnits;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_checked_at_both_ends() {
        let (one, min) = (MinorUnits::new(1), MinorUnits::new(i128::MIN));
        assert_eq!(MinorUnits::MAX.checked_add(one), Err(Overflow));
        assert_eq!(min.checked_sub(one), Err(Overflow));
        assert_eq!(min.checked_neg(), Err(Overflow));
        assert_eq!(
            MinorUnits::new(2).checked_sub(MinorUnits::new(5)),
            Ok(MinorUnits::new(-3))
        );
        assert_eq!(MinorUnits::new(2).checked_neg(), Ok(MinorUnits::new(-2)));
    }

    #[test]
    fn a_snapshot_keeps_every_digit_as_text() {
        let units = MinorUnits::new(-123_456_789_012_345_678_901_234_567_890);
        let json = serde_json::to_string(&units).unwrap();
        assert_eq!(json, "\"-123456789012345678901234567890\"");
        assert_eq!(serde_json::from_str::<MinorUnits>(&json).unwrap(), units);
        assert!(serde_json::from_str::<MinorUnits>("\"1.5\"").is_err());
        assert!(serde_json::from_str::<MinorUnits>("1").is_err());
    }
}
