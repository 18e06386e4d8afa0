//! What several of the programs in `bin/` share.

pub mod receiver;
