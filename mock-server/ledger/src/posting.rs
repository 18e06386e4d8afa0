//! Postings: the lines of an entry.
//!
//! An amount is always positive and the side says which way it goes, as in a paper ledger; a sign
//! never has two meanings.

use serde::{Deserialize, Serialize};

use crate::account::AccountIx;
use crate::minor::MinorUnits;

/// The side of an account on which an amount is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Raises what the platform has; lowers what it owes.
    Debit,
    /// Raises what the platform owes; lowers what it has.
    Credit,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

/// A line that is asked for: not yet checked, not yet in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The account to write on.
    pub account: AccountIx,
    /// The side to write on.
    pub side: Side,
    /// How much, in the smallest unit of the account's asset; must be positive.
    pub amount: MinorUnits,
}

/// A line as it stands in a book, with the balance that it left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub(crate) account: AccountIx,
    pub(crate) side: Side,
    pub(crate) amount: MinorUnits,
    pub(crate) balance_after: MinorUnits,
}

impl Posting {
    /// The account that was written on.
    #[must_use]
    pub const fn account(&self) -> AccountIx {
        self.account
    }

    /// The side that was written on.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// How much, in the smallest unit of the account's asset; positive.
    #[must_use]
    pub const fn amount(&self) -> MinorUnits {
        self.amount
    }

    /// The account's current balance right after this line, on its normal side.
    #[must_use]
    pub const fn balance_after(&self) -> MinorUnits {
        self.balance_after
    }

    /// The line that undoes this one.
    pub(crate) const fn mirrored(&self) -> Line {
        Line {
            account: self.account,
            side: self.side.opposite(),
            amount: self.amount,
        }
    }
}
