//! The list of accepted commands that is the sandbox.
//!
//! A row holds the command, when it landed, the version of the rules that carried it out and a digest of what came of
//! it. Rejected commands, replays of saved replies and reads leave no row. Replaying the rows of a genesis gives the same
//! world ([`replay`]), and tells the exact row at which code and history part, should they.
//!
//! There are two kinds of journals. An *exclusive* one belongs to one server: it is handed what happened under the lock
//! of the sandbox ([`Journal::write`]) and makes it safe afterwards, and nothing that rests on a write leaves before it
//! is ([`Journal::durable`]): no reply, no refusal, no saved reply and no delivery, so that nobody ever sees what a
//! crash could take back. A *shared* one orders the servers that use it ([`Journal::shared`]): a command begins by
//! taking the sandbox for itself and reading what others have written, and ends by a commit.
//!
//! If a journal loses what it was handed, the state in memory is ahead of it. The sandbox then throws its state away and
//! reads what is safe (`Sandbox::turn`); the lost writes have not happened, and whoever waits for them is told so.

pub(crate) mod memory;
pub(crate) mod replay;

use std::{fmt, pin::Pin};

use bytes::Bytes;
use jiff::SignedDuration;
use layer2_world::{Outcome, command::Command};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use super::{
    blobs::BlobId,
    store::{Pending, StoreError},
};
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
    /// The rules that carried it out ([`layer2_world::RULES_VERSION`]): others may make something else of it.
    pub rules: u32,
}

/// What moves beside the commands, and has to be the same after a restart and at every server that shares the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// How many times the sandbox has begun again.
    pub(crate) generation: u64,
    /// How many times its tokens were expired.
    pub(crate) epoch: u64,
    /// By how much advances have moved the business clock.
    pub(crate) advanced: SignedDuration,
}

impl Head {
    /// What is known of a head that does not open: the generation, which stands in clear beside it. Its epoch is one that
    /// no token of the sandbox is of, as nobody knows how often they were expired: all that were issued end with it. Each
    /// generation has a range of its own, of more epochs than anybody expires tokens, so that it holds also if the next
    /// head is lost.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        allow(dead_code, reason = "only durable stores have heads that do not open")
    )]
    pub(crate) fn unread(generation: u64) -> Head {
        Head {
            generation,
            epoch: generation.saturating_add(1).saturating_mul(1 << 32),
            ..Head::default()
        }
    }
}

/// What a sandbox hands to its journal.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are rows, and a box would cost each of them an allocation under the lock"
)]
pub(crate) enum Write {
    /// A command was accepted. The bytes of a file that it names are safe no later than the row that names them.
    Row {
        row: Row,
        file: Option<(BlobId, Bytes)>,
    },
    /// The clock was moved, or tokens were expired.
    Head(Head),
    /// The sandbox begins again: rows, snapshots and files of the generation before are forgotten.
    Reset(Head),
}

/// How many writes an exclusive journal was handed, this one included. It never goes back, not even at a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(pub(crate) u64);

/// The state after a row, as text ([`layer2_world::World::snapshot`]).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Of which generation.
    pub(crate) generation: u64,
    /// The last row that it holds.
    pub(crate) seq: u64,
    pub(crate) text: String,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("generation", &self.generation)
            .field("seq", &self.seq)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// What a sandbox begins with that does not begin anew: its journal goes on after the row of the snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) head: Head,
    pub(crate) snapshot: Snapshot,
    pub(crate) files: Vec<(BlobId, Bytes)>,
}

/// What a journal has of its sandbox, but for the rows after the snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    pub(crate) head: Head,
    /// A row that must be there, as it was acknowledged; 0 where the journal tells of none.
    pub(crate) seq: u64,
    pub(crate) snapshot: Option<Snapshot>,
    /// The files that rows name: digest and length.
    pub(crate) blobs: Vec<(BlobId, u64)>,
}

/// Where the rows of one sandbox are kept.
pub(crate) trait Journal: fmt::Debug + Send + Sync {
    /// What is there.
    fn open(&self) -> Pending<'_, Opened>;

    /// The head, and the row that must be there: what can be told also where the rest cannot be read.
    fn head(&self) -> Pending<'_, (Head, u64)> {
        Box::pin(async { Ok((Head::default(), 0)) })
    }

    /// At most so many rows after a position, in their order. Rows that a snapshot holds are there too, since they
    /// explain how things came about.
    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>>;

    /// Takes what has happened. Called under the lock of the sandbox, so it hands over and waits for nothing. A write
    /// that is lost has not happened: what rests on it never leaves.
    fn write(&self, write: Write) -> Mark;

    /// What to wait for until everything up to the mark survives a crash; nothing where it does, or never will. An
    /// error says that it has not happened.
    fn durable(&self, _mark: Mark) -> Option<Pending<'static, ()>> {
        None
    }

    /// What to wait for before the lock of the sandbox is taken, where too much is on its way already.
    fn room(&self) -> Option<Pending<'_, ()>> {
        None
    }

    /// Why it has lost writes, until [`Journal::recover`].
    fn failure(&self) -> Option<StoreError> {
        None
    }

    /// Forgets the writes that were lost; what is written from here on follows what is safe. Called under the lock of
    /// the sandbox, which then reads its state again.
    fn recover(&self) {}

    /// Whether something can be written again after a failure.
    fn probe(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Whether a snapshot is worth its price by now.
    fn wants_snapshot(&self) -> bool {
        false
    }

    /// Whether there are rows that the next start would have to carry out.
    fn outgrows_snapshot(&self) -> bool {
        false
    }

    /// Keeps a snapshot in place of the one before. One that has been overtaken by a reset is dropped. The sandbox keeps
    /// one at a time.
    fn snapshot(&self, _snapshot: Snapshot) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// The bytes of a file that a row of this generation names.
    fn blob(&self, _id: BlobId) -> Pending<'_, Option<Bytes>> {
        Box::pin(async { Ok(None) })
    }

    /// The journal as one that several servers write, if it is one.
    fn shared(&self) -> Option<&dyn SharedJournal> {
        None
    }

    /// Whether it is this server that sends the webhooks of the sandbox.
    fn may_dispatch(&self) -> bool {
        true
    }

    /// Tells one who waits that others may have written, or that it is now this server that sends; where nobody else
    /// writes there is nothing to wait for.
    fn stirred(&self) -> Option<&Notify> {
        None
    }

    /// Which sandbox of a shared store it belongs to: names are used again, this number is not.
    fn identity(&self) -> i64 {
        0
    }
}

/// A journal that several servers write. It keeps the order by itself: [`Journal::write`] is never called, and what a
/// turn has written is safe once its commit has come back.
pub(crate) trait SharedJournal: Send + Sync {
    /// Takes the sandbox for one server, and tells what was written since the position that it has seen. Dropping the
    /// turn gives the sandbox back, with nothing written.
    fn begin(&self, seen: Position) -> Pending<'_, (News, Box<dyn Turn>)>;

    /// Tells what was written since, without taking the sandbox: for reads.
    fn look(&self, seen: Position) -> Pending<'_, News>;

    /// Takes the right to move the clock from all servers; nothing if one of them has it. A server that dies has it no more.
    fn claim(&self) -> Pending<'_, Option<Box<dyn SharedClaim>>>;
}

/// The right of one server to move the clock of a shared sandbox. Dropping it gives it back in a while.
pub(crate) trait SharedClaim: Send + Sync {
    /// Gives it back. Where the store does not answer, it has let go of it or is about to.
    fn release(self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Waits until the store has let go of it by itself.
    fn lost(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The time during which a shared sandbox belongs to one server.
pub(crate) trait Turn: Send {
    /// Writes what has happened and gives the sandbox back; the server that sends webhooks and runs what is due is told
    /// where that concerns it. After an error nobody knows whether it was written: the state is thrown away and read
    /// again.
    fn commit(self: Box<Self>, writes: Vec<Write>, concerns_sender: bool) -> Pending<'static, ()>;
}

/// How far a server has seen a shared journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) generation: u64,
    pub(crate) seq: u64,
}

/// What others have written.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "postgres"),
    allow(
        dead_code,
        reason = "only a store that several servers use has others to tell of"
    )
)]
pub(crate) enum News {
    /// These rows follow, and the head is this one now.
    Rows(Head, Vec<Row>),
    /// The sandbox has begun again, or too much was written: it is quicker to read it anew. The head is this one now.
    Reopen(Head),
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
