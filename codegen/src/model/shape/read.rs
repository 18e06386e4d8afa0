//! Reading schemas, keyword by keyword; a keyword that no emitter honours is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::read::{Reading, version_words, versions};
use crate::source::{Entry, Node, Value};

use super::{
    Enum, EnumValue, Limits, Object, Property, Scalar, Schema, Sensitivity, Shape, Type, Union,
    Variant,
};

/// The named schemas of the document.
pub(in crate::model) fn schemas(reading: &mut Reading<'_>) -> BTreeMap<String, Schema> {
    let entries = reading
        .at("/components/schemas")
        .map(Node::entries)
        .unwrap_or_default();
    let mut schemas = BTreeMap::new();
    for entry in entries {
        let schema = schema(reading, entry);
        schemas.insert(entry.key.clone(), schema);
    }
    schemas
}

/// The type below a key.
pub(in crate::model) fn type_at(reading: &mut Reading<'_>, node: &Node, key: &str) -> Type {
    match node.get(key) {
        Some(inner) => ty(reading, inner),
        None => {
            reading.refuse(
                &node.place,
                "model",
                format!("`{key}` is missing"),
                format!("add `{key}`, with a reference to a named schema"),
            );
            Type::Json
        }
    }
}

fn schema(reading: &mut Reading<'_>, entry: &Entry) -> Schema {
    let node = &entry.node;
    Schema {
        place: entry.key_place.clone(),
        name: entry.key.clone(),
        description: reading.text(node, "description"),
        sensitive: sensitivity(reading, node),
        shape: shape(reading, node),
    }
}

fn shape(reading: &mut Reading<'_>, node: &Node) -> Shape {
    if node.get("oneOf").is_some() {
        return Shape::Union(union(reading, node));
    }
    if node.get("enum").is_some() {
        return Shape::Enum(values(reading, node));
    }
    if node.get("x-id").is_some() {
        known_keywords(reading, node, STRING_LIMITS);
        return Shape::Id(limits(node, STRING_LIMITS));
    }
    if is_binary(node) {
        known_keywords(reading, node, &[]);
        return Shape::File;
    }
    if let Some(form) = form(reading, node) {
        return form;
    }
    if node.get("properties").is_some() {
        return Shape::Object(object(reading, node));
    }
    let is_empty_object =
        text(node, "type") == "object" && node.get("additionalProperties").is_none();
    if is_empty_object {
        return Shape::Object(object(reading, node));
    }
    Shape::Alias(ty(reading, node))
}

/// An object that carries a file is a form: one part, and the file is that part.
fn form(reading: &mut Reading<'_>, node: &Node) -> Option<Shape> {
    let parts = node.get("properties").map(Node::entries)?;
    let carries_file = |part: &&Entry| is_binary(reading.described(&part.node));
    let file = parts.iter().find(carries_file)?;
    known_keywords(reading, node, &["properties", "required"]);
    let required = reading.texts(node, "required");
    if parts.len() != 1 || required != [file.key.as_str()] {
        reading.refuse(
            &node.place,
            "form",
            "a form with a file has other parts, or its file may be left out",
            "keep the one part and list it under `required`",
        );
    }
    Some(Shape::Form(file.key.clone()))
}

/// Whether a schema is the bytes of a file.
fn is_binary(node: &Node) -> bool {
    text(node, "type") == "string" && text(node, "format") == "binary"
}

fn object(reading: &mut Reading<'_>, node: &Node) -> Object {
    known_keywords(reading, node, &["properties", "required"]);
    let required = reading.texts(node, "required");
    let entries = node
        .get("properties")
        .map(Node::entries)
        .unwrap_or_default();
    let properties: Vec<_> = entries
        .iter()
        .map(|entry| property(reading, entry, &required))
        .collect();
    let always_sent = reading.texts(node, "x-always-sent");
    for name in required.iter().chain(&always_sent) {
        if !properties.iter().any(|property| &property.name == name) {
            reading.refuse(
                &node.place,
                "model",
                format!("`{name}` is listed but is no property"),
                "correct `required` or `x-always-sent`, or add the property",
            );
        }
    }
    let of_updates = node.get("x-updates").map(Node::entries).unwrap_or_default();
    let updates = of_updates
        .iter()
        .map(|entry| (entry.key.clone(), reading.list_of_texts(&entry.node)))
        .collect();
    Object {
        properties,
        always_sent,
        updates,
    }
}

fn property(reading: &mut Reading<'_>, entry: &Entry, required: &[String]) -> Property {
    let node = &entry.node;
    let is_required = required.contains(&entry.key);
    if is_required && node.get("x-versions").is_some() {
        reading.refuse(
            &entry.key_place,
            "versioned-field",
            format!(
                "`{}` is required, and some versions do not have it",
                entry.key
            ),
            "take it out of `required`, or drop `x-versions`",
        );
    }
    let flag = |key: &str| node.get(key).and_then(Node::as_bool).unwrap_or(false);
    Property {
        name: entry.key.clone(),
        description: text(node, "description").trim().to_owned(),
        ty: ty(reading, node),
        required: is_required,
        nullable: flag("nullable"),
        patch: flag("x-patch"),
        read_only: flag("readOnly"),
        write_only: flag("writeOnly"),
        deprecated: flag("deprecated"),
        sensitive: sensitivity(reading, node),
        versions: versions(reading, node),
    }
}

/// An enum. `x-versions` on an enum is a map of value to versions.
fn values(reading: &mut Reading<'_>, node: &Node) -> Enum {
    known_keywords(reading, node, &["enum"]);
    let descriptions = node.get("x-enum-descriptions");
    let by_value = node.get("x-versions");
    let wires = reading.texts(node, "enum");
    let values = wires
        .into_iter()
        .map(|wire| {
            let description = descriptions
                .and_then(|map| map.get(&wire))
                .and_then(Node::as_str);
            let versions = match by_value.and_then(|map| map.get(&wire)) {
                Some(list) => {
                    let texts = reading.list_of_texts(list);
                    version_words(reading, list, &texts)
                }
                None => Vec::new(),
            };
            EnumValue {
                description: description.unwrap_or_default().trim().to_owned(),
                wire,
                versions,
            }
        })
        .collect();
    Enum { values }
}

fn union(reading: &mut Reading<'_>, node: &Node) -> Union {
    known_keywords(reading, node, &["oneOf", "discriminator"]);
    let discriminator = node.get("discriminator").unwrap_or(node);
    let tag = reading.text(discriminator, "propertyName");
    let entries = discriminator
        .get("mapping")
        .map(Node::entries)
        .unwrap_or_default();
    let mut variants = Vec::new();
    for entry in entries {
        match entry.node.as_str().and_then(component) {
            Some(schema) => variants.push(Variant {
                value: entry.key.clone(),
                schema: schema.to_owned(),
            }),
            None => reading.refuse(
                &entry.node.place,
                "model",
                "this is no reference to a named schema",
                "write `'#/components/schemas/Name'`",
            ),
        }
    }
    let named_once = variants
        .iter()
        .map(|variant| &variant.schema)
        .collect::<BTreeSet<_>>();
    if variants.is_empty() || named_once.len() != variants.len() {
        reading.refuse(
            &node.place,
            "union-mapping",
            "every variant of a union needs a schema of its own and a place in the mapping",
            "say `discriminator: {propertyName, mapping}` with one schema a value",
        );
    }
    Union { tag, variants }
}

/// The type that an inline schema stands for.
fn ty(reading: &mut Reading<'_>, node: &Node) -> Type {
    if let Some(name) = reference(node) {
        return Type::Named(name.to_owned());
    }
    if let Some(all) = node.get("allOf") {
        known_keywords(reading, node, &["allOf"]);
        let [only] = all.items() else {
            return refuse_shape(reading, node);
        };
        return match reference(only) {
            Some(name) => Type::Named(name.to_owned()),
            None => refuse_shape(reading, node),
        };
    }
    match (text(node, "type"), text(node, "format")) {
        ("array", _) => {
            known_keywords(reading, node, LIST_KEYWORDS);
            let item = type_at(reading, node, "items");
            Type::List(Box::new(item), limits(node, LIST_LIMITS))
        }
        ("object", _) => map(reading, node),
        ("", _) => {
            known_keywords(reading, node, &[]);
            Type::Json
        }
        (kind, format) => scalar(reading, node, kind, format),
    }
}

fn map(reading: &mut Reading<'_>, node: &Node) -> Type {
    known_keywords(reading, node, &["additionalProperties"]);
    match node.get("additionalProperties") {
        Some(inner) if inner.as_bool() == Some(true) => Type::Map(Box::new(Type::Json)),
        Some(inner) if inner.as_map().is_some() => Type::Map(Box::new(ty(reading, inner))),
        _ => refuse_shape(reading, node),
    }
}

fn scalar(reading: &mut Reading<'_>, node: &Node, kind: &str, format: &str) -> Type {
    let scalar = match (kind, format) {
        ("string", "date-time") => Scalar::Timestamp,
        ("string", "date") => Scalar::Date,
        ("string", "binary") => return refuse_shape(reading, node),
        ("string", _) => Scalar::String,
        ("boolean", "") => Scalar::Bool,
        ("integer", "int32") => Scalar::Int32,
        ("integer", "int64") => Scalar::Int64,
        ("number", "decimal") => Scalar::Amount,
        ("number", "slippage") => Scalar::Slippage,
        _ => return refuse_shape(reading, node),
    };
    let allowed = match scalar {
        Scalar::String => STRING_LIMITS,
        Scalar::Int32 | Scalar::Int64 | Scalar::Amount | Scalar::Slippage => NUMBER_LIMITS,
        Scalar::Bool | Scalar::Timestamp | Scalar::Date => &[],
    };
    known_keywords(reading, node, allowed);
    Type::Scalar(scalar, limits(node, allowed))
}

fn refuse_shape(reading: &mut Reading<'_>, node: &Node) -> Type {
    reading.refuse(
        &node.place,
        "seven-shapes",
        "this schema is none of the shapes that are generated",
        "see openapi/house-rules.md, section Shape",
    );
    Type::Json
}

/// Refuses what nobody would read.
fn known_keywords(reading: &mut Reading<'_>, node: &Node, allowed: &[&str]) {
    for entry in node.entries() {
        let key = entry.key.as_str();
        if !(allowed.contains(&key) || ANNOTATIONS.contains(&key) || key.starts_with("x-")) {
            reading.refuse(
                &entry.key_place,
                "known-keyword",
                format!("`{key}` says nothing to any emitter here"),
                "remove it, or say it in the description",
            );
        }
    }
}

fn limits(node: &Node, keys: &[&str]) -> Limits {
    let mut limits = BTreeMap::new();
    for key in keys {
        let text = node.get(key).and_then(|limit| match &limit.value {
            Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::String(text) => serde_json::to_string(text).ok(),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        });
        limits.extend(text.map(|text| ((*key).to_owned(), text)));
    }
    Limits(limits)
}

pub(in crate::model) fn sensitivity(reading: &mut Reading<'_>, node: &Node) -> Option<Sensitivity> {
    node.get("x-sensitive")
        .is_some()
        .then(|| reading.word(node, "x-sensitive"))
}

fn reference(node: &Node) -> Option<&str> {
    component(node.get("$ref")?.as_str()?)
}

fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

/// Keywords that say nothing about a value's form.
const ANNOTATIONS: &[&str] = &[
    "type",
    "format",
    "description",
    "title",
    "example",
    "default",
    "deprecated",
    "nullable",
    "readOnly",
    "writeOnly",
];
const STRING_LIMITS: &[&str] = &["minLength", "maxLength", "pattern"];
const NUMBER_LIMITS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const LIST_LIMITS: &[&str] = &["minItems", "maxItems", "uniqueItems"];
const LIST_KEYWORDS: &[&str] = &["items", "minItems", "maxItems", "uniqueItems"];
