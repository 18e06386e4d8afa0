//! Checks requests against the documents, and in tests the replies too.
//!
//! The schemas are made by the code generator from the documents: JSON Schema 2020-12, one set per operation, each with
//! the definitions it reaches and no more. They are compiled when an operation is called for the first time, so a start
//! costs nothing. A request is refused with everything that is wrong with it at once, each with its JSON pointer.
//!
//! Unknown members and numeric strings for amounts are let through, as the platform does; under `strict` both are
//! refused. Under one version of the platform, what only the other has is not there (see `platform`). What a field marked `x-sensitive` held is never repeated.

mod platform;
mod strict;
mod words;

use std::{
    collections::BTreeMap,
    sync::{OnceLock, PoisonError, RwLock},
};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use layer2_types::operation::{Api, Operation, PagingRule, Platform};
use layer2_world::rejection::Problem;
use serde::Deserialize;
use serde_json::Value;

use super::{
    json::{Exact, Json},
    limits,
};
use platform::{Side, differs_by_version, project, versions_of_value};
use strict::{is_member, make_strict};
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
        let raw: Raw = source(operation)
            .ok_or_else(|| fail("there are none".to_owned()))
            .and_then(|text| serde_json::from_str(text).map_err(|error| fail(error.to_string())))?;
        let schema = |mut source: Value, side: Side| {
            project(&mut source, reading.platform, side);
            if reading.strict {
                make_strict(&mut source);
            }
            let validator = jsonschema::options_for::<Exact>()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&source)
                .map_err(|error| fail(error.to_string()))?;
            Ok(Schema { source, validator })
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
            .flat_map(move |error| self.describe(&error, value, place, code))
            .take(limits::PROBLEMS)
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
            let path = error.evaluation_path().as_str();
            let object = path.strip_suffix("/unevaluatedProperties").unwrap_or(path);
            let passed = walk(&self.source, object);
            let is_named = |name: &str| {
                let both = passed.last().zip(value.at(at));
                both.is_some_and(|(schema, object)| is_member(&self.source, schema, object, name))
            };
            return unexpected
                .iter()
                // Where a member of a variant is wrong, the others of it count as unexpected too.
                .filter(|name| !is_named(name))
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
            Some(received) => {
                let hint = self.other_version(error, received).or_else(|| {
                    meant(error.kind(), received).map(|meant| format!("Did you mean `{meant}`?"))
                });
                let problem = problem.received(excerpt(received));
                match hint {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                }
            }
            None => problem,
        }]
    }

    /// What to say of a value that only another version of the platform has.
    fn other_version(&self, error: &ValidationError<'_>, received: &Json) -> Option<String> {
        let (ValidationErrorKind::Enum { .. }, Json::String(value)) = (error.kind(), received)
        else {
            return None;
        };
        let passed = walk(&self.source, error.evaluation_path().as_str());
        let versions = passed
            .iter()
            .rev()
            .find_map(|schema| versions_of_value(schema, value))?;
        Some(format!(
            "Only {versions} has this value; the sandbox plays another version of the platform, by its setting `platform`."
        ))
    }

    /// What the missing member should have been.
    fn expectation_of(&self, error: &ValidationError<'_>, name: &str) -> String {
        let path = error.evaluation_path().as_str();
        let object = path.strip_suffix("/required").unwrap_or(path);
        let property = walk(&self.source, object)
            .last()
            .and_then(|schema| schema.get("properties")?.get(name));
        let types = property
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

/// The last token of a pointer; an element of a list is told with the name of the list.
fn name_of(at: &str) -> String {
    let plain = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let mut tokens = at.rsplit('/');
    let last = tokens.next().unwrap_or_default();
    let is_element = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    match tokens.next().filter(|list| is_element && !list.is_empty()) {
        Some(list) => format!("{}[{last}]", plain(list)),
        None => plain(last),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
