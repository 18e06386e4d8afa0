//! Checks requests against the documents, and in tests the replies too.
//!
//! The schemas are made by the code generator from the documents: JSON Schema 2020-12, one set per operation, each with
//! the definitions it reaches and no more. They are compiled when an operation is called for the first time, so a start
//! costs nothing. A request is refused with everything that is wrong with it at once, each with its JSON pointer.
//!
//! Unknown members and numeric strings for amounts are let through, as the platform does; under `strict` both are
//! refused. The control API is ours: it refuses unknown members always, since a setting that is misspelt and ignored
//! makes a test prove nothing. Under one version of the platform, what only the other has is not there (see
//! `layer2_world::contract::schema`).
//! What a field marked `x-sensitive` held is never repeated.

mod describe;
mod refusal;
mod strict;
mod union;
mod words;

use std::{
    collections::BTreeMap,
    sync::{OnceLock, PoisonError, RwLock},
};

use jsonschema::Validator;
use layer2_types::operation::{Api, Operation, PagingRule, Platform};
use layer2_world::{
    contract::schema::{Side, differs_by_version, project},
    rejection::Problem,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    json::{Exact, Json},
    limits,
};
pub(crate) use refusal::refusal;
use strict::{refuse_texts_for_numbers, refuse_unknown_members};
use union::check_what_is_common;

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

/// How a sandbox wants its requests read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reading {
    pub(crate) platform: Platform,
    pub(crate) strict: bool,
}

/// Everything that is wrong with a request; nothing if it is as documented.
pub(crate) fn request(
    operation: &Operation,
    parts: Parts<'_>,
    reading: Reading,
    code: &'static str,
) -> Result<Vec<Problem>, SchemaError> {
    let schemas = compiled(operation, reading)?;
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

/// What of a reply differs from the document of that platform: used by tests and debug builds alone.
pub(crate) fn reply(
    operation: &Operation,
    platform: Platform,
    status: u16,
    body: &str,
) -> Result<Vec<String>, SchemaError> {
    let reading = Reading {
        platform,
        strict: false,
    };
    let schemas = compiled(operation, reading)?;
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
        .map(|error| format!("{}: {}", error.instance_path(), error.masked()))
        .collect())
}

/// The schema of a reply on all versions of the platform, where it has one.
pub(crate) fn reply_schema(operation: &Operation, status: u16) -> Option<&'static Value> {
    let schemas = compiled(operation, Reading::default()).ok()?;
    schemas.reply.get(&status).map(|schema| &schema.source)
}

/// Whether the document marks nothing of an operation's JSON body as personal or secret.
pub(crate) fn is_body_plain(operation: &Operation) -> bool {
    let request = compiled(operation, Reading::default()).map(|schemas| schemas.request.as_ref());
    matches!(request, Ok(Some(schema)) if schema.is_plain)
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
    /// The schemas of refusals, by name.
    #[serde(default)]
    refusal: BTreeMap<u16, String>,
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
    unknown: Unknown,
    /// The document marks nothing in it as personal or secret.
    is_plain: bool,
}

/// What becomes of members that the document does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// They are let through, as the platform does.
    Ignored,
    /// The sandbox is strict.
    Refused,
    /// The API is ours and has no members that a later version might add unseen.
    RefusedAlways,
}

impl Unknown {
    fn of(api: Api, reading: Reading, side: Side) -> Unknown {
        match (api, side) {
            (Api::Control, Side::Request) => Unknown::RefusedAlways,
            _ if reading.strict => Unknown::Refused,
            _ => Unknown::Ignored,
        }
    }
}

/// Gives the compiled schemas of an operation, compiling them on the first call. One set serves all platforms where
/// they do not differ.
fn compiled(operation: &Operation, reading: Reading) -> Result<&'static Compiled, SchemaError> {
    type Cache = RwLock<BTreeMap<(Api, &'static str, Reading), &'static Compiled>>;
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let cache = CACHE.get_or_init(RwLock::default);
    let key = (operation.api, operation.id, reading);
    let found = cache
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .copied();
    if let Some(found) = found {
        return Ok(found);
    }
    let is_one_version = reading.platform != Platform::Union;
    if is_one_version && !source(operation).is_some_and(differs_by_version) {
        let platform = Platform::Union;
        let shared = compiled(
            operation,
            Reading {
                platform,
                ..reading
            },
        )?;
        let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
        return Ok(cache.entry(key).or_insert(shared));
    }
    let made = Compiled::new(operation, reading)?;
    let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
    // Kept for the life of the process: there is one set per operation and reading, whatever runs in it.
    Ok(cache
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(made))))
}

impl Compiled {
    fn new(operation: &Operation, reading: Reading) -> Result<Compiled, SchemaError> {
        let fail = |reason: String| SchemaError {
            operation: operation.key(),
            reason,
        };
        let raw = raw(operation)?;
        let schema = |mut source: Value, side: Side| {
            project(&mut source, reading.platform, side);
            let unknown = Unknown::of(operation.api, reading, side);
            if side == Side::Request {
                check_what_is_common(&mut source);
            }
            if reading.strict {
                refuse_texts_for_numbers(&mut source);
            }
            if unknown != Unknown::Ignored {
                refuse_unknown_members(&mut source);
            }
            let validator = build(&source).map_err(fail)?;
            Ok(Schema {
                is_plain: !holds_sensitive(&source),
                source,
                validator,
                unknown,
            })
        };
        let sent = |source: Option<Value>| {
            let made = source.map(|source| schema(source, Side::Request));
            made.transpose()
        };
        Ok(Compiled {
            request: sent(raw.request)?,
            query: sent(raw.query)?,
            reply: raw
                .reply
                .into_iter()
                .filter(|(_, source)| !source.is_null())
                .map(|(status, source)| Ok((status, schema(source, Side::Reply)?)))
                .collect::<Result<_, SchemaError>>()?,
        })
    }
}

/// The schemas of an operation, as they are generated.
fn raw(operation: &Operation) -> Result<Raw, SchemaError> {
    let text = source(operation).ok_or_else(|| "there are none".to_owned());
    let read = text.and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()));
    read.map_err(|reason| SchemaError {
        operation: operation.key(),
        reason,
    })
}

/// What holds JSON against a schema, or why there is no such thing.
fn build(schema: &Value) -> Result<Validator<Exact>, String> {
    jsonschema::options_for::<Exact>()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| error.to_string())
}

/// The generated text of an operation's schemas.
fn source(operation: &Operation) -> Option<&'static str> {
    part(operation.api, operation.id)
}

/// A member of the file of an API. Each file is split into its members once; the rest stays text.
fn part(api: Api, name: &str) -> Option<&'static str> {
    type Split = BTreeMap<String, Box<serde_json::value::RawValue>>;
    static FILES: [OnceLock<Split>; 4] = [const { OnceLock::new() }; 4];
    let (index, text) = match api {
        Api::Accounting => (0, include_str!("../../assets/validators/accounting.json")),
        Api::Control => (1, include_str!("../../assets/validators/control.json")),
        Api::Payments => (2, include_str!("../../assets/validators/payments.json")),
        Api::Plaid => (3, include_str!("../../assets/validators/plaid.json")),
    };
    let split = FILES[index].get_or_init(|| serde_json::from_str(text).unwrap_or_default());
    split.get(name).map(|raw| raw.get())
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

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
