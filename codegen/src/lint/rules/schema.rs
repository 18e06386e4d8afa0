//! Rules of schemas: every schema is one of the seven shapes that the emitters know (object, open
//! enum, tagged union, id, scalar, list or map, three-state), and says so without a doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::{TYPES, is_sentence, quoted, texts};
use crate::lint::Report;
use crate::lint::outline::{Outline, Role, Schema, reference, split_reference};
use crate::problem::nearest;
use crate::source::Node;

pub(super) fn described(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let asked = matches!(schema.role, Role::Component(_) | Role::Property(_));
        if asked && !schema.text("description").is_some_and(is_sentence) {
            report.add(
                schema.place,
                format!("{} is not described", schema.name()),
                if reference(schema.node).is_some() {
                    "wrap the reference: `description: …` and `allOf: [{ $ref: … }]`"
                } else {
                    "say in a sentence what it holds, its unit and its rule"
                },
            );
        }
    }
}

pub(super) fn all_of_one(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let Some(parts) = schema.node.get("allOf") else {
            continue;
        };
        let one = matches!(parts.items(), [only] if reference(only).is_some());
        let beside: Vec<_> = TYPE_SAYING
            .iter()
            .copied()
            .filter(|key| schema.node.get(key).is_some())
            .collect();
        if !one || !beside.is_empty() {
            report.add(
                &parts.place,
                format!("the `allOf` of {} does more than wrap one reference", schema.name()),
                "keep `allOf: [{ $ref: … }]` with a description; write fields out in a schema of their own",
            );
        }
    }
}

pub(super) fn typed(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let elsewhere = ["$ref", "allOf", "oneOf"]
            .iter()
            .any(|key| schema.node.get(key).is_some());
        let named = schema.text("type").unwrap_or_default();
        if elsewhere || TYPES.contains(&named) {
            continue;
        }
        report.add(
            schema.place,
            format!("{} has no type that readers know", schema.name()),
            match nearest(named, TYPES.iter().copied()) {
                Some(near) if !named.is_empty() => format!("did you mean `{near}`?"),
                _ => format!("write `type` with one of {}", quoted(TYPES.iter().copied())),
            },
        );
    }
}

pub(super) fn inline_object(outline: &Outline<'_>, report: &mut Report) {
    for schema in inline(outline) {
        let map = schema.node.get("additionalProperties").is_some()
            && schema.node.get("properties").is_none();
        let object = schema.text("type") == Some("object") && !map;
        if object || schema.node.get("oneOf").is_some() {
            report.add(
                schema.place,
                format!("{} is an object without a name", schema.name()),
                "move it to `components.schemas` and refer to it",
            );
        }
    }
}

pub(super) fn inline_enum(outline: &Outline<'_>, report: &mut Report) {
    for schema in inline(outline).filter(|schema| schema.node.get("enum").is_some()) {
        report.add(
            schema.place,
            format!("{} is an enum without a name", schema.name()),
            "move it to `components.schemas`, with `x-enum-descriptions`, and refer to it",
        );
    }
}

pub(super) fn array_items(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let list = schema.text("type") == Some("array");
        if list != schema.node.get("items").is_some() {
            report.add(
                schema.place,
                format!("{} is a list without items, or the reverse", schema.name()),
                "write `type: array` with `items: { $ref: … }`",
            );
        }
    }
}

pub(super) fn required_known(outline: &Outline<'_>, report: &mut Report) {
    names_are_properties(outline, "required", report);
}

pub(super) fn always_sent(outline: &Outline<'_>, report: &mut Report) {
    names_are_properties(outline, "x-always-sent", report);
}

/// Recorded replies lack fields that the platform calls required, so readers must not rely on them.
/// The control API is the mock's own and sends what it says.
pub(super) fn required_in_reply(outline: &Outline<'_>, report: &mut Report) {
    if outline.document.api == "control" {
        return;
    }
    let operations = || outline.operations.iter();
    let bodies = operations().filter_map(|operation| operation.node.get("requestBody"));
    let sent = outline.reach(bodies);
    let received = outline.reach(operations().flat_map(|o| o.successes().map(|reply| &reply.node)));
    for name in received.difference(&sent) {
        let Some(schema) = outline.component("schemas", name) else {
            continue;
        };
        for required in schema.get("required").map(Node::items).unwrap_or_default() {
            let property = required.as_str().unwrap_or_default();
            let Some(stated) = schema
                .get("properties")
                .and_then(|known| known.get(property))
            else {
                continue;
            };
            let shape = outline.shape(stated);
            let single = shape
                .get("enum")
                .is_some_and(|values| values.items().len() == 1);
            let id_or_tag = single || shape.get("x-id").is_some();
            if !id_or_tag && !ENVELOPE.contains(&property) {
                report.add(
                    &required.place,
                    format!(
                        "the reply `{name}` requires `{property}`, which is neither id nor tag"
                    ),
                    "move the name to `x-always-sent`; recorded replies lack fields",
                );
            }
        }
    }
}

pub(super) fn patch(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let Some(patch) = schema.node.get("x-patch") else {
            continue;
        };
        let optional = match (schema.role, schema.owner) {
            (Role::Property(name), Some(owner)) => {
                let owner = outline.component("schemas", owner);
                !owner
                    .is_some_and(|owner| texts(owner, "required").any(|required| required == name))
            }
            _ => false,
        };
        if patch.as_bool() != Some(true) || !optional {
            report.add(
                &patch.place,
                format!(
                    "`x-patch` of {} does not stand on an optional property",
                    schema.name()
                ),
                "write `x-patch: true` on a property that a body may leave out, or remove it",
            );
        }
    }
}

/// A type that holds itself has no size; a list or a map in between gives it one.
pub(super) fn cycle(outline: &Outline<'_>, report: &mut Report) {
    let mut holds = BTreeMap::<&str, BTreeSet<&str>>::new();
    for schema in &outline.schemas {
        let through_list = matches!(schema.role, Role::Items | Role::Values);
        let target = schema
            .node
            .get("$ref")
            .and_then(Node::as_str)
            .and_then(split_reference);
        if let (Some(owner), Some(("schemas", name)), false) = (schema.owner, target, through_list)
        {
            holds.entry(owner).or_default().insert(name);
        }
    }
    for component in outline.components("schemas") {
        if let Some(path) = way_back(&component.key, &holds) {
            report.add(
                &component.key_place,
                format!(
                    "schema `{}` contains itself: {}",
                    component.key,
                    path.join(" -> ")
                ),
                "break the circle with a list, a map or an id",
            );
        }
    }
}

/// The shortest way from a schema back to itself, if it is the first name of that circle.
fn way_back<'a>(
    start: &'a str,
    holds: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut paths = std::collections::VecDeque::from([vec![start]]);
    while let Some(path) = paths.pop_front() {
        for next in path
            .last()
            .and_then(|last| holds.get(last))
            .into_iter()
            .flatten()
        {
            let mut longer = path.clone();
            longer.push(next);
            if *next == start {
                // Each circle is told once, at the name that sorts first.
                return path.iter().all(|name| *name >= start).then_some(longer);
            }
            if seen.insert(*next) {
                paths.push_back(longer);
            }
        }
    }
    None
}

/// Checks that a list of names beside `properties` names properties, each once.
fn names_are_properties(outline: &Outline<'_>, key: &str, report: &mut Report) {
    for schema in &outline.schemas {
        let Some(names) = schema.node.get(key) else {
            continue;
        };
        let properties = schema
            .node
            .get("properties")
            .map(Node::entries)
            .unwrap_or_default();
        let mut seen = BTreeSet::new();
        for name in names.items() {
            let text = name.as_str().unwrap_or_default();
            let known = properties.iter().any(|property| property.key == text);
            if known && seen.insert(text) {
                continue;
            }
            let problem = if known {
                "stands twice in"
            } else {
                "is no property of"
            };
            report.add(
                &name.place,
                format!("`{text}` {problem} {}, and `{key}` names it", schema.name()),
                match nearest(
                    text,
                    properties.iter().map(|property| property.key.as_str()),
                ) {
                    Some(near) if !known => format!("did you mean `{near}`?"),
                    _ => "remove the name, or add the property".to_owned(),
                },
            );
        }
    }
}

/// The schemas that are not components.
fn inline<'o, 'a>(outline: &'o Outline<'a>) -> impl Iterator<Item = &'o Schema<'a>> {
    outline
        .schemas
        .iter()
        .filter(|schema| !matches!(schema.role, Role::Component(_)))
}

/// Keywords that say a type, and so cannot stand beside `allOf`.
const TYPE_SAYING: &[&str] = &[
    "type",
    "format",
    "enum",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "oneOf",
];

/// Properties of envelopes, which every recorded reply has.
const ENVELOPE: &[&str] = &["data", "links"];
