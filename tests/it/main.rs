//! Tests across the crates: what one crate alone cannot prove.
//!
//! `architecture` and `tidy` read the tree and the manifests; the others start mock servers in this process and talk to
//! them over real HTTP, through the SDK or by hand.

mod architecture;
mod tidy;
mod tree;
