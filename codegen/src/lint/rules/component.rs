//! Rules of component names and of their use.

use std::collections::{BTreeMap, BTreeSet};

use super::is_pascal;
use crate::bundle::each_reference;
use crate::lint::Report;
use crate::lint::outline::{Outline, split_reference};
use crate::source::Node;

pub(super) fn name(outline: &Outline<'_>, report: &mut Report) {
    for kind in KINDS {
        for component in outline
            .components(kind)
            .iter()
            .filter(|c| !is_pascal(&c.key))
        {
            report.add(
                &component.key_place,
                format!(
                    "the component `{}` is not named in Pascal case",
                    component.key
                ),
                "write `TransferReply`, acronyms as words: `KycStatus`",
            );
        }
    }
}

pub(super) fn name_case(outline: &Outline<'_>, report: &mut Report) {
    for kind in KINDS {
        let mut first = BTreeMap::new();
        for component in outline.components(kind) {
            if let Some(earlier) = first.insert(component.key.to_lowercase(), component) {
                report.add(
                    &component.key_place,
                    format!(
                        "`{}` and `{}` differ by case alone",
                        component.key, earlier.key
                    ),
                    "rename one; file systems and readers confuse them",
                );
            }
        }
    }
}

pub(super) fn unused(outline: &Outline<'_>, report: &mut Report) {
    let mut used = BTreeSet::new();
    each_reference(outline.root(), &mut |target| {
        used.extend(target.as_str().and_then(split_reference));
    });
    // The event types are read by name; see the rule `webhook-event-type`.
    used.insert(("schemas", "EventType"));
    for operation in &outline.operations {
        let requirements = operation.list("security").iter().flat_map(Node::entries);
        used.extend(requirements.map(|requirement| ("securitySchemes", requirement.key.as_str())));
    }
    for kind in KINDS.iter().chain(&["securitySchemes"]) {
        for component in outline.components(kind) {
            if !used.contains(&(*kind, component.key.as_str())) {
                report.add(
                    &component.key_place,
                    format!("nothing refers to `#/components/{kind}/{}`", component.key),
                    "remove it, or refer to it",
                );
            }
        }
    }
}

const KINDS: &[&str] = &[
    "schemas",
    "parameters",
    "responses",
    "headers",
    "requestBodies",
];
