//! The rule of whole examples: what a reply always sends, its example shows.
//!
//! A reader copies what the example has, and a test of a client is often made of it. An example is one of the platform
//! in which both versions hold, so a member of one version stands beside its namesake of the other; it may be left out
//! only where its operation or event is of the other version alone.

use super::{quoted, texts};
use crate::lint::Report;
use crate::lint::outline::{Outline, split_reference};
use crate::source::{Node, Place, Value};

pub(super) fn whole(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let replies = operation.successes().map(|reply| &reply.node);
        for content in replies.filter_map(|reply| outline.resolve(reply).get("content")) {
            for media in content.entries() {
                let body = (media.node.get("schema"), media.node.get("example"));
                check(outline, operation.node, body, report);
            }
        }
    }
    let webhooks = outline.root().get("x-webhooks").map(Node::entries);
    for webhook in webhooks.unwrap_or_default() {
        let body = (webhook.node.get("payload"), webhook.node.get("example"));
        check(outline, &webhook.node, body, report);
    }
    for schema in &outline.schemas {
        let body = (Some(schema.node), schema.node.get("example"));
        check(outline, schema.node, body, report);
    }
}

/// Checks what `carrier`, which may be of one version only, shows of a schema.
fn check<'a>(
    outline: &Outline<'a>,
    carrier: &'a Node,
    body: (Option<&'a Node>, Option<&'a Node>),
    report: &mut Report,
) {
    let (Some(schema), Some(example)) = body else {
        return;
    };
    let mut look = Look {
        outline,
        versions: texts(carrier, "x-versions").collect(),
        lacks: Vec::new(),
    };
    look.at(schema, example);
    for Lack {
        place,
        name,
        members,
    } in look.lacks
    {
        report.add(
            place,
            format!("this example of `{name}` lacks {}", quoted(members)),
            "add what `x-always-sent` lists; readers take the example for the whole",
        );
    }
}

/// A walk through an example, with the schema of each place.
struct Look<'o, 'a> {
    outline: &'o Outline<'a>,
    /// Versions of the carrier; empty for all.
    versions: Vec<&'a str>,
    lacks: Vec<Lack<'a>>,
}

/// An object of an example that does not show all.
struct Lack<'a> {
    place: &'a Place,
    name: &'a str,
    members: Vec<&'a str>,
}

impl<'a> Look<'_, 'a> {
    fn at(&mut self, schema: &'a Node, example: &'a Node) {
        let shape = self.outline.shape(schema);
        match &example.value {
            Value::Map(_) if shape.get("discriminator").is_some() => {
                if let Some(variant) = variant(self.outline, shape, example) {
                    self.at(variant, example);
                }
            }
            Value::Map(_) => self.at_object(shape, example),
            Value::List(items) => {
                if let Some(of) = shape.get("items") {
                    items.iter().for_each(|item| self.at(of, item));
                }
            }
            _ => {}
        }
    }

    fn at_object(&mut self, shape: &'a Node, example: &'a Node) {
        let property = |name: &str| shape.get("properties").and_then(|known| known.get(name));
        // A name that is no property breaks another rule.
        let members: Vec<_> = texts(shape, "x-always-sent")
            .filter(|name| example.get(name).is_none())
            .filter(|name| property(name).is_some_and(|property| self.may_be_sent(property)))
            .collect();
        if !members.is_empty() {
            self.lacks.push(Lack {
                place: &example.place,
                name: name(self.outline, shape),
                members,
            });
        }
        for member in example.entries() {
            let values = shape.get("additionalProperties");
            if let Some(of) = property(&member.key).or(values) {
                self.at(of, &member.node);
            }
        }
    }

    /// Whether the carrier has a version in common with a property of it.
    fn may_be_sent(&self, property: &'a Node) -> bool {
        let mut only = texts(property, "x-versions").peekable();
        self.versions.is_empty()
            || only.peek().is_none()
            || only.any(|version| self.versions.contains(&version))
    }
}

/// The variant of a union that the tag of an example names.
fn variant<'a>(outline: &Outline<'a>, union: &'a Node, example: &Node) -> Option<&'a Node> {
    let discriminator = union.get("discriminator")?;
    let tag = example.get(discriminator.get("propertyName")?.as_str()?)?;
    let target = discriminator.get("mapping")?.get(tag.as_str()?)?;
    let (kind, name) = split_reference(target.as_str()?)?;
    outline.component(kind, name)
}

/// The name of the component that a shape is.
fn name<'a>(outline: &Outline<'a>, shape: &Node) -> &'a str {
    let mut schemas = outline.components("schemas").iter();
    schemas
        .find(|schema| core::ptr::eq(&schema.node, shape))
        .map_or("an object", |schema| &schema.key)
}
