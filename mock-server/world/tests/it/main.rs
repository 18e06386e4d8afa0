//! Stories about a whole world, told through its two ways in and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod accounts;
mod applications;
mod counterparties;
mod deposits;
mod determinism;
mod documented;
mod events;
mod exchanges;
mod idempotency;
mod money;
mod operations;
mod oracle;
mod other_apis;
mod paying;
mod privacy;
mod pulls;
mod random;
mod rejections;
mod standing;
mod statements;
mod support;
mod suspense;
mod withdrawal_ends;
mod withdrawal_refusals;
mod withdrawals;
