//! Holds refusals against the documents: used by tests and debug builds alone.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use jsonschema::Validator;
use layer2_types::operation::{Api, Operation};
use serde_json::Value;

use super::{Exact, Json, SchemaError, build, part, raw};

/// What of a refusal differs from the document. A status of which the operation's own replies say nothing has to be
/// that of one of its codes, and is then told like any other refusal of the API.
pub(crate) fn refusal(
    operation: &Operation,
    status: u16,
    status_of_code: impl Fn(u16) -> bool,
    body: &str,
) -> Result<Vec<String>, SchemaError> {
    let fail = |reason: String| SchemaError {
        operation: operation.key(),
        reason,
    };
    let raw = raw(operation)?;
    let listed = raw.refusal.get(&status);
    if listed.is_none() && !status_of_code(status) {
        return Ok(vec![format!("status {status} is not documented")]);
    }
    let name = listed.or_else(|| raw.refusal.values().next());
    let validator = name.map(|name| validator(operation.api, name).map_err(fail));
    let Some(validator) = validator.transpose()? else {
        return Ok(vec!["no refusal is documented".to_owned()]);
    };
    let body = match Json::parse(body) {
        Ok(body) => body,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    Ok(validator
        .iter_errors(&body)
        .map(|error| format!("{}: {}", error.instance_path(), error.masked()))
        .collect())
}

/// The validator of a schema of refusals, which many operations share.
fn validator(api: Api, name: &str) -> Result<&'static Validator<Exact>, String> {
    type Cache = BTreeMap<(Api, String), &'static Validator<Exact>>;
    static CACHE: Mutex<Cache> = Mutex::new(Cache::new());
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (api, name.to_owned());
    if let Some(found) = cache.get(&key) {
        return Ok(found);
    }
    let schemas = part(api, "refusals").unwrap_or("{}");
    let mut schemas: BTreeMap<String, Value> =
        serde_json::from_str(schemas).map_err(|error| error.to_string())?;
    let schema = schemas
        .remove(name)
        .ok_or_else(|| format!("there is no schema {name}"))?;
    let made = build(&schema)?;
    // Kept for the life of the process: there are as many as APIs.
    Ok(cache
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(made))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use layer2_types::payments::OperationId;

    fn differences(status: u16, body: &str) -> Vec<String> {
        let operation = OperationId::TransfersCreate.operation();
        refusal(operation, status, |status| status == 413, body).unwrap()
    }

    #[test]
    fn a_refusal_as_documented_is_as_it_should_be() {
        let body = r#"{"errors": [{"code": "NOT_FOUND", "description": "It is not there."}]}"#;
        assert_eq!(differences(404, body), Vec::<String>::new());
        assert_eq!(differences(413, body), Vec::<String>::new());
    }

    #[test]
    fn a_status_or_a_body_of_no_document_is_seen() {
        let body = r#"{"errors": [{"code": "NOT_FOUND", "description": "It is not there."}]}"#;
        assert_eq!(differences(418, body), ["status 418 is not documented"]);
        assert_eq!(differences(404, r#"{"message": "no"}"#).len(), 1);
        assert_eq!(
            differences(404, r#"{"errors": [{"code": 404, "description": "x"}]}"#).len(),
            1
        );
        assert_eq!(differences(404, "no").len(), 1);
    }
}
