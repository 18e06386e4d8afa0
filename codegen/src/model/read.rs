//! Reading nodes into the model: asks for what must be there and keeps the problems.

use crate::problem::Problem;
use crate::source::Node;
use crate::source::Place;

use super::Tag;

/// A document that is being read, and what was wrong with it so far.
pub(super) struct Reading<'d> {
    root: &'d Node,
    problems: Vec<Problem>,
}

impl<'d> Reading<'d> {
    pub(super) fn new(root: &'d Node) -> Self {
        Self {
            root,
            problems: Vec::new(),
        }
    }

    /// The node at a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&'d Node> {
        self.root.pointer(pointer)
    }

    /// The text at a JSON pointer; a problem if there is none.
    pub(super) fn text_at(&mut self, pointer: &str) -> String {
        match self.at(pointer).and_then(Node::as_str) {
            Some(text) => text.to_owned(),
            None => {
                let place = self.root.place.clone();
                self.refuse(
                    &place,
                    "model",
                    format!("the document says nothing at `{pointer}`"),
                    "add it to `document.yaml`",
                );
                String::new()
            }
        }
    }

    /// The text of a key; a problem if there is none.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> String {
        match node.get(key).and_then(Node::as_str) {
            Some(text) => text.trim().to_owned(),
            None => {
                self.refuse(
                    &node.place,
                    "model",
                    format!("`{key}` is missing or is not text"),
                    format!("add `{key}: …`"),
                );
                String::new()
            }
        }
    }

    /// The texts of a list of strings; nothing if the key is absent.
    pub(super) fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(list) = node.get(key) else {
            return Vec::new();
        };
        self.list_of_texts(list)
    }

    /// The texts of a list of strings.
    pub(super) fn list_of_texts(&mut self, list: &Node) -> Vec<String> {
        if list.as_list().is_none() {
            self.refuse(
                &list.place,
                "model",
                "this is not a list",
                "write it as `[a, b]`",
            );
        }
        let mut texts = Vec::new();
        for item in list.items() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.refuse(
                    &item.place,
                    "model",
                    format!("this is {}, not text", item.kind()),
                    "put it in quotes",
                ),
            }
        }
        texts
    }

    /// One of a closed list of words; a problem (and the first word) if it is none of them.
    pub(super) fn word<W: Word>(&mut self, node: &Node, key: &str) -> W {
        let text = node.get(key).and_then(Node::as_str);
        let found = text.and_then(|text| W::all().iter().find(|word| word.text() == text));
        match found {
            Some(word) => *word,
            None => {
                let known: Vec<_> = W::all().iter().map(|word| word.text()).collect();
                self.refuse(
                    &node.get(key).unwrap_or(node).place,
                    "model",
                    format!("`{key}` says none of the words it can say"),
                    format!("write one of: {}", known.join(", ")),
                );
                W::all()[0]
            }
        }
    }

    /// Follows a `$ref` inside the document; the node itself if it is none.
    pub(super) fn follow(&mut self, node: &'d Node) -> Option<&'d Node> {
        let Some(reference) = node.get("$ref") else {
            return Some(node);
        };
        let target = reference
            .as_str()
            .and_then(|text| text.strip_prefix('#'))
            .and_then(|pointer| self.at(pointer));
        if target.is_none() {
            self.refuse(
                &reference.place,
                "model",
                "this reference leads nowhere",
                "refer to a component of this document: `#/components/…`",
            );
        }
        target
    }

    /// What a node describes: behind a reference and behind `allOf` of one. A reference that leads
    /// nowhere is left as it is; whoever reads it will say so.
    pub(super) fn described<'n>(&self, node: &'n Node) -> &'n Node
    where
        'd: 'n,
    {
        let mut node = node;
        // References to references are allowed but not endless.
        for _ in 0..8 {
            let target = node.get("$ref").and_then(Node::as_str);
            let target = target.and_then(|text| self.at(text.strip_prefix('#')?));
            node = match (target, node.get("allOf").map(Node::items)) {
                (Some(target), _) | (None, Some([target])) => target,
                _ => break,
            };
        }
        node
    }

    /// Notes a problem.
    pub(super) fn refuse(
        &mut self,
        place: &Place,
        rule: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem::new(place, rule, message, help));
    }

    /// What was read, unless something was wrong.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(self.problems)
        }
    }
}

/// A closed list of words that a field of ours can say.
pub trait Word: Copy + 'static {
    /// All of them.
    fn all() -> &'static [Self];
    /// The word as the document spells it.
    fn text(self) -> &'static str;
    /// The word as the operation table of `layer2-types` spells it.
    fn variant(self) -> &'static str;
}

/// Declares an enum of words: `Variant = "word"`.
macro_rules! words {
    ( $( $(#[$meta:meta])* pub enum $name:ident { $( $(#[$vm:meta])* $variant:ident = $text:literal, )+ } )+ ) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $( $(#[$vm])* $variant, )+ }

        impl $crate::model::read::Word for $name {
            fn all() -> &'static [Self] { &[$( Self::$variant, )+] }
            fn text(self) -> &'static str { match self { $( Self::$variant => $text, )+ } }
            fn variant(self) -> &'static str { match self { $( Self::$variant => stringify!($variant), )+ } }
        }
    )+ };
}
pub(super) use words;

/// The resources of the document.
pub(super) fn tags(reading: &mut Reading<'_>) -> Vec<Tag> {
    let nodes = reading.at("/tags").map(Node::items).unwrap_or_default();
    nodes
        .iter()
        .map(|node| Tag {
            name: reading.text(node, "name"),
            description: reading.text(node, "description"),
        })
        .collect()
}

/// `x-versions` of a node: none means every version.
pub(super) fn versions(reading: &mut Reading<'_>, node: &Node) -> Vec<super::operation::Version> {
    let Some(list) = node.get("x-versions") else {
        return Vec::new();
    };
    let texts = reading.list_of_texts(list);
    version_words(reading, list, &texts)
}

/// The versions that some words name.
pub(super) fn version_words(
    reading: &mut Reading<'_>,
    node: &Node,
    texts: &[String],
) -> Vec<super::operation::Version> {
    use super::operation::Version;
    let mut versions = Vec::new();
    for text in texts {
        match Version::all().iter().find(|version| version.text() == text) {
            Some(version) => versions.push(*version),
            None => reading.refuse(
                &node.place,
                "model",
                format!("`{text}` is no version of the platform"),
                "write `layer2-1.0.5` or `rail-1.1.2`",
            ),
        }
    }
    versions
}
