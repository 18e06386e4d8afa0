//! Speed of the ledger alone.

fn main() {}
