//! The machine of withdrawals.
//!
//! The steps between acceptance and execution are Rail 1.1.2's; Layer2 1.0.5 has the two ends alone, and shows what lies
//! between as ACCEPTED.

use core::fmt;

use layer2_types::operation::Platform;
use layer2_types::payments::WithdrawalStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;

/// Where a withdrawal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WithdrawalStage {
    /// Waits to be accepted.
    Requested,
    /// Waits for documents.
    ChangesRequested,
    /// Ordered; the funds are held.
    Accepted,
    /// Waits for approval by the platform.
    Authorized,
    /// Approved, and waits to be handed to its rail.
    Approved,
    /// In the hands of its rail.
    InProgress,
    /// Sent; the funds have left.
    Executed,
    /// Its cancellation is asked for and not decided.
    Cancelling,
    /// Not carried out; the hold was released.
    Cancelled,
    /// Not accepted in time.
    Expired,
    /// Refused, or failed on its rail; the hold was released.
    Rejected,
}

/// What may follow each stage of a withdrawal. Control can take the steps to EXECUTED and REJECTED at once.
pub const WITHDRAWAL: Machine<WithdrawalStage> = Machine {
    name: "withdrawal",
    rows: &[
        Row {
            from: WithdrawalStage::Requested,
            next: &[
                WithdrawalStage::ChangesRequested,
                WithdrawalStage::Accepted,
                WithdrawalStage::Cancelling,
                WithdrawalStage::Expired,
            ],
        },
        Row {
            from: WithdrawalStage::ChangesRequested,
            next: &[WithdrawalStage::Requested, WithdrawalStage::Cancelling],
        },
        Row {
            from: WithdrawalStage::Accepted,
            next: &[
                WithdrawalStage::Authorized,
                WithdrawalStage::Executed,
                WithdrawalStage::Cancelling,
                WithdrawalStage::Rejected,
            ],
        },
        Row {
            from: WithdrawalStage::Authorized,
            next: &[
                WithdrawalStage::Approved,
                WithdrawalStage::Executed,
                WithdrawalStage::Cancelling,
                WithdrawalStage::Rejected,
            ],
        },
        Row {
            from: WithdrawalStage::Approved,
            next: &[
                WithdrawalStage::InProgress,
                WithdrawalStage::Executed,
                WithdrawalStage::Cancelling,
                WithdrawalStage::Rejected,
            ],
        },
        Row {
            from: WithdrawalStage::InProgress,
            next: &[
                WithdrawalStage::Executed,
                WithdrawalStage::Cancelling,
                WithdrawalStage::Rejected,
            ],
        },
        Row {
            from: WithdrawalStage::Executed,
            next: &[],
        },
        Row {
            from: WithdrawalStage::Cancelling,
            next: &[
                WithdrawalStage::Cancelled,
                WithdrawalStage::Executed,
                WithdrawalStage::Rejected,
            ],
        },
        Row {
            from: WithdrawalStage::Cancelled,
            next: &[],
        },
        Row {
            from: WithdrawalStage::Expired,
            next: &[],
        },
        Row {
            from: WithdrawalStage::Rejected,
            next: &[],
        },
    ],
};

impl WithdrawalStage {
    /// As a version of the platform shows it.
    pub fn status(self, platform: Platform) -> WithdrawalStatus {
        let old = platform == Platform::Layer2V1_0_5;
        match self {
            Self::ChangesRequested if !old => WithdrawalStatus::ChangesRequested,
            Self::Requested | Self::ChangesRequested => WithdrawalStatus::Requested,
            Self::Authorized if !old => WithdrawalStatus::Authorized,
            Self::Approved if !old => WithdrawalStatus::Approved,
            Self::InProgress if !old => WithdrawalStatus::InProgress,
            Self::Cancelling if !old => WithdrawalStatus::Cancelling,
            Self::Accepted
            | Self::Authorized
            | Self::Approved
            | Self::InProgress
            | Self::Cancelling => WithdrawalStatus::Accepted,
            Self::Executed => WithdrawalStatus::Executed,
            Self::Cancelled => WithdrawalStatus::Cancelled,
            Self::Expired => WithdrawalStatus::Expired,
            Self::Rejected => WithdrawalStatus::Rejected,
        }
    }
}

impl fmt::Display for WithdrawalStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status(Platform::Union).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_stages_are_final_as_the_document_says() {
        let last: Vec<String> = WITHDRAWAL
            .rows
            .iter()
            .filter(|row| row.next.is_empty())
            .map(|row| row.from.to_string())
            .collect();
        assert_eq!(last, ["EXECUTED", "CANCELLED", "EXPIRED", "REJECTED"]);
        assert_eq!(WITHDRAWAL.rows.len(), 11);
    }

    #[test]
    fn what_is_not_final_can_be_cancelled_once() {
        for row in WITHDRAWAL.rows {
            let open = !row.next.is_empty() && row.from != WithdrawalStage::Cancelling;
            let allowed = WITHDRAWAL.allows(row.from, WithdrawalStage::Cancelling);
            assert_eq!(allowed, open, "{}", row.from);
        }
    }

    #[test]
    fn version_1_0_5_knows_six_of_them() {
        let mut shown: Vec<String> = WITHDRAWAL
            .rows
            .iter()
            .map(|row| row.from.status(Platform::Layer2V1_0_5).to_string())
            .collect();
        shown.sort();
        shown.dedup();
        assert_eq!(
            shown,
            [
                "ACCEPTED",
                "CANCELLED",
                "EXECUTED",
                "EXPIRED",
                "REJECTED",
                "REQUESTED"
            ]
        );
        let stage = WithdrawalStage::InProgress;
        assert_eq!(stage.status(Platform::RailV1_1_2).as_str(), "IN_PROGRESS");
    }
}
