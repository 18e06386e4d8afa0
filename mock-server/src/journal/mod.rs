//! The list of accepted commands that is the sandbox.
//!
//! A row holds the command, when it landed and a digest of what came of it. Rejected commands, replays of saved replies
//! and reads leave no row. Replaying the rows of a genesis gives the same world ([`replay`]), and tells the exact row at
//! which code and history part, should they.
//!
//! The journal of this version lives in memory. A durable one implements the same trait and is waited for after the lock
//! of the sandbox is released and before any reply leaves, reads and saved replies too (`Sandbox::durable`), so that
//! nobody ever sees what a crash could take back.

pub(crate) mod memory;
pub(crate) mod replay;

use layer2_world::{Outcome, command::Command};
use sha2::{Digest as _, Sha256};

pub use replay::{ReplayError, replay};

/// One accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// Position in the journal, counted from 1.
    pub seq: u64,
    /// When it landed, in business time.
    pub now: jiff::Timestamp,
    /// What was to happen.
    pub command: Command,
    /// SHA-256 of what came of it: the reply, and the work that ran.
    pub digest: [u8; 32],
}

/// Where rows are kept.
pub(crate) trait Journal {
    /// The position that the next row takes.
    fn next_seq(&self) -> u64;

    /// Takes a row; its `seq` is [`Journal::next_seq`].
    fn append(&mut self, row: Row);

    /// All rows.
    fn rows(&self) -> Vec<Row>;

    /// The rows that a test picks, oldest first.
    fn find(&self, is_wanted: &mut dyn FnMut(&Row) -> bool) -> Vec<Row>;
}

/// Digest of what came of a command.
pub(crate) fn digest(outcome: &Outcome) -> [u8; 32] {
    let mut hash = Sha256::new();
    match &outcome.reply {
        Some(reply) => {
            hash.update([1]);
            hash.update(reply.status.to_be_bytes());
            hash.update((reply.body.len() as u64).to_be_bytes());
            hash.update(reply.body.as_bytes());
        }
        None => hash.update([0]),
    }
    for job in &outcome.ran {
        hash.update(job.job.to_be_bytes());
        hash.update(job.due.as_nanosecond().to_be_bytes());
        hash.update((job.subject.len() as u64).to_be_bytes());
        hash.update(job.subject.as_bytes());
        hash.update(job.name.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}
