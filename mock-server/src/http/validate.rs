//! Checks requests against the documents, and in tests the replies too.
//!
//! The schemas are made by the code generator from the documents: JSON Schema 2020-12, one set per operation, each with
//! the definitions it reaches and no more. They are compiled when an operation is called for the first time, so a start
//! costs nothing. A request is refused with everything that is wrong with it at once, each with its JSON pointer.
//!
//! Unknown members and numeric strings for amounts are let through, as the platform does; under `strict` both are
//! refused. What a field marked `x-sensitive` held is never repeated.

mod strict;
mod words;

use std::{
    collections::BTreeMap,
    sync::{OnceLock, RwLock},
};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use layer2_types::operation::{Api, Operation, PagingRule, Platform, PlatformVersion};
use layer2_world::rejection::Problem;
use serde::Deserialize;
use serde_json::Value;

use super::{
    json::{Exact, Json},
    limits,
};
use strict::make_strict;
use words::{article, complaint, excerpt, expectation, meant, wants_container};

/// A generated schema set cannot be used; a defect of this crate, not of the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schemas of {operation} cannot be used: {reason}")]
pub(crate) struct SchemaError {
    operation: String,
    reason: String,
}

/// What of a request is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: Option<&'a Json>,
}

/// Everything that is wrong with a request; nothing if it is as documented.
pub(crate) fn request(
    operation: &Operation,
    parts: Parts<'_>,
    strict: bool,
    code: &'static str,
) -> Result<Vec<Problem>, SchemaError> {
    let schemas = compiled(operation, strict)?;
    let mut problems = Vec::new();
    if let Some(schema) = &schemas.query {
        let mut query = schema.query_object(parts.query);
        if operation.paging == PagingRule::Page {
            // Part of the links that we send, and of no document.
            query.remove_members(&["as_of"]);
        }
        problems.extend(schema.problems(&query, Place::Query, code));
    }
    match (&schemas.request, parts.body) {
        (Some(schema), Some(body)) => problems.extend(schema.problems(body, Place::Body, code)),
        (Some(_), None) => problems.push(
            Problem::new(code, "The body is missing.")
                .at("")
                .expected("a JSON object")
                .hint("Send the fields as JSON with `content-type: application/json`."),
        ),
        (None, _) => {}
    }
    problems.truncate(limits::PROBLEMS);
    Ok(problems)
}

/// What of a reply differs from the document: used by tests and debug builds alone.
pub(crate) fn reply(
    operation: &Operation,
    platform: Platform,
    status: u16,
    body: &str,
) -> Result<Vec<String>, SchemaError> {
    let schemas = compiled(operation, false)?;
    let Some(schema) = schemas.reply.get(&status) else {
        return Ok(vec![format!("status {status} is not documented")]);
    };
    let body = match Json::parse(body) {
        Ok(body) => body,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    Ok(schema
        .validator
        .iter_errors(&body)
        .filter(|error| !schema.is_of_another_version(error, platform))
        .map(|error| format!("{}: {}", error.instance_path(), error.masked()))
        .collect())
}

/// The schema of a reply, where it has one.
pub(crate) fn reply_schema(operation: &Operation, status: u16) -> Option<&'static Value> {
    let schemas = compiled(operation, false).ok()?;
    schemas.reply.get(&status).map(|schema| &schema.source)
}

/// Whether the document marks nothing of an operation's JSON body as personal or secret.
pub(crate) fn is_body_plain(operation: &Operation) -> bool {
    let request = compiled(operation, false).map(|schemas| schemas.request.as_ref());
    matches!(request, Ok(Some(schema)) if !holds_sensitive(&schema.source))
}

fn holds_sensitive(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().any(holds_sensitive),
        Value::Object(members) => {
            members.contains_key("x-sensitive") || members.values().any(holds_sensitive)
        }
        _ => false,
    }
}

/// Where a value stood, for pointers and wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Body,
    Query,
}

/// The schemas of one operation as the generator writes them.
#[derive(Deserialize)]
struct Raw {
    request: Option<Value>,
    query: Option<Value>,
    #[serde(default)]
    reply: BTreeMap<u16, Value>,
}

/// The schemas of one operation, compiled.
struct Compiled {
    request: Option<Schema>,
    query: Option<Schema>,
    reply: BTreeMap<u16, Schema>,
}

/// One compiled schema with its source, which says what is sensitive and of which type a query parameter is.
struct Schema {
    source: Value,
    validator: Validator<Exact>,
}

/// Gives the compiled schemas of an operation, compiling them on the first call.
fn compiled(operation: &Operation, strict: bool) -> Result<&'static Compiled, SchemaError> {
    type Cache = RwLock<BTreeMap<(Api, &'static str, bool), &'static Compiled>>;
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let cache = CACHE.get_or_init(RwLock::default);
    let key = (operation.api, operation.id, strict);
    let found = cache
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .get(&key)
        .copied();
    if let Some(found) = found {
        return Ok(found);
    }
    let made = Compiled::new(operation, strict)?;
    let mut cache = cache
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    // Kept for the life of the process: there is one set per operation, whatever runs in it.
    Ok(cache
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(made))))
}

impl Compiled {
    fn new(operation: &Operation, strict: bool) -> Result<Compiled, SchemaError> {
        let fail = |reason: String| SchemaError {
            operation: operation.key(),
            reason,
        };
        let raw: Raw = source(operation)
            .ok_or_else(|| fail("there are none".to_owned()))
            .and_then(|text| serde_json::from_str(text).map_err(|error| fail(error.to_string())))?;
        let schema = |mut source: Value| {
            if strict {
                make_strict(&mut source);
            }
            let validator = jsonschema::options_for::<Exact>()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&source)
                .map_err(|error| fail(error.to_string()))?;
            Ok(Schema { source, validator })
        };
        Ok(Compiled {
            request: raw.request.map(schema).transpose()?,
            query: raw.query.map(schema).transpose()?,
            reply: raw
                .reply
                .into_iter()
                .filter(|(_, source)| !source.is_null())
                .map(|(status, source)| Ok((status, schema(source)?)))
                .collect::<Result<_, SchemaError>>()?,
        })
    }
}

/// The generated text of an operation's schemas. Each file is split into its operations once; the rest stays text.
fn source(operation: &Operation) -> Option<&'static str> {
    type Split = BTreeMap<String, Box<serde_json::value::RawValue>>;
    static FILES: [OnceLock<Split>; 4] = [const { OnceLock::new() }; 4];
    let (index, text) = match operation.api {
        Api::Accounting => (0, include_str!("../../assets/validators/accounting.json")),
        Api::Control => (1, include_str!("../../assets/validators/control.json")),
        Api::Payments => (2, include_str!("../../assets/validators/payments.json")),
        Api::Plaid => (3, include_str!("../../assets/validators/plaid.json")),
    };
    let split = FILES[index].get_or_init(|| serde_json::from_str(text).unwrap_or_default());
    split.get(operation.id).map(|raw| raw.get())
}

impl Schema {
    /// The query as the object that its schema describes: a parameter that shall be a number and spells one is one.
    fn query_object(&self, pairs: &[(String, String)]) -> Json {
        let mut members: Vec<(String, Json)> = Vec::new();
        for (name, text) in pairs {
            // A repeated parameter is the business of the typed parameters, which refuse it by name.
            if members.iter().any(|(seen, _)| seen == name) {
                continue;
            }
            members.push((name.clone(), self.query_value(name, text)));
        }
        Json::Object(members)
    }

    fn query_value(&self, name: &str, text: &str) -> Json {
        let property = self
            .source
            .pointer(&format!("/properties/{}", escape(name)));
        let types = property
            .map(|schema| types_of(&self.source, schema))
            .unwrap_or_default();
        let has = |wanted: &str| types.iter().any(|found| found == wanted);
        let number = if has("integer") || has("number") {
            Json::number(text)
        } else {
            None
        };
        let boolean = match text {
            "true" if has("boolean") => Some(Json::Bool(true)),
            "false" if has("boolean") => Some(Json::Bool(false)),
            _ => None,
        };
        number
            .or(boolean)
            .unwrap_or_else(|| Json::String(text.to_owned()))
    }

    fn problems<'s>(
        &'s self,
        value: &'s Json,
        place: Place,
        code: &'static str,
    ) -> impl Iterator<Item = Problem> + 's {
        self.validator
            .iter_errors(value)
            .take(limits::PROBLEMS)
            .flat_map(move |error| self.describe(&error, value, place, code))
    }

    /// One error in words: what, where, what came and what was expected.
    fn describe(
        &self,
        error: &ValidationError<'_>,
        value: &Json,
        place: Place,
        code: &'static str,
    ) -> Vec<Problem> {
        let at = error.instance_path().as_str();
        let subject = match (place, at) {
            (Place::Body, "") => "The body".to_owned(),
            (Place::Body, at) => format!("`{}`", name_of(at)),
            (Place::Query, at) => format!("The parameter `{}`", name_of(at)),
        };
        if let ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } = error.kind()
        {
            return unexpected
                .iter()
                .map(|name| {
                    Problem::new(code, format!("`{name}` is not a field of this request."))
                        .at(pointer(place, &format!("{at}/{}", escape(name))))
                        .hint("The sandbox is strict; without --strict unknown fields are ignored, as the platform does.")
                })
                .collect();
        }
        if let ValidationErrorKind::Required { property } = error.kind() {
            let name = property.as_str().unwrap_or_default();
            return vec![
                Problem::new(code, format!("`{name}` is missing."))
                    .at(pointer(place, &format!("{at}/{}", escape(name))))
                    .expected(self.expectation_of(error, name)),
            ];
        }
        let problem = Problem::new(code, format!("{subject} {}.", complaint(error.kind())))
            .at(pointer(place, at));
        let problem = match expectation(error.kind()) {
            Some(expected) => problem.expected(expected),
            None => problem,
        };
        let received = value.at(at);
        vec![match received {
            Some(_) if self.is_sensitive(error) => problem.received("** redacted **"),
            // A text in the place of an object may hold what the members of the object would: it is not repeated.
            Some(Json::String(text)) if wants_container(error.kind()) => problem
                .received(format!("a string of {} characters", text.chars().count()))
                .hint("Send the JSON itself, not a text that holds it: it was written as JSON twice, or is a plain text."),
            Some(received) => match meant(error.kind(), received) {
                Some(meant) => problem
                    .received(excerpt(received))
                    .hint(format!("Did you mean `{meant}`?")),
                None => problem.received(excerpt(received)),
            },
            None => problem,
        }]
    }

    /// Whether a member is missed that this version of the platform does not have.
    fn is_of_another_version(&self, error: &ValidationError<'_>, platform: Platform) -> bool {
        let ValidationErrorKind::Required { property } = error.kind() else {
            return false;
        };
        let name = property.as_str().unwrap_or_default();
        let versions = self
            .missing(error, name)
            .and_then(|schema| schema.get("x-versions"))
            .and_then(|versions| Vec::<PlatformVersion>::deserialize(versions).ok());
        versions.is_some_and(|versions| !platform.includes(&versions))
    }

    /// The schema of a member that is missing.
    fn missing(&self, error: &ValidationError<'_>, name: &str) -> Option<&Value> {
        let path = error.evaluation_path().as_str();
        let object = path.strip_suffix("/required").unwrap_or(path);
        walk(&self.source, object)
            .last()
            .and_then(|schema| schema.get("properties")?.get(name))
    }

    /// What the missing member should have been.
    fn expectation_of(&self, error: &ValidationError<'_>, name: &str) -> String {
        let types = self
            .missing(error, name)
            .map(|schema| types_of(&self.source, schema))
            .unwrap_or_default();
        match types.as_slice() {
            [one] => article(one),
            // An amount: sent as a number, and read from a text too.
            several if several.iter().any(|name| name == "number") => article("number"),
            _ => "a value".to_owned(),
        }
    }

    /// Whether any schema on the way to the error is marked sensitive.
    fn is_sensitive(&self, error: &ValidationError<'_>) -> bool {
        walk(&self.source, error.evaluation_path().as_str())
            .iter()
            .any(|schema| schema.get("x-sensitive").is_some())
    }
}

/// The schemas that an evaluation path passes through, `$ref`s followed.
fn walk<'v>(root: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut passed = vec![root];
    let mut here = root;
    for token in path.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match here {
            _ if token == "$ref" => resolve(root, here),
            Value::Array(items) => token
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => here.get(&token),
        };
        let Some(next) = next else { break };
        here = next;
        passed.push(here);
    }
    passed
}

fn resolve<'v>(root: &'v Value, schema: &'v Value) -> Option<&'v Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// The `type` of a schema, behind any `$ref` and `allOf`.
fn types_of(root: &Value, schema: &Value) -> Vec<String> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => {
            let behind = resolve(root, schema).into_iter();
            let parts = schema
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            behind
                .chain(parts)
                .flat_map(|part| types_of(root, part))
                .collect()
        }
    }
}

/// JSON pointer into the body, or the name of a query parameter.
fn pointer(place: Place, at: &str) -> String {
    match place {
        Place::Body => at.to_owned(),
        Place::Query => name_of(at),
    }
}

/// The last token of a pointer.
fn name_of(at: &str) -> String {
    at.rsplit('/')
        .next()
        .unwrap_or_default()
        .replace("~1", "/")
        .replace("~0", "~")
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::route;

    fn schema(source: Value) -> Schema {
        let validator = jsonschema::options_for::<Exact>()
            .build(&source)
            .expect("schema");
        Schema { source, validator }
    }

    fn problems(schema: &Schema, body: &str) -> Vec<Problem> {
        let body = Json::parse(body).expect("JSON");
        schema.problems(&body, Place::Body, "BAD").collect()
    }

    fn sample() -> Value {
        serde_json::json!({
            "type": "object",
            "required": ["amount", "account"],
            "properties": {
                "amount": {"type": ["number", "string"], "pattern": "^[0-9]+$"},
                "account": {"$ref": "#/$defs/Account"},
                "kind": {"enum": ["A", "B"]},
                "tax_id": {"type": "string", "maxLength": 3, "x-sensitive": "personal"},
                "free": {"type": "object"}
            },
            "$defs": {
                "Account": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
            }
        })
    }

    #[test]
    fn tells_everything_at_once_with_pointers() {
        let schema = schema(sample());
        let found = problems(
            &schema,
            r#"{"account":{"id":7},"kind":"C","tax_id":"123456"}"#,
        );
        let rows: Vec<_> = found
            .iter()
            .map(|problem| {
                (
                    problem.description.as_str(),
                    problem.pointer.as_deref(),
                    problem.received.as_deref(),
                    problem.expected.as_deref(),
                )
            })
            .collect();
        let expected = [
            (
                "`id` is of the wrong type.",
                Some("/account/id"),
                Some("7"),
                Some("a string"),
            ),
            (
                "`kind` is not one of the documented values.",
                Some("/kind"),
                Some("C"),
                Some("A, B"),
            ),
            (
                "`tax_id` is too long.",
                Some("/tax_id"),
                Some("** redacted **"),
                Some("at most 3 characters"),
            ),
            (
                "`amount` is missing.",
                Some("/amount"),
                None,
                Some("a number"),
            ),
        ];
        for row in expected {
            assert!(rows.contains(&row), "{row:?} not in {rows:?}");
        }
        assert_eq!(rows.len(), expected.len());
    }

    #[test]
    fn strict_refuses_unknown_members_and_numeric_strings() {
        let mut source = sample();
        make_strict(&mut source);
        let strict = schema(source);
        let lenient = schema(sample());
        let body = r#"{"amount":"12","account":{"id":"a","extra":1},"other":2,"free":{"any":1}}"#;
        assert_eq!(problems(&lenient, body), []);
        let pointers: Vec<String> = problems(&strict, body)
            .into_iter()
            .filter_map(|problem| problem.pointer)
            .collect();
        assert_eq!(pointers.len(), 3, "{pointers:?}");
        for pointer in ["/amount", "/account/extra", "/other"] {
            assert!(
                pointers.iter().any(|found| found == pointer),
                "{pointer} not in {pointers:?}"
            );
        }
    }

    #[test]
    fn query_parameters_take_the_type_of_their_schema() {
        let schema = schema(serde_json::json!({
            "type": "object",
            "properties": {"page": {"type": "integer"}, "all": {"type": "boolean"}, "q": {"type": "string"}}
        }));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = schema.query_object(&[pair("page", "1"), pair("all", "true"), pair("q", "1")]);
        assert_eq!(query.to_string(), r#"{"page":1,"all":true,"q":"1"}"#);
        let query = schema.query_object(&[pair("page", "x")]);
        let found: Vec<Problem> = schema.problems(&query, Place::Query, "BAD").collect();
        assert_eq!(
            found[0].description,
            "The parameter `page` is of the wrong type."
        );
        assert_eq!(found[0].pointer.as_deref(), Some("page"));
    }

    #[test]
    fn the_pattern_that_is_told_in_words_is_that_of_the_schemas() {
        let operation = layer2_types::payments::OperationId::TransfersCreate.operation();
        let quoted = serde_json::to_string(words::AMOUNT_PATTERN).expect("text");
        assert!(source(operation).expect("schemas").contains(&quoted));
    }

    #[test]
    fn every_generated_schema_compiles_in_both_forms() {
        for op in route::operations() {
            for strict in [false, true] {
                compiled(op.operation(), strict)
                    .map(|_| ())
                    .expect("schemas");
            }
        }
    }
}
