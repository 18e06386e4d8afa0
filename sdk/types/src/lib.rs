#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
// The documentation tells which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[allow(
    unused_macros,
    reason = "which of them are used depends on the APIs that are on"
)]
#[macro_use]
mod model;

pub mod amount;
pub mod error_code;
pub mod id;
pub mod json;
#[cfg(feature = "payments")]
pub mod money;
#[doc(hidden)]
pub mod object;
pub mod open_enum;
pub mod operation;
pub mod patch;
pub mod project;
pub mod query;
pub mod redact;
pub mod signing_string;
pub mod slippage;
pub mod tagged;
pub mod timestamp;
pub mod update;

#[cfg(all(
    test,
    any(
        feature = "payments",
        feature = "accounting",
        feature = "plaid",
        feature = "control"
    )
))]
#[macro_use]
mod round_trip;

mod generated;

pub use crate::amount::{Amount, AmountError, AmountErrorKind, Rounding};
pub use crate::error_code::ErrorCodeInfo;
pub use crate::id::{InvalidId, InvalidIdKind};
#[cfg(feature = "payments")]
pub use crate::money::{Money, MoneyError, MoneyErrorKind, Priced, Ratio};
pub use crate::open_enum::UnknownValue;
pub use crate::operation::{
    Api, Effect, HttpMethod, IdempotencyRule, Operation, PagingRule, Platform, PlatformVersion,
    RetryRule, RunsIn, SignatureRule, find, operations,
};
pub use crate::patch::Patch;
pub use crate::project::Project;
pub use crate::query::{QueryError, QueryParams};
pub use crate::redact::Redacted;
pub use crate::signing_string::signing_string;
pub use crate::slippage::{InvalidSlippage, Slippage};
pub use crate::tagged::{TagError, UnknownVariant};
pub use crate::timestamp::{Date, InvalidDate, InvalidTimestamp, Timestamp};
pub use crate::update::{Emptied, NewValue};

/// Payments: customers, accounts, transactions, transfers and webhooks of the Layer2 platform.
#[cfg(feature = "payments")]
pub mod payments {
    pub use crate::generated::payments::*;
}

/// Accounting: the bookkeeping API of Layer.
#[cfg(feature = "accounting")]
pub mod accounting {
    pub use crate::generated::accounting::*;
}

/// Plaid: the slice of the Plaid API that feeds payments and accounting.
#[cfg(feature = "plaid")]
pub mod plaid {
    pub use crate::generated::plaid::*;
}

/// Control: the mock server's own API for sandboxes, clocks, faults and decisions.
#[cfg(feature = "control")]
pub mod control {
    pub use crate::generated::control::*;
}

/// What the exported macros need from other crates; not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use serde;
}
