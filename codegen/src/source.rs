//! The documents as nodes that know their place and keep every number as it is written.
//!
//! `serde` deserializers forget where a value stood and turn numbers into `f64`; both would be lost
//! for good here, because a lint message needs the place and an example may hold 28 digits of money.
//! So [`parse`] builds nodes of our own from parser events.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use crate::problem::Problem;

mod yaml;

pub use self::yaml::parse;

/// A whole document: the merged fragments of one API.
#[derive(Clone, Debug)]
pub struct Document {
    /// Name of the API, which is the name of its folder: `payments`.
    pub api: String,
    /// The merged fragments; every node keeps the place in the fragment it came from.
    pub root: Node,
}

/// Where something stands: a file relative to the project, a line and a column that count from one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    file: Arc<str>,
    line: usize,
    column: usize,
}

impl Place {
    /// A place inside a file.
    pub fn at(file: impl Into<Arc<str>>, line: usize, column: usize) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }

    /// A whole file or folder, for what has no line.
    pub fn whole(file: impl Into<Arc<str>>) -> Self {
        Self::at(file, 0, 0)
    }

    /// The file, relative to the project.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from one; zero means the whole file.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, from one; zero means the whole file.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// A value and the place where it starts.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value starts.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// What a node can hold: the data model of JSON.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number in exactly the text it was written in; the text is valid JSON.
    Number(String),
    /// A string.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

impl Node {
    /// Makes a node.
    pub fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// The value of a key; `None` when there is none or this is no map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// Follows a JSON pointer (RFC 6901), `/paths/~1v1~1transfers/get`.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        let steps = pointer.strip_prefix('/')?.split('/');
        steps
            .map(unescape)
            .try_fold(self, |node, step| match &node.value {
                Value::Map(map) => map.get(&step),
                Value::List(items) => items.get(step.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if this is a whole number from zero on that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map, to be changed, if this is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items in order; none when this is no list.
    pub fn items(&self) -> &[Node] {
        self.as_list().unwrap_or_default()
    }

    /// The entries in order; none when this is no map.
    pub fn entries(&self) -> &[Entry] {
        self.as_map().map(Map::entries).unwrap_or_default()
    }

    /// What kind of value this is, for a message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

impl Serialize for Node {
    /// Exact: order kept, numbers as they were written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(text) => {
                let raw = RawValue::from_string(text.clone()).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items
                    .iter()
                    .try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Value::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.entries.len()))?;
                map.entries
                    .iter()
                    .try_for_each(|e| out.serialize_entry(&e.key, &e.node))?;
                out.end()
            }
        }
    }
}

/// A mapping that keeps the order of its keys; a key occurs once.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// Position of each key: a document has maps of several hundred keys.
    index: HashMap<String, usize>,
}

impl Map {
    /// The entries in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let position = *self.index.get(key)?;
        self.entries.get_mut(position).map(|entry| &mut entry.node)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.index
            .get(key)
            .and_then(|position| self.entries.get(*position))
    }

    /// Appends an entry; gives the entry back when the key is already there.
    pub fn insert(&mut self, entry: Entry) -> Result<(), Box<Entry>> {
        if self.index.contains_key(&entry.key) {
            return Err(Box::new(entry));
        }
        self.index.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
        Ok(())
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let position = self.index.remove(key)?;
        for later in self.index.values_mut().filter(|later| **later > position) {
            *later -= 1;
        }
        Some(self.entries.remove(position))
    }
}

impl IntoIterator for Map {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// A key of a map, with its place and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// The value.
    pub node: Node,
}

/// The problem of a key that its map already holds.
pub(crate) fn duplicate(map: &Map, again: &Entry) -> Problem {
    let first = map
        .entry(&again.key)
        .map_or(&again.key_place, |entry| &entry.key_place);
    Problem::new(
        &again.key_place,
        "duplicate-key",
        format!("`{}` is already said at {first}", again.key),
        "keep one of the two, or rename one",
    )
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        parse("a.yaml", text).expect("good YAML")
    }

    #[test]
    fn numbers_keep_their_text_and_keys_their_order() {
        let text = "z: 123456789012345678.1234567890\na: [1.50, -0.0, 1e-7, '5', 1.2.3]\n";
        let json = serde_json::to_string(&read(text)).expect("json");
        assert_eq!(
            json,
            r#"{"z":123456789012345678.1234567890,"a":[1.50,-0.0,1e-7,"5","1.2.3"]}"#
        );
    }

    #[test]
    fn every_node_and_key_knows_its_place() {
        let root = read("paths:\n  /v1/a:\n    get: {id: x}\n");
        let id = root.pointer("/paths/~1v1~1a/get/id").expect("there");
        assert_eq!(id.place.to_string(), "a.yaml:3:15");
        let paths = root
            .as_map()
            .and_then(|map| map.entry("paths"))
            .expect("there");
        assert_eq!(paths.key_place.to_string(), "a.yaml:1:1");
    }

    #[test]
    fn a_removed_key_leaves_the_order_of_the_others() {
        let mut root = read("{a: 1, b: 2, c: 3}");
        let map = root.as_map_mut().expect("map");
        assert_eq!(map.remove("b").map(|entry| entry.key), Some("b".to_owned()));
        assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(map.get("c").and_then(Node::as_u64), Some(3));
    }
}
