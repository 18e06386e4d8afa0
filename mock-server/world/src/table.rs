//! Rows by id, in the order in which they came.
//!
//! Lists of the platform are oldest first, in every replay. An id is found by a hash of its text, which names the place of
//! its row and nothing else: the text stands in the row alone.

use core::hash::Hasher as _;
use core::marker::PhantomData;
use std::hash::DefaultHasher;

use hashbrown::HashTable;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::packed::Spelled;
use crate::page::Cut;
use crate::page::Page;
use crate::page::RowOrder;
use crate::rows::Rows;

/// A row that has an id.
pub(crate) trait Named<K> {
    /// The text of the id.
    fn id(&self) -> Spelled<'_>;
}

/// Gives rows their ids by the member `id`: `named!(CustomerRow: CustomerId)`, or `named!(TransferRow: Id<TransferId>)`
/// where the row has it packed.
macro_rules! named {
    ($row:ty: Id<$id:ty>) => {
        impl $crate::table::Named<$id> for $row {
            fn id(&self) -> $crate::packed::Spelled<'_> {
                self.id.spelled()
            }
        }
    };
    ($row:ty: $id:ty) => {
        impl $crate::table::Named<$id> for $row {
            fn id(&self) -> $crate::packed::Spelled<'_> {
                $crate::packed::Spelled::Text(AsRef::<str>::as_ref(&self.id))
            }
        }
    };
}
pub(crate) use named;

/// A table of one resource.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    rows: Rows<V>,
    /// Numbers of rows by the hash of their ids. It is only ever asked, never walked, so its order cannot show.
    places: HashTable<u32>,
    ids: PhantomData<K>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            rows: Rows::default(),
            places: HashTable::new(),
            ids: PhantomData,
        }
    }
}

impl<K: AsRef<str>, V: Named<K>> Table<K, V> {
    /// Adds a row. The caller has checked that its id is free.
    pub(crate) fn insert(&mut self, row: V) {
        debug_assert!(
            self.find(row.id().as_ref()).is_none(),
            "an id names one row"
        );
        let number = self.rows.push(row);
        self.note(number);
    }

    pub(crate) fn get(&self, id: &K) -> Option<&V> {
        self.rows.get(self.number(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        let number = self.number(id)?;
        self.rows.get_mut(number)
    }

    pub(crate) fn contains(&self, id: &K) -> bool {
        self.number(id).is_some()
    }

    pub(crate) fn remove(&mut self, id: &K) -> Option<V> {
        let (rows, text) = (&self.rows, id.as_ref());
        let found = self
            .places
            .find_entry(hash(text), |place| is_named(rows, *place, text));
        let (place, _) = found.ok()?.remove();
        self.rows.take(u64::from(place))
    }

    /// The rows, oldest first.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.numbered().map(|(_, row)| row)
    }

    /// The rows with their numbers, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &V)> {
        self.rows.numbered()
    }

    /// The row with a number.
    pub(crate) fn row(&self, number: u64) -> Option<&V> {
        self.rows.get(number)
    }

    /// The same, to be changed.
    pub(crate) fn row_mut(&mut self, number: u64) -> Option<&mut V> {
        self.rows.get_mut(number)
    }

    /// The number of a row.
    pub(crate) fn number(&self, id: &K) -> Option<u64> {
        self.find(id.as_ref())
    }

    fn find(&self, text: &str) -> Option<u64> {
        let found = self
            .places
            .find(hash(text), |place| is_named(&self.rows, *place, text));
        found.copied().map(u64::from)
    }

    /// Notes the place of a row.
    #[expect(
        clippy::expect_used,
        reason = "so many rows take hundreds of gigabytes, and a broken sandbox is better than a row that is never found again"
    )]
    fn note(&mut self, number: u64) {
        let Self { rows, places, .. } = self;
        let place = u32::try_from(number).expect("a table has fewer than 2^32 rows");
        places.insert_unique(hash_of(rows, place), place, |place| hash_of(rows, *place));
    }

    /// How many rows were ever made: the number of the newest one.
    pub(crate) const fn made(&self) -> u64 {
        self.rows.made()
    }

    /// The ids, oldest first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Spelled<'_>> {
        self.rows().map(Named::id)
    }

    /// A page of the rows, oldest first; of all of them without a filter, and then no more rows are looked at than it
    /// shows.
    pub(crate) fn page(&self, page: Page, filter: Option<&impl Fn(&V) -> bool>) -> Cut<&V> {
        let made = self.made();
        match filter {
            None if self.rows.is_whole() => {
                let at = |place: usize| {
                    let number = place as u64 + 1;
                    Some((number, self.rows.get(number)?))
                };
                // A place in memory is no more than a `usize` can tell.
                let places = 0..usize::try_from(made).unwrap_or(usize::MAX);
                page.pick(places, at, RowOrder::OldestFirst, made)
            }
            _ => {
                let matching = self
                    .numbered()
                    .filter(|(_, row)| filter.is_none_or(|filter| filter(row)));
                page.cut(matching, RowOrder::OldestFirst, made)
            }
        }
    }
}

fn is_named<K, V: Named<K>>(rows: &Rows<V>, place: u32, id: &str) -> bool {
    let row = rows.get(u64::from(place));
    row.is_some_and(|row| row.id().as_ref() == id)
}

fn hash_of<K, V: Named<K>>(rows: &Rows<V>, place: u32) -> u64 {
    let row = rows.get(u64::from(place));
    row.map_or(0, |row| hash(row.id().as_ref()))
}

/// SipHash without a key of its own: a table draws nothing by chance, and the result goes into no snapshot. So whoever
/// wants to can choose ids that share a hash; that slows the look-ups of the sandbox that is theirs, and finds no other
/// row, because texts are compared in the end.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_bytes());
    hasher.finish()
}

/// Two tables are equal when their rows are.
impl<K, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<K, V: Eq> Eq for Table<K, V> {}

/// The rows; places follow from them.
impl<K, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, K: AsRef<str>, V: Named<K> + Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Self {
            rows: Rows::deserialize(deserializer)?,
            ..Self::default()
        };
        for number in 1..=table.made() {
            if table.row(number).is_some() {
                table.note(number);
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        id: String,
        value: u64,
    }

    named!(Row: String);

    fn row(id: &str, value: u64) -> Row {
        Row {
            id: id.to_owned(),
            value,
        }
    }

    #[test]
    fn rows_come_oldest_first_and_leave_no_trace() {
        let mut table = Table::<String, Row>::default();
        table.insert(row("b", 1));
        table.insert(row("a", 2));
        let values =
            |table: &Table<String, Row>| table.rows().map(|row| row.value).collect::<Vec<_>>();
        assert_eq!(values(&table), [1, 2]);
        let ids = table.ids().map(|id| id.as_ref().to_owned());
        assert_eq!(ids.collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(table.remove(&"b".to_owned()), Some(row("b", 1)));
        assert!(!table.contains(&"b".to_owned()) && table.get(&"b".to_owned()).is_none());
        table.get_mut(&"a".to_owned()).unwrap().value = 3;
        assert_eq!(table.get(&"a".to_owned()), Some(&row("a", 3)));
        assert_eq!(table.number(&"a".to_owned()), Some(2));
        assert_eq!(table.made(), 2);

        let text = serde_json::to_string(&table).unwrap();
        let restored: Table<String, Row> = serde_json::from_str(&text).unwrap();
        assert_eq!(restored, table);
        assert_eq!(restored.get(&"a".to_owned()), Some(&row("a", 3)));
        assert_eq!(restored.made(), 2, "numbers are not given again");
    }

    #[test]
    fn every_id_is_found_however_many_there_are() {
        let mut table = Table::<String, Row>::default();
        for n in 0..5_000 {
            table.insert(row(&format!("id-{n}"), n));
        }
        for n in 0..5_000 {
            assert_eq!(table.get(&format!("id-{n}")).unwrap().value, n);
        }
        assert!(!table.contains(&"id-5000".to_owned()));
    }
}
