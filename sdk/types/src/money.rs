//! Amounts of one asset, and the arithmetic that is safe with them.
//!
//! An [`Amount`] is a number; 5 of it may be dollars or bitcoin. [`Money`] says of what, and with
//! that it can be added up: every operation is exact and checked, and two assets in one sum are a
//! [`MoneyError`] that names both. There are no operators, since an operator cannot refuse; there is
//! no order between values of two assets; and nothing is rounded unless [`Money::round_to`] or [`Money::checked_ratio`] is
//! asked.
//!
//! ```
//! use layer2_types::payments::AssetTypeId;
//! use layer2_types::{Money, MoneyErrorKind};
//!
//! let usd = AssetTypeId::new("FIAT_TESTNET_USD")?;
//! let price = Money::new("19.99".parse()?, usd.clone());
//! let total = price.checked_mul(3)?.checked_add(&Money::new("4.03".parse()?, usd))?;
//! assert_eq!(total.to_string(), "64 FIAT_TESTNET_USD");
//!
//! let bitcoin = Money::new(1.into(), AssetTypeId::new("BITCOIN_TESTNET_BTC")?);
//! let error = total.checked_add(&bitcoin).unwrap_err();
//! assert_eq!(error.kind(), MoneyErrorKind::DifferentAssets);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What could go wrong unseen does not compile. Money cannot be added without a check:
//!
//! ```compile_fail,E0369
//! use layer2_types::Money;
//! fn sum(a: Money, b: Money) -> Money { a + b }
//! ```
//!
//! nor compared, as one of them may be of another asset:
//!
//! ```compile_fail,E0369
//! use layer2_types::Money;
//! fn is_less(a: &Money, b: &Money) -> bool { a < b }
//! ```
//!
//! A number without an asset is no money:
//!
//! ```compile_fail,E0308
//! use layer2_types::{Amount, Money};
//! fn more(a: &Money, b: Amount) { let _ = a.checked_add(&b); }
//! ```
//!
//! Binary floats have no way in, neither as amounts nor as factors:
//!
//! ```compile_fail,E0277
//! use layer2_types::{Money, payments::AssetTypeId};
//! fn price(usd: AssetTypeId) -> Money { Money::new(19.99.into(), usd) }
//! ```
//!
//! ```compile_fail,E0308
//! use layer2_types::Money;
//! fn with_fee(price: &Money) { let _ = price.checked_mul(1.01); }
//! ```
//!
//! ```compile_fail,E0308
//! use layer2_types::Ratio;
//! let fee = Ratio::bps(0.25);
//! ```
//!
//! A fraction of money has to say how it is rounded:
//!
//! ```compile_fail,E0061
//! use layer2_types::{Money, Ratio};
//! fn fee(price: &Money) { let _ = price.checked_ratio(Ratio::bps(25)); }
//! ```
//!
//! ```compile_fail,E0369
//! use layer2_types::Amount;
//! fn with_fee(price: Amount) -> Amount { price * 1.01_f64 }
//! ```

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;

use crate::amount::{Amount, AmountError, AmountErrorKind, Rounding};
use crate::payments::AssetTypeId;

mod models;
mod share;
mod wide;

pub use self::models::Priced;
pub use self::share::Ratio;

/// An amount of an asset. Equal when both are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Amount,
    asset: AssetTypeId,
}

impl Money {
    /// So much of an asset.
    #[must_use]
    pub fn new(amount: Amount, asset: AssetTypeId) -> Self {
        Self { amount, asset }
    }

    /// Nothing of an asset.
    #[must_use]
    pub fn zero(asset: AssetTypeId) -> Self {
        Self::new(Amount::ZERO, asset)
    }

    /// How much.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// Of what.
    #[must_use]
    pub fn asset(&self) -> &AssetTypeId {
        &self.asset
    }

    /// Both, by value.
    #[must_use]
    pub fn into_parts(self) -> (Amount, AssetTypeId) {
        (self.amount, self.asset)
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// The sum of two values of one asset.
    ///
    /// # Errors
    ///
    /// [`MoneyErrorKind::DifferentAssets`], or that the sum has more digits than an amount can have.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same_asset(other)?;
        self.with(sum(self.amount, other.amount))
    }

    /// The difference of two values of one asset; it may be negative.
    ///
    /// # Errors
    ///
    /// As [`checked_add`](Self::checked_add).
    pub fn checked_sub(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same_asset(other)?;
        self.with(sum(self.amount, -other.amount))
    }

    /// So many times the value.
    ///
    /// # Errors
    ///
    /// If the product has more digits than an amount can have.
    pub fn checked_mul(&self, times: i64) -> Result<Self, MoneyError> {
        self.with(product(self.amount, times))
    }

    /// The value with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self::new(-self.amount, self.asset.clone())
    }

    /// The sum of all values, which must be of this asset; nothing of it if there are none.
    ///
    /// ```
    /// # use layer2_types::payments::AssetTypeId;
    /// # use layer2_types::Money;
    /// let usd = AssetTypeId::new("FIAT_TESTNET_USD")?;
    /// let fees = ["0.25", "0.50"].map(|fee| fee.parse().map(|fee| Money::new(fee, usd.clone())));
    /// let fees = fees.into_iter().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(Money::checked_sum(usd, &fees)?.to_string(), "0.75 FIAT_TESTNET_USD");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`checked_add`](Self::checked_add).
    pub fn checked_sum<M: Borrow<Self>>(
        asset: AssetTypeId,
        values: impl IntoIterator<Item = M>,
    ) -> Result<Self, MoneyError> {
        let mut total = Self::zero(asset);
        for value in values {
            let value = value.borrow();
            total.same_asset(value)?;
            total.amount = sum(total.amount, value.amount)?;
        }
        Ok(total)
    }

    /// Which of two values of one asset is more.
    ///
    /// # Errors
    ///
    /// [`MoneyErrorKind::DifferentAssets`].
    pub fn checked_cmp(&self, other: &Self) -> Result<Ordering, MoneyError> {
        self.same_asset(other)?;
        Ok(self.amount.cmp(&other.amount))
    }

    /// The value with at most `decimals` decimals.
    ///
    /// # Errors
    ///
    /// If the neighbour has more digits than fit.
    pub fn round_to(&self, decimals: u32, rounding: Rounding) -> Result<Self, MoneyError> {
        self.with(self.amount.round_to(decimals, rounding))
    }

    fn with(&self, amount: Result<Amount, AmountError>) -> Result<Self, MoneyError> {
        Ok(Self::new(amount?, self.asset.clone()))
    }

    fn same_asset(&self, other: &Self) -> Result<(), MoneyError> {
        if self.asset == other.asset {
            return Ok(());
        }
        Err(MoneyError(Cause::DifferentAssets {
            expected: self.asset.clone(),
            received: other.asset.clone(),
        }))
    }
}

/// As people read it: `10.5 FIAT_TESTNET_USD`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.asset)
    }
}

/// The exact sum, on integers of the finer of the two scales. `rust_decimal` would round one of more than 28 digits.
fn sum(left: Amount, right: Amount) -> Result<Amount, AmountError> {
    let scale = left.scale().max(right.scale());
    // What does not fit 38 digits here has no sum of 28: the finer of the two ends with a digit that is not zero.
    let units = left.to_minor(scale)?.checked_add(right.to_minor(scale)?);
    Amount::from_minor(units.ok_or_else(AmountError::too_large)?, scale)
}

fn product(amount: Amount, times: i64) -> Result<Amount, AmountError> {
    let scale = amount.scale();
    let units = amount.to_minor(scale)?.checked_mul(times.into());
    Amount::from_minor(units.ok_or_else(AmountError::too_large)?, scale)
}

/// Why money could not be reckoned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyError(Cause);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    Amount(AmountError),
    DifferentAssets {
        expected: AssetTypeId,
        received: AssetTypeId,
    },
    NoParts,
    ZeroDenominator,
}

impl MoneyError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> MoneyErrorKind {
        match &self.0 {
            Cause::Amount(error) => MoneyErrorKind::Amount(error.kind()),
            Cause::DifferentAssets { .. } => MoneyErrorKind::DifferentAssets,
            Cause::NoParts => MoneyErrorKind::NoParts,
            Cause::ZeroDenominator => MoneyErrorKind::ZeroDenominator,
        }
    }

    /// The two assets that met: the one of the value that was asked, and the one of the value that was given.
    #[must_use]
    pub fn assets(&self) -> Option<(&AssetTypeId, &AssetTypeId)> {
        match &self.0 {
            Cause::Amount(_) | Cause::NoParts | Cause::ZeroDenominator => None,
            Cause::DifferentAssets { expected, received } => Some((expected, received)),
        }
    }
}

impl From<AmountError> for MoneyError {
    fn from(error: AmountError) -> Self {
        Self(Cause::Amount(error))
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Amount(error) => error.fmt(f),
            Cause::DifferentAssets { expected, received } => write!(
                f,
                "two assets cannot be reckoned together: expected {expected}, received {received}; exchange one of \
                 them first"
            ),
            Cause::NoParts => f.write_str(
                "there is no part with a weight to put the money into; give at least one weight above zero",
            ),
            Cause::ZeroDenominator => {
                f.write_str("a fraction cannot have the denominator 0; give what the numerator is counted in")
            }
        }
    }
}

impl std::error::Error for MoneyError {}

/// The ways in which reckoning can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoneyErrorKind {
    /// The result is no [`Amount`], mostly for its many digits.
    Amount(AmountErrorKind),
    /// The values are of two assets.
    DifferentAssets,
    /// Money was to be shared among none, or by weights that are all zero.
    NoParts,
    /// A fraction of zero parts.
    ZeroDenominator,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(amount: &str) -> Money {
        Money::new(amount.parse().expect(amount), asset("FIAT_TESTNET_USD"))
    }

    fn asset(id: &str) -> AssetTypeId {
        AssetTypeId::new(id).expect("an id")
    }

    #[test]
    fn values_of_one_asset_add_up_exactly() {
        assert_eq!(usd("0.1").checked_add(&usd("0.2")), Ok(usd("0.3")));
        assert_eq!(usd("1").checked_sub(&usd("1.01")), Ok(usd("-0.01")));
        assert_eq!(usd("0.07").checked_mul(3), Ok(usd("0.21")));
        assert_eq!(usd("2.5").negated(), usd("-2.5"));
        assert_eq!(usd("0").negated(), usd("0"));
        assert_eq!(
            usd("123456789012345678.1234567891").checked_add(&usd("-0.0000000001")),
            Ok(usd("123456789012345678.123456789"))
        );
        assert_eq!(usd("10.50").to_string(), "10.5 FIAT_TESTNET_USD");
        assert_eq!(usd("2.345").round_to(2, Rounding::HalfUp), Ok(usd("2.35")));
    }

    #[test]
    fn two_assets_never_meet() {
        let (dollars, bitcoin) = (usd("5"), Money::new(5.into(), asset("BTC")));
        let sum = Money::checked_sum(dollars.asset().clone(), [&dollars, &bitcoin]);
        for error in [
            dollars.checked_add(&bitcoin).expect_err("a sum"),
            dollars.checked_sub(&bitcoin).expect_err("a difference"),
            dollars.checked_cmp(&bitcoin).expect_err("an order"),
            sum.expect_err("a total"),
        ] {
            assert_eq!(error.kind(), MoneyErrorKind::DifferentAssets);
            assert_eq!(error.assets(), Some((dollars.asset(), bitcoin.asset())));
            assert_eq!(
                error.to_string(),
                "two assets cannot be reckoned together: expected FIAT_TESTNET_USD, received BTC; exchange one of \
                 them first"
            );
        }
        assert_ne!(dollars, bitcoin, "five is not five of another asset");
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_rounded() {
        let most = usd(&"9".repeat(28));
        for result in [
            most.checked_add(&usd("1")),
            most.checked_add(&usd("0.1")),
            most.checked_add(&usd("1e-28")),
            most.checked_mul(10),
            most.checked_mul(i64::MIN),
        ] {
            let error = result.expect_err("more than 28 digits");
            assert!(matches!(error.kind(), MoneyErrorKind::Amount(_)), "{error}");
            assert_eq!(error.assets(), None);
        }
    }

    #[test]
    fn a_sum_of_nothing_is_nothing_of_the_asset() {
        let none: [Money; 0] = [];
        let total = Money::checked_sum(asset("BTC"), none).expect("no value");
        assert!(total.is_zero());
        assert_eq!(total.into_parts(), (Amount::ZERO, asset("BTC")));
    }

    fn small() -> impl Strategy<Value = Money> {
        (-10_i128.pow(12)..10_i128.pow(12), 0_u32..=12).prop_map(|(units, scale)| {
            Money::new(
                Amount::from_minor(units, scale).expect("12 digits fit"),
                asset("USD"),
            )
        })
    }

    proptest! {
        #[test]
        fn addition_is_that_of_the_numbers(a in small(), b in small(), c in small()) {
            let add = |left: &Money, right: &Money| left.checked_add(right).expect("few digits");
            prop_assert_eq!(add(&a, &b), add(&b, &a));
            prop_assert_eq!(add(&add(&a, &b), &c), add(&a, &add(&b, &c)));
            prop_assert_eq!(add(&a, &b).checked_sub(&b), Ok(a.clone()));
            prop_assert_eq!(add(&a, &a.negated()), Money::zero(asset("USD")));
            prop_assert_eq!(add(&add(&a, &a), &a), a.checked_mul(3).expect("few digits"));
            prop_assert_eq!(
                Money::checked_sum(asset("USD"), [&a, &b, &c]),
                Ok(add(&add(&a, &b), &c))
            );
            prop_assert_eq!(
                a.checked_cmp(&b).expect("one asset").is_lt(),
                add(&a, &b.negated()).amount().is_negative()
            );
        }
    }
}
