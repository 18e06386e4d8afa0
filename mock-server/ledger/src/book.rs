//! The book: assets, accounts, entries and holds, and the only way to change them.
//!
//! Every change is checked whole before the first field is written, so an error leaves the book
//! equal to what it was. Nothing is ever removed. A snapshot holds the facts (assets, accounts,
//! entries, holds); whatever follows from them is recomputed when it is read back.
//!
//! | file | is |
//! |---|---|
//! | `book.rs` | definitions and reads |
//! | `book/post.rs` | checking and posting entries, reversals |
//! | `book/holds.rs` | placing and releasing holds |
//! | `book/positions.rs` | rows by their ids |
//! | `book/batch.rs` | several changes or none |
//! | `book/audit.rs` | recomputation from the facts, invariants |
//! | `book/violation.rs` | what an audit can find wrong |
//! | `book/snapshot.rs` | serde |

mod audit;
mod batch;
mod holds;
mod positions;
mod post;
mod snapshot;
mod violation;

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use crate::account::{Account, AccountIx, AccountKind, LedgerAccountId, Tally};
use crate::asset::{Asset, AssetCode, AssetIx};
use crate::entry::{Entry, EntryId};
use crate::error::LedgerError;
use crate::hold::{Hold, HoldId};
use crate::minor::MinorUnits;
use crate::trial_balance::TrialBalance;

use positions::Positions;

pub use batch::{BatchError, Step};
pub use post::MAX_POSTINGS;
pub use violation::Violation;

/// A double-entry book.
///
/// Two books are equal when all their facts and all their balances are. A clone is a fork: handles
/// ([`AccountIx`], [`AssetIx`]) made before it work in both.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(crate) assets: Vec<Asset>,
    pub(crate) accounts: Vec<Account>,
    entries: Vec<Entry>,
    holds: Vec<Hold>,
    asset_by_code: BTreeMap<AssetCode, AssetIx>,
    account_by_id: BTreeMap<LedgerAccountId, AccountIx>,
    index: Index,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Defines an asset.
    ///
    /// # Errors
    /// [`LedgerError::AssetExists`], [`LedgerError::Full`].
    pub fn define(&mut self, asset: Asset) -> Result<AssetIx, LedgerError> {
        if self.asset_by_code.contains_key(asset.code()) {
            return Err(LedgerError::AssetExists {
                asset: asset.code().clone(),
            });
        }
        let ix = AssetIx(u32::try_from(self.assets.len()).map_err(|_| LedgerError::Full)?);
        self.asset_by_code.insert(asset.code().clone(), ix);
        self.assets.push(asset);
        self.index.turnover.push(MinorUnits::ZERO);
        Ok(ix)
    }

    /// Opens an account; it counts one asset for ever.
    ///
    /// # Errors
    /// In this order: [`LedgerError::AccountExists`], [`LedgerError::UnknownAsset`],
    /// [`LedgerError::Full`].
    pub fn open(
        &mut self,
        id: LedgerAccountId,
        asset: &AssetCode,
        kind: AccountKind,
    ) -> Result<AccountIx, LedgerError> {
        if self.account_by_id.contains_key(&id) {
            return Err(LedgerError::AccountExists { account: id });
        }
        let asset = self.find_asset(asset)?;
        let ix = AccountIx(u32::try_from(self.accounts.len()).map_err(|_| LedgerError::Full)?);
        self.account_by_id.insert(id.clone(), ix);
        self.accounts.push(Account {
            id,
            asset,
            kind,
            tally: Tally::default(),
        });
        Ok(ix)
    }

    /// The handle of an account.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccount`].
    pub fn find(&self, id: &LedgerAccountId) -> Result<AccountIx, LedgerError> {
        let found = self.account_by_id.get(id).copied();
        found.ok_or_else(|| LedgerError::UnknownAccount {
            account: id.clone(),
        })
    }

    /// The handle of an asset.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAsset`].
    pub fn find_asset(&self, code: &AssetCode) -> Result<AssetIx, LedgerError> {
        let found = self.asset_by_code.get(code).copied();
        found.ok_or_else(|| LedgerError::UnknownAsset {
            asset: code.clone(),
        })
    }

    /// An account by its handle.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccountIx`] for a handle of another book.
    pub fn account(&self, account: AccountIx) -> Result<&Account, LedgerError> {
        let found = self.accounts.get(account.index());
        found.ok_or(LedgerError::UnknownAccountIx { index: account.0 })
    }

    /// An asset by its handle; `None` for a handle of another book.
    #[must_use]
    pub fn asset(&self, asset: AssetIx) -> Option<&Asset> {
        self.assets.get(asset.index())
    }

    /// All assets, in the order in which they were defined.
    pub fn assets(&self) -> impl ExactSizeIterator<Item = &Asset> {
        self.assets.iter()
    }

    /// All accounts with their handles, ordered by id.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = (AccountIx, &Account)> {
        self.account_by_id
            .values()
            .map(|ix| (*ix, &self.accounts[ix.index()]))
    }

    /// An entry by its id.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        let position = self.index.entry_positions.find(&self.entries, id)?;
        self.entries.get(position)
    }

    /// All entries, in order of their sequence.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The sequence of the last entry; 0 for an empty book.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entries.last().map_or(0, Entry::sequence)
    }

    /// The entry that reversed this one.
    #[must_use]
    pub fn reversed_by(&self, id: EntryId) -> Option<EntryId> {
        self.index.reversed_by.get(&id).copied()
    }

    /// How many entries touch the account and have a sequence of at most `as_of`; found by binary
    /// search. `u64::MAX` counts all of them.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccountIx`].
    pub fn entry_count(&self, account: AccountIx, as_of: u64) -> Result<usize, LedgerError> {
        let positions = &self.account(account)?.tally.entries;
        Ok(positions.partition_point(|position| self.entry_at(*position).sequence <= as_of))
    }

    /// The entries that touch the account, in order; `range` counts them from 0 and is cut to what
    /// there is, so a page costs what it shows.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccountIx`].
    pub fn entries_of(
        &self,
        account: AccountIx,
        range: impl RangeBounds<usize>,
    ) -> Result<impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator, LedgerError> {
        let positions = &self.account(account)?.tally.entries;
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => positions.len(),
        };
        let end = end.min(positions.len());
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let page = &positions[start.min(end)..end];
        Ok(page.iter().map(|position| self.entry_at(*position)))
    }

    /// The current balance that the account had after the entry with sequence `as_of`, in smallest
    /// units; found by binary search.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccountIx`].
    pub fn balance_as_of(&self, account: AccountIx, as_of: u64) -> Result<MinorUnits, LedgerError> {
        let count = self.entry_count(account, as_of)?;
        let last = self.entries_of(account, ..count)?.next_back();
        Ok(last
            .and_then(|entry| entry.balance_after(account))
            .unwrap_or_default())
    }

    /// A hold by its id, open or not.
    #[must_use]
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        let position = self.index.hold_positions.find(&self.holds, id)?;
        self.holds.get(position)
    }

    /// All holds, open or not, in the order in which they were placed.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// The open holds of an account, in the order in which they were placed.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccountIx`].
    pub fn open_holds_of(
        &self,
        account: AccountIx,
    ) -> Result<impl DoubleEndedIterator<Item = &Hold>, LedgerError> {
        let positions = &self.account(account)?.tally.open_holds;
        Ok(positions.iter().map(|position| &self.holds[*position]))
    }

    /// The entry at a position of a tally.
    fn entry_at(&self, position: u32) -> &Entry {
        &self.entries[position as usize]
    }

    /// Whether the index says what another one says, and finds each row at its place and nothing else.
    fn has_index(&self, expected: &Index) -> bool {
        let Index {
            turnover,
            entry_positions,
            hold_positions,
            reversed_by,
        } = &self.index;
        *turnover == expected.turnover
            && *reversed_by == expected.reversed_by
            && entry_positions.are_those_of(&self.entries)
            && hold_positions.are_those_of(&self.holds)
    }

    /// The totals per asset.
    #[must_use]
    pub fn trial_balance(&self) -> TrialBalance {
        TrialBalance::of(self)
    }
}

impl PartialEq for Book {
    fn eq(&self, other: &Self) -> bool {
        // Positions are not compared with one another, but each with the rows of its own book, which are equal.
        self.assets == other.assets
            && self.accounts == other.accounts
            && self.entries == other.entries
            && self.holds == other.holds
            && self.asset_by_code == other.asset_by_code
            && self.account_by_id == other.account_by_id
            && self.has_index(&other.index)
            && other.has_index(&self.index)
    }
}

impl Eq for Book {}

/// What follows from the facts and is asked for by id or on every posting.
#[derive(Clone, Debug, Default)]
struct Index {
    /// Per asset, the sum of all debits (and of all credits). Bounds every total of the book.
    turnover: Vec<MinorUnits>,
    entry_positions: Positions,
    hold_positions: Positions,
    reversed_by: BTreeMap<EntryId, EntryId>,
}
