//! Rules of parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_sentence, quoted};
use crate::lint::Report;
use crate::lint::outline::Outline;
use crate::source::Node;

pub(super) fn parts(outline: &Outline<'_>, report: &mut Report) {
    for parameter in &outline.parameters {
        let text = |key| {
            parameter
                .node
                .get(key)
                .and_then(Node::as_str)
                .unwrap_or_default()
        };
        let place = text("in");
        let required = parameter.node.get("required").and_then(Node::as_bool) == Some(true);
        let parts = [
            ("name", !text("name").is_empty()),
            (
                "in: path, query or header",
                matches!(place, "path" | "query" | "header"),
            ),
            ("schema", parameter.node.get("schema").is_some()),
            ("description", is_sentence(text("description"))),
            ("required: true", required || place != "path"),
        ];
        let missing: Vec<_> = parts
            .iter()
            .filter(|(_, good)| !good)
            .map(|(part, _)| *part)
            .collect();
        if !missing.is_empty() {
            report.add(
                &parameter.node.place,
                format!(
                    "the parameter `{}` does not say {}",
                    text("name"),
                    quoted(missing)
                ),
                "write `name`, `in`, `description` and `schema`; a path parameter is required",
            );
        }
    }
}

pub(super) fn header_by_ref(outline: &Outline<'_>, report: &mut Report) {
    for parameter in outline
        .parameters
        .iter()
        .filter(|parameter| !parameter.named)
    {
        if parameter.node.get("in").and_then(Node::as_str) == Some("header") {
            report.add(
                &parameter.node.place,
                "a header is described inside an operation",
                "move it to `components.parameters` and refer to it; the layers of the SDK own headers",
            );
        }
    }
}

pub(super) fn of_path(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let names = names(operation.path);
        let in_path: BTreeSet<_> = names.iter().copied().collect();
        if in_path.len() != names.len() {
            report.add(
                operation.path_place,
                format!("`{}` has the same name twice", operation.path),
                "name each part after its own resource: `{account_id}`, `{transaction_id}`",
            );
        }
        let parameters = outline.parameters_of(operation);
        let declared: BTreeSet<_> = parameters
            .iter()
            .filter(|parameter| parameter.get("in").and_then(Node::as_str) == Some("path"))
            .filter_map(|parameter| parameter.get("name").and_then(Node::as_str))
            .collect();
        let differ: Vec<_> = in_path.symmetric_difference(&declared).copied().collect();
        if !differ.is_empty() {
            report.add(
                operation.place_of("parameters"),
                format!(
                    "the path of {} and its path parameters differ in {}",
                    operation.name(),
                    quoted(differ)
                ),
                "declare each `{name}` of the path as a parameter with `in: path`, and no other",
            );
        }
    }
}

pub(super) fn unique(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let mut first = BTreeMap::new();
        for stated in operation.list("parameters") {
            let parameter = outline.resolve(stated);
            let key = ["in", "name"].map(|key| parameter.get(key).and_then(Node::as_str));
            if let Some(earlier) = first.insert(key, &stated.place) {
                report.add(
                    &stated.place,
                    format!(
                        "{} already takes this parameter at {earlier}",
                        operation.name()
                    ),
                    "remove one of the two",
                );
            }
        }
    }
}

/// The names in a path, in order: `/v1/transfers/{transfer_id}` has one.
fn names(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(|part| {
            part.strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
        })
        .collect()
}
