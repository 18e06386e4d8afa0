//! The journal of one sandbox in the database.
//!
//! A turn is a transaction. It begins by locking the row of the sandbox, which orders the servers, and reads the rows
//! that others have written; all of that is sent at once, and so is the commit with all that it writes: one way there
//! and back each. The database ends the transaction of a server that has gone.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_postgres::{Row as Columns, types::ToSql};

use super::{
    columns::{column, file, get},
    connections::within,
    filed::Filed,
    head::{HEAD, Stored, flawed},
    statements::FOLLOWED,
    turn::PostgresTurn,
};
use crate::{
    blobs::BlobId,
    journal::{
        Head, Journal, News, Opened, Position, Row, SharedClaim, SharedJournal, Snapshot, Turn,
        Write,
    },
    store::{Pending, StoreError},
};

/// Rows after which a new snapshot is worth its price.
const ROWS_PER_SNAPSHOT: u64 = 20_000;

/// The journal of one sandbox.
#[derive(Debug)]
pub(super) struct PostgresJournal {
    place: Arc<Filed>,
    seen: Arc<Seen>,
}

/// What is known of the journal, for questions that are no turns.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The generation that rows and files are read of: the one that was seen last.
    generation: AtomicU64,
    /// The last row.
    seq: AtomicU64,
    /// The last row that the snapshot has.
    kept: AtomicU64,
    /// The last row when a snapshot was asked for.
    asked: AtomicU64,
}

impl Seen {
    pub(super) fn note(&self, generation: u64, seq: u64) {
        if self.generation.swap(generation, Ordering::AcqRel) != generation {
            self.kept.store(0, Ordering::Release);
            self.asked.store(0, Ordering::Release);
        }
        self.seq.store(seq, Ordering::Release);
    }

    /// Where the journal ended when it was last seen: generation and row. What was committed is there for good.
    fn end(&self) -> (u64, u64) {
        let generation = self.generation.load(Ordering::Acquire);
        (generation, self.seq.load(Ordering::Acquire))
    }
}

impl PostgresJournal {
    pub(super) fn new(place: Filed) -> PostgresJournal {
        PostgresJournal {
            place: Arc::new(place),
            seen: Arc::default(),
        }
    }

    /// The head that stands in the first columns. One that lies before what was seen is an older one.
    fn stored(&self, row: &Columns) -> Result<Stored, StoreError> {
        let mut stored = Stored::of(row, &self.place)?;
        let (generation, seq) = self.seen.end();
        if stored.fault.is_some() || (stored.head.generation, stored.seq) >= (generation, seq) {
            return Ok(stored);
        }
        let flaw = StoreError::Unusable(format!(
            "the head of the sandbox `{}` ends at row {}, and this server has seen it end at row {seq}: the database was put back to an earlier state; restore the later one, or start all servers again to go on from the earlier one",
            self.place.name, stored.seq
        ));
        stored.head.generation = generation;
        Ok(stored.distrusted(flaw))
    }

    /// What the database says of others: the head, and the rows after a position, whose contents stand in this column.
    fn news(
        &self,
        seen: Position,
        head: Stored,
        contents: &[Columns],
        at: usize,
    ) -> Result<News, StoreError> {
        let ahead = head.seq.checked_sub(seen.seq);
        let is_behind = head.head.generation == seen.generation
            && ahead.is_some_and(|ahead| ahead < contents.len() as u64);
        let head = match head.fault {
            None if is_behind => head.distrusted(flawed(&self.place, "ends before the last row")),
            _ => head,
        };
        if head.fault.is_some() {
            // Whoever reads it anew is told why, and a reset counts on from it.
            return Ok(News::Reopen(head.head));
        }
        self.seen.note(head.head.generation, head.seq);
        let is_near = ahead.is_some_and(|ahead| ahead <= FOLLOWED.unsigned_abs());
        if head.head.generation != seen.generation || !is_near {
            return Ok(News::Reopen(head.head));
        }
        let rows = self.place.rows(seen.generation, contents, at)?;
        // Rows that were acknowledged are missing: whoever reads it anew is told so.
        if ahead != Some(rows.len() as u64) {
            return Ok(News::Reopen(head.head));
        }
        Ok(News::Rows(head.head, rows))
    }

    async fn look_once(&self, seen: Position) -> Result<News, StoreError> {
        let reader = self.place.connections.reader().await?;
        let (generation, seq) = seen.columns();
        let parameters: [&(dyn ToSql + Sync); 4] = [&self.place.id, &generation, &seq, &FOLLOWED];
        let asked = reader.client.query(&reader.statements.look, &parameters);
        let mut rows = within(asked).await?;
        let first = rows.first().ok_or_else(|| self.place.is_gone())?;
        let head = self.stored(first)?;
        // Without rows there is one line that holds the head alone.
        if get::<Option<&[u8]>>(first, HEAD)?.is_none() {
            rows.clear();
        }
        self.news(seen, head, &rows, HEAD)
    }

    async fn open_once(&self) -> Result<Opened, StoreError> {
        let place = &self.place;
        let reader = place.connections.reader().await?;
        let (client, statements) = (&reader.client, &reader.statements);
        let rows = within(client.query(&statements.open, &[&place.id])).await?;
        let first = rows.first().ok_or_else(|| place.is_gone())?;
        let head = self.stored(first)?;
        if let Some(fault) = head.fault {
            return Err(fault);
        }
        let snapshot = place.snapshot(head.head.generation, &rows)?;
        let files: [&(dyn ToSql + Sync); 2] = [&place.id, &column(head.head.generation)];
        let files = within(client.query(&statements.files, &files)).await?;
        let blobs = files.iter().map(file).collect::<Result<_, _>>()?;
        self.seen.note(head.head.generation, head.seq);
        let kept = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        self.seen.kept.store(kept, Ordering::Release);
        Ok(Opened {
            head: head.head,
            seq: head.seq,
            snapshot,
            blobs,
        })
    }

    /// A look that wants no rows.
    async fn head_once(&self) -> Result<(Head, u64), StoreError> {
        let place = &self.place;
        let reader = place.connections.reader().await?;
        let parameters: [&(dyn ToSql + Sync); 4] = [&place.id, &0_i64, &0_i64, &0_i64];
        let asked = reader
            .client
            .query_opt(&reader.statements.look, &parameters);
        let row = within(asked).await?.ok_or_else(|| place.is_gone())?;
        let stored = self.stored(&row)?;
        Ok((stored.head, stored.seq))
    }

    async fn rows_once(&self, after: u64, most: usize) -> Result<Vec<Row>, StoreError> {
        let place = &self.place;
        let generation = self.seen.generation.load(Ordering::Acquire);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let reader = place.connections.reader().await?;
        let parameters: [&(dyn ToSql + Sync); 4] =
            [&place.id, &column(generation), &column(after), &most];
        let asked = reader.client.query(&reader.statements.rows, &parameters);
        place.rows(generation, &within(asked).await?, 0)
    }

    async fn blob_once(&self, id: BlobId) -> Result<Option<Bytes>, StoreError> {
        let place = &self.place;
        let generation = self.seen.generation.load(Ordering::Acquire);
        let reader = place.connections.reader().await?;
        let digest = &id.as_bytes()[..];
        let parameters: [&(dyn ToSql + Sync); 3] = [&place.id, &column(generation), &digest];
        let asked = reader
            .client
            .query_opt(&reader.statements.file, &parameters);
        let Some(row) = within(asked).await? else {
            return Ok(None);
        };
        let at = place.blob(generation, &id);
        let opened = place.sealer.open(at, get(&row, 0)?)?;
        Ok(Some(Bytes::from(opened)))
    }

    async fn begin_once(&self, seen: Position) -> Result<(News, PostgresTurn), StoreError> {
        let borrowed = self.place.connections.borrow().await?;
        let (head, rows) = {
            let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
            let (id, (generation, seq)) = (self.place.id, seen.columns());
            within(async {
                let lock: [&(dyn ToSql + Sync); 1] = [&id];
                let rows: [&(dyn ToSql + Sync); 4] = [&id, &generation, &seq, &FOLLOWED];
                // Sent in this order before the first answer is there.
                let ((), head, rows) = futures_util::future::try_join3(
                    client.batch_execute("BEGIN"),
                    client.query_opt(&statements.lock, &lock),
                    client.query(&statements.rows, &rows),
                )
                .await?;
                Ok((head, rows))
            })
            .await?
        };
        let head = self.stored(&head.ok_or_else(|| self.place.is_gone())?)?;
        let news = self.news(seen, head.clone(), &rows, 0)?;
        let turn = PostgresTurn {
            place: Arc::clone(&self.place),
            seen: Arc::clone(&self.seen),
            borrowed,
            head,
        };
        Ok((news, turn))
    }
}

impl Journal for PostgresJournal {
    fn open(&self) -> Pending<'_, Opened> {
        Box::pin(self.place.connections.twice(move || self.open_once()))
    }

    fn head(&self) -> Pending<'_, (Head, u64)> {
        Box::pin(self.place.connections.twice(move || self.head_once()))
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        Box::pin(
            self.place
                .connections
                .twice(move || self.rows_once(after, most)),
        )
    }

    fn write(&self, _write: Write) -> crate::journal::Mark {
        // What is shared is written by a turn and by nothing else.
        debug_assert!(false, "a shared journal was handed a write");
        crate::journal::Mark::default()
    }

    fn probe(&self) -> Pending<'_, ()> {
        Box::pin(self.place.probe())
    }

    fn wants_snapshot(&self) -> bool {
        let seen = self.seen.seq.load(Ordering::Acquire);
        let kept = self.seen.kept.load(Ordering::Acquire);
        let asked = self.seen.asked.load(Ordering::Acquire);
        // One of the servers is enough, and it is asked once.
        seen.saturating_sub(kept.max(asked)) >= ROWS_PER_SNAPSHOT
            && self.may_dispatch()
            && self
                .seen
                .asked
                .compare_exchange(asked, seen, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    fn outgrows_snapshot(&self) -> bool {
        self.seen.seq.load(Ordering::Acquire) > self.seen.kept.load(Ordering::Acquire)
    }

    fn snapshot(&self, snapshot: Snapshot) -> Pending<'_, ()> {
        Box::pin(async move {
            self.place.keep_snapshot(&snapshot).await?;
            self.seen.kept.fetch_max(snapshot.seq, Ordering::AcqRel);
            Ok(())
        })
    }

    fn blob(&self, id: BlobId) -> Pending<'_, Option<Bytes>> {
        Box::pin(self.place.connections.twice(move || self.blob_once(id)))
    }

    fn shared(&self) -> Option<&dyn SharedJournal> {
        Some(self)
    }

    fn may_dispatch(&self) -> bool {
        self.place.desk.is_held()
    }

    fn stirred(&self) -> Option<&Notify> {
        Some(&self.place.desk.stirred)
    }

    fn identity(&self) -> i64 {
        self.place.id
    }
}

impl SharedJournal for PostgresJournal {
    fn begin(&self, seen: Position) -> Pending<'_, (News, Box<dyn Turn>)> {
        Box::pin(async move {
            let (news, turn) = self
                .place
                .connections
                .twice(move || self.begin_once(seen))
                .await?;
            let turn: Box<dyn Turn> = Box::new(turn);
            Ok((news, turn))
        })
    }

    fn look(&self, seen: Position) -> Pending<'_, News> {
        Box::pin(self.place.connections.twice(move || self.look_once(seen)))
    }

    fn claim(&self) -> Pending<'_, Option<Box<dyn SharedClaim>>> {
        Box::pin(async {
            let claim = self.place.desk.claim(self.place.id).await?;
            Ok(claim.map(|claim| -> Box<dyn SharedClaim> { Box::new(claim) }))
        })
    }
}
