//! What several of the programs in `bin/` share.

#![allow(clippy::print_stdout, reason = "programs that show what they do")]

pub mod flow;
pub mod receiver;
