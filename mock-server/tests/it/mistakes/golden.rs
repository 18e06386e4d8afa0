//! The files of whole replies: what they hold, how a reply is held against them, and that no code is without one.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use layer2_types::operation::{Api, Operation, operations};
use reqwest::Request;
use serde_json::{Map, Value, json};

use super::setting::Setting;
use crate::support::Reply;

/// What of a reply a file holds: the operation that was called, if it was one, the status, the headers that matter and
/// the body.
pub(super) fn told(setting: &Setting, request: &Request, reply: &Reply) -> String {
    let mut headers = Map::new();
    for name in [
        "allow",
        "retry-after",
        "www-authenticate",
        "x-l2f-request-id",
    ] {
        if let Some(value) = reply.header(name) {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    let body: Value = serde_json::from_str(&reply.text).expect(&reply.text);
    let operation = called(request).map(Operation::key);
    let whole = json!({
        "operation": operation,
        "status": reply.status.as_u16(),
        "headers": headers,
        "body": body,
    });
    let text = serde_json::to_string_pretty(&whole).expect("JSON") + "\n";
    setting.named(&text)
}

/// Compares with the file of a mistake, or writes it.
pub(super) fn compare(subject: &str, name: &str, told: &str) -> Option<String> {
    let path = folder().join(subject).join(format!("{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("folder")).expect(subject);
        fs::write(&path, told).expect(name);
        return None;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    (wanted != told).then(|| format!("{subject}/{name}: wanted {wanted} and got {told}"))
}

/// The names of a subject's files.
pub(super) fn names(subject: &str) -> BTreeSet<String> {
    let files = children(&folder().join(subject));
    let stem = |file: PathBuf| file.file_stem()?.to_str().map(str::to_owned);
    files.into_iter().filter_map(stem).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes")
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("folder");
    entries.map(|entry| entry.expect("entry").path()).collect()
}

/// The operation that a request calls.
fn called(request: &Request) -> Option<&'static Operation> {
    let path: Vec<&str> = request.url().path().split('/').collect();
    operations().find(|operation| {
        let base = match operation.api {
            Api::Payments => "/api",
            Api::Control => "/_control/v1",
            Api::Accounting | Api::Plaid => "",
        };
        let template = format!("{base}{}", operation.path);
        let template: Vec<&str> = template.split('/').collect();
        let fits = |(part, wanted): (&&str, &&str)| wanted.starts_with('{') || part == wanted;
        operation.method.to_string() == request.method().as_str()
            && template.len() == path.len()
            && path.iter().zip(&template).all(fits)
    })
}

/// The errors of all files, with the operation that answers with them.
fn errors() -> Vec<(String, Option<String>, Value)> {
    let files = children(&folder())
        .into_iter()
        .flat_map(|subject| children(&subject));
    let mut errors = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("file");
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        let operation = whole["operation"].as_str().map(str::to_owned);
        for error in whole["body"]["errors"].as_array().into_iter().flatten() {
            errors.push((file.display().to_string(), operation.clone(), error.clone()));
        }
    }
    errors
}

/// Lines of a list, each with a reason behind `#`.
fn listed(text: &str) -> BTreeSet<String> {
    let entry = |line: &str| line.split('#').next().map(str::trim).map(str::to_owned);
    let entries = text.lines().filter_map(entry);
    entries.filter(|line| !line.is_empty()).collect()
}

/// A code that an operation lists can be met, and how it is met is on file.
#[test]
fn every_code_of_every_operation_has_its_reply() {
    let beyond = listed(include_str!("../../data/codes-out-of-reach.txt"));
    let unbuilt = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/not-built.txt");
    let unbuilt = listed(&fs::read_to_string(unbuilt).expect(unbuilt));
    let mut met = BTreeSet::new();
    for (_, operation, error) in errors() {
        let code = error["code"].as_str().unwrap_or_default();
        // A request that leads to no operation is told in the language of an API all the same.
        let api = anchor(&error).and_then(|anchor| anchor.split('-').next());
        let of = [operation.as_deref(), api].into_iter().flatten();
        met.extend(of.map(|of| format!("{of} {code}")));
    }
    let mut wanted = BTreeSet::new();
    let ours = |operation: &&Operation| matches!(operation.api, Api::Payments | Api::Control);
    for operation in operations().filter(ours) {
        let (key, api) = (operation.key(), operation.api.as_str());
        if !unbuilt.contains(&key) {
            wanted.extend(operation.errors.iter().map(|code| format!("{key} {code}")));
        }
        let common = operation.common_errors.iter();
        wanted.extend(common.map(|code| format!("{api} {code}")));
    }
    let missing: BTreeSet<_> = wanted.difference(&met).cloned().collect();
    let unlisted: Vec<_> = missing.difference(&beyond).collect();
    assert!(unlisted.is_empty(), "no file has these: {unlisted:#?}");
    let stale: Vec<_> = beyond.difference(&missing).collect();
    assert!(stale.is_empty(), "within reach, or gone: {stale:#?}");
}

/// A newcomer learns from each where it was wrong, what to do, and where the code is explained. The token endpoints and
/// Plaid have no members for it: their one text says it.
#[test]
fn every_reply_says_where_it_was_and_what_to_do() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let reference = fs::read_to_string(reference).expect(reference);
    let mut helpless = Vec::new();
    for (file, _, error) in errors() {
        let help = help(&error);
        let says = |member: &str| help[member].is_string();
        let code = error["code"].as_str().or(error["error_enum"].as_str());
        let code = code.unwrap_or_default();
        let is_placed = says("pointer") || PLACELESS.contains(&code);
        let anchor = anchor(&error).unwrap_or_default();
        let is_explained = reference.contains(&format!("<a id=\"{anchor}\"></a>"));
        if !(is_placed && is_explained && says("hint")) {
            helpless.push(format!("{file}: {error}"));
        }
    }
    assert!(helpless.is_empty(), "{helpless:#?}");
}

/// The members that help; accounting has a place of its own for them.
fn help(error: &Value) -> &Value {
    error.get("meta").unwrap_or(error)
}

/// The place in the reference that an error names.
fn anchor(error: &Value) -> Option<&str> {
    let url = help(error)["doc_url"].as_str()?;
    url.split_once('#').map(|(_, anchor)| anchor)
}

/// Codes about a request as a whole.
const PLACELESS: &[&str] = &[
    "CLOCK_BUSY",
    "CUSTOMER_CREATION_NOT_ALLOWED",
    "DEFAULT_SANDBOX",
    "INTERNAL",
    "LIMIT_REACHED",
    "METHOD_NOT_ALLOWED",
    "NOT_BUILT",
    "RATE_LIMITED",
    "STORE_UNAVAILABLE",
    "UNKNOWN_PATH",
    // The same of accounting.
    "UnknownPath",
];
