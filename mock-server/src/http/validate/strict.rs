//! The strict forms of a schema: what the platform lets through and a test may want refused.

use std::collections::BTreeSet;

use serde_json::Value;

use super::resolve;
use crate::http::json::Json;

/// Makes amounts numbers: a text that spells one is refused.
pub(super) fn refuse_texts_for_numbers(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(refuse_texts_for_numbers),
        Value::Object(members) => {
            if members.get("type").is_some_and(is_number_or_text) {
                members.insert("type".to_owned(), Value::from("number"));
                members.remove("pattern");
            }
            members.values_mut().for_each(refuse_texts_for_numbers);
        }
        _ => {}
    }
}

/// Makes every place that holds an object with named members refuse others.
pub(super) fn refuse_unknown_members(schema: &mut Value) {
    let root = schema.clone();
    harden(&root, schema, true);
}

fn harden(root: &Value, schema: &mut Value, is_place: bool) {
    let Value::Object(members) = schema else {
        return;
    };
    for key in ["properties", "$defs", "patternProperties"] {
        if let Some(Value::Object(children)) = members.get_mut(key) {
            // A definition is no place of its own: what refers to it is.
            children
                .values_mut()
                .for_each(|child| harden(root, child, key != "$defs"));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = members.get_mut(key) {
            harden(root, child, true);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(children)) = members.get_mut(key) {
            children
                .iter_mut()
                .for_each(|child| harden(root, child, false));
        }
    }
    for key in ["if", "then", "else"] {
        if let Some(child) = members.get_mut(key) {
            harden(root, child, false);
        }
    }
    if is_place
        && names_members(root, schema, 0)
        && let Value::Object(members) = schema
    {
        members.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// The members that a schema names for an object, behind its references and in the variant that the tag of the object
/// chooses; where it chooses none, those of all variants.
pub(super) fn members<'v>(root: &'v Value, schema: &'v Value, object: &Json) -> BTreeSet<&'v str> {
    let own = schema.get("properties").and_then(Value::as_object);
    let mut names: BTreeSet<&str> = own
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    if let Some(target) = resolve(root, schema) {
        names.extend(members(root, target, object));
    }
    let parts = schema.get("allOf").and_then(Value::as_array);
    let (cases, plain): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .flatten()
        .partition(|part| part.get("if").is_some());
    for part in plain {
        names.extend(members(root, part, object));
    }
    let variants: Vec<(bool, &Value)> = cases
        .into_iter()
        .filter_map(|case| Some((is_chosen(case.get("if")?, object), case.get("then")?)))
        .collect();
    let is_any_chosen = variants.iter().any(|(chosen, _)| *chosen);
    for (chosen, variant) in variants {
        if chosen || !is_any_chosen {
            names.extend(members(root, variant, object));
        }
    }
    names
}

/// Whether `if` of a case holds: each member that it names has its one value.
fn is_chosen(case: &Value, object: &Json) -> bool {
    let wanted = case.get("properties").and_then(Value::as_object);
    wanted.into_iter().flatten().all(|(name, wanted)| {
        let found = object.member(name);
        matches!((found, wanted.get("const")), (Some(Json::String(found)), Some(wanted)) if wanted == found)
    })
}

fn is_number_or_text(types: &Value) -> bool {
    types.as_array().is_some_and(|types| {
        types.contains(&Value::from("number")) && types.contains(&Value::from("string"))
    })
}

/// Whether a schema, behind its references, says which members an object has.
fn names_members(root: &Value, schema: &Value, depth: usize) -> bool {
    const DEPTH: usize = 16;
    if depth > DEPTH {
        return false;
    }
    schema.get("properties").is_some()
        || resolve(root, schema).is_some_and(|target| names_members(root, target, depth + 1))
        || ["allOf", "oneOf", "anyOf"].iter().any(|key| {
            schema
                .get(key)
                .and_then(Value::as_array)
                .is_some_and(|parts| {
                    parts
                        .iter()
                        .any(|part| names_members(root, part, depth + 1))
                })
        })
}
