//! Rounding, for those who ask for it.
//!
//! Nothing rounds by itself. Whoever divides, shows or settles an amount says to how many decimals
//! and which way; the arithmetic is on integers.

use std::cmp::Ordering;

use super::{Amount, AmountError};

/// Which neighbour a number becomes that has too many decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rounding {
    /// Towards positive infinity.
    Ceiling,
    /// Towards zero: the digits are cut off, as the platform does with results of exchanges.
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

impl Amount {
    /// The amount with at most `decimals` decimals.
    ///
    /// ```
    /// use layer2_types::{Amount, Rounding};
    ///
    /// let fee: Amount = "2.345".parse()?;
    /// assert_eq!(fee.round_to(2, Rounding::HalfEven)?.to_string(), "2.34");
    /// assert_eq!(fee.round_to(2, Rounding::HalfUp)?.to_string(), "2.35");
    /// assert_eq!(fee.round_to(4, Rounding::Down)?, fee);
    /// # Ok::<(), layer2_types::AmountError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the neighbour has more digits than fit, as can happen to 28 nines.
    pub fn round_to(self, decimals: u32, rounding: Rounding) -> Result<Self, AmountError> {
        let Some(surplus) = self.scale().checked_sub(decimals).filter(|n| *n > 0) else {
            return Ok(self);
        };
        // At most 28 decimals: 10^28 fits an `i128` ten thousand million times.
        let unit = 10_i128.pow(surplus);
        let digits = self.to_minor(self.scale())?;
        let (cut, rest) = (digits / unit, digits % unit);
        let away = if rest == 0 {
            0
        } else if rounding.goes_away(
            digits.is_negative(),
            cut % 2 != 0,
            (rest.abs() * 2).cmp(&unit),
        ) {
            digits.signum()
        } else {
            0
        };
        Self::from_minor(cut + away, decimals)
    }
}

impl Rounding {
    /// Whether a number that something was cut off goes to the neighbour that is further from zero: by the sign, whether what
    /// was kept is odd, and whether what was cut off is less or more than half.
    pub(crate) fn goes_away(self, is_negative: bool, is_odd: bool, half: Ordering) -> bool {
        match self {
            Self::Ceiling => !is_negative,
            Self::Down => false,
            Self::Floor => is_negative,
            Self::HalfEven => match half {
                Ordering::Less => false,
                Ordering::Equal => is_odd,
                Ordering::Greater => true,
            },
            Self::HalfUp => half.is_ge(),
            Self::Up => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::AmountErrorKind;

    const ALL: [Rounding; 6] = [
        Rounding::Ceiling,
        Rounding::Down,
        Rounding::Floor,
        Rounding::HalfEven,
        Rounding::HalfUp,
        Rounding::Up,
    ];

    #[test]
    fn each_way_goes_where_it_says() {
        for (text, expected) in [
            ("2.5", ["3", "2", "2", "2", "3", "3"]),
            ("-2.5", ["-2", "-2", "-3", "-2", "-3", "-3"]),
            ("3.5", ["4", "3", "3", "4", "4", "4"]),
            ("2.49", ["3", "2", "2", "2", "2", "3"]),
            ("2.51", ["3", "2", "2", "3", "3", "3"]),
            ("-0.1", ["0", "0", "-1", "0", "0", "-1"]),
            ("7", ["7"; 6]),
        ] {
            let amount: Amount = text.parse().expect(text);
            for (rounding, expected) in ALL.into_iter().zip(expected) {
                let rounded = amount.round_to(0, rounding).expect("few digits");
                assert_eq!(rounded.to_string(), expected, "{text} {rounding:?}");
            }
        }
    }

    #[test]
    fn a_neighbour_out_of_reach_is_an_error() {
        let nines: Amount = format!("{}.9", "9".repeat(27)).parse().expect("28 digits");
        let up = nines.round_to(0, Rounding::Up).expect("a one and 27 zeros");
        assert_eq!(up.to_string(), format!("1{}", "0".repeat(27)));
        let most: Amount = "9".repeat(28).parse().expect("28 digits");
        assert_eq!(most.round_to(0, Rounding::Up), Ok(most));
        assert_eq!(
            Amount::from_minor(10_i128.pow(28), 0).map_err(|error| error.kind()),
            Err(AmountErrorKind::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn a_rounded_number_is_a_neighbour(
            units in -10_i128.pow(27)..10_i128.pow(27),
            scale in 0_u32..=28,
            decimals in 0_u32..=28,
        ) {
            let amount = Amount::from_minor(units, scale).expect("27 digits fit");
            for rounding in ALL {
                let rounded = amount.round_to(decimals, rounding).expect("27 digits and a carry fit");
                prop_assert!(rounded.scale() <= decimals.max(amount.scale().min(decimals)));
                // The distance, counted in the smallest units of the number that was rounded.
                let finest = amount.scale();
                let distance = (rounded.to_minor(finest).expect("fits")
                    - amount.to_minor(finest).expect("fits")).abs();
                let unit = 10_i128.pow(finest.saturating_sub(decimals));
                match rounding {
                    Rounding::HalfEven | Rounding::HalfUp => prop_assert!(distance * 2 <= unit),
                    _ => prop_assert!(distance < unit || distance == 0),
                }
                match rounding {
                    Rounding::Ceiling => prop_assert!(rounded >= amount),
                    Rounding::Floor => prop_assert!(rounded <= amount),
                    Rounding::Down => prop_assert!(rounded.abs() <= amount.abs()),
                    Rounding::Up => prop_assert!(rounded.abs() >= amount.abs()),
                    _ => {}
                }
            }
        }
    }
}
