//! A journal that lives as long as its sandbox.

use super::{Journal, Row};

/// Rows in a list. It grows with the sandbox, as the state does; `reset` and `delete` end both.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    rows: Vec<Row>,
}

impl Journal for MemoryJournal {
    fn next_seq(&self) -> u64 {
        self.rows.len() as u64 + 1
    }

    fn append(&mut self, row: Row) {
        self.rows.push(row);
    }

    fn rows(&self) -> Vec<Row> {
        self.rows.clone()
    }

    fn find(&self, is_wanted: &mut dyn FnMut(&Row) -> bool) -> Vec<Row> {
        let wanted = self.rows.iter().filter(|row| is_wanted(row));
        wanted.cloned().collect()
    }
}
