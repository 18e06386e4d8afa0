//! Parts of money: a fraction of it, which has to be rounded, and shares of it, which add up to it.
//!
//! A product with a fraction mostly has more decimals than an asset, so how many are kept and which way the rest goes is
//! said in the same call: there is no step between in which an inexact value could be mistaken for an exact one. Shares are
//! never rounded one by one, since their sum would be off by some cents; what is left over is handed out instead.

use std::cmp::Ordering;

use super::wide::Wide;
use super::{Cause, Money, MoneyError};
use crate::amount::{Amount, AmountError, Rounding};

/// An exact fraction, such as a fee of 0.25 %.
///
/// ```
/// use layer2_types::Ratio;
///
/// // A quarter of a percent, twice.
/// assert_eq!(Ratio::bps(25), Ratio::new(25, 10_000)?);
/// assert!(Ratio::new(1, 0).is_err());
/// # Ok::<(), layer2_types::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i64,
    /// Never zero.
    denominator: u64,
}

impl Ratio {
    /// So many of so many: `new(1, 3)` is a third. Two fractions are equal when both numbers are.
    ///
    /// # Errors
    ///
    /// [`MoneyErrorKind::ZeroDenominator`](super::MoneyErrorKind::ZeroDenominator).
    pub const fn new(numerator: i64, denominator: u64) -> Result<Self, MoneyError> {
        if denominator == 0 {
            return Err(MoneyError(Cause::ZeroDenominator));
        }
        Ok(Self {
            numerator,
            denominator,
        })
    }

    /// So many basis points, hundredths of a percent: `bps(25)` is 0.25 %.
    #[must_use]
    pub const fn bps(points: i64) -> Self {
        Self {
            numerator: points,
            denominator: 10_000,
        }
    }
}

impl Money {
    /// The fraction of the value, with at most `decimals` decimals. The product is exact before it is rounded, and is
    /// rounded once.
    ///
    /// ```
    /// # use layer2_types::payments::AssetTypeId;
    /// use layer2_types::{Money, Ratio, Rounding};
    ///
    /// let price = Money::new("1234.50".parse()?, AssetTypeId::new("FIAT_TESTNET_USD")?);
    /// // 0.25 % are 3.08625.
    /// let fee = price.checked_ratio(Ratio::bps(25), 2, Rounding::HalfEven)?;
    /// assert_eq!(fee.to_string(), "3.09 FIAT_TESTNET_USD");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the result has more digits than an amount can have, or more decimals were asked for.
    pub fn checked_ratio(
        &self,
        ratio: Ratio,
        decimals: u32,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        self.with(fraction(self.amount, ratio, decimals, rounding))
    }

    /// The value in so many parts as even as `decimals` decimals allow, which add up to it exactly. The first ones are the
    /// larger ones.
    ///
    /// ```
    /// # use layer2_types::payments::AssetTypeId;
    /// use layer2_types::Money;
    ///
    /// let bill = Money::new("100".parse()?, AssetTypeId::new("FIAT_TESTNET_USD")?);
    /// let parts = bill.split(3, 2)?;
    /// let parts: Vec<_> = parts.iter().map(|part| part.amount().to_string()).collect();
    /// assert_eq!(parts, ["33.34", "33.33", "33.33"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`allocate`](Self::allocate).
    pub fn split(&self, parts: usize, decimals: u32) -> Result<Vec<Self>, MoneyError> {
        self.allocate(&vec![1; parts], decimals)
    }

    /// The value in parts by their weights, with at most `decimals` decimals, which add up to it exactly.
    ///
    /// Each part is cut off at its last decimal, and the units that are left over go, one each, to the parts that were cut
    /// by most (the largest remainder); of two that were cut by the same, the earlier one gets it. The same call gives the
    /// same parts. A part without weight gets nothing.
    ///
    /// ```
    /// # use layer2_types::payments::AssetTypeId;
    /// use layer2_types::Money;
    ///
    /// let fee = Money::new("0.10".parse()?, AssetTypeId::new("FIAT_TESTNET_USD")?);
    /// let parts = fee.allocate(&[50, 30, 20, 15], 2)?;
    /// let parts: Vec<_> = parts.iter().map(|part| part.amount().to_string()).collect();
    /// assert_eq!(parts, ["0.04", "0.03", "0.02", "0.01"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MoneyErrorKind::NoParts`](super::MoneyErrorKind::NoParts) if there is no weight but zero;
    /// or that the value has more than `decimals` decimals, or more digits than can be reckoned with at so many.
    pub fn allocate(&self, weights: &[u64], decimals: u32) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().copied().map(u128::from).sum();
        if total == 0 {
            return Err(MoneyError(Cause::NoParts));
        }
        let units = self.amount.to_minor(decimals)?;
        let shares = shares(units.unsigned_abs(), weights, total)?;
        let parts = shares.into_iter().map(|share| {
            let share = share.checked_mul(units.signum());
            let share = share.ok_or_else(AmountError::too_large)?;
            self.with(Amount::from_minor(share, decimals))
        });
        parts.collect()
    }
}

/// Whole numbers by weight that add up to `units`.
fn shares(units: u128, weights: &[u64], total: u128) -> Result<Vec<i128>, AmountError> {
    let mut left = units;
    let mut shares = Vec::with_capacity(weights.len());
    let mut cut = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let (share, rest) = Wide::product(units, *weight).div_rem(total);
        let share = share.narrow().ok_or_else(AmountError::too_large)?;
        left -= share.unsigned_abs();
        shares.push(share);
        cut.push((rest, place));
    }
    // The largest first; a stable sort keeps the order of those that are equal.
    cut.sort_by_key(|(rest, _)| std::cmp::Reverse(*rest));
    // Every part is cut by less than a unit, so there are fewer units left than parts that were cut.
    for (_, place) in cut {
        if left == 0 {
            break;
        }
        left -= 1;
        shares[place] += 1;
    }
    Ok(shares)
}

fn fraction(
    amount: Amount,
    ratio: Ratio,
    decimals: u32,
    rounding: Rounding,
) -> Result<Amount, AmountError> {
    if decimals > Amount::MAX_DIGITS {
        return Err(AmountError::too_many_decimals());
    }
    let mut scale = amount.scale();
    let digits = amount.to_minor(scale)?;
    let is_negative = (digits < 0) != (ratio.numerator < 0);
    let denominator = u128::from(ratio.denominator);
    let product = Wide::product(digits.unsigned_abs(), ratio.numerator.unsigned_abs());
    let (mut units, mut rest) = product.div_rem(denominator);
    // More decimals, as long as there is something to divide. At most 63 and 94 bits of the product and 28 digits.
    while scale < decimals && rest > 0 {
        rest *= 10;
        units = units
            .then_digit(rest / denominator)
            .ok_or_else(AmountError::too_many_digits)?;
        rest %= denominator;
        scale += 1;
    }
    // Or fewer.
    let unit = 10_u128.pow(scale.saturating_sub(decimals));
    let (mut units, surplus) = units.div_rem(unit);
    scale = scale.min(decimals);
    if surplus > 0 || rest > 0 {
        let half = against_half(surplus, unit, rest, denominator);
        if rounding.goes_away(is_negative, units.is_odd(), half) {
            units = units.plus(1).ok_or_else(AmountError::too_many_digits)?;
        }
    }
    narrow(units, is_negative, scale)
}

/// Whether what was cut off, `surplus + rest / denominator` of `unit`, is less or more than half of it.
fn against_half(surplus: u128, unit: u128, rest: u128, denominator: u128) -> Ordering {
    // The fraction is below one, and twice the fraction below two.
    match (surplus * 2).cmp(&unit) {
        Ordering::Greater => Ordering::Greater,
        Ordering::Equal if rest > 0 => Ordering::Greater,
        Ordering::Equal => Ordering::Equal,
        Ordering::Less if surplus * 2 + 1 == unit => (rest * 2).cmp(&denominator),
        Ordering::Less => Ordering::Less,
    }
}

/// The amount of so many units, if the zeros at their end are what makes them too many.
fn narrow(mut units: Wide, is_negative: bool, mut scale: u32) -> Result<Amount, AmountError> {
    loop {
        if let Some(units) = units.narrow() {
            return Amount::from_minor(if is_negative { -units } else { units }, scale);
        }
        let (shorter, digit) = units.div_rem(10);
        if digit > 0 {
            return Err(AmountError::too_many_digits());
        }
        scale = scale.checked_sub(1).ok_or_else(AmountError::too_large)?;
        units = shorter;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::amount::AmountErrorKind;
    use crate::money::MoneyErrorKind;
    use crate::payments::AssetTypeId;

    const ALL: [Rounding; 6] = [
        Rounding::Ceiling,
        Rounding::Down,
        Rounding::Floor,
        Rounding::HalfEven,
        Rounding::HalfUp,
        Rounding::Up,
    ];

    fn usd(amount: &str) -> Money {
        let asset = AssetTypeId::new("FIAT_TESTNET_USD").expect("an id");
        Money::new(amount.parse().expect(amount), asset)
    }

    fn ratio(numerator: i64, denominator: u64) -> Ratio {
        Ratio::new(numerator, denominator).expect("a denominator")
    }

    #[test]
    fn each_way_of_rounding_goes_where_it_says() {
        // Ceiling, down, floor, half even, half up, up.
        for (value, of, decimals, expected) in [
            (
                "2",
                ratio(1, 3),
                2,
                ["0.67", "0.66", "0.66", "0.67", "0.67", "0.67"],
            ),
            (
                "-2",
                ratio(1, 3),
                2,
                ["-0.66", "-0.66", "-0.67", "-0.67", "-0.67", "-0.67"],
            ),
            (
                "2",
                ratio(-1, 3),
                2,
                ["-0.66", "-0.66", "-0.67", "-0.67", "-0.67", "-0.67"],
            ),
            ("5", ratio(1, 2), 0, ["3", "2", "2", "2", "3", "3"]),
            ("0.5", ratio(1, 1), 0, ["1", "0", "0", "0", "1", "1"]),
            ("1.5", ratio(1, 1), 0, ["2", "1", "1", "2", "2", "2"]),
            // A little over and under the half, by what only the division shows.
            (
                "0.5",
                ratio(10_001, 10_000),
                0,
                ["1", "0", "0", "1", "1", "1"],
            ),
            (
                "0.5",
                ratio(9_999, 10_000),
                0,
                ["1", "0", "0", "0", "0", "1"],
            ),
            (
                "0.5",
                ratio(1, 3),
                1,
                ["0.2", "0.1", "0.1", "0.2", "0.2", "0.2"],
            ),
            (
                "1234.50",
                Ratio::bps(25),
                2,
                ["3.09", "3.08", "3.08", "3.09", "3.09", "3.09"],
            ),
            ("8", ratio(1, 4), 2, ["2"; 6]),
            ("0", ratio(1, 3), 2, ["0"; 6]),
            ("7", ratio(0, 3), 2, ["0"; 6]),
        ] {
            for (rounding, expected) in ALL.into_iter().zip(expected) {
                let part = usd(value).checked_ratio(of, decimals, rounding);
                assert_eq!(part, Ok(usd(expected)), "{value} {of:?} {rounding:?}");
            }
        }
    }

    #[test]
    fn the_longest_amounts_are_exact() {
        let most = "9".repeat(28);
        let kept = usd(&most).checked_ratio(ratio(i64::MAX, i64::MAX as u64), 28, Rounding::Up);
        assert_eq!(kept, Ok(usd(&most)));
        let third = usd(&most).checked_ratio(ratio(1, 3), 28, Rounding::Down);
        assert_eq!(third, Ok(usd(&"3".repeat(28))));
        let third = usd("1").checked_ratio(ratio(1, 3), 28, Rounding::Down);
        assert_eq!(third, Ok(usd(&format!("0.{}", "3".repeat(28)))));
        // The product has 46 digits, the result 28.
        let nines = usd(&"9".repeat(27)).checked_ratio(
            ratio(1_000_000_000_000_000_000, 999_999_999_999_999_999),
            0,
            Rounding::HalfUp,
        );
        assert_eq!(nines, Ok(usd("1000000000000000000999999999")));
        let carried = usd("999999999999999999999999999.9").checked_ratio(
            ratio(9_999_999, 9_999_998),
            28,
            Rounding::Down,
        );
        let error = carried.expect_err("more digits than fit");
        let kind = AmountErrorKind::TooManyDigits;
        assert_eq!(error.kind(), MoneyErrorKind::Amount(kind));
    }

    #[test]
    fn what_cannot_be_reckoned_is_refused() {
        let over = usd(&"9".repeat(28)).checked_ratio(ratio(i64::MAX, 1), 0, Rounding::Down);
        let decimals = usd("1").checked_ratio(ratio(1, 3), 29, Rounding::Down);
        let finer = usd("1.001").split(3, 2);
        for error in [
            over.expect_err("digits"),
            decimals.expect_err("decimals"),
            finer.expect_err("a thousandth"),
        ] {
            assert!(matches!(error.kind(), MoneyErrorKind::Amount(_)), "{error}");
        }
        let none = Ratio::new(1, 0).expect_err("no denominator");
        assert_eq!(none.kind(), MoneyErrorKind::ZeroDenominator);
        for weights in [&[][..], &[0, 0]] {
            let error = usd("1").allocate(weights, 2).expect_err("no parts");
            assert_eq!(error.kind(), MoneyErrorKind::NoParts);
        }
    }

    #[test]
    fn what_is_left_over_goes_to_those_that_were_cut_by_most() {
        for (whole, weights, expected) in [
            ("0.02", &[1, 1, 1][..], &["0.01", "0.01", "0"][..]),
            ("-0.02", &[1, 1, 1], &["-0.01", "-0.01", "0"]),
            ("1", &[1, 0, 2], &["0.33", "0", "0.67"]),
            ("0.05", &[3, 7], &["0.02", "0.03"]),
            ("10", &[u64::MAX, u64::MAX], &["5", "5"]),
        ] {
            let parts = usd(whole).allocate(weights, 2).expect("parts");
            let expected: Vec<_> = expected.iter().copied().map(usd).collect();
            assert_eq!(parts, expected, "{whole} {weights:?}");
        }
    }

    /// Up to 28 digits, ten of them decimals.
    fn value() -> impl Strategy<Value = Amount> {
        const MOST: i128 = 10_i128.pow(28);
        (1 - MOST..MOST).prop_map(|units| Amount::from_minor(units, 10).expect("28 digits fit"))
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_whole_and_are_off_by_less_than_a_unit(
            whole in value(),
            weights in proptest::collection::vec(any::<u64>(), 1..9),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let whole = Money::new(whole, usd("0").asset().clone());
            let parts = whole.allocate(&weights, 10).expect("28 digits fit");
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(&Money::checked_sum(whole.asset().clone(), &parts), &Ok(whole.clone()));
            let total: u128 = weights.iter().copied().map(u128::from).sum();
            let units = whole.amount().to_minor(10).expect("10 decimals").unsigned_abs();
            for (part, weight) in parts.iter().zip(&weights) {
                let (floor, rest) = Wide::product(units, *weight).div_rem(total);
                let floor = floor.narrow().expect("no more than the whole");
                let part = part.amount().abs().to_minor(10).expect("10 decimals");
                prop_assert!(part == floor || (part == floor + 1 && rest > 0));
            }
        }

        #[test]
        fn even_parts_differ_by_a_unit_at_most(units in 0_i128..10_i128.pow(12), parts in 1_usize..50) {
            let whole = Money::new(Amount::from_minor(units, 2).expect("few"), usd("0").asset().clone());
            let parts = whole.split(parts, 2).expect("parts");
            let minor = |part: &Money| part.amount().to_minor(2).expect("cents");
            let (first, last) = (minor(&parts[0]), minor(&parts[parts.len() - 1]));
            prop_assert!(first - last <= 1);
            prop_assert!(parts.is_sorted_by_key(|part| -minor(part)));
        }

        #[test]
        fn a_fraction_is_that_of_the_integers(
            units in -10_i128.pow(15)..10_i128.pow(15),
            numerator in -1_000_000_i64..1_000_000,
            denominator in 1_u64..1_000_000,
            decimals in 0_u32..=4,
        ) {
            // Reckoned in one integer: value * 10^decimals = product / whole.
            let value = Money::new(Amount::from_minor(units, 2).expect("few"), usd("0").asset().clone());
            let product = units * i128::from(numerator) * 10_i128.pow(decimals);
            let whole = i128::from(denominator) * 100;
            let (floor, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
            let up = floor + i128::from(rest > 0);
            let towards_zero = if product < 0 { up } else { floor };
            let away = if product < 0 { floor } else { up };
            let nearest = |tie| match (rest * 2).cmp(&whole) {
                Ordering::Less => floor,
                Ordering::Equal => tie,
                Ordering::Greater => up,
            };
            let even = if floor % 2 == 0 { floor } else { up };
            let expected = [up, towards_zero, floor, nearest(even), nearest(away), away];
            for (rounding, expected) in ALL.into_iter().zip(expected) {
                let part = value.checked_ratio(ratio(numerator, denominator), decimals, rounding);
                let expected = Amount::from_minor(expected, decimals).expect("28 digits");
                prop_assert_eq!(part.map(|part| part.amount()), Ok(expected), "{:?}", rounding);
            }
        }
    }
}
