//! Entries: what happened, for ever.
//!
//! A [`Draft`] is what a caller asks for; an [`Entry`] is what the book accepted. There is no way
//! to change an entry: a mistake is put right by another entry that names it ([`Relation`]).

use serde::{Deserialize, Serialize};

use crate::account::AccountIx;
use crate::hold::HoldId;
use crate::id::number_id;
use crate::minor::MinorUnits;
use crate::posting::{Line, Posting, Side};

/// An entry that a caller wants posted.
///
/// Lines are applied in the order in which they were added, and each must be covered when its turn
/// comes. They have to balance per asset: an exchange is one draft that balances twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub(crate) id: EntryId,
    pub(crate) stamp: Stamp,
    pub(crate) relation: Option<Relation>,
    pub(crate) settles: Option<HoldId>,
    pub(crate) lines: Vec<Line>,
}

impl Draft {
    /// A draft without lines.
    #[must_use]
    pub fn new(id: EntryId, stamp: Stamp) -> Self {
        Self {
            id,
            stamp,
            relation: None,
            settles: None,
            lines: Vec::with_capacity(2),
        }
    }

    /// Adds a debit; `amount` in the smallest unit of the account's asset.
    #[must_use]
    pub fn debit(self, account: AccountIx, amount: MinorUnits) -> Self {
        self.line(Line {
            account,
            side: Side::Debit,
            amount,
        })
    }

    /// Adds a credit; `amount` in the smallest unit of the account's asset.
    #[must_use]
    pub fn credit(self, account: AccountIx, amount: MinorUnits) -> Self {
        self.line(Line {
            account,
            side: Side::Credit,
            amount,
        })
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// Settles a hold with this entry: the hold ends, what the draft takes from its account may
    /// use the held amount, and what it does not take is available again.
    #[must_use]
    pub const fn settling(mut self, hold: HoldId) -> Self {
        self.settles = Some(hold);
        self
    }

    /// Marks the entry as a correction of an earlier one; the lines are free.
    #[must_use]
    pub const fn correcting(mut self, entry: EntryId) -> Self {
        self.relation = Some(Relation::Corrects(entry));
        self
    }

    /// The id that the entry will have.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

/// An accepted entry; immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub(crate) id: EntryId,
    pub(crate) sequence: u64,
    pub(crate) stamp: Stamp,
    pub(crate) relation: Option<Relation>,
    pub(crate) settles: Option<HoldId>,
    pub(crate) postings: Box<[Posting]>,
}

impl Entry {
    /// The id that the caller gave.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// Its number in the book: 1, 2, 3, … without gaps.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When and why.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The earlier entry that it reverses or corrects.
    #[must_use]
    pub const fn relation(&self) -> Option<Relation> {
        self.relation
    }

    /// The hold that it settled.
    #[must_use]
    pub const fn settles(&self) -> Option<HoldId> {
        self.settles
    }

    /// Its lines in order; at least two, balanced per asset.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The account's current balance right after this entry, if the entry touches it.
    #[must_use]
    pub fn balance_after(&self, account: AccountIx) -> Option<MinorUnits> {
        let last = self
            .postings
            .iter()
            .rev()
            .find(|posting| posting.account == account)?;
        Some(last.balance_after)
    }
}

/// How an entry refers to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Puts part of it right; any number of corrections may name the same entry.
    Corrects(EntryId),
    /// Undoes it whole: the same lines on the other side, at most once per entry.
    Reverses(EntryId),
}

impl Relation {
    /// The earlier entry.
    #[must_use]
    pub const fn entry(self) -> EntryId {
        match self {
            Self::Corrects(entry) | Self::Reverses(entry) => entry,
        }
    }
}

/// When and why: brought by the caller, since the ledger has no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Business time, in microseconds since 1970-01-01T00:00:00Z. Not required to grow: the
    /// sequence is the order of a book.
    pub at_micros: i64,
    /// What caused the change: the position of the command in the caller's journal.
    pub cause: u64,
}

impl Stamp {
    /// That moment (microseconds since 1970), that cause.
    #[must_use]
    pub const fn new(at_micros: i64, cause: u64) -> Self {
        Self { at_micros, cause }
    }
}

number_id! {
    /// The id of an entry: 128 bits that the caller brings, unique in the book. Prints as a UUID.
    pub struct EntryId
}
