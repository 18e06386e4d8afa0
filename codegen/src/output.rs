//! The files that the generator makes, and how they meet the ones on disk.
