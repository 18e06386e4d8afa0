//! The form of a schema under one version of the platform.
//!
//! The generated schemas are those of both versions at once. They mark what only some versions have: a property with
//! `x-versions`, a value of an enum or of a tag with `x-value-versions` beside the `enum` (`openapi/house-rules.md`).
//! Under one version the rest is as if it had never been said:
//!
//! - In a request a property of the other version is unknown, and so ignored, or refused where the sandbox is strict;
//!   a value of the other version is refused, and the values of this one are named.
//! - In a reply a property of the other version must not be there at all, and neither must a value; what is always
//!   sent is what this version has of it.
//!
//! The marks themselves stay, so that a message can say which version has what was refused.
//!
//! A schema is a tree of `serde_json`, whose numbers are no money; nothing that is stored or sent ever is one.

use layer2_types::operation::Platform;
use serde_json::{Map, Value};

/// Which side of a call a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What a client sends.
    Request,
    /// What it is answered.
    Reply,
}

/// Turns a schema of all versions into that of one; the union of them stays as it is.
pub fn project(schema: &mut Value, platform: Platform, side: Side) {
    if platform != Platform::Union {
        narrow(schema, platform, side);
    }
}

/// Whether the text of some schemas marks anything that only some versions have.
pub fn differs_by_version(schemas: &str) -> bool {
    [PROPERTY, VALUES].iter().any(|mark| schemas.contains(mark))
}

/// The versions that have a value which a schema marks, as a message spells them.
pub fn versions_of_value(schema: &Value, value: &str) -> Option<String> {
    let versions = schema.get(VALUES)?.get(value)?.as_array()?;
    let names: Vec<_> = versions.iter().filter_map(Value::as_str).collect();
    Some(names.join(" and "))
}

/// The versions that have a property.
const PROPERTY: &str = "x-versions";
/// The versions that have a value, by value.
const VALUES: &str = "x-value-versions";

fn narrow(schema: &mut Value, platform: Platform, side: Side) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    // The variants go by the values of their tag, which the next step takes away.
    remove_variants(members, platform);
    remove_values(members, platform);
    remove_properties(members, platform, side);
    let mut inside = |schema: &mut Value| narrow(schema, platform, side);
    for key in ["properties", "$defs"] {
        let named = members.get_mut(key).and_then(Value::as_object_mut);
        named
            .into_iter()
            .flat_map(Map::values_mut)
            .for_each(&mut inside);
    }
    if let Some(Value::Array(parts)) = members.get_mut("allOf") {
        parts.iter_mut().for_each(&mut inside);
    }
    for key in ["items", "additionalProperties", "if", "then", "else"] {
        members.get_mut(key).into_iter().for_each(&mut inside);
    }
}

fn remove_values(schema: &mut Map<String, Value>, platform: Platform) {
    let Some(versions) = schema.get(VALUES).cloned() else {
        return;
    };
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| has_value(&versions, value, platform));
    }
}

/// Takes the cases out of a union whose tag cannot be: `if` the tag is this value, `then` it is that schema.
fn remove_variants(schema: &mut Map<String, Value>, platform: Platform) {
    let properties = schema.get("properties").cloned().unwrap_or_default();
    let Some(Value::Array(cases)) = schema.get_mut("allOf") else {
        return;
    };
    cases.retain(|case| {
        let tags = case.pointer("/if/properties").and_then(Value::as_object);
        tags.into_iter().flatten().all(|(tag, wanted)| {
            let versions = properties.get(tag).and_then(|tag| tag.get(VALUES));
            match (versions, wanted.get("const")) {
                (Some(versions), Some(value)) => has_value(versions, value, platform),
                _ => true,
            }
        })
    });
}

fn remove_properties(schema: &mut Map<String, Value>, platform: Platform, side: Side) {
    let properties = schema.get_mut("properties");
    let Some(properties) = properties.and_then(Value::as_object_mut) else {
        return;
    };
    let other = |property: &Value| {
        property
            .get(PROPERTY)
            .is_some_and(|versions| !includes(platform, versions))
    };
    let names: Vec<String> = properties
        .iter()
        .filter(|(_, property)| other(property))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &names {
        match side {
            Side::Request => properties.remove(name),
            Side::Reply => properties.insert(name.clone(), Value::Bool(false)),
        };
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !names.iter().any(|other| name == other));
    }
}

fn has_value(versions: &Value, value: &Value, platform: Platform) -> bool {
    let versions = value.as_str().and_then(|value| versions.get(value));
    versions.is_none_or(|versions| includes(platform, versions))
}

fn includes(platform: Platform, versions: &Value) -> bool {
    versions
        .as_array()
        .is_some_and(|versions| versions.iter().any(|version| version == platform.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RAIL: Platform = Platform::RailV1_1_2;
    const LAYER2: Platform = Platform::Layer2V1_0_5;

    fn sample() -> Value {
        json!({
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "old": {"$ref": "#/$defs/Rail", "x-versions": ["layer2-1.0.5"]},
                "new": {"type": "string", "x-versions": ["rail-1.1.2"]},
                "rails": {"type": "array", "items": {"$ref": "#/$defs/Rail"}}
            },
            "required": ["id", "old", "new"],
            "$defs": {
                "Rail": {
                    "type": "string",
                    "enum": ["ACH", "CHAPS", "WIRE"],
                    "x-value-versions": {"CHAPS": ["rail-1.1.2"], "WIRE": ["layer2-1.0.5"]}
                },
                "Account": {
                    "type": "object",
                    "properties": {
                        "kind": {
                            "type": "string",
                            "enum": ["US", "AE"],
                            "x-value-versions": {"AE": ["rail-1.1.2"]}
                        }
                    },
                    "allOf": [
                        {"if": {"properties": {"kind": {"const": "US"}}}, "then": {"$ref": "#/$defs/Us"}},
                        {"if": {"properties": {"kind": {"const": "AE"}}}, "then": {"$ref": "#/$defs/Ae"}}
                    ]
                }
            }
        })
    }

    fn projected(platform: Platform, side: Side) -> Value {
        let mut schema = sample();
        project(&mut schema, platform, side);
        schema
    }

    #[test]
    fn the_union_stays_as_it_is() {
        assert_eq!(projected(Platform::Union, Side::Request), sample());
        assert_eq!(projected(Platform::Union, Side::Reply), sample());
    }

    #[test]
    fn a_property_of_the_other_version_is_unknown_in_a_request() {
        let schema = projected(RAIL, Side::Request);
        let names: Vec<_> = schema["properties"]
            .as_object()
            .expect("map")
            .keys()
            .collect();
        assert_eq!(names, ["id", "new", "rails"]);
        assert_eq!(schema["required"], json!(["id", "new"]));
    }

    #[test]
    fn a_property_of_the_other_version_must_not_be_in_a_reply() {
        let schema = projected(LAYER2, Side::Reply);
        assert_eq!(schema["properties"]["new"], json!(false));
        assert!(schema["properties"]["old"].is_object());
        assert_eq!(schema["required"], json!(["id", "old"]));
    }

    #[test]
    fn an_enum_has_the_values_of_its_version() {
        for side in [Side::Request, Side::Reply] {
            let values = |platform| projected(platform, side)["$defs"]["Rail"]["enum"].clone();
            assert_eq!(values(RAIL), json!(["ACH", "CHAPS"]), "{side:?}");
            assert_eq!(values(LAYER2), json!(["ACH", "WIRE"]), "{side:?}");
        }
    }

    #[test]
    fn a_union_has_the_variants_of_its_version() {
        let schema = projected(LAYER2, Side::Request);
        let account = &schema["$defs"]["Account"];
        assert_eq!(account["properties"]["kind"]["enum"], json!(["US"]));
        let cases = account["allOf"].as_array().expect("cases");
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0]["then"]["$ref"], "#/$defs/Us");
        let both = projected(RAIL, Side::Request);
        assert_eq!(
            both["$defs"]["Account"]["allOf"],
            sample()["$defs"]["Account"]["allOf"]
        );
    }

    #[test]
    fn a_message_can_name_the_versions_of_a_value() {
        let schema = projected(RAIL, Side::Request);
        let rail = &schema["$defs"]["Rail"];
        assert_eq!(
            versions_of_value(rail, "WIRE").as_deref(),
            Some("layer2-1.0.5")
        );
        assert_eq!(versions_of_value(rail, "ACH"), None);
    }

    #[test]
    fn schemas_without_marks_are_told_apart() {
        assert!(differs_by_version(&sample().to_string()));
        assert!(!differs_by_version(
            r#"{"properties":{"id":{"type":"string"}}}"#
        ));
    }
}
