//! Rules of `x-mutation`: what a caller must know before changing anything.

use super::is_sentence;
use crate::lint::Report;
use crate::lint::outline::Outline;
use crate::source::Node;

pub(super) fn sentences(outline: &Outline<'_>, report: &mut Report) {
    for operation in outline
        .operations
        .iter()
        .filter(|operation| operation.writes())
    {
        let mutation = operation.node.get("x-mutation");
        let said = |key: &str| {
            mutation
                .and_then(|mutation| mutation.get(key))
                .and_then(Node::as_str)
                .is_some_and(is_sentence)
        };
        let missing: Vec<_> = SENTENCES.iter().copied().filter(|key| !said(key)).collect();
        if !missing.is_empty() {
            report.add(
                operation.place_of("x-mutation"),
                format!(
                    "{} changes something, and does not say {}",
                    operation.name(),
                    super::quoted(missing)
                ),
                "write a sentence for each: when to use it, what must be true before, what happens \
                 next, how to undo it, what a retry does",
            );
        }
    }
}

pub(super) fn on_write(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        if operation.text("x-effect") == "read" && operation.node.get("x-mutation").is_some() {
            report.add(
                operation.place_of("x-mutation"),
                format!("{} reads, and tells of a change", operation.name()),
                "remove `x-mutation`, or write `x-effect: write`",
            );
        }
    }
}

const SENTENCES: &[&str] = &["when", "before", "next", "undo", "retry"];
