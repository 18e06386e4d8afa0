//! What the transactions of a sandbox are: the values that it writes, of those that the documents list.
//!
//! A row is kept for ever, and one of these takes a byte of it; the enums of the documents may hold any text and take 24.

use layer2_types::payments::TransactionCategory;
use layer2_types::payments::TransactionType;
use serde::Deserialize;
use serde::Serialize;

/// What kind of movement a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TransactionKind {
    /// Money that came from outside.
    TransferIn,
    /// Money that left.
    TransferOut,
    /// A fee.
    Fee,
    /// A correction that lowers the balance.
    DebitCorrection,
    /// A correction that raises the balance.
    CreditCorrection,
    /// One leg of an exchange.
    Trade,
    /// A move between two accounts of the platform.
    InternalTransfer,
}

impl TransactionKind {
    /// As on the wire.
    pub(crate) const fn on_wire(self) -> TransactionType {
        match self {
            Self::TransferIn => TransactionType::TransferIn,
            Self::TransferOut => TransactionType::TransferOut,
            Self::Fee => TransactionType::Fee,
            Self::DebitCorrection => TransactionType::DebitCorrection,
            Self::CreditCorrection => TransactionType::CreditCorrection,
            Self::Trade => TransactionType::Trade,
            Self::InternalTransfer => TransactionType::InternalTransfer,
        }
    }
}

/// What a transaction belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Category {
    /// Money from outside.
    Deposit,
    /// An exchange.
    Exchange,
    /// A transfer.
    Transfer,
    /// A withdrawal.
    Withdrawal,
}

impl Category {
    /// As on the wire.
    pub(crate) const fn on_wire(self) -> TransactionCategory {
        match self {
            Self::Deposit => TransactionCategory::Deposit,
            Self::Exchange => TransactionCategory::Exchange,
            Self::Transfer => TransactionCategory::Transfer,
            Self::Withdrawal => TransactionCategory::Withdrawal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snapshots hold the texts of the wire.
    #[test]
    fn a_value_is_kept_as_the_wire_spells_it() {
        for kind in [
            TransactionKind::TransferIn,
            TransactionKind::TransferOut,
            TransactionKind::Fee,
            TransactionKind::DebitCorrection,
            TransactionKind::CreditCorrection,
            TransactionKind::Trade,
            TransactionKind::InternalTransfer,
        ] {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(text, serde_json::to_string(&kind.on_wire()).unwrap());
            assert_eq!(
                serde_json::from_str::<TransactionKind>(&text).unwrap(),
                kind
            );
        }
        for category in [
            Category::Deposit,
            Category::Exchange,
            Category::Transfer,
            Category::Withdrawal,
        ] {
            let text = serde_json::to_string(&category).unwrap();
            assert_eq!(text, serde_json::to_string(&category.on_wire()).unwrap());
            assert_eq!(serde_json::from_str::<Category>(&text).unwrap(), category);
        }
    }
}
