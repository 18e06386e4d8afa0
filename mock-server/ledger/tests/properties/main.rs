//! The ledger against models that share no code with it: random histories against a bookkeeper with
//! plain maps, conversions against arithmetic on decimal digits.

// The lint's own exception covers `#[test]` functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod book;
mod convert;
mod oracle;
mod snapshot;
