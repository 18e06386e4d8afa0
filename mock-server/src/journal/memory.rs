//! A journal that lives as long as its sandbox.

use std::{io, sync::Mutex};

use super::{Durable, Journal, Row};
use crate::sandbox::lock;

/// Rows in a list. It grows with the sandbox, as the state does; `reset` and `delete` end both.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    /// Taken under the lock of the sandbox or by a look at all rows, so nobody waits for it on the way of a request.
    rows: Mutex<Vec<Row>>,
}

impl Journal for MemoryJournal {
    fn load(&self) -> io::Result<Vec<Row>> {
        Ok(lock(&self.rows).clone())
    }

    fn append(&self, row: Row) -> io::Result<()> {
        lock(&self.rows).push(row);
        Ok(())
    }

    /// Memory survives no crash, so there is nothing to wait for.
    fn durable(&self, _seq: u64) -> Option<Durable> {
        None
    }

    fn clear(&self) -> io::Result<()> {
        lock(&self.rows).clear();
        Ok(())
    }

    fn find(&self, is_wanted: &mut dyn FnMut(&Row) -> bool) -> io::Result<Vec<Row>> {
        let rows = lock(&self.rows);
        let wanted = rows.iter().filter(|row| is_wanted(row));
        Ok(wanted.cloned().collect())
    }
}
