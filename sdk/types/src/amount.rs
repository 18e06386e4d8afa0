//! Exact decimal amounts.
//!
//! Money crosses the wire as a JSON number. [`Amount`] reads that number from its *text*, keeps
//! every digit, and writes it back as the shortest decimal. It never rounds: what does not fit is
//! an [`AmountError`]. It does no arithmetic, because a sum of two assets, or of two scales, is a
//! decision that belongs to whoever knows the asset; [`Amount::to_minor`] and
//! [`Amount::from_minor`] are the two doors to integers.
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
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Unexpected, Visitor};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_TOKEN, AmountVisitor)
    }
}

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

/// Reads the grammar, without keeping more than 28 digits whatever the length of the text.
fn parse(text: &str) -> Result<Amount, AmountError> {
    const NOT_A_NUMBER: AmountError = AmountError::new(AmountErrorKind::NotANumber);

    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, parse_exponent(exponent).ok_or(NOT_A_NUMBER)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return Err(NOT_A_NUMBER),
        Some(parts) => parts,
        None => (number, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(NOT_A_NUMBER);
    }
    let (mantissa, trailing_zeros) = significant_digits(whole.bytes().chain(fraction.bytes()))?;
    let decimals = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    assemble(
        negative,
        mantissa,
        exponent
            .saturating_sub(decimals)
            .saturating_add(trailing_zeros),
    )
}

/// The exponent after the `e`, clamped far outside of what any amount can have.
fn parse_exponent(text: &str) -> Option<i64> {
    const CLAMP: i64 = i64::MAX / 4;

    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
            .min(CLAMP)
    });
    Some(if negative { -size } else { size })
}

/// The digits between the first and the last one that is not zero, as a number, and how many zeros
/// follow them.
fn significant_digits(digits: impl Iterator<Item = u8>) -> Result<(u128, i64), AmountError> {
    let mut mantissa = 0_u128;
    let mut count = 0_u32;
    let mut zeros = 0_u32;
    for digit in digits {
        if digit == b'0' {
            // Zeros count only between other digits: those in front say nothing, those behind
            // belong to the exponent.
            zeros = if mantissa == 0 {
                0
            } else {
                zeros.saturating_add(1)
            };
            continue;
        }
        count = count.saturating_add(zeros).saturating_add(1);
        if count > Amount::MAX_DIGITS {
            return Err(AmountError::new(AmountErrorKind::TooManyDigits));
        }
        // At most 28 digits so far: far below the 38 of a `u128`.
        mantissa = mantissa * 10_u128.pow(zeros + 1) + u128::from(digit - b'0');
        zeros = 0;
    }
    Ok((mantissa, i64::from(zeros)))
}

/// `mantissa` times 10^`exponent`, canonical and in range.
fn assemble(negative: bool, mut mantissa: u128, mut exponent: i64) -> Result<Amount, AmountError> {
    if mantissa == 0 {
        return Ok(Amount::ZERO);
    }
    while mantissa.is_multiple_of(10) {
        mantissa /= 10;
        exponent = exponent.saturating_add(1);
    }
    let limit = Amount::MAX_DIGITS;
    let digits = mantissa.ilog10() + 1;
    if digits > limit {
        return Err(AmountError::new(AmountErrorKind::TooManyDigits));
    }
    let too_large = AmountError::new(AmountErrorKind::TooLarge);
    let too_small = AmountError::new(AmountErrorKind::TooManyDecimals { allowed: limit });
    let scale = if exponent >= 0 {
        let zeros = u32::try_from(exponent).map_err(|_| too_large.clone())?;
        if zeros > limit - digits {
            return Err(too_large);
        }
        mantissa *= 10_u128.pow(zeros);
        0
    } else {
        u32::try_from(exponent.unsigned_abs()).map_err(|_| too_small.clone())?
    };
    if scale > limit {
        return Err(too_small);
    }
    let magnitude = i128::try_from(mantissa).map_err(|_| too_large.clone())?;
    let signed = if negative { -magnitude } else { magnitude };
    Decimal::try_from_i128_with_scale(signed, scale)
        .map(Amount)
        .map_err(|_| too_large)
}

/// The name by which `serde_json` recognises a request for the raw text of a value. Private to it:
/// the test `the_raw_value_token_is_still_understood` fails if it changes.
const RAW_TOKEN: &str = "$serde_json::private::RawValue";

/// The key under which `serde_json` sends the text of a number with `arbitrary_precision`.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

struct AmountVisitor;

impl<'de> Visitor<'de> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number or a string that holds one")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Amount, A::Error> {
        let form = map.next_key::<TextForm>()?.unwrap_or(TextForm::Foreign);
        map.next_value_seed(form)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Amount, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Amount, E> {
        Ok(Amount::from(whole))
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Amount, E> {
        Ok(Amount::from(whole))
    }

    fn visit_i128<E: de::Error>(self, whole: i128) -> Result<Amount, E> {
        Amount::try_from(whole).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Amount, E> {
        from_buffered_float(float).map_err(E::custom)
    }
}

/// Takes the shortest text that names a float, if 15 digits are enough for it: every decimal of up
/// to 15 digits survives the way through an `f64`, longer ones may not.
fn from_buffered_float(float: f64) -> Result<Amount, AmountError> {
    let text = format!("{float:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    if mantissa.bytes().filter(u8::is_ascii_digit).count() > 15 {
        return Err(AmountError::new(AmountErrorKind::Inexact));
    }
    parse(&text)
}

/// What the text in a map of `serde_json`'s is.
#[derive(Clone, Copy)]
enum TextForm {
    /// A map that is not one of `serde_json`'s: a JSON object where a number should be.
    Foreign,
    /// The digits of a number.
    Number,
    /// Any JSON value.
    Raw,
}

impl<'de> Deserialize<'de> for TextForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = TextForm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<TextForm, E> {
                Ok(match key {
                    RAW_TOKEN => TextForm::Raw,
                    NUMBER_TOKEN => TextForm::Number,
                    _ => TextForm::Foreign,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de> DeserializeSeed<'de> for TextForm {
    type Value = Amount;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Amount, D::Error> {
        match self {
            Self::Foreign => Err(de::Error::invalid_type(Unexpected::Map, &AmountVisitor)),
            Self::Number | Self::Raw => deserializer.deserialize_str(self),
        }
    }
}

impl Visitor<'_> for TextForm {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AmountVisitor.expecting(f)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        let is_string = matches!(self, Self::Raw) && text.starts_with('"');
        let parsed = if is_string {
            // Raw text is valid JSON, so this fails only on an escape that is no character.
            parse(&serde_json::from_str::<String>(text).unwrap_or_default())
        } else {
            parse(text)
        };
        parsed.map_err(E::custom)
    }
}
