//! Where rows stand, by their 128-bit ids.
//!
//! A position is four bytes and the id stands in the row alone: a book of millions of entries would otherwise keep every
//! id twice. The tables are only ever asked, never walked, so their order cannot show.

use hashbrown::HashTable;

use crate::entry::{Entry, EntryId};
use crate::error::LedgerError;
use crate::hold::{Hold, HoldId};

/// A row that is found by its id.
pub(super) trait Identified {
    /// The kind of its id.
    type Id: Copy + Eq;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// The bits of an id.
    fn bits(id: Self::Id) -> u128;
}

impl Identified for Entry {
    type Id = EntryId;

    fn id(&self) -> EntryId {
        self.id
    }

    fn bits(id: EntryId) -> u128 {
        id.get()
    }
}

impl Identified for Hold {
    type Id = HoldId;

    fn id(&self) -> HoldId {
        self.id
    }

    fn bits(id: HoldId) -> u128 {
        id.get()
    }
}

/// The positions of rows. Every call brings the rows that it is about.
///
/// It follows from the rows, so it is not compared with another one: what matters is whether it does follow
/// ([`Positions::are_those_of`]).
#[derive(Clone, Debug, Default)]
pub(super) struct Positions(HashTable<u32>);

impl Positions {
    /// The position of the row with this id.
    pub(super) fn find<R: Identified>(&self, rows: &[R], id: R::Id) -> Option<usize> {
        let is_it = |position: &u32| rows.get(index(*position)).is_some_and(|row| row.id() == id);
        let found = self.0.find(hash(R::bits(id)), is_it);
        found.map(|position| index(*position))
    }

    /// Notes the position of a row. The caller has checked that there is room and that the id is free.
    pub(super) fn insert<R: Identified>(&mut self, rows: &[R], position: usize) {
        let row_hash = |position: &u32| {
            let row = rows.get(index(*position));
            row.map_or(0, |row| hash(R::bits(row.id())))
        };
        if let Ok(position) = place_of(position) {
            self.0
                .insert_unique(row_hash(&position), position, row_hash);
        }
    }

    /// Forgets the row with this id, which is still there.
    pub(super) fn remove<R: Identified>(&mut self, rows: &[R], id: R::Id) {
        let is_it = |position: &u32| rows.get(index(*position)).is_some_and(|row| row.id() == id);
        if let Ok(found) = self.0.find_entry(hash(R::bits(id)), is_it) {
            found.remove();
        }
    }

    /// Whether each of the rows, and nothing else, is found at its place.
    pub(super) fn are_those_of<R: Identified>(&self, rows: &[R]) -> bool {
        let found = |(position, row): (usize, &R)| self.find(rows, row.id()) == Some(position);
        self.0.len() == rows.len() && rows.iter().enumerate().all(found)
    }
}

/// The position as four bytes; a book is full where it has none.
pub(super) fn place_of(position: usize) -> Result<u32, LedgerError> {
    u32::try_from(position).map_err(|_| LedgerError::Full)
}

const fn index(position: u32) -> usize {
    position as usize
}

/// Folds a 128-bit id into 64 bits by one widening multiplication.
///
/// Ids come from the program that owns the book, not from its users, so nobody is in a position to
/// choose collisions; and the key is fixed, because nothing in this crate draws chance.
fn hash(id: u128) -> u64 {
    /// The fraction of the golden ratio: odd, without a pattern in its bits.
    const GOLDEN: u128 = 0x9e37_79b9_7f4a_7c15;
    const LOW: u128 = u64::MAX as u128;
    let folded = (id >> 64).wrapping_mul(GOLDEN) ^ (id & LOW);
    let product = (folded & LOW) * GOLDEN;
    // Both halves fit 64 bits, so the conversion loses nothing.
    u64::try_from((product >> 64) ^ (product & LOW)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountIx;
    use crate::entry::Stamp;
    use crate::hold::HoldState;
    use crate::minor::MinorUnits;

    fn holds(count: u128) -> Vec<Hold> {
        let hold = |bits| Hold {
            id: HoldId::new(bits << 60),
            account: AccountIx(0),
            amount: MinorUnits::new(1),
            placed: Stamp::new(0, 0),
            state: HoldState::Open,
        };
        (0..count).map(hold).collect()
    }

    #[test]
    fn every_row_is_found_until_it_is_taken_back() {
        let mut rows = holds(5_000);
        let mut positions = Positions::default();
        for position in 0..rows.len() {
            assert_eq!(positions.find(&rows, rows[position].id), None);
            positions.insert(&rows, position);
        }
        assert!(positions.are_those_of(&rows));
        let last = rows[4_999].id;
        positions.remove(&rows, last);
        assert_eq!(positions.find(&rows, last), None);
        assert!(!positions.are_those_of(&rows));
        rows.pop();
        assert!(positions.are_those_of(&rows));
    }

    #[test]
    fn a_book_that_does_not_find_its_rows_equals_none() {
        let mut book = crate::Book {
            holds: holds(2),
            ..crate::Book::default()
        };
        book.index.hold_positions.insert(&book.holds, 0);
        book.index.hold_positions.insert(&book.holds, 1);
        assert_eq!(book, book.clone());
        let mut lost = book.clone();
        lost.index.hold_positions = Positions::default();
        assert_ne!(book, lost);
        assert_ne!(lost, book);
    }

    #[test]
    fn rows_in_another_order_are_noticed() {
        let mut rows = holds(2);
        let mut positions = Positions::default();
        positions.insert(&rows, 0);
        positions.insert(&rows, 1);
        rows.swap(0, 1);
        assert!(!positions.are_those_of(&rows));
    }
}
