//! The models that say how much of what, as [`Money`].
//!
//! Only where amount and asset stand side by side: the amount of a withdrawal or a transaction is in
//! the asset of its account, which the model does not name.

use crate::amount::Amount;
use crate::payments::{
    Account, AddressLease, AssetTypeId, ExchangeDestination, ExchangeSource, Statement,
    TransferDestination, TransferSource,
};

use super::Money;

/// A model with an amount and its asset.
pub trait Priced {
    /// The amount with its asset; none if the platform left out one of the two.
    fn money(&self) -> Option<Money>;
}

macro_rules! priced {
    ($($model:ident by $amount:ident;)+) => {$(
        impl Priced for $model {
            fn money(&self) -> Option<Money> {
                together(self.$amount, self.asset_type_id.as_ref())
            }
        }
    )+};
}

priced! {
    AddressLease by lease_value_limit;
    ExchangeDestination by amount_to_credit;
    ExchangeSource by amount_to_debit;
    TransferDestination by amount_to_credit;
    TransferSource by amount_to_debit;
}

impl Account {
    /// What is booked, with its asset.
    #[must_use]
    pub fn current_money(&self) -> Option<Money> {
        together(self.current_balance, self.asset_type_id.as_ref())
    }

    /// What can be spent, with its asset.
    #[must_use]
    pub fn available_money(&self) -> Option<Money> {
        together(self.available_balance, self.asset_type_id.as_ref())
    }
}

impl Statement {
    /// What was booked before the first day, with its asset.
    #[must_use]
    pub fn opening_money(&self) -> Option<Money> {
        together(self.opening_balance, self.asset_type_id.as_ref())
    }

    /// What is booked after the last day, with its asset.
    #[must_use]
    pub fn closing_money(&self) -> Option<Money> {
        together(self.closing_balance, self.asset_type_id.as_ref())
    }
}

fn together(amount: Option<Amount>, asset: Option<&AssetTypeId>) -> Option<Money> {
    Some(Money::new(amount?, asset?.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_and_asset_come_together_or_not_at_all() {
        let source: TransferSource =
            serde_json::from_str(r#"{"asset_type_id":"BTC","amount_to_debit":0.10}"#)
                .expect("a source");
        let money = source.money().expect("both are there");
        assert_eq!(money.to_string(), "0.1 BTC");
        assert_eq!(TransferSource::new().money(), None);

        let account: Account = serde_json::from_str(
            r#"{"id":"A","asset_type_id":"BTC","current_balance":3,"available_balance":2.5}"#,
        )
        .expect("an account");
        let text = |money: Option<Money>| money.map(|money| money.to_string());
        assert_eq!(text(account.current_money()).as_deref(), Some("3 BTC"));
        assert_eq!(text(account.available_money()).as_deref(), Some("2.5 BTC"));
    }
}
