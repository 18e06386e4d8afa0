//! The strict form of a schema: what the platform lets through and a test may want refused.

use serde_json::Value;

use super::resolve;
use crate::http::json::Json;

/// Turns a schema into its strict form: amounts are numbers, and every place that holds an object with named members
/// refuses others.
pub(super) fn make_strict(schema: &mut Value) {
    let root = schema.clone();
    harden(&root, schema, true);
}

fn harden(root: &Value, schema: &mut Value, is_place: bool) {
    let Value::Object(members) = schema else {
        return;
    };
    if members.get("type").is_some_and(is_number_or_text) {
        members.insert("type".to_owned(), Value::from("number"));
        members.remove("pattern");
    }
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

/// Whether a schema, behind its references and in the variant that the tag of `object` chooses, names a member.
pub(super) fn is_member(root: &Value, schema: &Value, object: &Json, name: &str) -> bool {
    let named = schema.pointer("/properties").and_then(Value::as_object);
    let cases = schema.get("allOf").and_then(Value::as_array);
    named.is_some_and(|named| named.contains_key(name))
        || resolve(root, schema).is_some_and(|target| is_member(root, target, object, name))
        || cases.into_iter().flatten().any(|case| {
            let chosen = case.get("if").is_none_or(|tag| is_chosen(tag, object));
            chosen && is_member(root, case.get("then").unwrap_or(case), object, name)
        })
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
