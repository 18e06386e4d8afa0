//! From text to a canonical decimal, digit by digit.

use rust_decimal::Decimal;

use super::{Amount, AmountError, AmountErrorKind};

/// Reads the grammar, without keeping more than 28 digits whatever the length of the text.
pub(super) fn parse(text: &str) -> Result<Amount, AmountError> {
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
pub(super) fn assemble(
    negative: bool,
    mut mantissa: u128,
    mut exponent: i64,
) -> Result<Amount, AmountError> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> Option<AmountErrorKind> {
        parse(text).err().map(|error| error.kind())
    }

    #[test]
    fn every_spelling_of_a_number_is_read() {
        for (text, canonical) in [
            ("0.1", "0.1"),
            ("-12.50", "-12.5"),
            ("007", "7"),
            ("1e-7", "0.0000001"),
            ("1E+3", "1000"),
            ("1.25e2", "125"),
            ("12.5e-1", "1.25"),
            ("100e-2", "1"),
            (
                "123456789012345678.123456789",
                "123456789012345678.123456789",
            ),
            (
                "9999999999999999999999999999",
                "9999999999999999999999999999",
            ),
            (
                "0.0000000000000000000000000001",
                "0.0000000000000000000000000001",
            ),
            (
                "0.00000000000000000000000000010000",
                "0.0000000000000000000000000001",
            ),
            ("1e27", "1000000000000000000000000000"),
            ("1000000000000000000000000000000e-30", "1"),
        ] {
            assert_eq!(
                parse(text).map(|amount| amount.to_string()).as_deref(),
                Ok(canonical),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+1", " 1", "1 ", ".5", "5.", "-.5", "1.2.3", "1,000", "1_000", "0x10", "e5",
            "1e", "1e+", "1e1.5", "1e5e5", "NaN", "inf", "--1", "\u{661}",
        ] {
            assert_eq!(kind(text), Some(AmountErrorKind::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_rounded() {
        let most = AmountErrorKind::TooManyDecimals { allowed: 28 };
        assert_eq!(kind("1e400"), Some(AmountErrorKind::TooLarge));
        assert_eq!(kind("1e28"), Some(AmountErrorKind::TooLarge));
        assert_eq!(kind("1e-40"), Some(most));
        assert_eq!(kind("1e-29"), Some(most));
        assert_eq!(kind(&"1".repeat(29)), Some(AmountErrorKind::TooManyDigits));
        assert_eq!(kind(&"1".repeat(30)), Some(AmountErrorKind::TooManyDigits));
        assert_eq!(
            kind("123456789012345678901234567890"),
            Some(AmountErrorKind::TooManyDigits)
        );
        assert_eq!(
            kind("1.0000000000000000000000000001"),
            Some(AmountErrorKind::TooManyDigits)
        );
        assert_eq!(
            kind("1e99999999999999999999999999"),
            Some(AmountErrorKind::TooLarge)
        );
        assert_eq!(kind("1e-99999999999999999999999999"), Some(most));
    }

    #[test]
    fn long_texts_cost_no_more_than_reading_them() {
        let zeros = "0".repeat(1_000_000);
        assert_eq!(parse(&format!("{zeros}1.{zeros}")), Ok(Amount::from(1_u8)));
        assert_eq!(kind(&format!("1{zeros}")), Some(AmountErrorKind::TooLarge));
        assert_eq!(
            kind(&format!("1.{zeros}1")),
            Some(AmountErrorKind::TooManyDigits)
        );
    }

    proptest! {
        #[test]
        fn text_comes_back(text in "-?(0|[1-9][0-9]{0,13})(\\.[0-9]{0,13}[1-9])?") {
            prop_assume!(text != "-0");
            prop_assert_eq!(parse(&text).expect("at most 28 digits").to_string(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(amount) = parse(&text) {
                prop_assert_eq!(parse(&amount.to_string()), Ok(amount));
            }
        }

        #[test]
        fn an_exponent_moves_the_point(units in 1_i128..10_i128.pow(9), exponent in -15_i32..15) {
            let moved = parse(&format!("{units}e{exponent}")).expect("at most 24 digits");
            let by_scale = if exponent < 0 {
                Amount::from_minor(units, exponent.unsigned_abs())
            } else {
                Amount::from_minor(units * 10_i128.pow(exponent.unsigned_abs()), 0)
            };
            prop_assert_eq!(Ok(moved), by_scale);
        }
    }
}
