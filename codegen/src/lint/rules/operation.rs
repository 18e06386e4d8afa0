//! Rules of an operation: its names and the fields of our own that SDK and mock act on.

use std::collections::BTreeMap;

use super::{is_sentence, is_snake, quoted};
use crate::lint::Report;
use crate::lint::outline::{Operation, Outline};
use crate::problem::nearest;
use crate::source::Node;

pub(super) fn id(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let id = operation.text("operationId");
        let tag = operation
            .list("tags")
            .first()
            .and_then(Node::as_str)
            .unwrap_or_default();
        let verb = id.strip_prefix(tag).and_then(|rest| rest.strip_prefix('_'));
        if !is_snake(id) || (!tag.is_empty() && !verb.is_some_and(is_snake)) {
            report.add(
                operation.place_of("operationId"),
                format!(
                    "the id of {} is not `<tag>_<verb>` in snake case",
                    operation.name()
                ),
                format!(
                    "write `operationId: {}_<verb>`",
                    if tag.is_empty() { "<tag>" } else { tag }
                ),
            );
        }
    }
}

pub(super) fn id_unique(outline: &Outline<'_>, report: &mut Report) {
    let mut first = BTreeMap::new();
    for operation in &outline.operations {
        let id = operation.text("operationId");
        if id.is_empty() {
            continue;
        }
        let place = operation.place_of("operationId");
        if let Some(earlier) = first.insert(id, place) {
            report.add(
                place,
                format!("`{id}` is already the id of the operation at {earlier}"),
                "give one of the two another verb",
            );
        }
    }
}

pub(super) fn one_tag(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let tags = operation.list("tags");
        let good = matches!(tags, [only] if only.as_str().is_some_and(is_snake));
        if !good {
            report.add(
                operation.place_of("tags"),
                format!(
                    "{} has {} tags, or one that is not in snake case",
                    operation.name(),
                    tags.len()
                ),
                "write one tag, the resource in snake case: `tags: [transfers]`",
            );
        }
    }
}

pub(super) fn summary(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let summary = operation.text("summary");
        let good = !summary.trim().is_empty()
            && !summary.ends_with(['.', '!'])
            && !summary.contains('\n')
            && summary.len() <= MAX_SUMMARY_BYTES
            && summary.starts_with(char::is_uppercase);
        if !good {
            report.add(
                operation.place_of("summary"),
                format!("{} has no summary of one line without a full stop", operation.name()),
                format!(
                    "write a short imperative of at most {MAX_SUMMARY_BYTES} letters: `summary: Read a transfer`"
                ),
            );
        }
    }
}

pub(super) fn described(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        if !is_sentence(operation.text("description")) {
            report.add(
                operation.place_of("description"),
                format!("{} is not described in whole sentences", operation.name()),
                "say what it does and what limits it; the text becomes the documentation",
            );
        }
    }
}

pub(super) fn security(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let Some(security) = operation.node.get("security") else {
            report.add(
                operation.place,
                format!("{} does not state its security", operation.name()),
                "write `security: [{<scheme>: [<scopes>]}]`, or `security: []` for none",
            );
            continue;
        };
        for requirement in security.items().iter().flat_map(Node::entries) {
            let Some(scheme) = outline.component("securitySchemes", &requirement.key) else {
                report.add(
                    &requirement.key_place,
                    format!("the security scheme `{}` is not declared", requirement.key),
                    "declare it under `components.securitySchemes` of document.yaml",
                );
                continue;
            };
            let declared: Vec<_> = scopes(scheme).collect();
            for scope in requirement.node.items() {
                let name = scope.as_str().unwrap_or_default();
                if !declared.contains(&name) {
                    let near = nearest(name, declared.iter().copied());
                    report.add(
                        &scope.place,
                        format!(
                            "the scope `{name}` is not declared by `{}`",
                            requirement.key
                        ),
                        match near {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => {
                                "declare it under the scheme's `flows.<flow>.scopes`".to_owned()
                            }
                        },
                    );
                }
            }
        }
    }
}

pub(super) fn signature(outline: &Outline<'_>, report: &mut Report) {
    stated(
        outline,
        report,
        "x-signature",
        &["required", "optional", "none"],
    );
}

pub(super) fn signature_headers(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let signed = matches!(operation.text("x-signature"), "required" | "optional");
        let headers = headers(outline, operation);
        for header in ["x-signature", "x-timestamp"] {
            if signed != headers.contains(&header) {
                report.add(
                    operation.place_of("x-signature"),
                    format!(
                        "{} {} `{header}`, and says `x-signature: {}`",
                        operation.name(),
                        if signed { "does not take the header" } else { "takes the header" },
                        operation.text("x-signature"),
                    ),
                    "take both headers by reference where a signature is required or optional, and nowhere else",
                );
            }
        }
    }
}

pub(super) fn retry(outline: &Outline<'_>, report: &mut Report) {
    stated(outline, report, "x-retry", &["safe", "keyed", "never"]);
}

pub(super) fn retry_keyed(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let keyed = operation.text("x-retry") == "keyed";
        if keyed && !matches!(operation.text("x-idempotency"), "header" | "external_id") {
            report.add(
                operation.place_of("x-retry"),
                format!(
                    "{} is repeated with the same key, but takes none",
                    operation.name()
                ),
                "write `x-idempotency: header` or `external_id`, or `x-retry: never`",
            );
        }
    }
}

/// Whoever repeats a write without a key may do it twice; the SDK repeats whatever is `safe`.
pub(super) fn retry_safe(outline: &Outline<'_>, report: &mut Report) {
    let may_be_safe = outline.document.api == "control";
    for operation in &outline.operations {
        let safe_write =
            operation.text("x-retry") == "safe" && operation.text("x-effect") == "write";
        let reason = operation.node.get("x-retry-reason");
        if !safe_write {
            if let Some(reason) = reason {
                report.add(
                    &reason.place,
                    format!("{} needs no reason to be repeated", operation.name()),
                    "leave `x-retry-reason` out; it belongs to a write with `x-retry: safe`",
                );
            }
        } else if !may_be_safe {
            report.add(
                operation.place_of("x-retry"),
                format!("{} writes, and may be repeated freely", operation.name()),
                "write `x-retry: keyed` and take a key, or `x-retry: never`",
            );
        } else if !reason.and_then(Node::as_str).is_some_and(is_sentence) {
            report.add(
                operation.place_of("x-retry"),
                format!(
                    "{} writes, and does not say why a repeat harms nobody",
                    operation.name()
                ),
                "say it in a sentence: `x-retry-reason: <why>`, or write `x-retry: never`",
            );
        }
    }
}

pub(super) fn effect(outline: &Outline<'_>, report: &mut Report) {
    stated(outline, report, "x-effect", &["read", "write"]);
    for operation in &outline.operations {
        let fits = match operation.method {
            "get" => operation.text("x-effect") != "write",
            "put" | "patch" | "delete" => operation.text("x-effect") != "read",
            _ => true,
        };
        if !fits {
            report.add(
                operation.place_of("x-effect"),
                format!(
                    "{} says an effect that its method does not have",
                    operation.name()
                ),
                "a GET reads; PUT, PATCH and DELETE write; a POST may do either",
            );
        }
    }
}

pub(super) fn idempotency(outline: &Outline<'_>, report: &mut Report) {
    stated(
        outline,
        report,
        "x-idempotency",
        &["header", "external_id", "none"],
    );
    for operation in &outline.operations {
        let read = operation.text("x-effect") == "read";
        if read && matches!(operation.text("x-idempotency"), "header" | "external_id") {
            report.add(
                operation.place_of("x-idempotency"),
                format!("{} reads, and takes an idempotency key", operation.name()),
                "write `x-idempotency: none`; a read may be repeated freely",
            );
        }
    }
}

/// A key that no repeat carries has no use, and `never` would give a call up that could be saved.
pub(super) fn idempotency_retry(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let takes_key = matches!(operation.text("x-idempotency"), "header" | "external_id");
        if takes_key && operation.text("x-retry") == "never" {
            report.add(
                operation.place_of("x-retry"),
                format!(
                    "{} takes a key, and is never repeated with it",
                    operation.name()
                ),
                "write `x-retry: keyed`, or `x-idempotency: none`",
            );
        }
    }
}

/// The reverse is allowed: the platform lists the header on reads too, where it has no effect.
pub(super) fn idempotency_header(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let taken = headers(outline, operation)
            .iter()
            .any(|header| header.contains("idempotency"));
        if operation.text("x-idempotency") == "header" && !taken {
            report.add(
                operation.place_of("x-idempotency"),
                format!("{} takes no header for its key", operation.name()),
                "take the idempotency header by reference, or write `x-idempotency: none`",
            );
        }
    }
}

pub(super) fn paging(outline: &Outline<'_>, report: &mut Report) {
    stated(
        outline,
        report,
        "x-paging",
        &["page", "cursor", "sync", "none"],
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

/// Every scope that a scheme declares.
fn scopes(scheme: &Node) -> impl Iterator<Item = &str> {
    let flows = scheme.get("flows").map(Node::entries).unwrap_or_default();
    flows
        .iter()
        .flat_map(|flow| {
            flow.node
                .get("scopes")
                .map(Node::entries)
                .unwrap_or_default()
        })
        .map(|scope| scope.key.as_str())
}

/// A summary is the first line of a doc comment and a line of a table.
const MAX_SUMMARY_BYTES: usize = 80;
