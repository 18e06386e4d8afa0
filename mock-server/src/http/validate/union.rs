//! What is said of a union whose tag names no variant.
//!
//! A union is a tag and a case for each of its values; with a tag that is none of them no case holds, and nothing but the
//! tag would be checked. So that a newcomer learns of everything at once, the members that all variants have in common
//! are checked then too.

use serde_json::{Map, Value, json};

use super::resolve;

/// Adds to each union of a schema a case for tags that name no variant.
pub(super) fn check_what_is_common(schema: &mut Value) {
    let root = schema.clone();
    add_to_all(&root, schema);
}

fn add_to_all(root: &Value, schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| add_to_all(root, item)),
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|member| add_to_all(root, member));
            let case = no_variant(root, members);
            if let (Some(case), Some(Value::Array(cases))) = (case, members.get_mut("allOf")) {
                cases.push(case);
            }
        }
        _ => {}
    }
}

/// The case of a union for a tag that names no variant, if the variants have anything in common.
fn no_variant(root: &Value, union: &Map<String, Value>) -> Option<Value> {
    let cases = union.get("allOf")?.as_array()?;
    let variants: Option<Vec<&Value>> = cases
        .iter()
        .map(|case| {
            let variant = case.get("then")?;
            Some(resolve(root, variant).unwrap_or(variant))
        })
        .collect();
    let (first, others) = variants.as_deref()?.split_first()?;
    let tag = cases.first()?.pointer("/if/required/0")?.as_str()?;
    let values = union.get("properties")?.get(tag)?.get("enum")?;

    let mut properties = Map::new();
    for (name, property) in first.get("properties")?.as_object()? {
        let same = |other: &&Value| {
            other.get("properties").and_then(|all| all.get(name)) == Some(property)
        };
        if others.iter().all(same) {
            properties.insert(name.clone(), property.clone());
        }
    }
    let required = first.get("required").and_then(Value::as_array);
    let needed = |variant: &Value, name: &Value| {
        let names = variant.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.contains(name))
    };
    let required: Vec<&Value> = required
        .into_iter()
        .flatten()
        .filter(|name| name.as_str() != Some(tag))
        .filter(|name| others.iter().all(|variant| needed(variant, name)))
        .collect();
    Some(json!({
        "if": {"properties": {tag: {"enum": values}}, "required": [tag]},
        "else": {"properties": properties, "required": required},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_variants_have_is_wanted_without_a_variant_too() {
        let variant = |own: &str| {
            json!({"properties": {"amount": {"type": "number"}, "kind": {"const": own}, own: {"type": "string"}},
                "required": ["kind", "amount", own]})
        };
        let case = |tag: &str| {
            json!({"if": {"properties": {"kind": {"const": tag}}, "required": ["kind"]},
                "then": {"$ref": format!("#/$defs/{tag}")}})
        };
        let mut schema = json!({
            "properties": {"kind": {"enum": ["A", "B"]}}, "required": ["kind"],
            "allOf": [case("A"), case("B")], "$defs": {"A": variant("A"), "B": variant("B")},
        });
        check_what_is_common(&mut schema);
        let added = json!({
            "if": {"properties": {"kind": {"enum": ["A", "B"]}}, "required": ["kind"]},
            "else": {"properties": {"amount": {"type": "number"}}, "required": ["amount"]},
        });
        assert_eq!(schema["allOf"][2], added);
        assert_eq!(schema["allOf"].as_array().expect("cases").len(), 3);
    }
}
