//! Rules of what requests and replies carry: media types and examples.

use super::quoted;
use crate::lint::Report;
use crate::lint::example::Examples;
use crate::lint::outline::{Content, Outline, Part};
use crate::source::Node;

pub(super) fn media_type(outline: &Outline<'_>, report: &mut Report) {
    for content in &outline.contents {
        let media = &content.media.key;
        if !MEDIA_TYPES.contains(&media.as_str()) {
            report.add(
                &content.media.key_place,
                format!("the media type `{media}` is not known"),
                format!("use one of {}", quoted(MEDIA_TYPES.iter().copied())),
            );
        } else if content.media.node.get("schema").is_none() {
            report.add(
                &content.media.key_place,
                format!("this `{media}` has no schema"),
                "add `schema: {$ref: '#/components/schemas/<Name>'}`",
            );
        }
    }
    let operations = outline.operations.iter();
    let bodies = operations.flat_map(|o| {
        o.node
            .get("requestBody")
            .into_iter()
            .chain(o.successes().map(|r| &r.node))
    });
    for body in bodies {
        let content = outline.resolve(body).get("content");
        if let Some([_, second, ..]) = content.map(Node::entries) {
            report.add(
                &second.key_place,
                "a second media type for one body",
                "keep one; a client method sends and returns one type",
            );
        }
    }
}

pub(super) fn example_given(outline: &Outline<'_>, report: &mut Report) {
    for content in outline
        .contents
        .iter()
        .filter(|content| needs_example(content))
    {
        if content.media.node.get("example").is_none() {
            report.add(
                &content.media.key_place,
                "this body carries no example",
                "add `example:` beside `schema:`; it is checked, and shown in the documentation",
            );
        }
    }
}

pub(super) fn example_valid(outline: &Outline<'_>, report: &mut Report) {
    let examples = Examples::of(outline);
    let bodies = outline.contents.iter().map(|content| &content.media.node);
    let parameters = outline.parameters.iter().map(|parameter| parameter.node);
    for carrier in bodies.chain(parameters) {
        if let (Some(schema), Some(example)) = (carrier.get("schema"), carrier.get("example")) {
            examples.check(schema, example, report);
        }
    }
    for schema in &outline.schemas {
        if let Some(example) = schema.node.get("example") {
            examples.check(schema.node, example, report);
        }
    }
    for webhook in outline
        .root()
        .get("x-webhooks")
        .map(Node::entries)
        .unwrap_or_default()
    {
        if let (Some(payload), Some(example)) =
            (webhook.node.get("payload"), webhook.node.get("example"))
        {
            examples.check(payload, example, report);
        }
    }
}

fn needs_example(content: &Content<'_>) -> bool {
    content.part != Part::Error && content.media.key == "application/json"
}

const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/pdf",
    "application/octet-stream",
    "multipart/form-data",
    "text/csv",
];
