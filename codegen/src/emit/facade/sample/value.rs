//! Values of a sample: Rust that makes what an example of the document says.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::rust::{constant, field, literal, plain_field, variant};
use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::shape::{Enum, Object, Property, Scalar, Shape, Type, Union, Variant};
use crate::source::{Node, Value};

/// Texts that the examples of a document use, by the id type or the member that they are of.
pub(super) struct Known<'m> {
    by_name: BTreeMap<&'m str, &'m str>,
}

impl<'m> Known<'m> {
    pub(super) fn of(model: &'m Model) -> Self {
        let mut known = Self {
            by_name: BTreeMap::new(),
        };
        for operation in &model.operations {
            let body = operation.body.iter();
            let bodies = body.map(|body| (Some(&body.schema), &body.example));
            let replies = operation.replies.iter();
            let replies = replies.map(|reply| (reply.schema.as_ref(), &reply.example));
            for (schema, example) in bodies.chain(replies) {
                if let (Some(schema), Some(example)) = (schema, example) {
                    known.walk(model, schema, example);
                }
            }
        }
        known
    }

    fn walk(&mut self, model: &'m Model, name: &'m str, node: &'m Node) {
        match model.schemas.get(name).map(|schema| &schema.shape) {
            Some(Shape::Id(_)) => self.note(name, node),
            Some(Shape::Object(object)) => {
                for property in &object.properties {
                    if let Some(member) = node.get(&property.name) {
                        self.note(&property.name, member);
                        self.walk_type(model, &property.ty, member);
                    }
                }
            }
            Some(Shape::Union(union)) => {
                if let Some(variant) = said(union, node) {
                    self.walk(model, &variant.schema, node);
                }
            }
            _ => {}
        }
    }

    fn walk_type(&mut self, model: &'m Model, ty: &'m Type, node: &'m Node) {
        match model.resolve(ty) {
            Type::Named(name) => self.walk(model, name, node),
            Type::List(item, _) => node
                .items()
                .iter()
                .for_each(|node| self.walk_type(model, item, node)),
            Type::Map(item) => node
                .entries()
                .iter()
                .for_each(|entry| self.walk_type(model, item, &entry.node)),
            Type::Scalar(..) | Type::Json => {}
        }
    }

    /// The first text counts.
    fn note(&mut self, name: &'m str, node: &'m Node) {
        if let Some(text) = node.as_str().filter(|text| !text.is_empty()) {
            self.by_name.entry(name).or_insert(text);
        }
    }
}

/// The statements of one sample.
pub(super) struct Statements<'m> {
    model: &'m Model,
    known: &'m Known<'m>,
    lines: Vec<String>,
    /// The variables that there are.
    bound: BTreeSet<String>,
}

impl<'m> Statements<'m> {
    pub(super) fn new(model: &'m Model, known: &'m Known<'m>) -> Self {
        Self {
            model,
            known,
            lines: Vec::new(),
            bound: BTreeSet::new(),
        }
    }

    /// `let name = value;`
    pub(super) fn bind(&mut self, name: &str, value: &str) {
        self.bound.insert(name.to_owned());
        self.end(&format!("let {name} = {value}"));
    }

    pub(super) fn end(&mut self, statement: &str) {
        self.lines.push(format!("{statement};\n"));
    }

    pub(super) fn text(self) -> String {
        self.lines.concat()
    }

    /// What stands for a parameter of a path or a query.
    pub(super) fn parameter(&mut self, ty: &'m Type, name: &str) -> String {
        let by_type = || match self.model.resolve(ty) {
            Type::Named(id) => self.known.by_name.get(id.as_str()),
            _ => None,
        };
        match self.known.by_name.get(name).or_else(by_type) {
            Some(text) => match self.model.resolve(ty) {
                Type::Scalar(Scalar::String, _) => format!("{}.to_owned()", literal(text)),
                _ => format!("{}.parse()?", literal(text)),
            },
            None => self.value(ty, None, name),
        }
    }

    /// The query parameters of a list: the size of a page, or the first parameter there is.
    pub(super) fn params(&mut self, operation: &'m Operation) -> Option<String> {
        let made = format!("{}::{}::new()", self.model.api, operation.params_name()?);
        let mut query = operation.query.iter();
        let size = query.find(|parameter| parameter.name == "page_size");
        let shown = size.or_else(|| operation.query.first())?;
        let value = match size {
            Some(_) => "50".to_owned(),
            None => self.parameter(&shown.ty, &shown.name),
        };
        Some(format!("{made}.with_{}({value})", plain_field(&shown.name)))
    }

    /// A body as the document's example has it; of a union the variant, which has still to become one.
    pub(super) fn body(&mut self, schema: &'m str, example: Option<&'m Node>) -> String {
        match self.model.schemas.get(schema).map(|schema| &schema.shape) {
            Some(Shape::Union(union)) => match said_or_first(union, example) {
                Some(variant) => self.body(&variant.schema, example),
                None => "()".to_owned(),
            },
            Some(Shape::Object(object)) => self.object(schema, object, example, true),
            _ => self.named(schema, example, "body"),
        }
    }

    fn value(&mut self, ty: &'m Type, node: Option<&'m Node>, name: &str) -> String {
        match self.model.resolve(ty) {
            Type::Named(schema) => self.named(schema, node, name),
            Type::Scalar(scalar, _) => value_of(*scalar, node),
            Type::List(item, _) => {
                let items = node.map(Node::items).unwrap_or_default();
                let items = items.iter().map(|node| self.value(item, Some(node), name));
                format!("vec![{}]", items.collect::<Vec<_>>().join(", "))
            }
            Type::Map(item) => {
                let entries = node.map(Node::entries).unwrap_or_default();
                let entries = entries.iter().map(|entry| {
                    let value = self.value(item, Some(&entry.node), name);
                    format!("({}.to_owned(), {value})", literal(&entry.key))
                });
                format!("[{}].into()", entries.collect::<Vec<_>>().join(", "))
            }
            Type::Json => {
                let json = node.and_then(|node| serde_json::to_string(node).ok());
                let json = json.unwrap_or_else(|| "{}".to_owned());
                format!("serde_json::from_str(r#\"{json}\"#)?")
            }
        }
    }

    fn named(&mut self, schema: &'m str, node: Option<&'m Node>, name: &str) -> String {
        match self.model.schemas.get(schema).map(|schema| &schema.shape) {
            Some(Shape::Id(_)) => {
                let by_type = || self.known.by_name.get(schema).copied();
                let text = node.and_then(Node::as_str).or_else(by_type);
                format!("{}.parse()?", literal(text.unwrap_or("some-id")))
            }
            Some(Shape::Enum(values)) => self.one_of(schema, values, node),
            Some(Shape::Object(object)) => {
                let value = self.object(schema, object, node, false);
                self.aside(name, value)
            }
            Some(Shape::Union(union)) => match said_or_first(union, node) {
                Some(variant) => format!("{}.into()", self.named(&variant.schema, node, name)),
                None => "()".to_owned(),
            },
            Some(Shape::Alias(ty)) => self.value(ty, node, name),
            Some(Shape::File | Shape::Form(_)) | None => "()".to_owned(),
        }
    }

    /// A nested object on a line of its own.
    fn aside(&mut self, name: &str, value: String) -> String {
        let name = field(name);
        if self.bound.contains(&name) {
            return value;
        }
        self.bind(&name, &value);
        name
    }

    fn one_of(&self, schema: &str, values: &Enum, node: Option<&Node>) -> String {
        let said = node.and_then(Node::as_str);
        let known = match said {
            Some(said) => values.values.iter().find(|value| value.wire == said),
            None => values.values.first(),
        };
        match known {
            Some(value) => format!("{}::{schema}::{}", self.model.api, variant(&value.wire)),
            None => format!("{}.into()", literal(said.unwrap_or_default())),
        }
    }

    fn object(
        &mut self,
        schema: &'m str,
        object: &'m Object,
        node: Option<&'m Node>,
        is_body: bool,
    ) -> String {
        let (required, optional) = shown(self.model, object);
        let mut arguments = Vec::new();
        for property in &required {
            arguments.push(self.argument(schema, property, node));
        }
        let mut text = format!(
            "{}::{schema}::new({})",
            self.model.api,
            arguments.join(", ")
        );
        let changes = self.changes(schema, node);
        let has_changes = !changes.is_empty();
        text.push_str(&changes);
        let room = match (is_body, required.len()) {
            (_, 0) if !has_changes => MOST_FIELDS,
            (true, fields) if !has_changes => MOST_FIELDS.saturating_sub(fields),
            _ => 0,
        };
        let said = optional.into_iter().filter_map(|property| {
            let node = node?.get(&property.name)?;
            Some((property, node))
        });
        for (property, node) in said.take(room) {
            let value = self.value(&property.ty, Some(node), &property.name);
            text.push_str(&format!(".with_{}({value})", plain_field(&property.name)));
        }
        text
    }

    /// One required field.
    fn argument(&mut self, owner: &str, property: &'m Property, node: Option<&'m Node>) -> String {
        let node = node.and_then(|node| node.get(&property.name));
        let is_null = node.is_none_or(|node| matches!(node.value, Value::Null));
        if property.nullable && is_null {
            return "None".to_owned();
        }
        let mut value = self.value(&property.ty, node, &property.name);
        if self.model.is_recursive(owner, &property.ty) {
            value = format!("Box::new({value})");
        }
        if property.nullable {
            value = format!("Some({value})");
        }
        value
    }

    /// The setters of an update by field names.
    fn changes(&self, schema: &str, node: Option<&Node>) -> String {
        let updates = self.model.schemas.get(schema);
        let updates = updates.and_then(|schema| self.model.updates(schema).ok());
        let Some(updates) = updates.filter(|updates| !updates.is_empty()) else {
            return String::new();
        };
        let rows = node.and_then(|node| node.get("updates"));
        let rows = rows.map(Node::items).unwrap_or_default().iter();
        let setters = rows.filter_map(|row| {
            let (name, new) = (row.get("field")?.as_str()?, row.get("value")?);
            let text = literal(new.as_str()?);
            let update = updates.iter().find(|update| update.name == name)?;
            let value = match self.model.resolve(&update.property.ty) {
                Type::Scalar(Scalar::String, _) => text,
                Type::Scalar(Scalar::Bool, _) => new.as_str()?.to_owned(),
                Type::Scalar(Scalar::Date, _) => format!("{text}.parse::<Date>()?"),
                Type::Scalar(Scalar::Amount, _) => format!("{text}.parse::<Amount>()?"),
                Type::Named(owner) => match self.model.schemas.get(owner).map(|s| &s.shape) {
                    Some(Shape::Enum(values)) => self.one_of(owner, values, Some(new)),
                    _ => return None,
                },
                _ => return None,
            };
            Some(format!(".set_{}({value})", plain_field(name)))
        });
        setters.collect()
    }
}

/// The fields of a struct that a caller must say, and those that it can.
fn shown<'m>(model: &Model, object: &'m Object) -> (Vec<&'m Property>, Vec<&'m Property>) {
    let said = object
        .properties
        .iter()
        .filter(|property| !property.patch)
        .filter(|property| !(property.required && constant(model, &property.ty).is_some()));
    said.partition(|property| property.required)
}

/// The variant that an example is of.
fn said<'m>(union: &'m Union, node: &Node) -> Option<&'m Variant> {
    let tag = node.get(&union.tag)?.as_str()?;
    union.variants.iter().find(|variant| variant.value == tag)
}

fn said_or_first<'m>(union: &'m Union, node: Option<&Node>) -> Option<&'m Variant> {
    node.and_then(|node| said(union, node))
        .or_else(|| union.variants.first())
}

fn value_of(scalar: Scalar, node: Option<&Node>) -> String {
    let text = match node.map(|node| &node.value) {
        Some(Value::String(text) | Value::Number(text)) => Some(text.as_str()),
        Some(Value::Bool(true)) => Some("true"),
        Some(Value::Bool(false)) => Some("false"),
        _ => None,
    };
    let parsed = |text: &str| format!("{}.parse()?", literal(text));
    match scalar {
        Scalar::String => format!("{}.to_owned()", literal(text.unwrap_or("text"))),
        Scalar::Bool => text.unwrap_or("true").to_owned(),
        Scalar::Int32 | Scalar::Int64 => text.unwrap_or("1").to_owned(),
        Scalar::Amount => parsed(text.unwrap_or("1")),
        Scalar::Slippage => format!("Slippage::bps({})?", basis_points(text.unwrap_or("0.01"))),
        Scalar::Timestamp => parsed(text.unwrap_or("2026-01-05T09:00:00-05:00")),
        Scalar::Date => parsed(text.unwrap_or("2026-01-05")),
    }
}

/// A fraction below one in hundredths of a percent: `0.01` is 100.
fn basis_points(fraction: &str) -> u32 {
    let decimals = fraction
        .split_once('.')
        .map_or("", |(_, decimals)| decimals);
    let digits: String = decimals.chars().chain("0000".chars()).take(4).collect();
    digits.parse().unwrap_or_default()
}

/// A sample names no more fields than these, unless more are required.
const MOST_FIELDS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_basis_points() {
        for (fraction, points) in [("0.01", 100), ("0.005", 50), ("0.25", 2500), ("0", 0)] {
            assert_eq!(basis_points(fraction), points, "{fraction}");
        }
    }
}
