//! Rules of what requests and replies carry: media types and examples.

use super::{quoted, texts};
use crate::lint::Report;
use crate::lint::example::Examples;
use crate::lint::outline::{Content, Outline, Part, Role, reference};
use crate::source::{Entry, Node};

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
        let is_file_both_ways =
            |first: &Entry, second: &Entry| first.key == FORM && second.key == BYTES;
        if let Some([first, second, rest @ ..]) = content.map(Node::entries)
            && !(rest.is_empty() && is_file_both_ways(first, second))
        {
            report.add(
                &second.key_place,
                "a second media type for one body",
                "keep one; a client method sends and returns one type. A form with a file alone may have `application/octet-stream` after it",
            );
        }
    }
}

/// What can be sent and read: JSON both ways, a form with a file out or the file as it is, a file in.
pub(super) fn file_body(outline: &Outline<'_>, report: &mut Report) {
    for content in &outline.contents {
        let Some(schema) = content.media.node.get("schema") else {
            continue;
        };
        let (place, media) = (&content.media.key_place, content.media.key.as_str());
        if !MEDIA_TYPES.contains(&media) {
            // It breaks another rule.
            continue;
        }
        match (media, content.part) {
            (FORM, Part::Request) => {
                if !is_form(outline, schema) {
                    report.add(
                        place,
                        "this form is not one required part that is a file",
                        "refer to an object with one property, required, whose schema is `type: string, format: binary`",
                    );
                }
            }
            (JSON, _) => {
                if is_file(outline, schema) || is_form(outline, schema) {
                    report.add(
                        place,
                        "a file is no JSON",
                        format!("send it as `{FORM}`, receive it as a media type of its own"),
                    );
                }
            }
            (BYTES, Part::Request) | (_, Part::Success) if media != FORM => {
                if !is_file(outline, schema) {
                    report.add(
                        place,
                        format!("the schema of this `{media}` is no file"),
                        "refer to a schema that says `type: string, format: binary`",
                    );
                }
            }
            _ => report.add(
                place,
                format!("`{media}` has no reader here"),
                format!("send `{JSON}` or `{FORM}`; receive `{JSON}` or a file"),
            ),
        }
    }
}

pub(super) fn file_place(outline: &Outline<'_>, report: &mut Report) {
    let forms: Vec<&str> = outline
        .contents
        .iter()
        .filter(|content| content.media.key == FORM)
        .filter_map(|content| reference(content.media.node.get("schema")?))
        .map(|(_, name)| name)
        .collect();
    for schema in &outline.schemas {
        let is_field = match schema.role {
            Role::Component(_) | Role::Body => false,
            _ => !schema.owner.is_some_and(|owner| forms.contains(&owner)),
        };
        if is_field && is_file(outline, schema.node) {
            report.add(
                schema.place,
                "a file stands where a value belongs",
                format!("carry it in a form (`{FORM}`), or send its bytes as a text with a rule of its own"),
            );
        }
    }
}

/// An object whose one property is required and a file.
fn is_form<'a>(outline: &Outline<'a>, schema: &'a Node) -> bool {
    let schema = outline.shape(schema);
    let parts = schema.get("properties").map(Node::entries);
    let Some([part]) = parts else {
        return false;
    };
    let mut required = texts(schema, "required");
    required.next() == Some(part.key.as_str()) && is_file(outline, &part.node)
}

fn is_file<'a>(outline: &Outline<'a>, schema: &'a Node) -> bool {
    let schema = outline.shape(schema);
    let says = |key, text| schema.get(key).and_then(Node::as_str) == Some(text);
    says("type", "string") && says("format", "binary")
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
    content.part != Part::Error && content.media.key == JSON
}

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data";
const BYTES: &str = "application/octet-stream";

const MEDIA_TYPES: &[&str] = &[JSON, "application/pdf", BYTES, FORM, "text/csv"];
