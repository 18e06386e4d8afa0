#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod account;
mod asset;
mod book;
mod convert;
mod entry;
mod error;
mod hold;
mod id;
mod minor;
mod posting;
mod trial_balance;

pub use account::{
    Account, AccountIx, AccountKind, Balances, InvalidAccountId, LedgerAccountId, OverdraftPolicy,
};
pub use asset::{Asset, AssetCode, AssetIx, InvalidAssetCode};
pub use book::{BatchError, Book, MAX_POSTINGS, Step, Violation};
pub use convert::{ConvertError, Rate, Rounding, mul_div, pow10};
pub use entry::{Draft, Entry, EntryId, Relation, Stamp};
pub use error::LedgerError;
pub use hold::{Hold, HoldDraft, HoldId, HoldState};
pub use id::InvalidNumberId;
pub use minor::{InvalidMinorUnits, MinorUnits, Overflow};
pub use posting::{Line, Posting, Side};
pub use trial_balance::{AssetTotals, TrialBalance};
