//! Holds: the first of two phases.
//!
//! A hold lowers what is available and leaves what is current. It ends once: *settled* by an entry
//! (which may take less than was held, never more) or *released*. It does not expire by itself,
//! since the ledger has no clock; the caller releases it.
//!
//! A pending *credit* has no counterpart here: it changes neither balance, so it is not yet a fact
//! of the ledger.

use serde::{Deserialize, Serialize};

use crate::account::AccountIx;
use crate::entry::{EntryId, Stamp};
use crate::id::number_id;
use crate::minor::MinorUnits;

/// A hold that a caller wants placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldDraft {
    pub(crate) id: HoldId,
    pub(crate) account: AccountIx,
    pub(crate) amount: MinorUnits,
    pub(crate) stamp: Stamp,
}

impl HoldDraft {
    /// Reserves `amount` (smallest units of the account's asset, positive) on `account`.
    #[must_use]
    pub const fn new(id: HoldId, account: AccountIx, amount: MinorUnits, stamp: Stamp) -> Self {
        Self {
            id,
            account,
            amount,
            stamp,
        }
    }
}

/// A hold as it stands in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub(crate) id: HoldId,
    pub(crate) account: AccountIx,
    pub(crate) amount: MinorUnits,
    pub(crate) placed: Stamp,
    pub(crate) state: HoldState,
}

impl Hold {
    /// The id that the caller gave.
    #[must_use]
    pub const fn id(&self) -> HoldId {
        self.id
    }

    /// The account whose available balance it lowers.
    #[must_use]
    pub const fn account(&self) -> AccountIx {
        self.account
    }

    /// How much was reserved, in the smallest unit of the account's asset.
    #[must_use]
    pub const fn amount(&self) -> MinorUnits {
        self.amount
    }

    /// When and why it was placed.
    #[must_use]
    pub const fn placed(&self) -> Stamp {
        self.placed
    }

    /// Whether it is open, settled or released.
    #[must_use]
    pub const fn state(&self) -> HoldState {
        self.state
    }

    /// True while it still lowers the available balance.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, HoldState::Open)
    }
}

/// The life of a hold; it leaves `Open` once and never returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Lowers the available balance.
    Open,
    /// Given back whole.
    Released {
        /// When and why.
        stamp: Stamp,
    },
    /// Ended by an entry; the rest of the held amount was given back.
    Settled {
        /// The entry that took the money.
        entry: EntryId,
        /// What the entry took from the account, in smallest units; at most the held amount.
        posted: MinorUnits,
    },
}

number_id! {
    /// The id of a hold: 128 bits that the caller brings, unique in the book. Prints as a UUID.
    pub struct HoldId
}
