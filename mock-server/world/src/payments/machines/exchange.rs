//! The status machine of exchanges.

use core::fmt;

use layer2_types::payments::ExchangeStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;

/// Where an exchange stands. The document has a status CANCELLED too, but no call that cancels an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExchangeStage {
    /// Waits to be accepted.
    Requested,
    /// Ordered; the funds are held.
    Accepted,
    /// Traded, and posted on both accounts.
    Executed,
    /// Not accepted in time.
    Expired,
    /// Not to be had within the slippage, or impossible; the hold was released.
    Rejected,
}

/// What may follow each stage of an exchange.
pub const EXCHANGE: Machine<ExchangeStage> = Machine {
    name: "exchange",
    rows: &[
        Row {
            from: ExchangeStage::Requested,
            next: &[ExchangeStage::Accepted, ExchangeStage::Expired],
        },
        Row {
            from: ExchangeStage::Accepted,
            next: &[ExchangeStage::Executed, ExchangeStage::Rejected],
        },
        Row {
            from: ExchangeStage::Executed,
            next: &[],
        },
        Row {
            from: ExchangeStage::Expired,
            next: &[],
        },
        Row {
            from: ExchangeStage::Rejected,
            next: &[],
        },
    ],
};

impl ExchangeStage {
    /// As on the wire.
    pub fn status(self) -> ExchangeStatus {
        match self {
            Self::Requested => ExchangeStatus::Requested,
            Self::Accepted => ExchangeStatus::Accepted,
            Self::Executed => ExchangeStatus::Executed,
            Self::Expired => ExchangeStatus::Expired,
            Self::Rejected => ExchangeStatus::Rejected,
        }
    }
}

impl fmt::Display for ExchangeStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_prints_as_a_table() {
        let expected = "| exchange | may become |\n|---|---|\n\
             | REQUESTED | ACCEPTED, EXPIRED |\n\
             | ACCEPTED | EXECUTED, REJECTED |\n\
             | EXECUTED | nothing: the status is final |\n\
             | EXPIRED | nothing: the status is final |\n\
             | REJECTED | nothing: the status is final |\n";
        assert_eq!(EXCHANGE.to_table(), expected);
    }
}
