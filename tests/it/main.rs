//! Tests across the crates: what one crate alone cannot prove.
//!
//! `architecture` and `tidy` read the tree and the manifests; the others start mock servers in this process and talk to
//! them over real HTTP, through the SDK or by hand.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and stops"
)]

mod architecture;
mod contract;
mod coverage;
mod killed;
mod pointers;
mod tidy;
mod tree;
