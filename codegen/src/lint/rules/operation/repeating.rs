//! Whether a call may be repeated, and what makes two calls the same one.

use super::{headers, stated};
use crate::lint::Report;
use crate::lint::outline::Outline;
use crate::lint::rules::is_sentence;
use crate::source::Node;

pub(in crate::lint::rules) fn retry(outline: &Outline<'_>, report: &mut Report) {
    stated(outline, report, "x-retry", &["safe", "keyed", "never"]);
}

pub(in crate::lint::rules) fn retry_keyed(outline: &Outline<'_>, report: &mut Report) {
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
pub(in crate::lint::rules) fn retry_safe(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn effect(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn idempotency(outline: &Outline<'_>, report: &mut Report) {
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
pub(in crate::lint::rules) fn idempotency_retry(outline: &Outline<'_>, report: &mut Report) {
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
pub(in crate::lint::rules) fn idempotency_header(outline: &Outline<'_>, report: &mut Report) {
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
