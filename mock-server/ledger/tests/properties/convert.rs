//! Goal: `mul_div` is exact and rounds by its laws at every size. Method: arithmetic on decimal
//! digits as one learns it at school, which shares nothing with the 64-bit halves of the crate.

use std::cmp::Ordering;

use layer2_ledger::{ConvertError, MinorUnits, Rate, Rounding, mul_div, pow10};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mul_div_is_school_arithmetic(
        amount in amount(), numerator in wide(), denominator in wide(), rounding in rounding(),
    ) {
        let found = mul_div(amount, numerator, denominator, rounding);
        prop_assert_eq!(found, school(amount, numerator, denominator, rounding));
    }

    /// Quotients near the edge of the result, where a random draw seldom lands.
    #[test]
    fn the_edge_of_the_range_is_sharp(
        amount in prop_oneof![(i128::MAX - 3)..=i128::MAX, i128::MIN..=(i128::MIN + 3)],
        base in 1_u128..=u128::MAX - 4, more in 0_u128..4, rounding in rounding(),
    ) {
        let found = mul_div(amount, base + more, base, rounding);
        prop_assert_eq!(found, school(amount, base + more, base, rounding));
    }

    #[test]
    fn the_laws_of_rounding_hold(amount in amount(), numerator in wide(), denominator in wide()) {
        let round = |amount, rounding| mul_div(amount, numerator, denominator, rounding);
        let (Ok(floor), Ok(ceiling)) = (round(amount, Rounding::Floor), round(amount, Rounding::Ceiling)) else {
            return Ok(());
        };
        prop_assert!(ceiling == floor || Some(ceiling) == floor.checked_add(1));
        let (down, up) = if amount < 0 { (ceiling, floor) } else { (floor, ceiling) };
        prop_assert_eq!(round(amount, Rounding::Down), Ok(down));
        prop_assert_eq!(round(amount, Rounding::Up), Ok(up));
        for half in [Rounding::HalfEven, Rounding::HalfUp] {
            let nearest = round(amount, half).unwrap();
            prop_assert!(nearest == floor || nearest == ceiling);
        }
        if amount != i128::MIN && floor != i128::MIN {
            for odd in [Rounding::Down, Rounding::Up, Rounding::HalfEven, Rounding::HalfUp] {
                prop_assert_eq!(round(-amount, odd), Ok(-round(amount, odd).unwrap()));
            }
            prop_assert_eq!(round(-amount, Rounding::Ceiling), Ok(-floor));
        }
    }

    /// Cutting never creates money: there and back is at most what it was.
    #[test]
    fn there_and_back_never_gains(
        amount in 0_i128..1_000_000_000_000_000_000, mantissa in 1_u128..10_000_000_000,
        scale in 0_u32..8, from in 0_u32..=8, to in 0_u32..=18,
    ) {
        let rate = Rate::new(mantissa, scale);
        let units = MinorUnits::new(amount);
        let there = rate.multiply(units, from, to, Rounding::Down);
        // The same as one fraction with the powers of ten written out.
        let numerator = mantissa * pow10(to).unwrap();
        let denominator = pow10(from + scale).unwrap();
        let written_out = school(amount, numerator, denominator, Rounding::Down);
        prop_assert_eq!(there.map(MinorUnits::get), written_out);
        let Ok(there) = there else { return Ok(()) };
        let back = rate.divide(there, to, from, Rounding::Down).unwrap();
        prop_assert!(back <= units);
    }
}

/// `amount * numerator / denominator` on digits.
fn school(
    amount: i128,
    numerator: u128,
    denominator: u128,
    rounding: Rounding,
) -> Result<i128, ConvertError> {
    if denominator == 0 {
        return Err(ConvertError::DivisionByZero);
    }
    let negative = amount < 0;
    let product = multiply(&digits(amount.unsigned_abs()), &digits(numerator));
    let (mut quotient, remainder) = divide(&product, &digits(denominator));
    let odd = quotient.last().is_some_and(|digit| digit % 2 == 1);
    let half = compare(&multiply(&remainder, &[2]), &digits(denominator));
    let grows = !remainder.is_empty()
        && match rounding {
            Rounding::Down => false,
            Rounding::Up => true,
            Rounding::Floor => negative,
            Rounding::Ceiling => !negative,
            Rounding::HalfUp => half != Ordering::Less,
            Rounding::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && odd),
            other => unreachable!("{other:?}"),
        };
    if grows {
        quotient = increment(quotient);
    }
    let digits: String = quotient.iter().map(u8::to_string).collect();
    let sign = if negative { "-" } else { "" };
    format!("{sign}0{digits}")
        .parse()
        .map_err(|_| ConvertError::OutOfRange)
}

/// Decimal digits, the first is the greatest; zero has none.
fn digits(value: u128) -> Vec<u8> {
    let text = value.to_string();
    strip(text.bytes().map(|byte| byte - b'0').collect())
}

fn strip(digits: Vec<u8>) -> Vec<u8> {
    digits.into_iter().skip_while(|digit| *digit == 0).collect()
}

fn multiply(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sums = vec![0_u32; left.len() + right.len()];
    for (i, a) in left.iter().rev().enumerate() {
        for (j, b) in right.iter().rev().enumerate() {
            sums[i + j] += u32::from(*a) * u32::from(*b);
        }
    }
    for i in 1..sums.len() {
        sums[i] += sums[i - 1] / 10;
        sums[i - 1] %= 10;
    }
    strip(
        sums.into_iter()
            .rev()
            .map(|digit| u8::try_from(digit).unwrap())
            .collect(),
    )
}

fn divide(dividend: &[u8], divisor: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut quotient, mut rest) = (Vec::new(), Vec::new());
    for digit in dividend {
        rest.push(*digit);
        rest = strip(rest);
        let mut times = 0;
        while compare(&rest, divisor) != Ordering::Less {
            rest = subtract(&rest, divisor);
            times += 1;
        }
        quotient.push(times);
    }
    (strip(quotient), rest)
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn subtract(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut result = left.to_vec();
    let mut borrow = 0;
    for (i, digit) in result.iter_mut().rev().enumerate() {
        let take = borrow
            + right
                .len()
                .checked_sub(i + 1)
                .map_or(0, |place| right[place]);
        borrow = u8::from(*digit < take);
        *digit = *digit + 10 * borrow - take;
    }
    strip(result)
}

fn increment(mut digits: Vec<u8>) -> Vec<u8> {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return digits;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    digits
}

/// Every size of number, not only the great ones that a uniform draw gives.
fn wide() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0_u32..128).prop_map(|(bits, shift)| bits >> shift)
}

fn amount() -> impl Strategy<Value = i128> {
    prop_oneof![
        9 => (any::<i128>(), 0_u32..128).prop_map(|(bits, shift)| bits >> shift),
        1 => prop_oneof![Just(i128::MAX), Just(i128::MIN), Just(0)],
    ]
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(Rounding::ALL.to_vec())
}
