//! Reads YAML into nodes that know their place and keep every number as it is written.
//!
//! `serde` deserializers forget where a value stood and turn numbers into `f64`; both would be lost
//! for good here, because a lint message needs the place and an example may hold 28 digits of money.
//! So nodes are built from parser events.
//!
//! The dialect is YAML 1.2 with the core schema, minus what makes two readers disagree: anchors,
//! aliases, tags, merge keys, duplicate keys, several documents in a file, keys that are not
//! strings, and numbers that JSON cannot spell. Each is refused with its place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use crate::problem::Problem;

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

/// Reads the text of one YAML file; `file` is the name that messages show.
pub fn parse(file: &str, text: &str) -> Result<Node, Problem> {
    let mut reader = Reader {
        file: Arc::from(file),
        parser: Parser::new_from_str(text),
        depth: 0,
    };
    reader.document()
}

/// Pulls events and builds nodes; recursion is bounded by [`MAX_DEPTH`].
struct Reader<'a> {
    file: Arc<str>,
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The one document of the file.
    fn document(&mut self) -> Result<Node, Problem> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, span) => {
                    return Err(self.refuse(
                        span,
                        "the file holds no document",
                        "write at least one key, or delete the file",
                    ));
                }
                (event, span) => {
                    let root = self.node(event, span)?;
                    self.end_of_file()?;
                    return Ok(root);
                }
            }
        }
    }

    /// Makes sure that nothing follows the document.
    fn end_of_file(&mut self) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    return Err(self.refuse(
                        span,
                        "a second document starts in this file",
                        "keep one document a file; remove the `---`",
                    ));
                }
            }
        }
    }

    /// The node that an event opens.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Problem> {
        let place = self.place(span.start);
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.scalar(text, style, span)?
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.nested(span, Self::list)?
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.nested(span, Self::map)?
            }
            Event::Alias(_) => {
                return Err(self.refuse(
                    span,
                    "an alias is not allowed here",
                    "write the value out, or make it a component and use `$ref`",
                ));
            }
            _ => return Err(self.refuse(span, "a value is missing", "write the value")),
        };
        Ok(Node { place, value })
    }

    /// Runs a reader of a nested value one level deeper.
    fn nested(
        &mut self,
        span: Span,
        read: impl FnOnce(&mut Self) -> Result<Value, Problem>,
    ) -> Result<Value, Problem> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(
                span,
                format!("more than {MAX_DEPTH} levels are nested"),
                "make the inner part a component and use `$ref`",
            ));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, Problem> {
        let mut map = Map::default();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(map));
            }
            let (key, key_place) = self.key(event, span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            if let Err(again) = map.insert(Entry {
                key,
                key_place,
                node,
            }) {
                return Err(duplicate(&map, &again));
            }
        }
    }

    /// A key: a string, and not the merge key.
    fn key(&mut self, event: Event<'a>, span: Span) -> Result<(String, Place), Problem> {
        let node = self.node(event, span)?;
        match node.value {
            Value::String(key) if key == "<<" => Err(self.refuse(
                span,
                "the merge key `<<` is not allowed",
                "write the keys out, or make them a component and use `$ref`",
            )),
            Value::String(key) => Ok((key, node.place)),
            _ => Err(self.refuse(
                span,
                format!("this key is {}, not a string", node.kind()),
                "put the key in quotes: `'200':`",
            )),
        }
    }

    /// Resolves a scalar by the core schema of YAML 1.2.
    fn scalar(&self, text: Cow<'a, str>, style: ScalarStyle, span: Span) -> Result<Value, Problem> {
        if style != ScalarStyle::Plain {
            return Ok(Value::String(text.into_owned()));
        }
        Ok(match &*text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            other if is_json_number(other) => Value::Number(text.into_owned()),
            other if is_other_number(other) => {
                return Err(self.refuse(
                    span,
                    format!("`{other}` is a number that JSON cannot spell"),
                    "write it as JSON does (`15`, `0.5`, `1e3`), or in quotes if it is text",
                ));
            }
            _ => Value::String(text.into_owned()),
        })
    }

    fn refuse_anchor_and_tag(&self, anchor: usize, tag: bool, span: Span) -> Result<(), Problem> {
        let (what, help) = match (anchor, tag) {
            (0, false) => return Ok(()),
            (0, true) => ("a tag", "put the value in quotes if it is text"),
            _ => ("an anchor", "make the value a component and use `$ref`"),
        };
        Err(self.refuse(span, format!("{what} is not allowed here"), help))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Problem::new(
                &self.place(*error.marker()),
                SYNTAX,
                format!("this is not YAML: {}", error.info()),
                "check the indentation, the quotes and the brackets before this place",
            )),
            None => Err(Problem::new(
                &Place::whole(Arc::clone(&self.file)),
                SYNTAX,
                "the file ends too early",
                "complete the last value",
            )),
        }
    }

    fn refuse(&self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(&self.place(span.start), SYNTAX, message, help)
    }

    /// Markers count columns from zero.
    fn place(&self, marker: Marker) -> Place {
        Place::at(Arc::clone(&self.file), marker.line(), marker.col() + 1)
    }
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

/// The grammar of a number in RFC 8259, section 6.
fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// What the core schema reads as a number although JSON does not.
fn is_other_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    let radix = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    if radix("0x", 16) || radix("0o", 8) {
        return true;
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_or_nothing = |part: &str| part.is_empty() || is_digits(part);
    digits_or_nothing(whole)
        && digits_or_nothing(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Deeper than any document of ours, shallower than any stack.
const MAX_DEPTH: usize = 64;

const SYNTAX: &str = "yaml";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        parse("a.yaml", text).expect("good YAML")
    }

    fn refused(text: &str) -> String {
        let problem = parse("a.yaml", text).expect_err("refused");
        format!("{} {}", problem.place, problem.message)
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
    fn plain_scalars_follow_the_core_schema() {
        let json = serde_json::to_string(&read("[~, null, true, no, NO, 'null', 2026-01-05]"));
        assert_eq!(
            json.expect("json"),
            r#"[null,null,true,"no","NO","null","2026-01-05"]"#
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
    fn what_two_readers_could_read_differently_is_refused() {
        let cases = [
            ("a: &x 1", "a.yaml:1:4 an anchor is not allowed here"),
            ("a: !!str 1", "a.yaml:1:4 a tag is not allowed here"),
            ("a: 1\na: 2", "a.yaml:2:1 `a` is already said at a.yaml:1:1"),
            (
                "a: 0x1F",
                "a.yaml:1:4 `0x1F` is a number that JSON cannot spell",
            ),
            (
                "a: .5",
                "a.yaml:1:4 `.5` is a number that JSON cannot spell",
            ),
            (
                "a: 007",
                "a.yaml:1:4 `007` is a number that JSON cannot spell",
            ),
            ("200: x", "a.yaml:1:1 this key is a number, not a string"),
            ("<<: {a: 1}", "a.yaml:1:1 the merge key `<<` is not allowed"),
            (
                "a: 1\n---\nb: 2",
                "a.yaml:2:1 a second document starts in this file",
            ),
            ("# nothing", "a.yaml:2:1 the file holds no document"),
        ];
        for (text, message) in cases {
            assert_eq!(refused(text), message, "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse("a.yaml", &deep(MAX_DEPTH)).is_ok());
        assert!(refused(&deep(MAX_DEPTH + 1)).contains("more than 64 levels"));
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
