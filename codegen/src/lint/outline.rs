//! The document as the rules see it: lists of operations, parameters and schemas, so that no rule
//! walks the tree by itself.

use std::collections::BTreeSet;

use crate::bundle::each_reference;
use crate::source::{Document, Entry, Node, Place};

/// A document, taken apart.
pub(super) struct Outline<'a> {
    pub document: &'a Document,
    pub operations: Vec<Operation<'a>>,
    /// Parameters of components and of operations, without references.
    pub parameters: Vec<Parameter<'a>>,
    /// Every place where a schema or a reference to one stands.
    pub schemas: Vec<Schema<'a>>,
    /// Every media type of a body or a reply that stands in an operation or a component.
    pub contents: Vec<Content<'a>>,
}

/// An operation.
pub(super) struct Operation<'a> {
    pub path: &'a str,
    pub path_place: &'a Place,
    pub method: &'a str,
    /// Where the method stands.
    pub place: &'a Place,
    pub node: &'a Node,
}

/// A parameter.
pub(super) struct Parameter<'a> {
    pub node: &'a Node,
    /// Whether it is a component.
    pub named: bool,
}

/// A schema.
pub(super) struct Schema<'a> {
    pub node: &'a Node,
    /// Where the schema is introduced: its key, where it has one.
    pub place: &'a Place,
    pub role: Role<'a>,
    /// The component that it stands in, if any.
    pub owner: Option<&'a str>,
}

/// As what a schema stands where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// `components.schemas.<name>`.
    Component(&'a str),
    /// A property of an object.
    Property(&'a str),
    /// Items of a list.
    Items,
    /// Values of a map.
    Values,
    /// The reference below `allOf` that carries its own description.
    Wrapped,
    /// A variant of a union.
    Variant,
    /// A parameter or a header.
    Parameter,
    /// The body of a request or a reply.
    Body,
}

/// A media type with its schema and example.
pub(super) struct Content<'a> {
    pub media: &'a Entry,
    pub part: Part,
}

/// Of what a media type is the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Request,
    Success,
    Error,
}

impl<'a> Outline<'a> {
    /// Takes a document apart.
    pub(super) fn of(document: &'a Document) -> Self {
        let mut outline = Self {
            document,
            operations: operations(&document.root),
            parameters: Vec::new(),
            schemas: Vec::new(),
            contents: Vec::new(),
        };
        outline.collect_components();
        outline.collect_operations();
        outline
    }

    /// The root of the document.
    pub(super) fn root(&self) -> &'a Node {
        &self.document.root
    }

    /// The components of a kind.
    pub(super) fn components(&self, kind: &str) -> &'a [Entry] {
        self.root()
            .get("components")
            .and_then(|c| c.get(kind))
            .map(Node::entries)
            .unwrap_or_default()
    }

    /// A component by kind and name.
    pub(super) fn component(&self, kind: &str, name: &str) -> Option<&'a Node> {
        self.root().get("components")?.get(kind)?.get(name)
    }

    /// What a reference leads to, or the node itself.
    pub(super) fn resolve(&self, node: &'a Node) -> &'a Node {
        let mut node = node;
        // References to references are allowed but not endless.
        for _ in 0..8 {
            match reference(node).and_then(|(kind, name)| self.component(kind, name)) {
                Some(target) => node = target,
                None => break,
            }
        }
        node
    }

    /// The schema that says the type: behind references and behind `allOf` of one.
    pub(super) fn shape(&self, node: &'a Node) -> &'a Node {
        let mut node = self.resolve(node);
        for _ in 0..8 {
            match node.get("allOf").map(Node::items) {
                Some([only]) => node = self.resolve(only),
                _ => break,
            }
        }
        node
    }

    /// The parameters of an operation, behind their references.
    pub(super) fn parameters_of(&self, operation: &Operation<'a>) -> Vec<&'a Node> {
        operation
            .list("parameters")
            .iter()
            .map(|parameter| self.resolve(parameter))
            .collect()
    }

    /// Names of the schemas that can be reached from some nodes.
    pub(super) fn reach(&self, from: impl IntoIterator<Item = &'a Node>) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&'a Node> = from.into_iter().collect();
        while let Some(node) = todo.pop() {
            each_reference(node, &mut |target| {
                let Some(parts) = target.as_str().and_then(split_reference) else {
                    return;
                };
                if seen.insert(parts) {
                    todo.extend(self.component(parts.0, parts.1));
                }
            });
        }
        seen.into_iter()
            .filter(|(kind, _)| *kind == "schemas")
            .map(|(_, name)| name)
            .collect()
    }

    fn collect_components(&mut self) {
        for entry in self.components("schemas") {
            self.schema(
                &entry.node,
                &entry.key_place,
                Role::Component(&entry.key),
                Some(&entry.key),
            );
        }
        for entry in self.components("parameters") {
            self.parameter(&entry.node, true);
        }
        for entry in self.components("headers") {
            self.header(&entry.node);
        }
        for entry in self.components("requestBodies") {
            self.content(&entry.node, Part::Request);
        }
        for entry in self.components("responses") {
            let named = Some(("responses", entry.key.as_str()));
            let successes = self.operations.iter().flat_map(Operation::successes);
            let part = if successes
                .map(|reply| reference(&reply.node))
                .any(|used| used == named)
            {
                Part::Success
            } else {
                Part::Error
            };
            self.content(&entry.node, part);
        }
    }

    fn collect_operations(&mut self) {
        for entry in self
            .root()
            .get("paths")
            .map(Node::entries)
            .unwrap_or_default()
        {
            for method in entry.node.entries() {
                for parameter in method
                    .node
                    .get("parameters")
                    .map(Node::items)
                    .unwrap_or_default()
                {
                    self.parameter(parameter, false);
                }
                if let Some(body) = method.node.get("requestBody") {
                    self.content(body, Part::Request);
                }
                for reply in method
                    .node
                    .get("responses")
                    .map(Node::entries)
                    .unwrap_or_default()
                {
                    let success = reply.key.starts_with('2');
                    self.content(
                        &reply.node,
                        if success { Part::Success } else { Part::Error },
                    );
                }
            }
        }
    }

    fn parameter(&mut self, node: &'a Node, named: bool) {
        if node.get("$ref").is_none() {
            self.parameters.push(Parameter { node, named });
            self.header(node);
        }
    }

    fn header(&mut self, node: &'a Node) {
        if let Some(schema) = node.get("schema") {
            self.schema(schema, &schema.place, Role::Parameter, None);
        }
    }

    fn content(&mut self, node: &'a Node, part: Part) {
        for header in node.get("headers").map(Node::entries).unwrap_or_default() {
            self.header(&header.node);
        }
        for media in node.get("content").map(Node::entries).unwrap_or_default() {
            self.contents.push(Content { media, part });
            if let Some(schema) = media.node.get("schema") {
                self.schema(schema, &schema.place, Role::Body, None);
            }
        }
    }

    fn schema(&mut self, node: &'a Node, place: &'a Place, role: Role<'a>, owner: Option<&'a str>) {
        self.schemas.push(Schema {
            node,
            place,
            role,
            owner,
        });
        for property in node
            .get("properties")
            .map(Node::entries)
            .unwrap_or_default()
        {
            let role = Role::Property(&property.key);
            self.schema(&property.node, &property.key_place, role, owner);
        }
        if let Some(items) = node.get("items") {
            self.schema(items, &items.place, Role::Items, owner);
        }
        if let Some(values) = node
            .get("additionalProperties")
            .filter(|v| v.as_map().is_some())
        {
            self.schema(values, &values.place, Role::Values, owner);
        }
        for (key, role) in [("allOf", Role::Wrapped), ("oneOf", Role::Variant)] {
            for part in node.get(key).map(Node::items).unwrap_or_default() {
                self.schema(part, &part.place, role, owner);
            }
        }
    }
}

impl<'a> Operation<'a> {
    /// A text of the operation; empty when it is missing.
    pub(super) fn text(&self, key: &str) -> &'a str {
        self.node
            .get(key)
            .and_then(Node::as_str)
            .unwrap_or_default()
    }

    /// A list of the operation; empty when it is missing.
    pub(super) fn list(&self, key: &str) -> &'a [Node] {
        self.node.get(key).map(Node::items).unwrap_or_default()
    }

    /// Where a field stands, or the operation when it has none.
    pub(super) fn place_of(&self, key: &str) -> &'a Place {
        self.node
            .as_map()
            .and_then(|map| map.entry(key))
            .map_or(self.place, |e| &e.key_place)
    }

    /// How messages call it: its id, or method and path.
    pub(super) fn name(&self) -> String {
        match self.text("operationId") {
            "" => format!("`{} {}`", self.method.to_uppercase(), self.path),
            id => format!("`{id}`"),
        }
    }

    /// Its replies by status.
    pub(super) fn replies(&self) -> &'a [Entry] {
        self.node
            .get("responses")
            .map(Node::entries)
            .unwrap_or_default()
    }

    /// Its 2xx replies.
    pub(super) fn successes(&self) -> impl Iterator<Item = &'a Entry> {
        self.replies()
            .iter()
            .filter(|reply| reply.key.starts_with('2'))
    }

    /// Whether it changes anything.
    pub(super) fn writes(&self) -> bool {
        self.text("x-effect") == "write"
    }
}

impl Schema<'_> {
    /// How messages call it.
    pub(super) fn name(&self) -> String {
        let what = match self.role {
            Role::Component(name) => return format!("schema `{name}`"),
            Role::Property(name) => format!("property `{name}`"),
            Role::Items => "the items of a list".to_owned(),
            Role::Values => "the values of a map".to_owned(),
            Role::Wrapped => "the schema below `allOf`".to_owned(),
            Role::Variant => "a variant of a union".to_owned(),
            Role::Parameter => return "the schema of a parameter".to_owned(),
            Role::Body => return "the schema of a body".to_owned(),
        };
        match self.owner {
            Some(owner) => format!("{what} of `{owner}`"),
            None => what,
        }
    }

    /// A text of the schema.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.node.get(key).and_then(Node::as_str)
    }
}

/// Kind and name of the component that a node refers to.
pub(super) fn reference(node: &Node) -> Option<(&str, &str)> {
    split_reference(node.get("$ref")?.as_str()?)
}

/// Kind and name of the component in `#/components/<kind>/<name>`.
pub(super) fn split_reference(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("#/components/")?.split_once('/')
}

fn operations(root: &Node) -> Vec<Operation<'_>> {
    let paths = root.get("paths").map(Node::entries).unwrap_or_default();
    paths
        .iter()
        .flat_map(|path| {
            path.node.entries().iter().map(|method| Operation {
                path: &path.key,
                path_place: &path.key_place,
                method: &method.key,
                place: &method.key_place,
                node: &method.node,
            })
        })
        .collect()
}
