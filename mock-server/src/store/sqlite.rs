//! Sandboxes in one file of SQLite's, for one server at a time.
//!
//! One thread owns the connection (`writer`). What sandboxes write waits in its queue and is committed together: one
//! transaction for all that waits, in a write-ahead log that is synchronised at each commit, so that what is told to be
//! safe survives a crash of the machine. The file is locked for as long as the server runs.
//!
//! Before anything is changed, a file is looked at from outside (`file`): what is not a store of this version, or not of
//! this seed, is refused as it is.

mod file;
mod journal;
mod lane;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::{path::Path, sync::Arc};

use layer2_world::seed::Seed;

use super::{
    Charter, Kept, Pending, Store, StoreError,
    seal::{Place, Sealer},
};
use crate::journal::{Base, Head, Journal};
use journal::SqliteJournal;
use schema::Sandbox;
use writer::Writer;

/// The store of a file.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    writer: Arc<Writer>,
    sealer: Arc<Sealer>,
    /// A journal below this many bytes is carried out again sooner than a snapshot of it is written.
    snapshot_floor: u64,
}

/// What it is unless it is said.
const SNAPSHOT_FLOOR: u64 = 8 * 1024 * 1024;

impl SqliteStore {
    /// Opens the file, or makes it.
    pub(crate) fn open(
        path: &Path,
        max_mib: Option<u32>,
        seed: &Seed,
    ) -> Result<SqliteStore, StoreError> {
        let sealer = Arc::new(Sealer::new(seed));
        let connection = file::open(path, max_mib, &sealer)?;
        let writer = Arc::new(Writer::start(connection, Arc::clone(&sealer))?);
        Ok(SqliteStore {
            writer,
            sealer,
            snapshot_floor: SNAPSHOT_FLOOR,
        })
    }

    /// Thinks of a snapshot at another length of the journal.
    pub(crate) fn with_snapshot_kib(mut self, kib: Option<u32>) -> SqliteStore {
        self.snapshot_floor = kib.map_or(SNAPSHOT_FLOOR, |kib| u64::from(kib) * 1024);
        self
    }

    fn journal(&self, sandbox: Sandbox, name: &str) -> Arc<dyn Journal> {
        Arc::new(SqliteJournal::new(
            Arc::clone(&self.writer),
            Arc::clone(&self.sealer),
            sandbox,
            name,
            self.snapshot_floor,
        ))
    }
}

impl Store for SqliteStore {
    fn sandboxes(&self) -> Pending<'_, Vec<Kept>> {
        Box::pin(async {
            let stored = self
                .writer
                .ask(|connection| schema::sandboxes(connection))
                .await?;
            let mut kept = Vec::with_capacity(stored.len());
            for (sandbox, name, charter) in stored {
                let place = Place::Charter { sandbox: &name };
                let charter = super::record::open(&self.sealer, place, &charter);
                let journal = self.journal(sandbox, &name);
                kept.push(Kept {
                    name,
                    charter,
                    journal,
                });
            }
            Ok(kept)
        })
    }

    fn create<'a>(&'a self, charter: &'a Charter) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async move {
            let name = charter.name.clone();
            let place = Place::Charter { sandbox: &name };
            let sealed = super::record::seal(&self.sealer, place, charter)?;
            let place = Place::Head { sandbox: &name };
            let head = super::record::seal(&self.sealer, place, &Head::default())?;
            let kept_name = name.clone();
            let sandbox = self
                .writer
                .ask(move |connection| schema::create(connection, &kept_name, &sealed, &head))
                .await?;
            Ok(self.journal(sandbox, &name))
        })
    }

    fn begin<'a>(
        &'a self,
        charter: &'a Charter,
        base: &'a Base,
        replace: bool,
    ) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async move {
            let begun = journal::seal_base(&self.sealer, charter, base)?;
            let name = charter.name.clone();
            let sandbox = self
                .writer
                .ask(move |connection| schema::begin(connection, &name, &begun, replace))
                .await?;
            Ok(self.journal(sandbox, &charter.name))
        })
    }

    fn delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        let name = name.to_owned();
        Box::pin(async move {
            self.writer
                .ask(move |connection| schema::delete(connection, &name))
                .await
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(self.writer.close())
    }
}
