//! Rules of the document as a whole: its grammar, its parts, error codes, webhooks and versions.

use std::collections::BTreeSet;

use super::quoted;
use crate::bundle;
use crate::lint::Report;
use crate::lint::grammar::{self, Fault};
use crate::lint::outline::Outline;
use crate::problem::nearest;
use crate::source::{Entry, Node, Place, Value};

pub(super) fn wrong_kind(outline: &Outline<'_>, report: &mut Report) {
    grammar::walk(outline.root(), &mut |node, fault| {
        if let Fault::Kind { expected } = fault {
            report.add(
                &node.place,
                format!("{expected} is expected here, this is {}", node.kind()),
                format!("write {expected}"),
            );
        }
    });
}

pub(super) fn unknown_field(outline: &Outline<'_>, report: &mut Report) {
    grammar::walk(outline.root(), &mut |node, fault| {
        if let Fault::Field { name, object, near } = fault {
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if object == grammar::REFERENCE_NAME => {
                    "wrap it to say more: `description: …` and `allOf: [{ $ref: … }]`".to_owned()
                }
                None if name == "$ref" => {
                    "a component is no reference itself; refer to its target where it is used"
                        .to_owned()
                }
                None => "remove it; no reader of the documents would see it".to_owned(),
            };
            report.add(&node.place, format!("{object} has no field `{name}`"), help);
        }
    });
}

pub(super) fn dangling_ref(outline: &Outline<'_>, report: &mut Report) {
    for problem in bundle::dangling(outline.document) {
        report.add(&problem.place, problem.message, problem.help);
    }
}

pub(super) fn openapi_version(outline: &Outline<'_>, report: &mut Report) {
    let version = outline.root().get("openapi");
    if version.and_then(Node::as_str) != Some("3.0.3") {
        let place = version.map_or(&outline.root().place, |node| &node.place);
        report.add(
            place,
            "the dialect of a document is OpenAPI 3.0.3",
            "write `openapi: 3.0.3`; say `nullable: true` rather than a list of types",
        );
    }
}

pub(super) fn api_name(outline: &Outline<'_>, report: &mut Report) {
    let api = &outline.document.api;
    let said = outline.root().get("x-api");
    if said.and_then(Node::as_str) != Some(api) {
        report.add(
            said.map_or(&outline.root().place, |node| &node.place),
            format!("the document of the folder `{api}` does not say that name"),
            format!("write `x-api: {api}` in document.yaml"),
        );
    }
}

pub(super) fn parts(outline: &Outline<'_>, report: &mut Report) {
    let root = outline.root();
    let text = |pointer| {
        root.pointer(pointer)
            .and_then(Node::as_str)
            .is_some_and(|t| !t.is_empty())
    };
    let filled = |key| {
        root.get(key)
            .is_some_and(|node| !node.items().is_empty() || !node.entries().is_empty())
    };
    let parts = [
        ("info.title", text("/info/title")),
        ("info.version", text("/info/version")),
        ("servers", filled("servers")),
        ("paths", filled("paths")),
    ];
    for (part, _) in parts.iter().filter(|(_, there)| !there) {
        report.add(
            &root.place,
            format!("the document says no `{part}`"),
            format!("add `{part}`; emitters and readers of the bundle need it"),
        );
    }
}

pub(super) fn tags_described(outline: &Outline<'_>, report: &mut Report) {
    let declared = outline
        .root()
        .get("tags")
        .map(Node::items)
        .unwrap_or_default();
    let name = |tag: &'_ Node| tag.get("name").and_then(Node::as_str).map(str::to_owned);
    let names: BTreeSet<_> = declared.iter().filter_map(name).collect();
    let mut used = BTreeSet::new();
    for tag in outline
        .operations
        .iter()
        .flat_map(|operation| operation.list("tags"))
    {
        let Some(text) = tag.as_str() else { continue };
        // One message a tag, at its first use.
        if used.insert(text) && !names.contains(text) {
            report.add(
                &tag.place,
                format!("the tag `{text}` is not declared"),
                "declare it under `tags` of document.yaml with a description of the resource",
            );
        }
    }
    for tag in declared {
        let name = name(tag).unwrap_or_default();
        let described = tag
            .get("description")
            .and_then(Node::as_str)
            .is_some_and(super::is_sentence);
        if !described {
            report.add(
                &tag.place,
                format!("the tag `{name}` has no description"),
                "say in a sentence what the resource is",
            );
        }
        if !used.contains(name.as_str()) {
            report.add(
                &tag.place,
                format!("no operation has the tag `{name}`"),
                "remove the tag, or give it to the operations of the resource",
            );
        }
    }
}

pub(super) fn error_codes(outline: &Outline<'_>, report: &mut Report) {
    let codes = outline
        .root()
        .get("x-error-codes")
        .map(Node::entries)
        .unwrap_or_default();
    for code in codes {
        let status = code.node.get("status").and_then(Node::as_u64);
        if !status.is_some_and(|status| (400..600).contains(&status)) {
            report.add(
                &code.key_place,
                format!(
                    "the error code `{}` has no `status` between 400 and 599",
                    code.key
                ),
                "write the status of the reply that carries the code",
            );
        }
        for key in ["meaning", "what-to-do"] {
            if !code
                .node
                .get(key)
                .and_then(Node::as_str)
                .is_some_and(super::is_sentence)
            {
                report.add(
                    &code.key_place,
                    format!("the error code `{}` does not say `{key}`", code.key),
                    "write a sentence; it becomes the doc comment of the code",
                );
            }
        }
    }
}

pub(super) fn webhook_parts(outline: &Outline<'_>, report: &mut Report) {
    for webhook in webhooks(outline) {
        let text = |key| {
            webhook
                .node
                .get(key)
                .and_then(Node::as_str)
                .unwrap_or_default()
        };
        let parts = [
            (
                "summary",
                !text("summary").is_empty() && !text("summary").ends_with('.'),
            ),
            ("when", super::is_sentence(text("when"))),
            ("payload", webhook.node.get("payload").is_some()),
        ];
        for (part, _) in parts.iter().filter(|(_, good)| !good) {
            report.add(
                &webhook.key_place,
                format!("the webhook `{}` says no good `{part}`", webhook.key),
                "write `summary` (a line without a full stop), `when` (a sentence) and `payload: {$ref}`",
            );
        }
    }
}

pub(super) fn webhook_event_type(outline: &Outline<'_>, report: &mut Report) {
    let webhooks = webhooks(outline);
    let Some(first) = webhooks.first() else {
        return;
    };
    let values = outline
        .component("schemas", "EventType")
        .and_then(|schema| schema.get("enum"));
    let Some(values) = values else {
        report.add(
            &first.key_place,
            "the document sends webhooks, and has no enum `EventType`",
            "add `components.schemas.EventType` with a value for each webhook",
        );
        return;
    };
    let names: BTreeSet<_> = values.items().iter().filter_map(Node::as_str).collect();
    for webhook in webhooks
        .iter()
        .filter(|webhook| !names.contains(webhook.key.as_str()))
    {
        report.add(
            &webhook.key_place,
            format!("`EventType` has no value `{}`", webhook.key),
            "add the value to `EventType`, or correct the name of the webhook",
        );
    }
    let sent: BTreeSet<_> = webhooks
        .iter()
        .map(|webhook| webhook.key.as_str())
        .collect();
    for value in values.items() {
        if value.as_str().is_some_and(|text| !sent.contains(text)) {
            report.add(
                &value.place,
                "no webhook is described for this event type",
                "add it under `x-webhooks` of the resource that sends it",
            );
        }
    }
}

pub(super) fn versions(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        if let Some(versions) = operation.node.get("x-versions") {
            check_versions(versions, report);
        }
    }
    for parameter in &outline.parameters {
        if let Some(versions) = parameter.node.get("x-versions") {
            check_versions(versions, report);
        }
    }
    for schema in &outline.schemas {
        let Some(versions) = schema.node.get("x-versions") else {
            continue;
        };
        let values = schema.node.get("enum").map(Node::items).unwrap_or_default();
        match &versions.value {
            Value::Map(map) => {
                for entry in map.entries() {
                    if !values
                        .iter()
                        .any(|value| value.as_str() == Some(&entry.key))
                    {
                        report.add(
                            &entry.key_place,
                            format!("{} has no value `{}`", schema.name(), entry.key),
                            "correct the value, or say `x-versions` as a list",
                        );
                    }
                    check_versions(&entry.node, report);
                }
            }
            _ => check_versions(versions, report),
        }
    }
}

fn check_versions(versions: &Node, report: &mut Report) {
    if versions.items().is_empty() {
        complain(
            &versions.place,
            "the list of versions is empty",
            None,
            report,
        );
    }
    for version in versions.items() {
        let text = version.as_str().unwrap_or_default();
        if !VERSIONS.contains(&text) {
            let message = format!("`{text}` is no version of the platform");
            complain(
                &version.place,
                &message,
                nearest(text, VERSIONS.iter().copied()),
                report,
            );
        }
    }
}

fn complain(place: &Place, message: &str, near: Option<&str>, report: &mut Report) {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "the versions are {}; say nothing when both have it",
            quoted(VERSIONS.iter().copied())
        ),
    };
    report.add(place, message, help);
}

fn webhooks<'a>(outline: &Outline<'a>) -> &'a [Entry] {
    outline
        .root()
        .get("x-webhooks")
        .map(Node::entries)
        .unwrap_or_default()
}

const VERSIONS: &[&str] = &["layer2-1.0.5", "rail-1.1.2"];
