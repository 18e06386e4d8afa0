//! The list of accepted commands that is the sandbox.
//!
//! A row holds the command, when it landed and a digest of what came of it. Rejected commands, replays of saved replies
//! and reads leave no row. Replaying the rows of a genesis gives the same world ([`replay`]), and tells the exact row at
//! which code and history part, should they.
//!
//! The journal of this version lives in memory. A durable one implements [`Journal`] and is chosen in [`open`]. It is
//! waited for after the lock of the sandbox is released and before any reply leaves, refusals, reads and saved replies
//! too (`Sandbox::durable`), so that nobody ever sees what a crash could take back. A sandbox begins with the rows that
//! its journal has; a journal that fails breaks its sandbox, and that one alone, until it is reset.

pub(crate) mod memory;
pub(crate) mod replay;

use std::{fmt, io, pin::Pin, sync::Arc};

use layer2_world::{Genesis, Outcome, command::Command};
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

/// Where the rows of one sandbox are kept.
pub(crate) trait Journal: fmt::Debug + Send + Sync {
    /// All rows in their order, those of an earlier run too.
    fn load(&self) -> io::Result<Vec<Row>>;

    /// Takes the next row. Called under the lock of the sandbox, so it hands the row over and waits for nothing; what
    /// waits is [`Journal::durable`]. A row that is not taken has not happened: its reply never leaves.
    fn append(&self, row: Row) -> io::Result<()>;

    /// The rows that a test picks, oldest first.
    fn find(&self, is_wanted: &mut dyn FnMut(&Row) -> bool) -> io::Result<Vec<Row>> {
        let mut rows = self.load()?;
        rows.retain(|row| is_wanted(row));
        Ok(rows)
    }

    /// What to wait for until the rows up to `seq` survive a crash; nothing where they do, or never will.
    fn durable(&self, seq: u64) -> Option<Durable>;

    /// Forgets all rows: the sandbox begins again.
    fn clear(&self) -> io::Result<()>;
}

/// Completes when rows are safe, or cannot be made so.
pub(crate) type Durable = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The journal of the sandbox with this genesis. Which store that is, is decided here and nowhere else.
pub(crate) fn open(_genesis: &Genesis) -> Arc<dyn Journal> {
    Arc::new(memory::MemoryJournal::default())
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
