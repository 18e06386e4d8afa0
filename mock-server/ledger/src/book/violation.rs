//! What an audit can find wrong with a book.

use crate::account::LedgerAccountId;
use crate::asset::AssetCode;
use crate::entry::EntryId;
use crate::error::LedgerError;
use crate::hold::HoldId;
use crate::minor::MinorUnits;

/// A broken rule of the book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A recorded balance is not the sum of the postings up to it.
    #[error("entry {entry} records a balance of {recorded} on {account}, its postings make {sum}")]
    BalanceAfter {
        /// The entry.
        entry: EntryId,
        /// The account.
        account: LedgerAccountId,
        /// The balance in the entry, in smallest units.
        recorded: MinorUnits,
        /// The balance by the postings, in smallest units.
        sum: MinorUnits,
    },
    /// An asset or account of a snapshot cannot be defined.
    #[error("an asset or account is defined wrongly")]
    Definition(#[source] LedgerError),
    /// An entry breaks a rule of posting.
    #[error("entry {entry} breaks a rule of posting: {rule}")]
    Entry {
        /// The entry.
        entry: EntryId,
        /// The rule, as a posting would have reported it.
        rule: LedgerError,
    },
    /// A hold breaks a rule of holds.
    #[error("hold {hold} breaks a rule of holds: {rule}")]
    Hold {
        /// The hold.
        hold: HoldId,
        /// The rule, as placing it would have reported it.
        rule: LedgerError,
    },
    /// An index of the book disagrees with the facts.
    #[error("an index of the book disagrees with its entries and holds")]
    Index,
    /// An account that may not overdraw has less than nothing available.
    #[error("account {account} may not overdraw and has {current} with {held} held")]
    Overdrawn {
        /// The account.
        account: LedgerAccountId,
        /// Its balance, in smallest units.
        current: MinorUnits,
        /// What open holds reserve, in smallest units.
        held: MinorUnits,
    },
    /// The numbers of the entries have a gap or a repetition.
    #[error("entry {entry} has sequence {found}, expected {expected}")]
    Sequence {
        /// The entry.
        entry: EntryId,
        /// The number it should have.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// A settled hold and its entry do not name each other, or name different amounts.
    #[error("hold {hold} and the entry that settles it disagree")]
    Settlement {
        /// The hold.
        hold: HoldId,
    },
    /// The cached totals of an account disagree with its postings and holds.
    #[error("the totals of account {account} disagree with its postings and holds")]
    Tally {
        /// The account.
        account: LedgerAccountId,
    },
    /// The platform does not have what it owes.
    #[error("the trial balance of {asset} does not balance")]
    TrialBalance {
        /// The asset.
        asset: AssetCode,
    },
    /// An account of a snapshot counts an asset that the snapshot does not define.
    #[error("account {account} counts an asset that is not defined")]
    UnknownAssetIx {
        /// The account.
        account: LedgerAccountId,
    },
}
