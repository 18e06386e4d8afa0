//! What several of the programs in `bin/` share.

#![allow(clippy::print_stdout, reason = "programs that show what they do")]

pub mod books;
pub mod ends;
pub mod failure;
pub mod flow;
pub mod journal;
pub mod lines;
pub mod notes;
pub mod orders;
pub mod owner;
pub mod payouts;
pub mod place;
pub mod progress;
pub mod ramp;
pub mod receiver;
pub mod table;
pub mod target;
