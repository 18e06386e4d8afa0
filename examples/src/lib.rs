//! What several of the programs in `bin/` share.

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
pub mod say;
pub mod table;
pub mod target;
