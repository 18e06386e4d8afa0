//! How far a price may move against whoever exchanges.
//!
//! The platform takes a fraction: 0.01 is one percent. A 1 that was meant as one percent would
//! accept the loss of everything, so there is no way to say a bare number: a [`Slippage`] is made
//! of basis points or of percent, and stays below everything.
//!
//! ```
//! use layer2_types::Slippage;
//!
//! assert_eq!(Slippage::bps(10)?.fraction().to_string(), "0.001");
//! assert_eq!(Slippage::percent("0.5")?.fraction().to_string(), "0.005");
//! assert_eq!(Slippage::percent(1)?, Slippage::bps(100)?);
//! assert!(Slippage::percent(100).is_err());
//! # Ok::<(), layer2_types::InvalidSlippage>(())
//! ```
//!
//! A number alone does not become one:
//!
//! ```compile_fail,E0277
//! let slippage: layer2_types::Slippage = 1.into();
//! ```
//!
//! ```compile_fail,E0277
//! let slippage = layer2_types::Slippage::percent(0.5_f64);
//! ```

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::{Amount, AmountError};
use crate::project::Project;

/// The largest loss that is taken, as a part of the amount.
///
/// Reading keeps what was sent, as the platform's own checks are its own business;
/// [`is_valid`](Self::is_valid) tells whether it keeps to the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slippage(Amount);

impl Slippage {
    /// No loss at all: exactly the accepted price, or a better one.
    pub const ZERO: Self = Self(Amount::ZERO);

    /// Hundredths of a percent: 10 are 0.1 %.
    ///
    /// # Errors
    ///
    /// If it is everything: 10,000 or more.
    pub fn bps(points: u32) -> Result<Self, InvalidSlippage> {
        Self::checked(Amount::from_minor(points.into(), 4))
    }

    /// Percent, as a whole number or as decimal text: `percent(1)`, `percent("0.5")`.
    ///
    /// # Errors
    ///
    /// If the text is no number, or the number is negative, or 100 or more.
    pub fn percent<P>(percent: P) -> Result<Self, InvalidSlippage>
    where
        P: TryInto<Amount>,
        P::Error: Into<AmountError>,
    {
        let percent: Amount = percent.try_into().map_err(|error| InvalidSlippage {
            cause: Some(error.into()),
        })?;
        let scale = percent.scale();
        let digits = percent.to_minor(scale);
        Self::checked(digits.and_then(|digits| Amount::from_minor(digits, scale + 2)))
    }

    /// The part of the amount, as it is sent: 0.01 is one percent.
    #[must_use]
    pub fn fraction(self) -> Amount {
        self.0
    }

    /// Whether it is zero or more, and less than everything. All that are made here are.
    #[must_use]
    pub fn is_valid(self) -> bool {
        !self.0.is_negative() && self.0 < Amount::from(1_u8)
    }

    fn checked(fraction: Result<Amount, AmountError>) -> Result<Self, InvalidSlippage> {
        let slippage = Self(fraction.map_err(|cause| InvalidSlippage { cause: Some(cause) })?);
        if slippage.is_valid() {
            Ok(slippage)
        } else {
            Err(InvalidSlippage { cause: None })
        }
    }
}

/// In percent, as people say it: `0.5 %`.
impl fmt::Display for Slippage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.0.scale().max(2);
        let percent = self.0.to_minor(scale);
        match percent.and_then(|digits| Amount::from_minor(digits, scale - 2)) {
            Ok(percent) => write!(f, "{percent} %"),
            // A number that was read can be too large to be a hundred times larger.
            Err(_) => write!(f, "{} times the amount", self.0),
        }
    }
}

impl Serialize for Slippage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slippage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Amount::deserialize(deserializer).map(Self)
    }
}

impl Project for Slippage {}

/// Why something is no slippage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSlippage {
    /// What is wrong with the number; none if it is only out of range.
    cause: Option<AmountError>,
}

impl fmt::Display for InvalidSlippage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.cause.is_some() {
            "the slippage is not a decimal number that can be sent"
        } else {
            "the slippage is out of range"
        };
        write!(
            f,
            "{said}: expected 0 % or more and less than 100 %, such as `Slippage::bps(10)` or `Slippage::percent(\"0.5\")`"
        )
    }
}

impl std::error::Error for InvalidSlippage {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_sent_as_fractions() {
        for (slippage, wire, shown) in [
            (Slippage::bps(0), "0", "0 %"),
            (Slippage::bps(1), "0.0001", "0.01 %"),
            (Slippage::bps(9_999), "0.9999", "99.99 %"),
            (Slippage::percent(1), "0.01", "1 %"),
            (Slippage::percent("0.5"), "0.005", "0.5 %"),
            (Slippage::percent("99.9"), "0.999", "99.9 %"),
        ] {
            let slippage = slippage.expect(wire);
            assert_eq!(serde_json::to_string(&slippage).expect("a number"), wire);
            assert_eq!(slippage.to_string(), shown);
            assert!(slippage.is_valid());
        }
        assert_eq!(Slippage::bps(0), Ok(Slippage::ZERO));
    }

    #[test]
    fn everything_and_less_than_nothing_are_refused() {
        for refused in [
            Slippage::bps(10_000),
            Slippage::bps(u32::MAX),
            Slippage::percent(100),
            Slippage::percent(-1),
            Slippage::percent("-0.0001"),
        ] {
            let error = refused.expect_err("out of range");
            assert!(error.to_string().contains("out of range"), "{error}");
            assert!(error.source().is_none());
        }
        for refused in [Slippage::percent("half"), Slippage::percent("1e-27")] {
            assert!(refused.expect_err("no number").source().is_some());
        }
    }

    #[test]
    fn what_was_sent_is_read_as_it_is() {
        for text in ["1", "-0.5", "7e27", "0.01"] {
            let read: Slippage = serde_json::from_str(text).expect(text);
            assert_eq!(read.is_valid(), text == "0.01", "{text}");
            assert!(!read.to_string().is_empty());
        }
    }

    proptest! {
        #[test]
        fn percent_and_basis_points_agree(points in 0_u32..10_000) {
            let percent = format!("{}.{:02}", points / 100, points % 100);
            prop_assert_eq!(Slippage::percent(percent.as_str()), Slippage::bps(points));
        }
    }
}
