//! Rows by id, in the order in which they came.
//!
//! Lists of the platform are oldest first; ids chosen by clients sort otherwise. Both orders are kept, and both are the
//! same in every replay.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

/// A table of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table<K: Ord, V> {
    made: u64,
    numbers: BTreeMap<K, u64>,
    rows: BTreeMap<u64, V>,
}

impl<K: Ord, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            made: 0,
            numbers: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// Adds a row. The caller has checked that the id is free.
    pub(crate) fn insert(&mut self, id: K, row: V) {
        debug_assert!(!self.numbers.contains_key(&id), "an id names one row");
        self.made += 1;
        self.numbers.insert(id, self.made);
        self.rows.insert(self.made, row);
    }

    pub(crate) fn get(&self, id: &K) -> Option<&V> {
        self.rows.get(self.numbers.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        self.rows.get_mut(self.numbers.get(id)?)
    }

    pub(crate) fn contains(&self, id: &K) -> bool {
        self.numbers.contains_key(id)
    }

    pub(crate) fn remove(&mut self, id: &K) -> Option<V> {
        self.rows.remove(&self.numbers.remove(id)?)
    }

    /// The rows, oldest first.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values()
    }

    /// The rows with their numbers, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &V)> {
        self.rows.iter().map(|(number, row)| (*number, row))
    }

    /// How many rows were ever made: the number of the newest one.
    pub(crate) const fn made(&self) -> u64 {
        self.made
    }

    /// The ids, by name.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &K> {
        self.numbers.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_oldest_first_and_leave_no_trace() {
        let mut table = Table::default();
        table.insert("b".to_owned(), 1);
        table.insert("a".to_owned(), 2);
        assert_eq!(table.rows().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(table.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(table.remove(&"b".to_owned()), Some(1));
        assert!(!table.contains(&"b".to_owned()) && table.get(&"b".to_owned()).is_none());
        *table.get_mut(&"a".to_owned()).unwrap() = 3;
        assert_eq!(table.get(&"a".to_owned()), Some(&3));
        assert_eq!(table.numbered().collect::<Vec<_>>(), [(2, &3)]);
        assert_eq!(table.made(), 2);
    }
}
