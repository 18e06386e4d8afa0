//! Why the book refuses. A refusal leaves the book as it was.
//!
//! The checks run in a fixed order, given at each method of [`Book`](crate::Book), so that a draft
//! with two faults always gets the same answer.

use crate::account::{AccountKind, LedgerAccountId};
use crate::asset::{Asset, AssetCode};
use crate::book::MAX_POSTINGS;
use crate::entry::EntryId;
use crate::hold::HoldId;
use crate::minor::MinorUnits;

/// A refused request to a book; nothing was changed. All amounts are in smallest units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// An account with this id is open already.
    #[error("account {account} is open already; use Book::find to reach it")]
    AccountExists {
        /// The id that is taken.
        account: LedgerAccountId,
    },
    /// The entry has been reversed before.
    #[error("entry {entry} was reversed by {by} already; post a correction instead")]
    AlreadyReversed {
        /// The entry that was to be reversed.
        entry: EntryId,
        /// The entry that reversed it.
        by: EntryId,
    },
    /// An amount is zero or negative; the side says which way money goes.
    #[error(
        "amount {amount} on account {account} is not positive; use the other side instead of a sign"
    )]
    AmountNotPositive {
        /// The account of the line or hold.
        account: LedgerAccountId,
        /// The amount given.
        amount: MinorUnits,
    },
    /// An asset with this code is defined already.
    #[error("asset {asset} is defined already; its scale cannot change")]
    AssetExists {
        /// The code that is taken.
        asset: AssetCode,
    },
    /// An entry with this id is in the book already.
    #[error("entry {entry} is posted already; read it instead of posting it twice")]
    EntryExists {
        /// The id that is taken.
        entry: EntryId,
    },
    /// The book has no room for another handle or position.
    #[error("a book holds at most {max} assets, and as many accounts, entries and holds", max = u32::MAX)]
    Full,
    /// The hold was released before.
    #[error("hold {hold} was released already; place a new one")]
    HoldAlreadyReleased {
        /// The hold.
        hold: HoldId,
    },
    /// The hold was settled before.
    #[error(
        "hold {hold} was settled by entry {entry} already; correct or reverse that entry instead"
    )]
    HoldAlreadySettled {
        /// The hold.
        hold: HoldId,
        /// The entry that settled it.
        entry: EntryId,
    },
    /// The entry takes more than was held.
    #[error("hold {hold} reserved {held}, the entry takes {required}; post at most what was held")]
    HoldExceeded {
        /// The hold.
        hold: HoldId,
        /// What was reserved.
        held: MinorUnits,
        /// What the draft takes from the account.
        required: MinorUnits,
    },
    /// A hold with this id is in the book already.
    #[error("hold {hold} exists already; a hold id is used once")]
    HoldExists {
        /// The id that is taken.
        hold: HoldId,
    },
    /// The account may overdraw, so there is nothing to reserve on it.
    #[error("account {account} ({kind}) may overdraw, so nothing can be held on it; post directly")]
    HoldNotSupported {
        /// The account.
        account: LedgerAccountId,
        /// Its kind.
        kind: AccountKind,
    },
    /// The draft settles a hold and takes nothing from its account.
    #[error(
        "the entry settles hold {hold} and takes nothing from {account}; release the hold instead"
    )]
    HoldNotUsed {
        /// The hold.
        hold: HoldId,
        /// The account that it is on.
        account: LedgerAccountId,
    },
    /// The available balance does not cover a line or hold.
    #[error("account {account} has {available} available and {required} is required")]
    InsufficientFunds {
        /// The account that is short.
        account: LedgerAccountId,
        /// What was available when the line's turn came, a settled hold included.
        available: MinorUnits,
        /// What the line or hold asks for.
        required: MinorUnits,
    },
    /// The draft says that it reverses an entry and is not its mirror image.
    #[error(
        "the draft is not the mirror image of entry {entry}; make it with Book::reversal or mark it as a correction"
    )]
    NotAMirror {
        /// The entry to be reversed.
        entry: EntryId,
    },
    /// The turnover of the asset would not fit 127 bits.
    #[error("the turnover of {asset} in this book would exceed 127 bits; split the book")]
    Overflow {
        /// The asset.
        asset: AssetCode,
    },
    /// The scale is beyond what an `i128` can count.
    #[error("asset {asset} has scale {scale}; at most {max} is possible", max = Asset::SCALE_MAX)]
    ScaleTooLarge {
        /// The asset.
        asset: AssetCode,
        /// The scale given.
        scale: u32,
    },
    /// Fewer than two lines: one line cannot balance.
    #[error("an entry has at least two lines, this one has {count}")]
    TooFewPostings {
        /// The number of lines given.
        count: usize,
    },
    /// More lines than an entry may have.
    #[error("an entry has at most {MAX_POSTINGS} lines, this one has {count}; split it")]
    TooManyPostings {
        /// The number of lines given.
        count: usize,
    },
    /// Debits and credits of an asset differ.
    #[error("the lines in {asset} do not balance: {debits} debited, {credits} credited")]
    Unbalanced {
        /// The asset.
        asset: AssetCode,
        /// The sum of its debits in the draft.
        debits: MinorUnits,
        /// The sum of its credits in the draft.
        credits: MinorUnits,
    },
    /// No account has this id.
    #[error("account {account} is not open in this book; open it first")]
    UnknownAccount {
        /// The id asked for.
        account: LedgerAccountId,
    },
    /// The handle was made by another book.
    #[error("account handle {index} is not of this book; use Book::find")]
    UnknownAccountIx {
        /// The position that the handle names.
        index: u32,
    },
    /// No asset has this code.
    #[error("asset {asset} is not defined in this book; define it first")]
    UnknownAsset {
        /// The code asked for.
        asset: AssetCode,
    },
    /// No entry has this id.
    #[error("entry {entry} is not in this book")]
    UnknownEntry {
        /// The id asked for.
        entry: EntryId,
    },
    /// No hold has this id.
    #[error("hold {hold} is not in this book; place it first")]
    UnknownHold {
        /// The id asked for.
        hold: HoldId,
    },
}
