//! Rules of single values: numbers, strings, enums, ids and what is sensitive about them.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase as _;

use super::{is_sentence, quoted, texts};
use crate::lint::Report;
use crate::lint::outline::{Outline, Role};
use crate::problem::nearest;
use crate::source::Node;

pub(super) fn number_decimal(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let number = schema.text("type") == Some("number");
        let decimal = matches!(schema.text("format"), Some("decimal" | "slippage"));
        if number != decimal {
            report.add(
                schema.place,
                format!(
                    "{} is a number that is not `format: decimal`, or the reverse",
                    schema.name()
                ),
                "money and rates are `type: number, format: decimal`, the part of a price that may \
                 be lost is `format: slippage`; counts are `type: integer`",
            );
        }
    }
}

pub(super) fn integer_format(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let integer = schema.text("type") == Some("integer");
        let sized = matches!(schema.text("format"), Some("int32" | "int64"));
        if integer != sized {
            report.add(
                schema.place,
                format!(
                    "{} is an integer without its size, or the reverse",
                    schema.name()
                ),
                "write `type: integer` with `format: int32` or `int64`",
            );
        }
    }
}

pub(super) fn string_format(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let Some(format) = schema.node.get("format") else {
            continue;
        };
        let text = format.as_str().unwrap_or_default();
        if schema.text("type") == Some("string") && !STRING_FORMATS.contains(&text) {
            report.add(
                &format.place,
                format!("`{text}` is no format of a string that readers know"),
                match nearest(text, STRING_FORMATS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "use one of {}, or none",
                        quoted(STRING_FORMATS.iter().copied())
                    ),
                },
            );
        }
    }
}

pub(super) fn enum_described(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let values: Vec<_> = texts(schema.node, "enum").collect();
        let described = schema
            .node
            .get("x-enum-descriptions")
            .map(Node::entries)
            .unwrap_or_default();
        let good: BTreeSet<_> = described
            .iter()
            .filter(|entry| entry.node.as_str().is_some_and(is_sentence))
            .map(|entry| entry.key.as_str())
            .collect();
        let known: BTreeSet<_> = values.iter().copied().collect();
        let differ: Vec<_> = known.symmetric_difference(&good).copied().collect();
        if !differ.is_empty() || known.len() != values.len() {
            report.add(
                schema.place,
                format!(
                    "the values of {} and their descriptions differ in {}",
                    schema.name(),
                    if differ.is_empty() {
                        "a value that stands twice".to_owned()
                    } else {
                        quoted(differ)
                    }
                ),
                "write one sentence a value in `x-enum-descriptions`, for no other value",
            );
        }
    }
}

pub(super) fn id(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let Some(id) = schema.node.get("x-id") else {
            continue;
        };
        let string = schema.text("type") == Some("string") && schema.node.get("enum").is_none();
        let named = matches!(schema.role, Role::Component(_));
        if !matches!(id.as_str(), Some("client" | "server")) || !string || !named {
            report.add(
                &id.place,
                format!(
                    "`x-id` of {} is wrong or does not stand on a named string",
                    schema.name()
                ),
                "write `x-id: client` or `server` (who chooses the id) on a string component",
            );
        }
    }
}

/// Ids of other platforms (`stripe_id`) have no schema of ours and stay strings.
pub(super) fn id_typed(outline: &Outline<'_>, report: &mut Report) {
    let plain = |node| {
        let shape = outline.shape(node);
        shape.get("type").and_then(Node::as_str) == Some("string") && shape.get("x-id").is_none()
    };
    for schema in &outline.schemas {
        let Role::Property(name) = schema.role else {
            continue;
        };
        let id = name.to_upper_camel_case();
        let known = outline
            .component("schemas", &id)
            .is_some_and(|id| id.get("x-id").is_some());
        if known && plain(schema.node) {
            report.add(
                schema.place,
                format!(
                    "{} is a plain string, and there is an id `{id}`",
                    schema.name()
                ),
                format!("write `allOf: [{{ $ref: '#/components/schemas/{id}' }}]`"),
            );
        }
    }
    for parameter in &outline.parameters {
        let text = |key| {
            parameter
                .node
                .get(key)
                .and_then(Node::as_str)
                .unwrap_or_default()
        };
        let Some(schema) = parameter.node.get("schema") else {
            continue;
        };
        if text("in") == "path" && text("name").ends_with("_id") && plain(schema) {
            report.add(
                &schema.place,
                format!("the path parameter `{}` is a plain string", text("name")),
                "refer to a named schema with `x-id`, so that ids of two kinds cannot be confused",
            );
        }
    }
}

pub(super) fn sensitive(outline: &Outline<'_>, report: &mut Report) {
    let mut check = |node: &Node, stands_well: bool, name: &str| {
        let Some(said) = node.get("x-sensitive") else {
            return;
        };
        if !matches!(said.as_str(), Some("personal" | "secret")) || !stands_well {
            report.add(
                &said.place,
                format!(
                    "`x-sensitive` of {name} is wrong, or does not stand on a field or a scalar"
                ),
                "write `personal` or `secret` on a property, a parameter, or a named scalar or map",
            );
        }
    };
    for schema in &outline.schemas {
        let shape = outline.shape(schema.node);
        let kind = shape.get("type").and_then(Node::as_str);
        let map = shape.get("additionalProperties").is_some() && shape.get("properties").is_none();
        let scalar = kind.is_some_and(|kind| !matches!(kind, "object" | "array"));
        let property = matches!(schema.role, Role::Property(_));
        check(schema.node, property || scalar || map, &schema.name());
    }
    for parameter in &outline.parameters {
        check(parameter.node, true, "a parameter");
    }
}

/// Nobody knows what people put into a text of their own, and it comes back in other places than it was sent to. The
/// texts of refusals and of the control API are a server's own.
pub(super) fn free_text(outline: &Outline<'_>, report: &mut Report) {
    if outline.document.api == "control" {
        return;
    }
    let refusals = outline.operations.iter().flat_map(|operation| {
        let replies = operation.replies().iter();
        replies.filter(|reply| !reply.key.starts_with('2'))
    });
    let of_refusals = outline.reach(refusals.map(|reply| &reply.node));
    for schema in &outline.schemas {
        let Role::Property(name) = schema.role else {
            continue;
        };
        if schema
            .owner
            .is_some_and(|owner| of_refusals.contains(owner))
        {
            continue;
        }
        let shape = outline.shape(schema.node);
        let is_text = shape.get("type").and_then(Node::as_str) == Some("string")
            && shape.get("enum").is_none();
        let is_named_so =
            FREE_TEXT.contains(&name) || FREE_TEXT_ENDS.iter().any(|end| name.ends_with(end));
        let mut marks = [schema.node, shape].into_iter();
        if is_text && is_named_so && !marks.any(|node| node.get("x-sensitive").is_some()) {
            report.add(
                schema.place,
                format!("{} is free text, and not marked", schema.name()),
                "add `x-sensitive: personal`; if no person writes it, give it another name",
            );
        }
    }
}

/// Names of what a person writes.
const FREE_TEXT: &[&str] = &["description", "memo", "reason", "reference"];

/// Ends of such names. `_description` and `_reason` are none: `naics_description` is what a register says of a company.
const FREE_TEXT_ENDS: &[&str] = &["_memo", "_reference"];

const STRING_FORMATS: &[&str] = &[
    "date-time",
    "date",
    "uuid",
    "uri",
    "email",
    "byte",
    "binary",
];
