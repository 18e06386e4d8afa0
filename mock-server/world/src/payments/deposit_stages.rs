//! The status machines of deposits and of the money that comes by them.

use core::fmt;

use layer2_types::control::InboundStatus;
use layer2_types::payments::DepositStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;

/// Where a deposit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DepositStage {
    /// Made; money can come, or waits to be pulled.
    Requested,
    /// At least one payment came and was posted.
    Executed,
    /// The pull, or the only payments so far, went wrong.
    Failure,
}

/// What may follow each stage of a deposit. Instructions outlive a payment that failed, and a pull may come back after it
/// was posted; so no stage is the last one.
pub const DEPOSIT: Machine<DepositStage> = Machine {
    name: "deposit",
    rows: &[
        Row {
            from: DepositStage::Requested,
            next: &[DepositStage::Executed, DepositStage::Failure],
        },
        Row {
            from: DepositStage::Executed,
            next: &[DepositStage::Failure],
        },
        Row {
            from: DepositStage::Failure,
            next: &[DepositStage::Executed],
        },
    ],
};

impl DepositStage {
    /// As on the wire.
    pub fn status(self) -> DepositStatus {
        match self {
            Self::Requested => DepositStatus::Requested,
            Self::Executed => DepositStatus::Executed,
            Self::Failure => DepositStatus::Failure,
        }
    }
}

impl fmt::Display for DepositStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

/// How far money from outside has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InboundStage {
    /// It names nobody and waits in suspense.
    Unassigned,
    /// It is being screened.
    Pending,
    /// It was credited.
    Posted,
    /// It was sent back.
    Returned,
}

/// What may follow each stage of money from outside.
pub const INBOUND: Machine<InboundStage> = Machine {
    name: "inbound",
    rows: &[
        Row {
            from: InboundStage::Unassigned,
            next: &[InboundStage::Pending, InboundStage::Returned],
        },
        Row {
            from: InboundStage::Pending,
            next: &[InboundStage::Posted, InboundStage::Returned],
        },
        Row {
            from: InboundStage::Posted,
            next: &[InboundStage::Returned],
        },
        Row {
            from: InboundStage::Returned,
            next: &[],
        },
    ],
};

impl InboundStage {
    /// As on the wire.
    pub fn status(self) -> InboundStatus {
        match self {
            Self::Unassigned => InboundStatus::Unassigned,
            Self::Pending => InboundStatus::Pending,
            Self::Posted => InboundStatus::Posted,
            Self::Returned => InboundStatus::Returned,
        }
    }
}

impl fmt::Display for InboundStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_assigned_once_and_returned_once() {
        assert!(!INBOUND.allows(InboundStage::Posted, InboundStage::Pending));
        assert!(INBOUND.is_final(InboundStage::Returned));
        let table = "| inbound | may become |\n|---|---|\n\
             | UNASSIGNED | PENDING, RETURNED |\n\
             | PENDING | POSTED, RETURNED |\n\
             | POSTED | RETURNED |\n\
             | RETURNED | nothing: the status is final |\n";
        assert_eq!(INBOUND.to_table(), table);
    }

    #[test]
    fn instructions_outlive_a_payment_that_failed() {
        assert!(DEPOSIT.allows(DepositStage::Failure, DepositStage::Executed));
        assert!(!DEPOSIT.allows(DepositStage::Executed, DepositStage::Requested));
    }
}
