//! A turn: a transaction that holds the lock of a sandbox, and all that it writes.

use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio_postgres::{Statement, types::ToSql};

use super::{
    columns::column,
    connections::{Borrowed, within},
    filed::Filed,
    head::{HeadColumns, Stored},
    journal::Seen,
};
use crate::{
    journal::{Head, Turn, Write},
    store::{Pending, StoreError, record},
};

/// A transaction that holds the lock of the sandbox.
#[derive(Debug)]
pub(super) struct PostgresTurn {
    pub(super) place: Arc<Filed>,
    pub(super) seen: Arc<Seen>,
    pub(super) borrowed: Borrowed,
    pub(super) head: Stored,
}

impl Turn for PostgresTurn {
    fn commit(self: Box<Self>, writes: Vec<Write>, concerns_sender: bool) -> Pending<'static, ()> {
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
                let mut batch = Batch::of(&place, &head, writes)?;
                batch.tells_sender = concerns_sender && !place.desk.is_held();
                let columns = HeadColumns::of(&place, batch.head, batch.seq)?;
                within(batch.write(&place, &columns, &borrowed)).await?;
                seen.note(batch.head.generation, batch.seq);
            }
            borrowed.give_back();
            Ok(())
        })
    }
}

/// All that one transaction writes.
struct Batch {
    head: Head,
    seq: u64,
    is_reset: bool,
    has_other_epoch: bool,
    tells_sender: bool,
    positions: Vec<i64>,
    contents: Vec<Vec<u8>>,
    files: Files,
}

/// The files of a batch, column by column.
#[derive(Default)]
struct Files {
    digests: Vec<Vec<u8>>,
    lengths: Vec<i64>,
    contents: Vec<Vec<u8>>,
}

impl Batch {
    fn of(place: &Filed, before: &Stored, writes: Vec<Write>) -> Result<Batch, StoreError> {
        let mut batch = Batch {
            head: before.head,
            seq: before.seq,
            is_reset: false,
            has_other_epoch: false,
            tells_sender: false,
            positions: Vec::with_capacity(writes.len()),
            contents: Vec::with_capacity(writes.len()),
            files: Files::default(),
        };
        for write in writes {
            match write {
                Write::Head(head) => batch.head = head,
                Write::Reset(head) => {
                    batch.head = head;
                    batch.seq = 0;
                    batch.is_reset = true;
                    batch.positions.clear();
                    batch.contents.clear();
                    batch.files = Files::default();
                }
                Write::Row { row, file } => {
                    let generation = batch.head.generation;
                    let at = place.row(generation, row.seq);
                    let content = record::seal_row(&place.sealer, at, &row)?;
                    batch.seq = row.seq;
                    batch.positions.push(column(row.seq));
                    batch.contents.push(content);
                    if let Some((id, bytes)) = file {
                        let content = place.sealer.seal(place.blob(generation, &id), &bytes)?;
                        batch.files.digests.push(id.as_bytes().to_vec());
                        batch.files.lengths.push(column(bytes.len() as u64));
                        batch.files.contents.push(content);
                    }
                }
            }
        }
        // That of a flawed head is nobody's yet, and all are to learn it.
        batch.has_other_epoch = before.fault.is_some() || batch.head.epoch != before.head.epoch;
        Ok(batch)
    }

    /// Sends everything at once, the commit last. If one of them fails, so does the transaction.
    async fn write(
        &self,
        place: &Filed,
        head: &HeadColumns,
        borrowed: &Borrowed,
    ) -> Result<(), tokio_postgres::Error> {
        let (client, known) = (&borrowed.get().client, &borrowed.get().statements);
        let id = place.id;
        let name = id.to_string();
        let mut statements: Vec<(&Statement, Vec<&(dyn ToSql + Sync)>)> = Vec::new();
        if self.is_reset {
            statements.push((&known.forget, vec![&id]));
        }
        if !self.positions.is_empty() {
            statements.push((
                &known.add_rows,
                vec![&id, &head.generation, &self.positions, &self.contents],
            ));
        }
        let Files {
            digests,
            lengths,
            contents,
        } = &self.files;
        if !digests.is_empty() {
            statements.push((
                &known.add_files,
                vec![&id, &head.generation, digests, lengths, contents],
            ));
        }
        statements.push((&known.set_head, head.parameters(&id).to_vec()));
        if self.has_other_epoch {
            statements.push((&known.changed, Vec::new()));
        }
        if self.tells_sender {
            statements.push((&known.tell, vec![&name]));
        }
        let statements = statements
            .iter()
            .map(|(statement, parameters)| client.execute(*statement, parameters));
        let commit = client.batch_execute("COMMIT");
        // The first look at each future sends it, in this order; `try_join_all` keeps to it as there are never many.
        futures_util::future::try_join(try_join_all(statements), commit).await?;
        Ok(())
    }
}
