//! The schemas that the mock validates with: JSON Schema 2020-12, made from the model.
//!
//! Each schema is complete in itself and holds only the definitions that it reaches, because a
//! validator is built for each operation when the server starts. Where OpenAPI 3.0 and 2020-12
//! differ, and where a schema is used decides what it says:
//!
//! - `nullable` is a type of its own; a reference that may be null is only followed when it is not.
//! - exclusive bounds are numbers, not flags.
//! - a union is chosen by its tag (`if` the tag, `then` the variant), so that a message speaks of the
//!   variant that was meant and not of all of them.
//! - in a request, read-only properties are not required and a decimal may be sent as text; in a
//!   reply, write-only properties are not required and `x-always-sent` is.
//!
//! `x-sensitive` stays as an annotation: what a message may quote is decided by it. So does what only some versions of
//! the platform have: `x-versions` on a property, and `x-value-versions` beside the `enum` of which a value is. The
//! schema itself is that of all versions at once; the mock makes those of a single one from it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::model::operation::{Media, Operation, Reply, Version};
use crate::model::read::Word as _;
use crate::model::shape::{
    Enum, Limits, Object, Property, Scalar, Schema, Sensitivity, Shape, Type, Union, Variant,
};

/// Which side of a call a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What a caller sends.
    Request,
    /// What the server sends.
    Reply,
}

/// The schemas of one operation.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// Of the body; none for a form with a file.
    pub request: Option<Value>,
    /// Of an object of the query parameters, their values read by type.
    pub query: Option<Value>,
    /// Of the replies, by status; none for a reply that is a file or has no body.
    pub replies: Vec<(u16, Option<Value>)>,
}

/// Makes the schemas of an operation.
pub fn schemas(model: &Model, operation: &Operation) -> Schemas {
    let request = operation.body.as_ref();
    let request = request.filter(|body| body.media == Media::Json);
    let reply = |reply: &Reply| {
        let schema = reply.schema.as_ref();
        (
            reply.status,
            schema.map(|name| of_named(model, name, Side::Reply)),
        )
    };
    Schemas {
        request: request.map(|body| of_named(model, &body.schema, Side::Request)),
        query: (!operation.query.is_empty()).then(|| of_query(model, operation)),
        replies: operation.replies.iter().map(reply).collect(),
    }
}

/// A named schema with the definitions that it reaches.
pub fn of_named(model: &Model, name: &str, side: Side) -> Value {
    let root = Type::Named(name.to_owned());
    complete(model, &of_type(model, &root, side), &[name], side)
}

/// The query parameters as one object.
fn of_query(model: &Model, operation: &Operation) -> Value {
    let mut properties = Map::new();
    for parameter in &operation.query {
        let value = of_type(model, &parameter.ty, Side::Request);
        properties.insert(
            parameter.name.clone(),
            annotated(value, parameter.sensitive),
        );
    }
    let names: Vec<_> = operation.query.iter().flat_map(|p| p.ty.names()).collect();
    let schema = json!({ "type": "object", "properties": properties });
    complete(model, &schema, &names, Side::Request)
}

/// Adds the dialect and the definitions that are reached from `names`.
fn complete(model: &Model, schema: &Value, names: &[&str], side: Side) -> Value {
    let mut reached = BTreeSet::new();
    let mut open = names.to_vec();
    while let Some(name) = open.pop() {
        if let Some(schema) = model
            .schemas
            .get(name)
            .filter(|_| reached.insert(name.to_owned()))
        {
            open.extend(schema.shape.names());
        }
    }
    let definitions: Map<String, Value> = reached
        .iter()
        .filter_map(|name| model.schemas.get(name))
        .filter(|schema| schema.shape.has_type())
        .map(|schema| (schema.name.clone(), of_schema(model, schema, side)))
        .collect();
    let mut complete = Map::new();
    complete.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    complete.extend(schema.as_object().cloned().unwrap_or_default());
    complete.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(complete)
}

fn of_schema(model: &Model, schema: &Schema, side: Side) -> Value {
    let value = match &schema.shape {
        Shape::Object(object) => of_object(model, object, side),
        Shape::Enum(values) => of_enum(values),
        Shape::Union(union) => of_union(model, union),
        Shape::Id(limits) => with_limits(json!({ "type": "string", "minLength": 1 }), limits),
        Shape::Alias(ty) => of_type(model, ty, side),
        // A form and a file are no JSON, and no schema of a value leads to one.
        Shape::File | Shape::Form(_) => json!({}),
    };
    annotated(value, schema.sensitive)
}

fn of_object(model: &Model, object: &Object, side: Side) -> Value {
    let mut properties = Map::new();
    for property in &object.properties {
        properties.insert(property.name.clone(), of_property(model, property, side));
    }
    let is_required = |property: &&Property| match side {
        Side::Request => property.required && !property.read_only,
        Side::Reply => {
            !property.write_only
                && (property.required || object.always_sent.contains(&property.name))
        }
    };
    let required: Vec<_> = object
        .properties
        .iter()
        .filter(is_required)
        .map(|p| p.name.as_str())
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn of_property(model: &Model, property: &Property, side: Side) -> Value {
    let value = of_type(model, &property.ty, side);
    let value = if property.nullable || property.patch {
        or_null(value)
    } else {
        value
    };
    let mut value = annotated(value, property.sensitive);
    if !property.versions.is_empty() {
        value["x-versions"] = words(&property.versions);
    }
    value
}

/// A reference is followed unless the value is null: `anyOf` would report both failures.
fn or_null(mut value: Value) -> Value {
    if let Some(kind) = value.get_mut("type") {
        let mut kinds = match kind.take() {
            Value::Array(kinds) => kinds,
            one => vec![one],
        };
        kinds.push(json!("null"));
        *kind = Value::Array(kinds);
        return value;
    }
    if value.as_object().is_some_and(Map::is_empty) {
        return value;
    }
    json!({ "if": { "type": "null" }, "else": value })
}

fn of_enum(values: &Enum) -> Value {
    let values: Vec<_> = values
        .values
        .iter()
        .map(|value| (value.wire.as_str(), value.versions.as_slice()))
        .collect();
    of_values(&values)
}

/// Texts, with the versions that have them; none means every version.
fn of_values(values: &[(&str, &[Version])]) -> Value {
    let texts: Vec<_> = values.iter().map(|(text, _)| text).collect();
    let mut schema = json!({ "type": "string", "enum": texts });
    let versioned: Map<String, Value> = values
        .iter()
        .filter(|(_, versions)| !versions.is_empty())
        .map(|&(text, versions)| (text.to_owned(), words(versions)))
        .collect();
    if !versioned.is_empty() {
        schema["x-value-versions"] = Value::Object(versioned);
    }
    schema
}

fn words(versions: &[Version]) -> Value {
    versions.iter().map(|version| version.text()).collect()
}

fn of_union(model: &Model, union: &Union) -> Value {
    let tag = &union.tag;
    let values: Vec<_> = union
        .variants
        .iter()
        .map(|variant| (variant.value.as_str(), versions_of(model, tag, variant)))
        .collect();
    let cases: Vec<_> = union
        .variants
        .iter()
        .map(|variant| {
            json!({
                "if": { "properties": { tag: { "const": variant.value } }, "required": [tag] },
                "then": reference(&variant.schema),
            })
        })
        .collect();
    json!({
        "type": "object",
        "properties": { tag: of_values(&values) },
        "required": [tag],
        "allOf": cases,
    })
}

/// The versions that have a variant: those of its value in the type of its tag.
fn versions_of<'m>(model: &'m Model, tag: &str, variant: &Variant) -> &'m [Version] {
    let found = model.schemas.get(&variant.schema).and_then(|schema| {
        let Shape::Object(object) = &schema.shape else {
            return None;
        };
        let property = object.properties.iter().find(|p| p.name == tag)?;
        let Type::Named(name) = model.resolve(&property.ty) else {
            return None;
        };
        let Shape::Enum(values) = &model.schemas.get(name)?.shape else {
            return None;
        };
        values.values.iter().find(|v| v.wire == variant.value)
    });
    found.map_or(&[], |value| value.versions.as_slice())
}

fn of_type(model: &Model, ty: &Type, side: Side) -> Value {
    match ty {
        Type::Named(name) => match model.schemas.get(name).map(|schema| &schema.shape) {
            Some(Shape::Alias(inner)) => of_type(model, inner, side),
            _ => reference(name),
        },
        Type::Scalar(scalar, limits) => with_limits(of_scalar(*scalar, side), limits),
        Type::List(item, limits) => with_limits(
            json!({ "type": "array", "items": of_type(model, item, side) }),
            limits,
        ),
        Type::Map(item) => {
            json!({ "type": "object", "additionalProperties": of_type(model, item, side) })
        }
        Type::Json => json!({}),
    }
}

fn of_scalar(scalar: Scalar, side: Side) -> Value {
    match (scalar, side) {
        (Scalar::String, _) => json!({ "type": "string" }),
        (Scalar::Bool, _) => json!({ "type": "boolean" }),
        (Scalar::Int32, _) => {
            json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX })
        }
        (Scalar::Int64, _) => {
            json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX })
        }
        (Scalar::Amount | Scalar::Slippage, Side::Request) => {
            json!({ "type": ["number", "string"], "pattern": DECIMAL })
        }
        (Scalar::Amount | Scalar::Slippage, Side::Reply) => json!({ "type": "number" }),
        (Scalar::Timestamp, _) => json!({ "type": "string", "format": "date-time" }),
        (Scalar::Date, _) => json!({ "type": "string", "format": "date" }),
    }
}

/// Limits of the document over those of the type; an exclusive bound takes the place of its bound.
fn with_limits(mut value: Value, limits: &Limits) -> Value {
    let parsed = |text: &String| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    for (key, text) in &limits.0 {
        let bound = match key.as_str() {
            "exclusiveMinimum" => "minimum",
            "exclusiveMaximum" => "maximum",
            _ => {
                value[key] = parsed(text);
                continue;
            }
        };
        if let (Value::Bool(true), Some(limit)) = (parsed(text), limits.0.get(bound)) {
            value[key] = parsed(limit);
        }
    }
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(object) = value
            .as_object_mut()
            .filter(|object| object.contains_key(exclusive))
        {
            object.remove(bound);
        }
    }
    value
}

fn annotated(mut value: Value, sensitive: Option<Sensitivity>) -> Value {
    if let Some(sensitive) = sensitive {
        value["x-sensitive"] = json!(sensitive.text());
    }
    value
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A number as JSON writes it, in text.
const DECIMAL: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$";
