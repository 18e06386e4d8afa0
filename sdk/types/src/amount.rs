//! Exact decimal amounts.
//!
//! Money crosses the wire as a JSON number. [`Amount`] reads that number from its *text*, keeps
//! every digit, and writes it back as the shortest decimal. It never rounds: what does not fit is
//! an [`AmountError`]. It does no arithmetic, because a sum of two assets would be nonsense and an
//! amount does not know its asset: `Money` does, and adds up. [`Amount::to_minor`] and
//! [`Amount::from_minor`] are the two doors to integers, and [`Amount::round_to`] rounds for those
//! who say how.
//!
//! # Range
//!
//! At most 28 significant digits, 28 decimals, and 28 digits before the point. Amounts may be
//! negative: the value of a debit transaction is.
//!
//! # How the digits survive JSON
//!
//! `serde_json` hands numbers to visitors as `f64` unless the application switches its global
//! `arbitrary_precision` feature on, which is not ours to do. Instead, reading asks for the raw
//! text the way `serde_json::value::RawValue` does. A reader that cannot give it (a buffered value
//! of `#[serde(flatten)]`, `untagged` or an internally tagged enum) gives a float, and a float
//! with more than 15 significant digits is refused, since it may have been rounded before it got
//! here. Models of this project therefore never use those attributes, and neither should a type
//! that wraps them. Going through `serde_json::Value` rounds before [`Amount`] sees the text.

use std::fmt;
use std::ops::Neg;
use std::str::FromStr;

use rust_decimal::Decimal;

mod parse;
mod rounding;
mod wire;

use self::parse::{assemble, parse};
pub use self::rounding::Rounding;

/// An exact decimal number of some asset.
///
/// ```
/// use layer2_types::Amount;
///
/// let amount: Amount = serde_json::from_str("123456789012345678.123456789")?;
/// assert_eq!(amount.to_string(), "123456789012345678.123456789");
/// assert_eq!("1.10".parse::<Amount>()?, "1.1".parse()?);
/// assert_eq!(Amount::from_minor(1050, 2)?.to_string(), "10.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// There is no way in from binary floating point:
///
/// ```compile_fail,E0277
/// let amount = layer2_types::Amount::from(0.1_f64);
/// ```
//
// Invariant: the decimal is canonical (no trailing zeros after the point, no negative zero), so
// that equality, hash, order and text agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The most significant digits, decimals, and digits before the point that an amount can have.
    pub const MAX_DIGITS: u32 = 28;

    /// Makes an amount from a whole number of its smallest units: `from_minor(1050, 2)` is 10.5.
    ///
    /// # Errors
    ///
    /// If the result is outside the range of the type. Nothing is rounded.
    pub fn from_minor(units: i128, scale: u32) -> Result<Self, AmountError> {
        assemble(units.is_negative(), units.unsigned_abs(), -i64::from(scale))
    }

    /// The amount as a whole number of units of 10^-`scale`: 10.5 is `1050` at scale 2.
    ///
    /// # Errors
    ///
    /// [`AmountErrorKind::TooManyDecimals`] if the amount has more than `scale` decimals, and
    /// [`AmountErrorKind::TooLarge`] if the number of units does not fit an `i128`.
    pub fn to_minor(self, scale: u32) -> Result<i128, AmountError> {
        let Some(missing) = scale.checked_sub(self.scale()) else {
            return Err(AmountError::new(AmountErrorKind::TooManyDecimals {
                allowed: scale,
            }));
        };
        if self.is_zero() {
            return Ok(0);
        }
        10_i128
            .checked_pow(missing)
            .and_then(|factor| self.0.mantissa().checked_mul(factor))
            .ok_or(AmountError::new(AmountErrorKind::TooLarge))
    }

    /// True for zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// True below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative()
    }

    /// True above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        !self.is_zero() && !self.is_negative()
    }

    /// How many decimals the amount needs: 2 for 0.25, 1 for 1.10, 0 for 300.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.0.scale()
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        // A negative zero would print as "-0" and sort below zero.
        if self.is_zero() { self } else { Self(-self.0) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad_integral` honours width, fill and sign, and ignores a precision, which would round.
        f.pad_integral(!self.is_negative(), "", &self.0.abs().to_string())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads what JSON calls a number, plus leading zeros: `-12.50`, `007`, `1e-7`. No plus sign,
    /// no spaces, no thousands separators.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse(text)
    }
}

impl TryFrom<&str> for Amount {
    type Error = AmountError;

    fn try_from(text: &str) -> Result<Self, AmountError> {
        parse(text)
    }
}

impl TryFrom<i128> for Amount {
    type Error = AmountError;

    fn try_from(whole: i128) -> Result<Self, AmountError> {
        Self::from_minor(whole, 0)
    }
}

macro_rules! from_integer {
    ($($integer:ty),+) => {$(
        impl From<$integer> for Amount {
            /// A whole amount. Always in range: 64 bits are at most 20 digits.
            fn from(whole: $integer) -> Self {
                Self(Decimal::from(whole))
            }
        }
    )+};
}

from_integer!(u8, u16, u32, u64, i8, i16, i32, i64);

/// Why a text or a number is not an [`Amount`]. Never holds the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountError {
    kind: AmountErrorKind,
}

impl AmountError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> AmountErrorKind {
        self.kind
    }

    /// Only payments have money that is counted.
    #[cfg(feature = "payments")]
    pub(crate) const fn too_large() -> Self {
        Self::new(AmountErrorKind::TooLarge)
    }

    /// As above.
    #[cfg(feature = "payments")]
    pub(crate) const fn too_many_digits() -> Self {
        Self::new(AmountErrorKind::TooManyDigits)
    }

    /// As above.
    #[cfg(feature = "payments")]
    pub(crate) const fn too_many_decimals() -> Self {
        let allowed = Amount::MAX_DIGITS;
        Self::new(AmountErrorKind::TooManyDecimals { allowed })
    }

    const fn new(kind: AmountErrorKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = Amount::MAX_DIGITS;
        match self.kind {
            AmountErrorKind::NotANumber => {
                write!(
                    f,
                    "not a decimal number; write it like -12.50 or \"-12.50\""
                )
            }
            AmountErrorKind::TooManyDigits => {
                write!(
                    f,
                    "the amount has more than {most} significant digits; it is never rounded"
                )
            }
            AmountErrorKind::TooManyDecimals { allowed } => {
                write!(
                    f,
                    "the amount has more than {allowed} decimals; round it before sending it"
                )
            }
            AmountErrorKind::TooLarge => {
                write!(
                    f,
                    "the amount has more than {most} digits before the decimal point"
                )
            }
            AmountErrorKind::Inexact => write!(
                f,
                "the amount came as a binary float with more than 15 significant digits and may \
                 have been rounded; decode it from the JSON text, not from a buffered value"
            ),
        }
    }
}

impl std::error::Error for AmountError {}

impl From<std::convert::Infallible> for AmountError {
    /// Whole numbers are always amounts; this lets them stand where a text may.
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// The ways in which an amount can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmountErrorKind {
    /// It went through an `f64` and may have lost digits there.
    Inexact,
    /// It is not a decimal number.
    NotANumber,
    /// It has more digits before the point than fit.
    TooLarge,
    /// It has more decimals than `allowed`.
    TooManyDecimals {
        /// The number of decimals that would have been accepted.
        allowed: u32,
    },
    /// It has more than [`Amount::MAX_DIGITS`] significant digits.
    TooManyDigits,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().expect("a test amount")
    }

    #[test]
    fn equal_amounts_are_equal_in_every_way() {
        let (long, short) = (amount("1.10"), amount("1.1"));
        assert_eq!(long, short);
        assert_eq!(long.cmp(&short), std::cmp::Ordering::Equal);
        assert_eq!(long.to_string(), short.to_string());
        assert_eq!(HashSet::from([long, short]).len(), 1);
        assert_eq!(long.scale(), 1);
    }

    #[test]
    fn zero_has_no_sign() {
        for text in ["-0", "0", "-0.000", "0e500", "-0e-500"] {
            let zero = amount(text);
            assert_eq!(zero, Amount::ZERO, "{text}");
            assert_eq!(zero.to_string(), "0", "{text}");
            assert!(
                !zero.is_negative() && !zero.is_positive() && zero.is_zero(),
                "{text}"
            );
        }
        assert_eq!((-Amount::ZERO).to_string(), "0");
        assert!(!(-Amount::ZERO).is_negative());
    }

    #[test]
    fn debits_are_negative() {
        let debit = amount("-12.50");
        assert!(debit.is_negative() && !debit.is_positive());
        assert_eq!(-debit, amount("12.5"));
        assert_eq!(debit.abs(), amount("12.5"));
        assert!(debit < Amount::ZERO && Amount::ZERO < debit.abs());
        assert_eq!(debit.to_minor(2), Ok(-1250));
    }

    #[test]
    fn minor_units_are_exact_or_refused() {
        assert_eq!(amount("10.5").to_minor(2), Ok(1050));
        assert_eq!(amount("10.5").to_minor(1), Ok(105));
        assert_eq!(
            amount("10.05").to_minor(1).map_err(|error| error.kind()),
            Err(AmountErrorKind::TooManyDecimals { allowed: 1 })
        );
        assert_eq!(
            amount("1e27").to_minor(18).map_err(|error| error.kind()),
            Err(AmountErrorKind::TooLarge)
        );
        assert_eq!(Amount::ZERO.to_minor(u32::MAX), Ok(0));
        assert_eq!(
            Amount::from_minor(10_i128.pow(30), 30),
            Ok(Amount::from(1_u8))
        );
        assert_eq!(
            Amount::from_minor(1, 29).map_err(|error| error.kind()),
            Err(AmountErrorKind::TooManyDecimals { allowed: 28 })
        );
        for extreme in [i128::MIN, i128::MAX] {
            assert_eq!(
                Amount::from_minor(extreme, 0).map_err(|error| error.kind()),
                Err(AmountErrorKind::TooManyDigits)
            );
        }
    }

    #[test]
    fn printing_pads_but_never_rounds() {
        assert_eq!(
            format!(
                "{:>8}|{:<6}|{:+}",
                amount("1.25"),
                amount("-2"),
                amount("3")
            ),
            "    1.25|-2    |+3"
        );
        assert_eq!(format!("{:.1}", amount("1.25")), "1.25");
        assert_eq!(format!("{:?}", amount("1.250")), "Amount(1.25)");
        assert_eq!(amount("0.000001").to_string(), "0.000001");
        assert_eq!(Amount::from(u64::MAX).to_string(), u64::MAX.to_string());
        assert_eq!(Amount::from(i64::MIN).to_string(), i64::MIN.to_string());
    }

    proptest! {
        #[test]
        fn minor_units_come_back(units in -(10_i128.pow(28) - 1)..10_i128.pow(28), scale in 0_u32..=28) {
            let amount = Amount::from_minor(units, scale).expect("28 digits fit");
            prop_assert_eq!(amount.to_minor(scale), Ok(units));
            prop_assert!(amount.scale() <= scale);
        }

        #[test]
        fn order_is_that_of_the_numbers(
            left in -1_000_000_i128..1_000_000,
            left_scale in 0_u32..12,
            right in -1_000_000_i128..1_000_000,
            right_scale in 0_u32..12,
        ) {
            let expected = (left * 10_i128.pow(12 - left_scale))
                .cmp(&(right * 10_i128.pow(12 - right_scale)));
            let left = Amount::from_minor(left, left_scale).expect("7 digits fit");
            let right = Amount::from_minor(right, right_scale).expect("7 digits fit");
            prop_assert_eq!(left.cmp(&right), expected);
            prop_assert_eq!(left == right, expected.is_eq());
        }

        #[test]
        fn order_holds_at_full_precision(
            units in 1_i128..10_i128.pow(28) - 1,
            scale in 0_u32..=28,
        ) {
            let below = Amount::from_minor(units, scale).expect("28 digits fit");
            let above = Amount::from_minor(units + 1, scale).expect("28 digits fit");
            prop_assert!(below < above);
            prop_assert!(-above < -below);
        }
    }
}
