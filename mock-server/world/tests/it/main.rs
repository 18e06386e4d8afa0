//! Stories about a whole world, told through its two ways in and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod applications;
mod counterparties;
mod determinism;
mod events;
mod exchanges;
mod idempotency;
mod money;
mod operations;
mod other_apis;
mod paying;
mod random;
mod rejections;
mod standing;
mod support;
mod withdrawals;
