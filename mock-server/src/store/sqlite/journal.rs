//! The journal of one sandbox in a file of SQLite's.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use super::{
    lane::Lane,
    schema::{self, Begun, Sandbox},
    writer::{Job, Writer},
};
use crate::{
    blobs::BlobId,
    journal::{Base, Head, Journal, Mark, Opened, Row, Snapshot, Write},
    store::{
        Charter, Pending, StoreError,
        parts::{self, Parts},
        record,
        seal::{Place, Sealer},
    },
};

/// All that a sandbox begins with, as it lies in the file.
pub(super) fn seal_base(
    sealer: &Sealer,
    charter: &Charter,
    base: &Base,
) -> Result<Begun, StoreError> {
    let (sandbox, generation) = (charter.name.as_str(), base.head.generation);
    let parts = Parts::of(sealer, sandbox, &base.snapshot).sealed();
    let file = |(id, bytes): &(BlobId, Bytes)| {
        let digest = id.as_bytes();
        let place = Place::Blob {
            sandbox,
            generation,
            digest,
        };
        Ok((*digest, bytes.len() as u64, sealer.seal(place, bytes)?))
    };
    Ok(Begun {
        charter: record::seal(sealer, Place::Charter { sandbox }, charter)?,
        head: record::seal(sealer, Place::Head { sandbox }, &base.head)?,
        generation,
        seq: base.snapshot.seq,
        parts: parts
            .map(|sealed| sealed.map(|(_, body)| body))
            .collect::<Result<_, _>>()?,
        files: base
            .files
            .iter()
            .map(file)
            .collect::<Result<_, StoreError>>()?,
    })
}

/// The journal of one sandbox.
pub(super) struct SqliteJournal {
    writer: Arc<Writer>,
    sealer: Arc<Sealer>,
    lane: Arc<Lane>,
    /// Of which generation the next row is. Changes under the lock of the sandbox alone.
    generation: AtomicU64,
    /// How long the journal is at least before a snapshot is worth its price, in bytes.
    snapshot_floor: u64,
}

impl SqliteJournal {
    pub(super) fn new(
        writer: Arc<Writer>,
        sealer: Arc<Sealer>,
        sandbox: Sandbox,
        name: &str,
        snapshot_floor: u64,
    ) -> SqliteJournal {
        SqliteJournal {
            writer,
            sealer,
            lane: Arc::new(Lane::new(sandbox, name)),
            generation: AtomicU64::new(0),
            snapshot_floor,
        }
    }

    async fn write_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        let (generation, seq) = (snapshot.generation, snapshot.seq);
        let sandbox = self.lane.sandbox;
        let parts = Parts::of(&self.sealer, &self.lane.name, &snapshot);
        let count = parts.count();
        let mut bytes = 0;
        for sealed in parts.sealed() {
            let (part, body) = sealed?;
            bytes += body.len() as u64;
            // Each part is a transaction of its own, so that commands go on in between.
            self.writer
                .ask(move |connection| {
                    schema::add_snapshot_part(connection, sandbox, seq, part, &body)
                })
                .await?;
        }
        let lane = Arc::clone(&self.lane);
        self.writer
            .ask(move |connection| {
                schema::finish_snapshot(connection, sandbox, generation, seq, count, bytes)?;
                let stored = schema::stored(connection, sandbox)?;
                lane.journal_bytes
                    .store(stored.journal_bytes, Ordering::Relaxed);
                lane.snapshot_bytes
                    .store(stored.snapshot_bytes, Ordering::Relaxed);
                Ok(())
            })
            .await?;
        let drop_one = move |connection: &mut _| schema::drop_stale_part(connection, sandbox);
        while self.writer.ask(drop_one).await? {}
        Ok(())
    }
}

impl Journal for SqliteJournal {
    fn open(&self) -> Pending<'_, Opened> {
        Box::pin(async {
            let sandbox = self.lane.sandbox;
            // All in one question: a snapshot that is being taken drops the one before it.
            let (stored, bodies, blobs) = self
                .writer
                .ask(move |connection| {
                    let stored = schema::stored(connection, sandbox)?;
                    let bodies = match stored.snapshot {
                        Some((seq, _)) => schema::snapshot_parts(connection, sandbox, seq)?,
                        None => Vec::new(),
                    };
                    Ok((stored, bodies, schema::blobs(connection, sandbox)?))
                })
                .await?;
            self.generation.store(stored.generation, Ordering::Release);
            let lane = &self.lane;
            lane.journal_bytes
                .store(stored.journal_bytes, Ordering::Relaxed);
            lane.snapshot_bytes
                .store(stored.snapshot_bytes, Ordering::Relaxed);
            let place = Place::Head {
                sandbox: &lane.name,
            };
            let snapshot = stored
                .snapshot
                .map(|(seq, parts)| {
                    let place = (stored.generation, seq);
                    let bodies = bodies.iter().map(|body| &body[..]);
                    parts::join(&self.sealer, &lane.name, place, parts, bodies)
                })
                .transpose()?;
            Ok(Opened {
                head: record::open(&self.sealer, place, &stored.head)?,
                // The file says no more than its rows do.
                seq: 0,
                snapshot,
                blobs: blobs
                    .into_iter()
                    .map(|(digest, length)| (BlobId::from_bytes(digest), length))
                    .collect(),
            })
        })
    }

    fn head(&self) -> Pending<'_, (Head, u64)> {
        Box::pin(async {
            let sandbox = self.lane.sandbox;
            let stored = self
                .writer
                .ask(move |connection| schema::stored(connection, sandbox))
                .await?;
            let place = Place::Head {
                sandbox: &self.lane.name,
            };
            let head = record::open(&self.sealer, place, &stored.head)
                .unwrap_or_else(|_| Head::unread(stored.generation));
            Ok((head, 0))
        })
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        Box::pin(async move {
            let sandbox = self.lane.sandbox;
            let rows = self
                .writer
                .ask(move |connection| schema::rows(connection, sandbox, after, most))
                .await?;
            let generation = self.generation.load(Ordering::Acquire);
            rows.into_iter()
                .map(|(seq, body)| {
                    let place = Place::Row {
                        sandbox: &self.lane.name,
                        generation,
                        seq,
                    };
                    record::open_row(&self.sealer, place, seq, &body)
                })
                .collect()
        })
    }

    fn write(&self, write: Write) -> Mark {
        if let Write::Reset(head) = &write {
            self.generation.store(head.generation, Ordering::Release);
        }
        let mark = self.lane.next_mark();
        self.writer.hand_over(Job {
            lane: Arc::clone(&self.lane),
            mark,
            generation: self.generation.load(Ordering::Acquire),
            write,
        });
        mark
    }

    fn durable(&self, mark: Mark) -> Option<Pending<'static, ()>> {
        self.lane.durable(mark)
    }

    fn room(&self) -> Option<Pending<'_, ()>> {
        self.writer.room()
    }

    fn failure(&self) -> Option<StoreError> {
        self.lane.failure()
    }

    fn recover(&self) {
        self.lane.recover();
    }

    fn probe(&self) -> Pending<'_, ()> {
        Box::pin(self.writer.ask(|connection| schema::probe(connection)))
    }

    fn wants_snapshot(&self) -> bool {
        let journal = self.lane.journal_bytes.load(Ordering::Relaxed);
        let snapshot = self.lane.snapshot_bytes.load(Ordering::Relaxed);
        journal > snapshot.max(self.snapshot_floor)
    }

    fn outgrows_snapshot(&self) -> bool {
        self.lane.journal_bytes.load(Ordering::Relaxed) > 0
    }

    fn snapshot(&self, snapshot: Snapshot) -> Pending<'_, ()> {
        Box::pin(self.write_snapshot(snapshot))
    }

    fn blob(&self, id: BlobId) -> Pending<'_, Option<Bytes>> {
        Box::pin(async move {
            let sandbox = self.lane.sandbox;
            let digest = *id.as_bytes();
            let body = self
                .writer
                .ask(move |connection| schema::blob(connection, sandbox, &digest))
                .await?;
            let generation = self.generation.load(Ordering::Acquire);
            let place = Place::Blob {
                sandbox: &self.lane.name,
                generation,
                digest: &digest,
            };
            let opened = body.map(|body| self.sealer.open(place, &body));
            Ok(opened.transpose()?.map(Bytes::from))
        })
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal")
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
