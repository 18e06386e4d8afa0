//! Where a sandbox is filed: what is read of it and written to it under its number.

use std::sync::Arc;

use tokio_postgres::{
    Row as Columns,
    types::{ToSql, Type},
};

use super::{
    columns::{column, get, number},
    connections::{Borrowed, Connections, within},
    head::{HEAD, HeadColumns},
    lease::Desk,
};
use crate::{
    blobs::BlobId,
    journal::{Base, Head, Row, Snapshot},
    store::{
        Identity, StoreError,
        parts::{self, Parts},
        record,
        seal::{Place, Sealer},
    },
};

/// A row that no journal has. Parameters: sandbox, content.
const PROBE: &str =
    "INSERT INTO layer2_rows (sandbox, generation, seq, content) VALUES ($1, -1, -1, $2)";

/// More than the room that is left in a page or two.
const PROBE_BYTES: usize = 64 * 1024;

/// Where a sandbox is filed.
#[derive(Debug)]
pub(super) struct Filed {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) owner: Owner,
    pub(super) connections: Arc<Connections>,
    /// That of the store, for the head.
    pub(super) store_sealer: Arc<Sealer>,
    /// That of the sandbox, for everything else.
    pub(super) sealer: Arc<Sealer>,
    pub(super) desk: Arc<Desk>,
}

/// Whose records they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    /// Those of a sandbox of the first tables, which knew a sandbox by its name alone.
    Early,
    Drawn(Identity),
    /// What the sandbox was made from cannot be read, and so nobody knows.
    Unknown,
}

impl Owner {
    /// The key that the records are sealed under.
    pub(super) fn sealer(self, store: &Arc<Sealer>) -> Arc<Sealer> {
        match self {
            Owner::Drawn(identity) => Arc::new(store.of_sandbox(&identity)),
            Owner::Early | Owner::Unknown => Arc::clone(store),
        }
    }
}

impl Filed {
    pub(super) fn identity(&self) -> Option<Identity> {
        match self.owner {
            Owner::Drawn(identity) => Some(identity),
            Owner::Early | Owner::Unknown => None,
        }
    }

    pub(super) fn row(&self, generation: u64, seq: u64) -> Place<'_> {
        Place::Row {
            sandbox: &self.name,
            generation,
            seq,
        }
    }

    pub(super) fn blob<'p>(&'p self, generation: u64, id: &'p BlobId) -> Place<'p> {
        Place::Blob {
            sandbox: &self.name,
            generation,
            digest: id.as_bytes(),
        }
    }

    /// Rows whose contents stand in this column, and their positions in the next one.
    pub(super) fn rows(
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
    pub(super) fn snapshot(
        &self,
        generation: u64,
        rows: &[Columns],
    ) -> Result<Option<Snapshot>, StoreError> {
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let seq: Option<i64> = get(first, HEAD)?;
        let Some(seq) = seq.map(number).transpose()? else {
            return Ok(None);
        };
        let parts = number(get(first, HEAD + 2)?)?;
        let bodies: Vec<&[u8]> = rows
            .iter()
            .map(|row| get(row, HEAD + 3))
            .collect::<Result<_, _>>()?;
        let snapshot = parts::join(&self.sealer, &self.name, (generation, seq), parts, bodies)?;
        Ok(Some(snapshot))
    }

    /// Finds out whether the database takes a row that needs room, and leaves none.
    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let borrowed = self.connections.borrow().await?;
        let client = &borrowed.get().client;
        let filler = vec![0_u8; PROBE_BYTES];
        within(client.batch_execute("BEGIN")).await?;
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.id, Type::INT8), (&filler, Type::BYTEA)];
        within(client.execute_typed(PROBE, &parameters)).await?;
        within(client.batch_execute("ROLLBACK")).await?;
        borrowed.give_back();
        Ok(())
    }

    pub(super) async fn keep_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
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
        self.write_head(head, base, borrowed).await?;
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

    /// Has what was begun with a base forget no expiry of tokens of what it takes the place of.
    pub(super) async fn raise_epoch(
        &self,
        base: &Base,
        epoch: u64,
        borrowed: &Borrowed,
    ) -> Result<(), StoreError> {
        if epoch <= base.head.epoch {
            return Ok(());
        }
        let head = Head { epoch, ..base.head };
        self.write_head(head, base, borrowed).await
    }

    async fn write_head(
        &self,
        head: Head,
        base: &Base,
        borrowed: &Borrowed,
    ) -> Result<(), StoreError> {
        let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
        let columns = HeadColumns::of(self, head, base.snapshot.seq)?;
        let parameters = columns.parameters(&self.id);
        within(client.execute(&statements.set_head, &parameters)).await?;
        Ok(())
    }

    /// Writes a snapshot in place of the one before. The transaction is the caller's.
    async fn write_snapshot(
        &self,
        snapshot: &Snapshot,
        borrowed: &Borrowed,
    ) -> Result<(), StoreError> {
        let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
        let (generation, seq) = (column(snapshot.generation), column(snapshot.seq));
        let parts = Parts::of(&self.sealer, &self.name, snapshot);
        let count = column(parts.count());
        for sealed in parts.sealed() {
            let (part, content) = sealed?;
            let parameters: [&(dyn ToSql + Sync); 6] =
                [&self.id, &generation, &seq, &column(part), &count, &content];
            within(client.execute(&statements.add_snapshot, &parameters)).await?;
        }
        let parameters: [&(dyn ToSql + Sync); 3] = [&self.id, &generation, &seq];
        within(client.execute(&statements.set_snapshot, &parameters)).await?;
        within(client.execute(&statements.sweep_snapshots, &[&self.id])).await?;
        Ok(())
    }

    pub(super) fn is_gone(&self) -> StoreError {
        StoreError::Unavailable(format!("the sandbox `{}` was deleted", self.name))
    }
}
