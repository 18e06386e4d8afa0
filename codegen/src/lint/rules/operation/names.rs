//! What an operation is called and what is said of it.

use std::collections::BTreeMap;

use crate::lint::Report;
use crate::lint::outline::Outline;
use crate::lint::rules::{is_sentence, is_snake};
use crate::source::Node;

pub(in crate::lint::rules) fn id(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn id_unique(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn one_tag(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn summary(outline: &Outline<'_>, report: &mut Report) {
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

pub(in crate::lint::rules) fn described(outline: &Outline<'_>, report: &mut Report) {
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

/// A summary is the first line of a doc comment and a line of a table.
const MAX_SUMMARY_BYTES: usize = 80;
