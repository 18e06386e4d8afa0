//! Rows by number: 1, 2, 3, in the order in which they came.
//!
//! A row keeps its number for good, also when others are gone, so a number is a place and a place is found at once. Rows lie
//! in blocks of equal length: a list that grows never moves what it has, nor takes room for twice as much.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// A list of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows<V> {
    /// All but the last are full.
    blocks: Vec<Vec<Option<V>>>,
    made: u64,
    gone: u64,
}

/// Rows in a block.
const BLOCK: usize = 64;

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            made: 0,
            gone: 0,
        }
    }
}

impl<V> Rows<V> {
    /// Adds a row and tells its number.
    pub(crate) fn push(&mut self, row: V) -> u64 {
        self.push_place(Some(row));
        self.made
    }

    pub(crate) fn get(&self, number: u64) -> Option<&V> {
        let (block, place) = place_of(number)?;
        self.blocks.get(block)?.get(place)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut V> {
        let (block, place) = place_of(number)?;
        self.blocks.get_mut(block)?.get_mut(place)?.as_mut()
    }

    /// Takes a row out; its number is not given again.
    pub(crate) fn take(&mut self, number: u64) -> Option<V> {
        let (block, place) = place_of(number)?;
        let row = self.blocks.get_mut(block)?.get_mut(place)?.take()?;
        self.gone += 1;
        Some(row)
    }

    /// The rows with their numbers, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &V)> {
        (1..=self.made).filter_map(|number| Some((number, self.get(number)?)))
    }

    /// How many rows were ever made: the number of the newest one.
    pub(crate) const fn made(&self) -> u64 {
        self.made
    }

    /// Whether every row that was made is still there.
    pub(crate) const fn is_whole(&self) -> bool {
        self.gone == 0
    }

    fn push_place(&mut self, row: Option<V>) {
        self.made += 1;
        self.gone += u64::from(row.is_none());
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(row),
            last => {
                // The first block grows as it is needed: most lists are short.
                let mut block = match last {
                    Some(_) => Vec::with_capacity(BLOCK),
                    None => Vec::new(),
                };
                block.push(row);
                self.blocks.push(block);
            }
        }
    }
}

/// Block and place in it.
fn place_of(number: u64) -> Option<(usize, usize)> {
    let place = usize::try_from(number.checked_sub(1)?).ok()?;
    Some((place / BLOCK, place % BLOCK))
}

/// As a list, with nothing where a row is gone.
impl<V: Serialize> Serialize for Rows<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.blocks.iter().flatten())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Rows<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rows = Self::default();
        for row in Vec::<Option<V>>::deserialize(deserializer)? {
            rows.push_place(row);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_number() {
        let mut rows = Rows::default();
        for n in 1..=200 {
            assert_eq!(rows.push(n), n);
        }
        assert!(rows.is_whole());
        assert_eq!((rows.take(70), rows.take(70)), (Some(70), None));
        assert!(!rows.is_whole());
        *rows.get_mut(71).unwrap() = 0;
        assert_eq!(
            (rows.get(71), rows.get(70), rows.get(0)),
            (Some(&0), None, None)
        );
        assert_eq!(
            (rows.get(200), rows.get(201), rows.made()),
            (Some(&200), None, 200)
        );
        let numbers = rows.numbered().map(|(number, _)| number);
        assert!(numbers.eq((1..=200).filter(|number| *number != 70)));

        let text = serde_json::to_string(&rows).unwrap();
        assert_eq!(serde_json::from_str::<Rows<u64>>(&text).unwrap(), rows);
    }
}
