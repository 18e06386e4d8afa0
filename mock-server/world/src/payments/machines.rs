//! The status machines of the payments resources. Customers and accounts share the one in [`standing`].

mod exchange;
pub mod standing;
mod withdrawal;

use core::fmt;

use layer2_types::payments::TransferStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;
pub use crate::payments::applications::stage::APPLICATION;
pub use crate::payments::applications::stage::ApplicationStage;

pub use exchange::EXCHANGE;
pub use exchange::ExchangeStage;
pub use withdrawal::WITHDRAWAL;
pub use withdrawal::WithdrawalStage;

/// Where a transfer stands. The document has a status CANCELLED too, but no call that cancels a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransferStage {
    /// Waits to be accepted.
    Requested,
    /// Ordered; the funds are held.
    Accepted,
    /// Posted on both accounts.
    Executed,
    /// Not accepted in time.
    Expired,
    /// Could not be executed; the hold was released.
    Rejected,
}

/// What may follow each stage of a transfer.
pub const TRANSFER: Machine<TransferStage> = Machine {
    name: "transfer",
    rows: &[
        Row {
            from: TransferStage::Requested,
            next: &[TransferStage::Accepted, TransferStage::Expired],
        },
        Row {
            from: TransferStage::Accepted,
            next: &[TransferStage::Executed, TransferStage::Rejected],
        },
        Row {
            from: TransferStage::Executed,
            next: &[],
        },
        Row {
            from: TransferStage::Expired,
            next: &[],
        },
        Row {
            from: TransferStage::Rejected,
            next: &[],
        },
    ],
};

impl TransferStage {
    /// As on the wire.
    pub fn status(self) -> TransferStatus {
        match self {
            Self::Requested => TransferStatus::Requested,
            Self::Accepted => TransferStatus::Accepted,
            Self::Executed => TransferStatus::Executed,
            Self::Expired => TransferStatus::Expired,
            Self::Rejected => TransferStatus::Rejected,
        }
    }
}

impl fmt::Display for TransferStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

/// How far a transaction has come, and so which balances it counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionStage {
    /// Held: lowers the available balance.
    Authorized,
    /// On its way: a debit lowers the available balance, a credit counts nowhere yet.
    Pending,
    /// Final.
    Posted,
    /// Void.
    Cancelled,
}

/// What may follow each stage of a transaction.
pub const TRANSACTION: Machine<TransactionStage> = Machine {
    name: "transaction",
    rows: &[
        Row {
            from: TransactionStage::Authorized,
            next: &[
                TransactionStage::Pending,
                TransactionStage::Posted,
                TransactionStage::Cancelled,
            ],
        },
        Row {
            from: TransactionStage::Pending,
            next: &[TransactionStage::Posted, TransactionStage::Cancelled],
        },
        Row {
            from: TransactionStage::Posted,
            next: &[],
        },
        Row {
            from: TransactionStage::Cancelled,
            next: &[],
        },
    ],
};

impl TransactionStage {
    /// As on the wire.
    pub fn status(self) -> layer2_types::payments::TransactionStatus {
        use layer2_types::payments::TransactionStatus;
        match self {
            Self::Authorized => TransactionStatus::Authorized,
            Self::Pending => TransactionStatus::Pending,
            Self::Posted => TransactionStatus::Posted,
            Self::Cancelled => TransactionStatus::Cancelled,
        }
    }
}

impl fmt::Display for TransactionStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_stays_ended() {
        for last in [
            TransferStage::Executed,
            TransferStage::Expired,
            TransferStage::Rejected,
        ] {
            assert!(TRANSFER.is_final(last), "{last}");
        }
        assert!(TRANSACTION.is_final(TransactionStage::Posted));
        assert!(TRANSACTION.is_final(TransactionStage::Cancelled));
    }

    #[test]
    fn a_transfer_is_accepted_once() {
        assert!(TRANSFER.allows(TransferStage::Requested, TransferStage::Accepted));
        assert!(!TRANSFER.allows(TransferStage::Accepted, TransferStage::Accepted));
        assert!(!TRANSFER.allows(TransferStage::Requested, TransferStage::Executed));
    }

    #[test]
    fn the_machines_print_as_tables() {
        let expected = "| transfer | may become |\n|---|---|\n\
             | REQUESTED | ACCEPTED, EXPIRED |\n\
             | ACCEPTED | EXECUTED, REJECTED |\n\
             | EXECUTED | nothing: the status is final |\n\
             | EXPIRED | nothing: the status is final |\n\
             | REJECTED | nothing: the status is final |\n";
        assert_eq!(TRANSFER.to_table(), expected);
    }
}
