//! Rules of an operation: its names and the fields of our own that SDK and mock act on.

pub(super) mod access;
pub(super) mod names;
pub(super) mod repeating;

use super::quoted;
use crate::lint::Report;
use crate::lint::outline::{Operation, Outline};
use crate::problem::nearest;
use crate::source::Node;

pub(super) fn paging(outline: &Outline<'_>, report: &mut Report) {
    stated(
        outline,
        report,
        "x-paging",
        &["page", "links", "cursor", "sync", "none"],
    );
    for operation in outline
        .operations
        .iter()
        .filter(|o| o.text("x-paging") == "page")
    {
        let parameters = outline.parameters_of(operation);
        for name in ["page", "page_size"] {
            let takes = |parameter: &&Node| {
                parameter.get("name").and_then(Node::as_str) == Some(name)
                    && parameter.get("in").and_then(Node::as_str) == Some("query")
            };
            if !parameters.iter().any(takes) {
                report.add(
                    operation.place_of("x-paging"),
                    format!(
                        "{} gives pages, and takes no `{name}` in the query",
                        operation.name()
                    ),
                    "add the parameter by reference, or write `x-paging: none`",
                );
            }
        }
    }
}

pub(super) fn errors_known(outline: &Outline<'_>, report: &mut Report) {
    let root = outline.root();
    let known = root
        .get("x-error-codes")
        .map(Node::entries)
        .unwrap_or_default();
    let common = root
        .get("x-common-errors")
        .map(Node::items)
        .unwrap_or_default();
    for operation in &outline.operations {
        if operation.node.get("x-errors").is_none() {
            report.add(
                operation.place,
                format!("{} does not state its errors", operation.name()),
                "write `x-errors: [<codes of x-error-codes>]`; the list may be empty",
            );
        }
    }
    let listed = outline
        .operations
        .iter()
        .flat_map(|operation| operation.list("x-errors"));
    for code in listed.chain(common) {
        let name = code.as_str().unwrap_or_default();
        if known.iter().any(|entry| entry.key == name) {
            continue;
        }
        report.add(
            &code.place,
            format!("the error code `{name}` is not known"),
            match nearest(name, known.iter().map(|entry| entry.key.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "describe it under `x-error-codes` of errors.yaml".to_owned(),
            },
        );
    }
}

pub(super) fn body_limit(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let body = operation.node.get("requestBody").is_some();
        let limit = operation.node.get("x-body-limit");
        let good = match limit {
            Some(limit) => body && limit.as_u64().is_some_and(|bytes| bytes > 0),
            None => !body,
        };
        if !good {
            report.add(
                operation.place_of("x-body-limit"),
                format!(
                    "{} {}",
                    operation.name(),
                    if body { "has a body without a limit" } else { "limits a body that it does not have" }
                ),
                "write `x-body-limit: <bytes>` on an operation with `requestBody`, and nowhere else",
            );
        }
    }
}

pub(super) fn runs_in(outline: &Outline<'_>, report: &mut Report) {
    let control = outline.document.api == "control";
    for operation in &outline.operations {
        let Some(runs_in) = operation.node.get("x-runs-in") else {
            continue;
        };
        if !control || !matches!(runs_in.as_str(), Some("world" | "server")) {
            report.add(
                &runs_in.place,
                format!("{} says `x-runs-in` wrongly or in vain", operation.name()),
                "write `world` or `server`, in the control API; other APIs run in the world",
            );
        }
    }
}

/// Checks a field that every operation has, with one of a few values.
fn stated(outline: &Outline<'_>, report: &mut Report, key: &str, values: &[&str]) {
    for operation in &outline.operations {
        let said = operation.text(key);
        if values.contains(&said) {
            continue;
        }
        let message = if said.is_empty() {
            format!("{} does not state `{key}`", operation.name())
        } else {
            format!("`{said}` is no value of `{key}`")
        };
        let help = format!("write one of {}", quoted(values.iter().copied()));
        report.add(operation.place_of(key), message, help);
    }
}

/// Names of the headers that an operation takes.
fn headers<'a>(outline: &Outline<'a>, operation: &Operation<'a>) -> Vec<&'a str> {
    let parameters = outline.parameters_of(operation).into_iter();
    parameters
        .filter(|parameter| parameter.get("in").and_then(Node::as_str) == Some("header"))
        .filter_map(|parameter| parameter.get("name").and_then(Node::as_str))
        .collect()
}
