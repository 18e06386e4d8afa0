//! A journal that lives as long as its sandbox.

use std::sync::Mutex;

use super::{Journal, Mark, Opened, Row, Write};
use crate::{sandbox::lock, store::Pending};

/// Rows in a list. It grows with the sandbox, as the state does; `reset` and `delete` end both. The bytes of files stay
/// where they were put (`Blobs`), and nothing is read again, so nothing else is noted.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    /// Taken under the lock of the sandbox or by a look at all rows, so nobody waits for it on the way of a request.
    rows: Mutex<Vec<Row>>,
}

impl Journal for MemoryJournal {
    fn open(&self) -> Pending<'_, Opened> {
        Box::pin(async { Ok(Opened::default()) })
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        let rows = lock(&self.rows);
        let begin = usize::try_from(after).unwrap_or(usize::MAX).min(rows.len());
        let page = rows.iter().skip(begin).take(most).cloned().collect();
        Box::pin(async move { Ok(page) })
    }

    fn write(&self, write: Write) -> Mark {
        match write {
            Write::Row { row, .. } => lock(&self.rows).push(row),
            Write::Reset(_) => lock(&self.rows).clear(),
            Write::Head(_) => {}
        }
        Mark::default()
    }
}
