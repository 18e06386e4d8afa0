//! A journal that lives as long as its sandbox.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;

use super::{Base, Journal, Mark, Opened, Row, Write};
use crate::{blobs::BlobId, sandbox::lock, store::Pending};

/// Rows in a list. It grows with the sandbox, as the state does; `reset` and `delete` end both. The bytes of files stay
/// where they were put (`Blobs`), but for those that the sandbox began with.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    /// Taken under the lock of the sandbox or by a look at all rows, so nobody waits for it on the way of a request.
    rows: Mutex<Vec<Row>>,
    /// What the sandbox begins with. It is read once, as nothing is ever lost and read again.
    begun: Mutex<Opened>,
    /// The files that the sandbox began with.
    files: Mutex<BTreeMap<BlobId, Bytes>>,
}

impl MemoryJournal {
    /// The journal of a sandbox that does not begin anew.
    pub(crate) fn after(base: &Base) -> MemoryJournal {
        let blobs = base
            .files
            .iter()
            .map(|(id, bytes)| (*id, bytes.len() as u64));
        let begun = Opened {
            head: base.head,
            snapshot: Some(base.snapshot.clone()),
            blobs: blobs.collect(),
        };
        MemoryJournal {
            rows: Mutex::default(),
            begun: Mutex::new(begun),
            files: Mutex::new(base.files.iter().cloned().collect()),
        }
    }
}

impl Journal for MemoryJournal {
    fn open(&self) -> Pending<'_, Opened> {
        let begun = std::mem::take(&mut *lock(&self.begun));
        Box::pin(async move { Ok(begun) })
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        let rows = lock(&self.rows);
        let begin = rows.partition_point(|row| row.seq <= after);
        let page = rows.iter().skip(begin).take(most).cloned().collect();
        Box::pin(async move { Ok(page) })
    }

    fn write(&self, write: Write) -> Mark {
        match write {
            Write::Row { row, .. } => lock(&self.rows).push(row),
            Write::Reset(_) => {
                lock(&self.rows).clear();
                lock(&self.files).clear();
            }
            Write::Head(_) => {}
        }
        Mark::default()
    }

    fn blob(&self, id: BlobId) -> Pending<'_, Option<Bytes>> {
        let bytes = lock(&self.files).get(&id).cloned();
        Box::pin(async move { Ok(bytes) })
    }
}
