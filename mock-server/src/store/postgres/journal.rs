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
use futures_util::future::try_join_all;
use jiff::SignedDuration;
use tokio::sync::Notify;
use tokio_postgres::{
    Row as Columns,
    types::{FromSql, ToSql, Type},
};

use super::{
    connections::{Borrowed, Connections, twice, within},
    lease::Desk,
    statements::{FOLLOWED, Statements},
};
use crate::{
    blobs::BlobId,
    journal::{
        Base, Head, Journal, News, Opened, Position, Row, SharedJournal, Snapshot, Turn, Write,
    },
    store::{
        Pending, StoreError, record,
        seal::{Place, Sealer},
    },
};

/// Bytes of a part of a snapshot: one message to the database does not hold a whole one.
const PART: usize = 4 * 1024 * 1024;

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
struct Seen {
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
    fn note(&self, stored: Stored) {
        let generation = stored.head.generation;
        if self.generation.swap(generation, Ordering::AcqRel) != generation {
            self.kept.store(0, Ordering::Release);
            self.asked.store(0, Ordering::Release);
        }
        self.seq.store(stored.seq, Ordering::Release);
    }
}

/// Where a sandbox is filed.
#[derive(Debug)]
pub(super) struct Filed {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) connections: Arc<Connections>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) desk: Arc<Desk>,
}

impl PostgresJournal {
    pub(super) fn new(place: Filed) -> PostgresJournal {
        PostgresJournal {
            place: Arc::new(place),
            seen: Arc::default(),
        }
    }

    /// What the database says of others: the head, and the rows after a position, whose contents stand in this column.
    fn news(
        &self,
        seen: Position,
        head: Stored,
        contents: &[Columns],
        at: usize,
    ) -> Result<News, StoreError> {
        self.seen.note(head);
        let ahead = head.seq.checked_sub(seen.seq);
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
        let head = Stored::of(first)?;
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
        let head = Stored::of(first)?;
        let snapshot = place.snapshot(head.head.generation, &rows)?;
        let files: [&(dyn ToSql + Sync); 2] = [&place.id, &column(head.head.generation)];
        let files = within(client.query(&statements.files, &files)).await?;
        let blobs = files.iter().map(file).collect::<Result<_, _>>()?;
        self.seen.note(head);
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
        let stored = Stored::of(&row)?;
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
        let head = Stored::of(&head.ok_or_else(|| self.place.is_gone())?)?;
        let news = self.news(seen, head, &rows, 0)?;
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
        Box::pin(twice(move || self.open_once()))
    }

    fn head(&self) -> Pending<'_, (Head, u64)> {
        Box::pin(twice(move || self.head_once()))
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        Box::pin(twice(move || self.rows_once(after, most)))
    }

    fn write(&self, _write: Write) -> crate::journal::Mark {
        // What is shared is written by a turn and by nothing else.
        debug_assert!(false, "a shared journal was handed a write");
        crate::journal::Mark::default()
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
        Box::pin(twice(move || self.blob_once(id)))
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
            let (news, turn) = twice(move || self.begin_once(seen)).await?;
            let turn: Box<dyn Turn> = Box::new(turn);
            Ok((news, turn))
        })
    }

    fn look(&self, seen: Position) -> Pending<'_, News> {
        Box::pin(twice(move || self.look_once(seen)))
    }
}

/// A transaction that holds the lock of the sandbox.
#[derive(Debug)]
struct PostgresTurn {
    place: Arc<Filed>,
    seen: Arc<Seen>,
    borrowed: Borrowed,
    head: Stored,
}

impl Turn for PostgresTurn {
    fn commit(self: Box<Self>, writes: Vec<Write>) -> Pending<'static, ()> {
        Box::pin(async move {
            let PostgresTurn {
                place,
                seen,
                borrowed,
                head,
            } = *self;
            if writes.is_empty() {
                // Nothing rests on it; a connection that does not answer is not used again.
                let ended = within(borrowed.get().client.batch_execute("ROLLBACK")).await;
                if ended.is_err() {
                    return Ok(());
                }
            } else {
                let batch = Batch::of(&place, head, writes)?;
                within(batch.write(&place, &borrowed)).await?;
                seen.note(batch.head);
            }
            borrowed.give_back();
            Ok(())
        })
    }
}

/// All that one transaction writes.
struct Batch {
    head: Stored,
    is_reset: bool,
    has_other_epoch: bool,
    positions: Vec<i64>,
    contents: Vec<Vec<u8>>,
    /// Digest, length, content.
    files: Vec<(BlobId, i64, Vec<u8>)>,
}

impl Batch {
    fn of(place: &Filed, before: Stored, writes: Vec<Write>) -> Result<Batch, StoreError> {
        let mut batch = Batch {
            head: before,
            is_reset: false,
            has_other_epoch: false,
            positions: Vec::with_capacity(writes.len()),
            contents: Vec::with_capacity(writes.len()),
            files: Vec::new(),
        };
        for write in writes {
            match write {
                Write::Head(head) => batch.head.head = head,
                Write::Reset(head) => {
                    batch.head = Stored { head, seq: 0 };
                    batch.is_reset = true;
                    batch.positions.clear();
                    batch.contents.clear();
                    batch.files.clear();
                }
                Write::Row { row, file } => {
                    let generation = batch.head.head.generation;
                    let at = place.row(generation, row.seq);
                    let content = record::seal_row(&place.sealer, at, &row)?;
                    batch.head.seq = row.seq;
                    batch.positions.push(column(row.seq));
                    batch.contents.push(content);
                    if let Some((id, bytes)) = file {
                        let content = place.sealer.seal(place.blob(generation, &id), &bytes)?;
                        batch.files.push((id, column(bytes.len() as u64), content));
                    }
                }
            }
        }
        batch.has_other_epoch = batch.head.head.epoch != before.head.epoch;
        Ok(batch)
    }

    /// Sends everything at once, the commit last. If one of them fails, so does the transaction.
    async fn write(&self, place: &Filed, borrowed: &Borrowed) -> Result<(), tokio_postgres::Error> {
        let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
        let Statements {
            add_files,
            add_rows,
            changed,
            forget,
            set_head,
            tell,
            ..
        } = statements;
        let id = &place.id;
        let head = self.head.head;
        let generation = &column(head.generation);
        let digests: Vec<&[u8]> = self
            .files
            .iter()
            .map(|(id, ..)| &id.as_bytes()[..])
            .collect();
        let lengths: Vec<i64> = self.files.iter().map(|(_, length, _)| *length).collect();
        let files: Vec<&[u8]> = self
            .files
            .iter()
            .map(|(.., content)| &content[..])
            .collect();
        let mut parameters: Vec<(_, Vec<&(dyn ToSql + Sync)>)> = Vec::new();
        if self.is_reset {
            parameters.push((forget, vec![id]));
        }
        if !self.positions.is_empty() {
            parameters.push((
                add_rows,
                vec![id, generation, &self.positions, &self.contents],
            ));
        }
        if !files.is_empty() {
            parameters.push((add_files, vec![id, generation, &digests, &lengths, &files]));
        }
        let (seq, epoch) = (&column(self.head.seq), &column(head.epoch));
        let (seconds, nanoseconds) = (&head.advanced.as_secs(), &head.advanced.subsec_nanos());
        parameters.push((
            set_head,
            vec![id, generation, seq, epoch, seconds, nanoseconds],
        ));
        if self.has_other_epoch {
            parameters.push((changed, Vec::new()));
        }
        let name = &id.to_string();
        if !place.desk.is_held() {
            parameters.push((tell, vec![name]));
        }
        let statements = parameters
            .iter()
            .map(|(statement, parameters)| client.execute(*statement, parameters));
        let commit = client.batch_execute("COMMIT");
        // The first look at each future sends it, in this order; `try_join_all` keeps to it as there are never many.
        futures_util::future::try_join(try_join_all(statements), commit).await?;
        Ok(())
    }
}

impl Filed {
    fn row(&self, generation: u64, seq: u64) -> Place<'_> {
        Place::Row {
            sandbox: &self.name,
            generation,
            seq,
        }
    }

    fn blob<'p>(&'p self, generation: u64, id: &'p BlobId) -> Place<'p> {
        Place::Blob {
            sandbox: &self.name,
            generation,
            digest: id.as_bytes(),
        }
    }

    /// Rows whose contents stand in this column, and their positions in the next one.
    fn rows(
        &self,
        generation: u64,
        contents: &[Columns],
        at: usize,
    ) -> Result<Vec<Row>, StoreError> {
        contents
            .iter()
            .map(|row| {
                let seq = number(get(row, at + 1)?)?;
                let place = self.row(generation, seq);
                record::open_row(&self.sealer, place, seq, get(row, at)?)
            })
            .collect()
    }

    /// The snapshot whose parts follow the head in these lines.
    fn snapshot(&self, generation: u64, rows: &[Columns]) -> Result<Option<Snapshot>, StoreError> {
        let first = match rows.first() {
            Some(row) => get::<Option<i64>>(row, HEAD)?,
            None => None,
        };
        let Some(seq) = first.map(number).transpose()? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        for (part, row) in (0..).zip(rows) {
            let parts = number(get(row, HEAD + 2)?)?;
            let place = Place::SnapshotPart {
                sandbox: &self.name,
                generation,
                seq,
                part,
                parts,
            };
            if parts != rows.len() as u64 || number(get(row, HEAD + 1)?)? != part {
                return Err(StoreError::Unusable(format!(
                    "{place} is not all that belongs to it; restore the store from a copy"
                )));
            }
            text.extend(self.sealer.open(place, get(row, HEAD + 3)?)?);
        }
        let text = String::from_utf8(text)
            .map_err(|_| StoreError::Unusable("a snapshot is no text".to_owned()))?;
        Ok(Some(Snapshot {
            generation,
            seq,
            text,
        }))
    }

    async fn keep_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let borrowed = self.connections.borrow().await?;
        let client = &borrowed.get().client;
        within(client.batch_execute("BEGIN")).await?;
        self.write_snapshot(snapshot, &borrowed).await?;
        within(client.batch_execute("COMMIT")).await?;
        borrowed.give_back();
        Ok(())
    }

    /// Writes what a new sandbox begins with. The transaction is the caller's.
    pub(super) async fn write_base(
        &self,
        base: &Base,
        borrowed: &Borrowed,
    ) -> Result<(), StoreError> {
        let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
        let head = base.head;
        let generation = column(head.generation);
        let parameters: [&(dyn ToSql + Sync); 6] = [
            &self.id,
            &generation,
            &column(base.snapshot.seq),
            &column(head.epoch),
            &head.advanced.as_secs(),
            &head.advanced.subsec_nanos(),
        ];
        within(client.execute(&statements.set_head, &parameters)).await?;
        for (id, bytes) in &base.files {
            let content = self.sealer.seal(self.blob(head.generation, id), bytes)?;
            let digest = vec![&id.as_bytes()[..]];
            let length = vec![column(bytes.len() as u64)];
            let parameters: [&(dyn ToSql + Sync); 5] =
                [&self.id, &generation, &digest, &length, &vec![&content[..]]];
            within(client.execute(&statements.add_files, &parameters)).await?;
        }
        self.write_snapshot(&base.snapshot, borrowed).await
    }

    /// Writes a snapshot in place of the one before. The transaction is the caller's.
    async fn write_snapshot(
        &self,
        snapshot: &Snapshot,
        borrowed: &Borrowed,
    ) -> Result<(), StoreError> {
        let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
        let (generation, seq) = (column(snapshot.generation), column(snapshot.seq));
        let chunks = snapshot.text.as_bytes().chunks(PART);
        let parts = chunks.len() as u64;
        for (part, chunk) in (0..).zip(chunks) {
            let place = Place::SnapshotPart {
                sandbox: &self.name,
                generation: snapshot.generation,
                seq: snapshot.seq,
                part,
                parts,
            };
            let content = self.sealer.seal(place, chunk)?;
            let parameters: [&(dyn ToSql + Sync); 6] = [
                &self.id,
                &generation,
                &seq,
                &column(part),
                &column(parts),
                &content,
            ];
            within(client.execute(&statements.add_snapshot, &parameters)).await?;
        }
        let parameters: [&(dyn ToSql + Sync); 3] = [&self.id, &generation, &seq];
        within(client.execute(&statements.set_snapshot, &parameters)).await?;
        within(client.execute(&statements.sweep_snapshots, &[&self.id])).await?;
        Ok(())
    }

    fn is_gone(&self) -> StoreError {
        StoreError::Unavailable(format!("the sandbox `{}` was deleted", self.name))
    }
}

/// A head with the position of the last row.
#[derive(Clone, Copy, Debug)]
struct Stored {
    head: Head,
    seq: u64,
}

/// Columns of a head; others follow them.
const HEAD: usize = 5;

impl Stored {
    fn of(row: &Columns) -> Result<Stored, StoreError> {
        Ok(Stored {
            seq: number(get(row, 1)?)?,
            head: Head {
                generation: number(get(row, 0)?)?,
                epoch: number(get(row, 2)?)?,
                advanced: SignedDuration::new(get(row, 3)?, get(row, 4)?),
            },
        })
    }
}

impl Position {
    fn columns(self) -> (i64, i64) {
        (column(self.generation), column(self.seq))
    }
}

fn file(row: &Columns) -> Result<(BlobId, u64), StoreError> {
    let digest: &[u8] = get(row, 0)?;
    let digest = digest.try_into().map_err(|_| unreadable(&Type::BYTEA))?;
    Ok((BlobId::from_bytes(digest), number(get(row, 1)?)?))
}

/// A position or a number as the database keeps it: no journal gets to the end of its numbers.
fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(|_| unreadable(&Type::INT8))
}

/// A column, which is of another type only if somebody has changed the tables.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Columns, at: usize) -> Result<T, StoreError> {
    row.try_get(at)
        .map_err(|_| unreadable(row.columns()[at].type_()))
}

fn unreadable(found: &Type) -> StoreError {
    StoreError::Unusable(format!(
        "the tables of the store hold something of type {found} that does not belong there; restore the database from a copy"
    ))
}
