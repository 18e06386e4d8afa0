//! Replies that a later version of the platform might send: an enum value or a field that no document lists.
//!
//! What is an enum, and which objects are documented ones (and not maps with names of the client's), is read from the
//! reply's own schema. The reply that is saved for a repeated request is not touched.

use layer2_types::operation::Operation;
use serde_json::Value;

use crate::http::{json::Json, validate};

/// The value that takes the place of a documented one.
pub(crate) const UNKNOWN_VALUE: &str = "VALUE_OF_A_LATER_VERSION";

/// The field that no document lists.
const EXTRA_FIELD: &str = "field_of_a_later_version";

/// Schemas may refer to each other this often before a value is given up.
const REFERENCES_MAX: usize = 32;

/// Puts an unknown value in the place that the pointer names, or else in the likeliest place. Gives nothing if the reply
/// has no such place.
pub(crate) fn with_unknown_value(
    operation: &Operation,
    status: u16,
    body: &str,
    pointer: Option<&str>,
    value: Option<&str>,
) -> Option<String> {
    let mut json = Json::parse(body).ok()?;
    let pointer = match pointer {
        Some(pointer) => pointer.to_owned(),
        None => {
            let enums = Places::of(operation, status, &json)?.enums;
            let status = enums.iter().find(|pointer| pointer.ends_with("/status"));
            status.or(enums.first())?.clone()
        }
    };
    let place = json.at_mut(&pointer)?;
    *place = Json::String(value.unwrap_or(UNKNOWN_VALUE).to_owned());
    Some(json.to_string())
}

/// Adds a field to every documented object of a reply.
pub(crate) fn with_extra_fields(operation: &Operation, status: u16, body: &str) -> Option<String> {
    let mut json = Json::parse(body).ok()?;
    for pointer in Places::of(operation, status, &json)?.objects {
        if let Some(Json::Object(members)) = json.at_mut(&pointer) {
            let extra = Json::Object(vec![("since".to_owned(), Json::String("later".to_owned()))]);
            members.push((EXTRA_FIELD.to_owned(), extra));
        }
    }
    Some(json.to_string())
}

/// JSON pointers into one reply, in its order.
#[derive(Debug, Default)]
struct Places {
    enums: Vec<String>,
    objects: Vec<String>,
}

impl Places {
    fn of(operation: &Operation, status: u16, json: &Json) -> Option<Places> {
        let root = validate::reply_schema(operation, status)?;
        let mut places = Places::default();
        places.visit(root, &[root], json, "");
        Some(places)
    }

    fn visit(&mut self, root: &Value, schemas: &[&Value], json: &Json, pointer: &str) {
        let mut here = Vec::new();
        for schema in schemas {
            expand(root, schema, json, REFERENCES_MAX, &mut here);
        }
        match json {
            Json::Object(members) => {
                let is_map = here
                    .iter()
                    .any(|schema| schema.get("additionalProperties").is_some());
                if !is_map && here.iter().any(|schema| schema.get("properties").is_some()) {
                    self.objects.push(pointer.to_owned());
                }
                for (name, member) in members {
                    let schemas: Vec<&Value> = here
                        .iter()
                        .filter_map(|schema| schema.get("properties")?.get(name))
                        .collect();
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.visit(root, &schemas, member, &format!("{pointer}/{name}"));
                }
            }
            Json::Array(items) => {
                let schemas: Vec<&Value> = here
                    .iter()
                    .filter_map(|schema| schema.get("items"))
                    .collect();
                for (index, item) in items.iter().enumerate() {
                    self.visit(root, &schemas, item, &format!("{pointer}/{index}"));
                }
            }
            Json::String(_) if here.iter().any(|schema| schema.get("enum").is_some()) => {
                self.enums.push(pointer.to_owned());
            }
            _ => {}
        }
    }
}

/// The schemas that speak of a value: references followed, branches by their tags.
fn expand<'s>(
    root: &'s Value,
    schema: &'s Value,
    json: &Json,
    depth: usize,
    found: &mut Vec<&'s Value>,
) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    found.push(schema);
    let reference = schema.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    let branches = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .filter_map(|word| schema.get(word)?.as_array())
        .flatten();
    let chosen = schema
        .get("then")
        .filter(|_| schema.get("if").is_some_and(|test| is_tagged(test, json)));
    for next in target.into_iter().chain(branches).chain(chosen) {
        expand(root, next, json, depth, found);
    }
}

/// Whether a value has the tag that a branch asks for, the only kind of test that the generated schemas have.
fn is_tagged(test: &Value, json: &Json) -> bool {
    let Some(properties) = test.get("properties").and_then(Value::as_object) else {
        return false;
    };
    properties.iter().all(|(name, schema)| {
        let wanted = schema.get("const").and_then(Value::as_str);
        wanted.is_some() && json.member(name).and_then(Json::as_text) == wanted
    })
}

#[cfg(test)]
mod tests {
    use layer2_types::payments::OperationId;

    use super::*;

    const TRANSFER: &str =
        r#"{"data":{"id":"t","status":"ACCEPTED","source_details":{"amount_to_debit":0.10}}}"#;

    #[test]
    fn the_status_is_the_likeliest_place_and_numbers_stay_as_they_are() {
        let operation = OperationId::TransfersGet.operation();
        assert_eq!(
            with_unknown_value(operation, 200, TRANSFER, None, None).as_deref(),
            Some(
                r#"{"data":{"id":"t","status":"VALUE_OF_A_LATER_VERSION","source_details":{"amount_to_debit":0.10}}}"#
            )
        );
        let named = with_unknown_value(operation, 200, TRANSFER, Some("/data/id"), Some("X"));
        assert!(named.is_some_and(|body| body.starts_with(r#"{"data":{"id":"X","#)));
        let nowhere = with_unknown_value(operation, 200, TRANSFER, Some("/data/none"), None);
        assert_eq!(nowhere, None);
        assert_eq!(
            with_unknown_value(operation, 204, TRANSFER, None, None),
            None
        );
    }

    #[test]
    fn every_documented_object_gets_a_field() {
        let operation = OperationId::TransfersGet.operation();
        let extra = r#""field_of_a_later_version":{"since":"later"}"#;
        assert_eq!(
            with_extra_fields(operation, 200, TRANSFER),
            Some(format!(
                r#"{{"data":{{"id":"t","status":"ACCEPTED","source_details":{{"amount_to_debit":0.10,{extra}}},{extra}}},{extra}}}"#
            ))
        );
    }

    #[test]
    fn a_branch_is_found_by_its_tag() {
        let operation = OperationId::CounterpartiesGet.operation();
        let body = r#"{"data":{"counterparty_id":"c","counterparty_type":"FIAT_US","account_information":{"type":"CHECKING"}}}"#;
        let json = Json::parse(body).expect("JSON");
        let places = Places::of(operation, 200, &json).expect("schema");
        assert!(
            places
                .enums
                .contains(&"/data/account_information/type".to_owned()),
            "{places:?}"
        );
    }
}
