//! The book as data.
//!
//! Written: the facts, in order. Not written: totals and indexes. They are recomputed when the
//! snapshot is read, and a snapshot whose facts break a rule of the book is refused, so a book in
//! memory is always a sound one.

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

use crate::account::{Account, AccountKind, LedgerAccountId, Tally};
use crate::asset::{Asset, AssetIx};
use crate::entry::Entry;
use crate::hold::Hold;

use super::{Book, Violation};

impl Serialize for Book {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let accounts = self.accounts.iter().map(AccountRecord::of).collect();
        Facts {
            assets: &self.assets,
            accounts,
            entries: &self.entries,
            holds: &self.holds,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Book {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?
            .into_book()
            .map_err(|violation| D::Error::custom(format_args!("not a sound book: {violation}")))
    }
}

/// What is written.
#[derive(Serialize)]
struct Facts<'a> {
    assets: &'a [Asset],
    accounts: Vec<AccountRecord>,
    entries: &'a [Entry],
    holds: &'a [Hold],
}

/// What is read.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    assets: Vec<Asset>,
    accounts: Vec<AccountRecord>,
    entries: Vec<Entry>,
    holds: Vec<Hold>,
}

impl Snapshot {
    fn into_book(self) -> Result<Book, Violation> {
        let mut book = Book::new();
        for asset in self.assets {
            book.define(asset).map_err(Violation::Definition)?;
        }
        for AccountRecord { id, asset, kind } in self.accounts {
            let Some(asset) = book.asset(asset).map(|asset| asset.code().clone()) else {
                return Err(Violation::UnknownAssetIx { account: id });
            };
            book.open(id, &asset, kind).map_err(Violation::Definition)?;
        }
        book.entries = self.entries;
        book.holds = self.holds;
        let recount = book.recount();
        if let Some(violation) = recount.violations.into_iter().next() {
            return Err(violation);
        }
        for (account, tally) in book.accounts.iter_mut().zip(recount.tallies) {
            account.tally = tally;
        }
        book.index = recount.index;
        Ok(book)
    }
}

/// An account without what follows from its entries.
#[derive(Serialize, serde::Deserialize)]
struct AccountRecord {
    id: LedgerAccountId,
    asset: AssetIx,
    kind: AccountKind,
}

impl AccountRecord {
    fn of(account: &Account) -> Self {
        let Account {
            id,
            asset,
            kind,
            tally: Tally { .. },
        } = account;
        Self {
            id: id.clone(),
            asset: *asset,
            kind: *kind,
        }
    }
}
