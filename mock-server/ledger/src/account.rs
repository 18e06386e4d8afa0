//! Accounts: one asset, one kind, two running totals and what is held.
//!
//! Balances are never stored: `current` is the difference of the totals on the account's normal
//! side, `available` is that less the open holds. The kind decides the normal side and whether the
//! account may fall below zero; there are no flags on single accounts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::asset::AssetIx;
use crate::id::text_id;
use crate::minor::MinorUnits;
use crate::posting::Side;

/// An account of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub(crate) id: LedgerAccountId,
    pub(crate) asset: AssetIx,
    pub(crate) kind: AccountKind,
    pub(crate) tally: Tally,
}

impl Account {
    /// The name under which it was opened.
    #[must_use]
    pub const fn id(&self) -> &LedgerAccountId {
        &self.id
    }

    /// The one asset that it counts.
    #[must_use]
    pub const fn asset(&self) -> AssetIx {
        self.asset
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> AccountKind {
        self.kind
    }

    /// Everything ever debited, in smallest units.
    #[must_use]
    pub const fn debits(&self) -> MinorUnits {
        self.tally.debits
    }

    /// Everything ever credited, in smallest units.
    #[must_use]
    pub const fn credits(&self) -> MinorUnits {
        self.tally.credits
    }

    /// The posted balance on the normal side, in smallest units.
    #[must_use]
    pub const fn current(&self) -> MinorUnits {
        // Both totals lie in 0..=MAX, so their difference always fits.
        match self.kind.normal_side() {
            Side::Debit => self.tally.debits.sub_bounded(self.tally.credits),
            Side::Credit => self.tally.credits.sub_bounded(self.tally.debits),
        }
    }

    /// The sum of the open holds, in smallest units.
    #[must_use]
    pub const fn held(&self) -> MinorUnits {
        self.tally.held
    }

    /// What may still be spent: current less held, in smallest units.
    #[must_use]
    pub const fn available(&self) -> MinorUnits {
        // Holds exist only where current >= held >= 0; elsewhere held is zero.
        self.current().sub_bounded(self.tally.held)
    }

    /// The three balances at once.
    #[must_use]
    pub const fn balances(&self) -> Balances {
        Balances {
            current: self.current(),
            held: self.held(),
            available: self.available(),
        }
    }
}

/// The derived balances of an account, in smallest units on its normal side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Balances {
    /// All that is posted.
    pub current: MinorUnits,
    /// Reserved by open holds.
    pub held: MinorUnits,
    /// `current - held`.
    pub available: MinorUnits,
}

/// What an account is for. The kind fixes the normal side and the overdraft policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountKind {
    /// Conversions between assets that are agreed and not yet settled with the market; stands on
    /// either side of zero.
    Clearing,
    /// Money and coins at a custodian, one account per asset and custodian; never below zero,
    /// since nobody can hand out what is not there.
    Custody,
    /// What the platform owes to a customer (the client's own treasury included); never below
    /// zero.
    Customer,
    /// What the platform has earned; may fall below zero while a refund waits for new fees.
    Fees,
    /// Payments between a customer's account and the outside world: positive on the way in,
    /// negative when handed to a rail that custody has not yet paid.
    InFlight,
    /// Money whose owner is open: positive when it came without an owner, negative when a return
    /// could not be taken from one.
    Suspense,
}

impl AccountKind {
    /// Every kind, in order.
    pub const ALL: [Self; 6] = [
        Self::Clearing,
        Self::Custody,
        Self::Customer,
        Self::Fees,
        Self::InFlight,
        Self::Suspense,
    ];

    /// The side on which its balance grows: debit for what the platform has, credit for what it
    /// owes or earned.
    #[must_use]
    pub const fn normal_side(self) -> Side {
        match self {
            Self::Clearing | Self::Custody | Self::InFlight => Side::Debit,
            Self::Customer | Self::Fees | Self::Suspense => Side::Credit,
        }
    }

    /// Whether its available balance may fall below zero.
    #[must_use]
    pub const fn overdraft(self) -> OverdraftPolicy {
        match self {
            Self::Custody | Self::Customer => OverdraftPolicy::Refused,
            Self::Clearing | Self::Fees | Self::InFlight | Self::Suspense => {
                OverdraftPolicy::Allowed
            }
        }
    }

    /// The name used in snapshots, for example `in_flight`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clearing => "clearing",
            Self::Custody => "custody",
            Self::Customer => "customer",
            Self::Fees => "fees",
            Self::InFlight => "in_flight",
            Self::Suspense => "suspense",
        }
    }
}

impl std::fmt::Display for AccountKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a balance may fall below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverdraftPolicy {
    /// Any balance is possible; holds make no sense on such an account and are refused.
    Allowed,
    /// A posting or hold beyond the available balance is refused.
    Refused,
}

/// The place of an account in its book; a handle of that book (and of its clones) only.
///
/// Text is looked up once, by [`Book::find`](crate::Book::find); postings carry four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountIx(pub(crate) u32);

impl AccountIx {
    /// The position as an index into the book's accounts.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

text_id! {
    /// The name of an account, for example `customer:ACME_USD` or `custody:FIAT_TESTNET_USD:BANK`.
    /// The ledger reads no meaning into it. Cheap to clone.
    pub struct LedgerAccountId, error InvalidAccountId, what "an account id"
}

/// What follows from the entries and holds of an account: kept up to date by the book, never
/// written to a snapshot, recomputed by the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) debits: MinorUnits,
    pub(crate) credits: MinorUnits,
    pub(crate) held: MinorUnits,
    /// Positions of the entries that touch the account, ascending, each once.
    pub(crate) entries: Vec<u32>,
    /// Positions of its open holds.
    pub(crate) open_holds: BTreeSet<usize>,
}

impl Tally {
    /// The total of one side.
    pub(crate) const fn side_mut(&mut self, side: Side) -> &mut MinorUnits {
        match side {
            Side::Debit => &mut self.debits,
            Side::Credit => &mut self.credits,
        }
    }
}
