//! Exact multiplication and division of money.
//!
//! `amount * numerator / denominator` is computed with a 256-bit product and rounded once, at the
//! end, in the way that the call names. A decimal type with 96 bits of mantissa rounds such
//! products without saying so; an `f64` is worse. Nothing here is approximate.

use serde::{Deserialize, Serialize};

use crate::minor::MinorUnits;

/// Computes `amount * numerator / denominator` exactly and rounds the quotient as told.
///
/// # Errors
/// [`ConvertError::DivisionByZero`] if the denominator is zero, [`ConvertError::OutOfRange`] if the
/// rounded result does not fit an `i128`. The product itself may be as large as it likes.
///
/// ```
/// use layer2_ledger::{Rounding, mul_div};
///
/// // 1 % of 12.345 ETH, in wei.
/// assert_eq!(mul_div(12_345_000_000_000_000_000, 1, 100, Rounding::Down), Ok(123_450_000_000_000_000));
/// assert_eq!(mul_div(-7, 1, 2, Rounding::HalfEven), Ok(-4));
/// ```
pub fn mul_div(
    amount: i128,
    numerator: u128,
    denominator: u128,
    rounding: Rounding,
) -> Result<i128, ConvertError> {
    if denominator == 0 {
        return Err(ConvertError::DivisionByZero);
    }
    let (high, low) = widening_mul(amount.unsigned_abs(), numerator);
    if high >= denominator {
        return Err(ConvertError::OutOfRange);
    }
    let (quotient, remainder) = div_wide(high, low, denominator);
    let negative = amount < 0;
    let magnitude = if rounding.moves_away(negative, quotient, remainder, denominator) {
        quotient.checked_add(1).ok_or(ConvertError::OutOfRange)?
    } else {
        quotient
    };
    signed(negative, magnitude)
}

/// 10^`exponent`, for the numerator or denominator of [`mul_div`].
///
/// # Errors
/// [`ConvertError::OutOfRange`] above 38.
pub const fn pow10(exponent: u32) -> Result<u128, ConvertError> {
    match 10_u128.checked_pow(exponent) {
        Some(power) => Ok(power),
        None => Err(ConvertError::OutOfRange),
    }
}

/// A price or share as an exact decimal: `mantissa / 10^scale` units of one asset per unit of the
/// other (whole units, not smallest ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    mantissa: u128,
    scale: u32,
}

impl Rate {
    /// The rate `mantissa / 10^scale`; `Rate::new(6_412_345, 2)` is 64,123.45.
    #[must_use]
    pub const fn new(mantissa: u128, scale: u32) -> Self {
        Self { mantissa, scale }
    }

    /// The digits without their decimal point.
    #[must_use]
    pub const fn mantissa(self) -> u128 {
        self.mantissa
    }

    /// The number of decimals.
    #[must_use]
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// `amount * rate`, from smallest units of an asset with `from_scale` decimals to smallest
    /// units of one with `to_scale`.
    ///
    /// # Errors
    /// [`ConvertError::OutOfRange`] if the result does not fit, or if the three scales are so far
    /// apart that their power of ten does not fit 128 bits.
    pub fn multiply(
        self,
        amount: MinorUnits,
        from_scale: u32,
        to_scale: u32,
        rounding: Rounding,
    ) -> Result<MinorUnits, ConvertError> {
        let (raise, lower) = powers(to_scale, from_scale, self.scale)?;
        let numerator = self
            .mantissa
            .checked_mul(raise)
            .ok_or(ConvertError::OutOfRange)?;
        mul_div(amount.get(), numerator, lower, rounding).map(MinorUnits::new)
    }

    /// `amount / rate`, from smallest units of an asset with `from_scale` decimals to smallest
    /// units of one with `to_scale`.
    ///
    /// # Errors
    /// As [`Rate::multiply`], and [`ConvertError::DivisionByZero`] if the rate is zero.
    pub fn divide(
        self,
        amount: MinorUnits,
        from_scale: u32,
        to_scale: u32,
        rounding: Rounding,
    ) -> Result<MinorUnits, ConvertError> {
        let (lower, raise) = powers(from_scale, to_scale, self.scale)?;
        let denominator = self
            .mantissa
            .checked_mul(lower)
            .ok_or(ConvertError::OutOfRange)?;
        mul_div(amount.get(), raise, denominator, rounding).map(MinorUnits::new)
    }
}

/// What to do with the part of a quotient that is below the smallest unit.
///
/// The platform cuts the results of exchanges ([`Rounding::Down`]); what it takes it rounds
/// [`Rounding::Up`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rounding {
    /// Towards positive infinity.
    Ceiling,
    /// Towards zero: the digits are cut off.
    Down,
    /// Towards negative infinity.
    Floor,
    /// To the nearest; a tie goes to the even neighbour.
    HalfEven,
    /// To the nearest; a tie goes away from zero.
    HalfUp,
    /// Away from zero.
    Up,
}

impl Rounding {
    /// Every way to round, in order.
    pub const ALL: [Self; 6] = [
        Self::Ceiling,
        Self::Down,
        Self::Floor,
        Self::HalfEven,
        Self::HalfUp,
        Self::Up,
    ];

    /// Whether the magnitude `quotient` of an inexact result grows by one.
    fn moves_away(
        self,
        negative: bool,
        quotient: u128,
        remainder: u128,
        denominator: u128,
    ) -> bool {
        if remainder == 0 {
            return false;
        }
        // Compares twice the remainder with the denominator, without doubling past 128 bits.
        let half = remainder.cmp(&(denominator - remainder));
        match self {
            Self::Ceiling => !negative,
            Self::Down => false,
            Self::Floor => negative,
            Self::HalfEven => half.is_gt() || (half.is_eq() && quotient % 2 == 1),
            Self::HalfUp => half.is_ge(),
            Self::Up => true,
        }
    }
}

/// Why a conversion has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The denominator, or the rate to divide by, is zero.
    #[error("division by zero; a rate or denominator must be positive")]
    DivisionByZero,
    /// The result does not fit an `i128`.
    #[error("the result does not fit 127 bits and a sign; use a smaller amount or fewer decimals")]
    OutOfRange,
}

/// The powers of ten `(above, below)` whose quotient is 10^(`up` - `down` - `scale`).
fn powers(up: u32, down: u32, scale: u32) -> Result<(u128, u128), ConvertError> {
    let down = down.checked_add(scale).ok_or(ConvertError::OutOfRange)?;
    Ok((
        pow10(up.saturating_sub(down))?,
        pow10(down.saturating_sub(up))?,
    ))
}

/// Gives a magnitude its sign; `i128::MIN` has a magnitude that `i128::MAX` lacks.
fn signed(negative: bool, magnitude: u128) -> Result<i128, ConvertError> {
    let value = if negative {
        0_i128.checked_sub_unsigned(magnitude)
    } else {
        i128::try_from(magnitude).ok()
    };
    value.ok_or(ConvertError::OutOfRange)
}

const HALF_BITS: u32 = 64;
const LOW_HALF: u128 = (1 << HALF_BITS) - 1;

/// The full product as `(high, low)`, by schoolbook multiplication of 64-bit halves.
const fn widening_mul(left: u128, right: u128) -> (u128, u128) {
    let (left_high, left_low) = (left >> HALF_BITS, left & LOW_HALF);
    let (right_high, right_low) = (right >> HALF_BITS, right & LOW_HALF);
    let low = left_low * right_low;
    // (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1: neither sum can overflow.
    let middle = left_low * right_high + (low >> HALF_BITS);
    let carried = left_high * right_low + (middle & LOW_HALF);
    let high = left_high * right_high + (middle >> HALF_BITS) + (carried >> HALF_BITS);
    (high, (carried << HALF_BITS) | (low & LOW_HALF))
}

/// Divides `high * 2^128 + low` by `divisor`, for `high < divisor` (so the quotient fits).
///
/// Knuth's algorithm D (TAOCP 4.3.1) with two digits of 64 bits: the divisor is shifted until its
/// top bit is set, then each quotient digit is estimated from the top digits and is at most two
/// too large.
const fn div_wide(high: u128, low: u128, divisor: u128) -> (u128, u128) {
    if high == 0 {
        return (low / divisor, low % divisor);
    }
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    // `low >> 1 >> (127 - shift)` is `low >> (128 - shift)` without the shift by 128 at zero.
    let top = (high << shift) | (low >> 1 >> (127 - shift));
    let rest = low << shift;
    let (upper, carry) = div_digit(top, rest >> HALF_BITS, divisor);
    let (lower, remainder) = div_digit(carry, rest & LOW_HALF, divisor);
    ((upper << HALF_BITS) | lower, remainder >> shift)
}

/// One quotient digit: divides `top * 2^64 + next` by a normalised `divisor`, for `top < divisor`.
const fn div_digit(top: u128, next: u128, divisor: u128) -> (u128, u128) {
    let (divisor_high, divisor_low) = (divisor >> HALF_BITS, divisor & LOW_HALF);
    let mut digit = top / divisor_high;
    let mut rest = top % divisor_high;
    while digit > LOW_HALF || digit * divisor_low > ((rest << HALF_BITS) | next) {
        digit -= 1;
        rest += divisor_high;
        if rest > LOW_HALF {
            break;
        }
    }
    // The true difference lies in 0..divisor; the parts may wrap, the result does not.
    let remainder = (top << HALF_BITS | next).wrapping_sub(digit.wrapping_mul(divisor));
    (digit, remainder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: i128 = i128::MAX;

    #[test]
    fn big_products_come_back_whole() {
        assert_eq!(widening_mul(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(div_wide(u128::MAX - 1, 1, u128::MAX), (u128::MAX, 0));
        assert_eq!(mul_div(MAX, u128::MAX, u128::MAX, Rounding::Down), Ok(MAX));
        assert_eq!(
            mul_div(i128::MIN, u128::MAX, u128::MAX, Rounding::Down),
            Ok(i128::MIN)
        );
        assert_eq!(mul_div(MAX, 3, 3, Rounding::Up), Ok(MAX));
        assert_eq!(
            mul_div(MAX, u128::MAX, u128::MAX - 1, Rounding::Down),
            Ok(MAX)
        );
        assert_eq!(
            mul_div(MAX, u128::MAX, u128::MAX - 1, Rounding::Up),
            Err(ConvertError::OutOfRange)
        );
    }

    #[test]
    fn the_estimate_of_a_digit_is_corrected_twice() {
        // The divisor's low half is as large and its high half as small as they can be.
        let divisor = (1 << 127) | LOW_HALF;
        let high = divisor - 1;
        let (quotient, remainder) = div_wide(high, u128::MAX, divisor);
        let (product_high, product_low) = widening_mul(quotient, divisor);
        let (sum, carry) = product_low.overflowing_add(remainder);
        assert!(remainder < divisor);
        assert_eq!((product_high + u128::from(carry), sum), (high, u128::MAX));
    }

    #[test]
    fn rounding_is_what_its_name_says() {
        let table = [
            // (amount over 4, ceiling, down, floor, half even, half up, up)
            (5, [2, 1, 1, 1, 1, 2]),
            (6, [2, 1, 1, 2, 2, 2]),
            (7, [2, 1, 1, 2, 2, 2]),
            (8, [2, 2, 2, 2, 2, 2]),
            (10, [3, 2, 2, 2, 3, 3]),
            (-5, [-1, -1, -2, -1, -1, -2]),
            (-6, [-1, -1, -2, -2, -2, -2]),
            (-10, [-2, -2, -3, -2, -3, -3]),
        ];
        for (amount, expected) in table {
            let found = Rounding::ALL.map(|rounding| mul_div(amount, 1, 4, rounding).unwrap());
            assert_eq!(found, expected, "{amount} / 4");
        }
    }

    #[test]
    fn refusals_are_typed() {
        assert_eq!(
            mul_div(1, 1, 0, Rounding::Down),
            Err(ConvertError::DivisionByZero)
        );
        assert_eq!(
            mul_div(MAX, 2, 1, Rounding::Down),
            Err(ConvertError::OutOfRange)
        );
        assert_eq!(mul_div(i128::MIN, 1, 1, Rounding::Down), Ok(i128::MIN));
        assert_eq!(
            mul_div(i128::MIN, 2, 1, Rounding::Down),
            Err(ConvertError::OutOfRange)
        );
        assert_eq!(pow10(39), Err(ConvertError::OutOfRange));
        let far = Rate::new(1, u32::MAX);
        let one = MinorUnits::new(1);
        assert_eq!(
            far.multiply(one, 1, 0, Rounding::Down),
            Err(ConvertError::OutOfRange)
        );
        let zero = Rate::new(0, 0);
        assert_eq!(
            zero.divide(one, 2, 2, Rounding::Down),
            Err(ConvertError::DivisionByZero)
        );
    }

    #[test]
    fn a_rate_crosses_scales() {
        let price = Rate::new(6_412_345, 2);
        // 0.5 BTC (8 decimals) in dollars (2), and back again.
        let dollars = price.multiply(MinorUnits::new(50_000_000), 8, 2, Rounding::Down);
        assert_eq!(dollars, Ok(MinorUnits::new(3_206_172)));
        let coins = price.divide(MinorUnits::new(3_206_172), 2, 8, Rounding::Down);
        assert_eq!(coins, Ok(MinorUnits::new(49_999_992)));
        // One cent in ETH (18 decimals) at 2,500.
        let wei = Rate::new(2_500, 0).divide(MinorUnits::new(1), 2, 18, Rounding::Down);
        assert_eq!(wei, Ok(MinorUnits::new(4_000_000_000_000)));
    }
}
