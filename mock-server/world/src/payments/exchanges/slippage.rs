//! How far a price may move between what was accepted and what is traded.

use layer2_ledger::MinorUnits;
use layer2_ledger::Rounding;
use layer2_ledger::mul_div;
use layer2_ledger::pow10;
use layer2_types::Amount;
use serde::Deserialize;
use serde::Serialize;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// The largest loss that was accepted, as a fraction: at least 0 and less than 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slippage(Amount);

impl Slippage {
    /// The fraction of a request. One or more is refused: it would take any price, and is a percentage by mistake.
    pub(super) fn new(fraction: Amount) -> Result<Self, Rejection> {
        if !fraction.is_negative() && fraction < Amount::from(1_u32) {
            return Ok(Self(fraction));
        }
        Err(Problem::new(
            code::VALIDATION_FAILED,
            "The slippage is a fraction of the accepted amount.",
        )
        .at("/maximum_slippage")
        .received(fraction.to_string())
        .expected("a number from 0 on and below 1")
        .hint("0.01 is one percent, 0.001 ten basis points; 1 would accept the loss of everything.")
        .bad_request())
    }

    /// Whether a sale that gives `credit` is no worse than the accepted one.
    pub(super) fn allows_credit(self, accepted: MinorUnits, credit: MinorUnits) -> bool {
        let Some((part, whole)) = self.parts() else {
            return false;
        };
        // The least credit is a fraction of the accepted one, so it always fits.
        mul_div(accepted.get(), whole - part, whole, Rounding::Up)
            .is_ok_and(|least| credit.get() >= least)
    }

    /// Whether a purchase that costs `debit` is no worse than the accepted one.
    pub(super) fn allows_debit(self, accepted: MinorUnits, debit: MinorUnits) -> bool {
        let Some((part, whole)) = self.parts() else {
            return false;
        };
        // A limit beyond what can be counted is none, but what is accepted has at most 28 digits and this at most 29.
        mul_div(accepted.get(), whole + part, whole, Rounding::Down)
            .is_ok_and(|most| debit.get() <= most)
    }

    /// Numerator and denominator. An amount has at most 28 decimals, so both always fit.
    fn parts(self) -> Option<(u128, u128)> {
        let scale = self.0.scale();
        let part = u128::try_from(self.0.to_minor(scale).ok()?).ok()?;
        Some((part, pow10(scale).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slippage(text: &str) -> Slippage {
        Slippage::new(text.parse().unwrap()).unwrap()
    }

    fn units(units: i128) -> MinorUnits {
        MinorUnits::new(units)
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_unit_beyond_is_not() {
        let limit = slippage("0.001");
        assert!(limit.allows_credit(units(1_000_000), units(999_000)));
        assert!(!limit.allows_credit(units(1_000_000), units(998_999)));
        assert!(limit.allows_debit(units(1_000_000), units(1_001_000)));
        assert!(!limit.allows_debit(units(1_000_000), units(1_001_001)));
    }

    #[test]
    fn a_limit_between_two_units_is_the_nearer_to_what_was_accepted() {
        let limit = slippage("0.01");
        assert!(
            limit.allows_credit(units(150), units(149))
                && limit.allows_debit(units(150), units(151))
        );
        assert!(
            !limit.allows_credit(units(150), units(148))
                && !limit.allows_debit(units(150), units(152))
        );
    }

    #[test]
    fn zero_takes_the_same_price_or_a_better_one() {
        let none = slippage("0");
        assert!(none.allows_credit(units(5), units(5)) && none.allows_credit(units(5), units(6)));
        assert!(none.allows_debit(units(5), units(5)) && none.allows_debit(units(5), units(4)));
        assert!(!none.allows_credit(units(5), units(4)) && !none.allows_debit(units(5), units(6)));
    }

    #[test]
    fn the_finest_fraction_and_the_largest_amount_are_exact() {
        let finest = slippage("0.0000000000000000000000000001");
        let most = units(9_999_999_999_999_999_999_999_999_999);
        assert!(finest.allows_credit(most, most));
        assert!(!finest.allows_credit(most, units(most.get() - 1)));
        assert!(slippage("0.9999999999999999999999999999").allows_debit(most, most));
    }

    #[test]
    fn what_is_no_fraction_is_refused() {
        for text in ["1", "-0.01", "50"] {
            let rejection = Slippage::new(text.parse().unwrap()).unwrap_err();
            assert_eq!(rejection.problems[0].received.as_deref(), Some(text));
        }
    }
}
