//! Validates examples: turns the schemas of OpenAPI 3.0 into JSON Schema 2020-12.
//!
//! Stricter than a reader has to be: an example with a property that its schema does not have is a
//! misspelling, so objects are closed; and a union is decided by its tag, so that the message is
//! about the variant that was meant.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::Report;
use super::outline::{Outline, split_reference};
use crate::source::Node;

/// Validates values against schemas of one document.
pub(super) struct Examples<'o, 'a> {
    outline: &'o Outline<'a>,
    definitions: BTreeMap<&'a str, Value>,
}

impl<'o, 'a> Examples<'o, 'a> {
    /// Converts the schemas of a document.
    pub(super) fn of(outline: &'o Outline<'a>) -> Self {
        let schemas = outline.components("schemas").iter();
        let definitions = schemas
            .map(|schema| (schema.key.as_str(), convert(&schema.node)))
            .collect();
        Self {
            outline,
            definitions,
        }
    }

    /// Reports, at the place of the value, what a schema says against an example.
    pub(super) fn check(&self, schema: &'a Node, example: &Node, report: &mut Report) {
        let compiled = self.validator(schema);
        let value = serde_json::to_value(example).map_err(|error| error.to_string());
        let (validator, value) = match (compiled, value) {
            (Ok(validator), Ok(value)) => (validator, value),
            (Err(error), _) | (_, Err(error)) => {
                report.add(
                    &schema.place,
                    format!("this schema cannot be used: {error}"),
                    HELP,
                );
                return;
            }
        };
        for error in validator.iter_errors(&value) {
            let pointer = error.instance_path().to_string();
            let place = &example.pointer(&pointer).unwrap_or(example).place;
            let at = if pointer.is_empty() {
                "the example".to_owned()
            } else {
                format!("`{pointer}`")
            };
            report.add(place, format!("{at} is not valid: {error}"), HELP);
        }
    }

    /// A validator for a schema and what it reaches; all of the document would be slow to compile.
    fn validator(&self, schema: &'a Node) -> Result<Validator, String> {
        let reached = self.outline.reach([schema]);
        let definitions: Map<String, Value> = reached
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.definitions.get(name)?.clone())))
            .collect();
        let root = json!({ "allOf": [convert(schema)], "$defs": definitions });
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options.build(&root).map_err(|error| error.to_string())
    }
}

/// One schema of OpenAPI 3.0 as JSON Schema 2020-12.
fn convert(schema: &Node) -> Value {
    let mut out = Map::new();
    for entry in schema.entries() {
        if let Some((key, value)) = keyword(schema, &entry.key, &entry.node) {
            out.insert(key, value);
        }
    }
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        out.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    let true_at = |key| schema.get(key).and_then(Node::as_bool) == Some(true);
    if true_at("nullable") || true_at("x-patch") {
        json!({ "anyOf": [Value::Object(out), { "type": "null" }] })
    } else {
        Value::Object(out)
    }
}

/// A keyword in its new form; `None` for what only annotates or is said otherwise.
fn keyword(schema: &Node, key: &str, node: &Node) -> Option<(String, Value)> {
    let value = match key {
        "$ref" => json!(format!("#/$defs/{}", split_reference(node.as_str()?)?.1)),
        "properties" => Value::Object(
            node.entries()
                .iter()
                .map(|e| (e.key.clone(), convert(&e.node)))
                .collect(),
        ),
        "items" => convert(node),
        "additionalProperties" if node.as_map().is_some() => convert(node),
        "allOf" => Value::Array(node.items().iter().map(convert).collect()),
        "discriminator" => return Some(("allOf".to_owned(), by_tag(node)?)),
        "minimum" | "maximum" => {
            let exclusive = if key == "minimum" {
                "exclusiveMinimum"
            } else {
                "exclusiveMaximum"
            };
            let is_exclusive = schema.get(exclusive).and_then(Node::as_bool) == Some(true);
            let key = if is_exclusive { exclusive } else { key };
            return Some((key.to_owned(), serde_json::to_value(node).ok()?));
        }
        // An unknown type is for the rule `typed` to report; the validator would refuse all of it.
        "type" if !super::rules::TYPES.contains(&node.as_str()?) => return None,
        "type"
        | "format"
        | "enum"
        | "required"
        | "additionalProperties"
        | "minLength"
        | "maxLength"
        | "pattern"
        | "minItems"
        | "maxItems"
        | "uniqueItems"
        | "minProperties"
        | "maxProperties" => serde_json::to_value(node).ok()?,
        _ => return None,
    };
    Some((key.to_owned(), value))
}

/// A union: the tag is one of the mapped values, and decides which schema holds.
fn by_tag(discriminator: &Node) -> Option<Value> {
    let tag = discriminator.get("propertyName")?.as_str()?;
    let mapping = discriminator.get("mapping")?.entries();
    let known: Vec<_> = mapping.iter().map(|entry| entry.key.as_str()).collect();
    let mut cases = vec![json!({ "required": [tag], "properties": { tag: { "enum": known } } })];
    for entry in mapping {
        let (_, name) = split_reference(entry.node.as_str()?)?;
        cases.push(json!({
            "if": { "required": [tag], "properties": { tag: { "const": entry.key } } },
            "then": { "$ref": format!("#/$defs/{name}") },
        }));
    }
    Some(Value::Array(cases))
}

const HELP: &str = "correct the example, or the schema if the example is right";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::parse;

    fn converted(schema: &str) -> Value {
        convert(&parse("a.yaml", schema).expect("YAML"))
    }

    #[test]
    fn what_3_0_says_with_flags_2020_12_says_with_types_and_values() {
        assert_eq!(
            converted("{ type: string, nullable: true, description: Any. }"),
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] })
        );
        assert_eq!(
            converted("{ type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9 }"),
            json!({ "type": "integer", "exclusiveMinimum": 0, "maximum": 9 })
        );
    }

    #[test]
    fn an_object_is_closed_unless_it_is_a_map() {
        assert_eq!(
            converted("{ type: object, properties: { id: { type: string, x-id: server } } }"),
            json!({
                "type": "object",
                "properties": { "id": { "type": "string" } },
                "additionalProperties": false,
            })
        );
        assert_eq!(
            converted("{ type: object, additionalProperties: { $ref: '#/components/schemas/A' } }"),
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/A" } })
        );
    }

    #[test]
    fn a_union_is_decided_by_its_tag() {
        let union = "{ oneOf: [{ $ref: '#/components/schemas/A' }], \
                     discriminator: { propertyName: kind, mapping: { a: '#/components/schemas/A' } } }";
        assert_eq!(
            converted(union),
            json!({ "allOf": [
                { "required": ["kind"], "properties": { "kind": { "enum": ["a"] } } },
                {
                    "if": { "required": ["kind"], "properties": { "kind": { "const": "a" } } },
                    "then": { "$ref": "#/$defs/A" },
                },
            ] })
        );
    }
}
