//! Rules of tagged unions: a reader finds the variant by the tag alone.

use std::collections::BTreeSet;

use super::quoted;
use crate::lint::Report;
use crate::lint::outline::{Outline, Schema, reference, split_reference};
use crate::source::{Entry, Node};

pub(super) fn parts(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let (one_of, discriminator) = (schema.node.get("oneOf"), schema.node.get("discriminator"));
        let (Some(one_of), Some(discriminator)) = (one_of, discriminator) else {
            if one_of.is_some() || discriminator.is_some() {
                report.add(
                    schema.place,
                    format!(
                        "{} has only one of `oneOf` and `discriminator`",
                        schema.name()
                    ),
                    "write both: variants by reference, and the tag that tells them apart",
                );
            }
            continue;
        };
        if discriminator.get("propertyName").is_none() {
            report.add(
                &discriminator.place,
                format!("the discriminator of {} names no property", schema.name()),
                "write `propertyName: <tag>`",
            );
        }
        variants(outline, schema, [one_of, discriminator], report);
    }
}

/// The variants are objects of different names, and the mapping leads to each of them.
fn variants(
    outline: &Outline<'_>,
    schema: &Schema<'_>,
    [one_of, discriminator]: [&Node; 2],
    report: &mut Report,
) {
    let variants: BTreeSet<_> = one_of.items().iter().filter_map(reference).collect();
    let objects = variants.iter().all(|(kind, name)| {
        let variant = outline.component(kind, name);
        variant.and_then(|v| v.get("type")).and_then(Node::as_str) == Some("object")
    });
    if variants.len() != one_of.items().len() || !objects {
        report.add(
            &one_of.place,
            format!(
                "the variants of {} are not different named objects",
                schema.name()
            ),
            "write `oneOf: [{ $ref: … }, …]` with object schemas of the components",
        );
    }
    let mapped: BTreeSet<_> = mapping(schema).filter_map(|(_, target)| target).collect();
    let differ: Vec<_> = variants
        .symmetric_difference(&mapped)
        .map(|(_, name)| *name)
        .collect();
    if !differ.is_empty() {
        report.add(
            &discriminator.place,
            format!(
                "the mapping and the variants of {} differ in {}",
                schema.name(),
                quoted(differ)
            ),
            "map one value of the tag to each variant",
        );
    }
}

pub(super) fn tag(outline: &Outline<'_>, report: &mut Report) {
    for schema in &outline.schemas {
        let tag = schema
            .node
            .pointer("/discriminator/propertyName")
            .and_then(Node::as_str);
        let Some(tag) = tag else { continue };
        for (entry, target) in mapping(schema) {
            let Some(variant) = target.and_then(|(kind, name)| outline.component(kind, name))
            else {
                continue;
            };
            let required = variant.get("required").map(Node::items).unwrap_or_default();
            let required = required.iter().any(|name| name.as_str() == Some(tag));
            let property = variant
                .get("properties")
                .and_then(|properties| properties.get(tag));
            let values = property
                .and_then(|p| outline.shape(p).get("enum"))
                .map(Node::items);
            let single = matches!(values, Some([only]) if only.as_str() == Some(&entry.key));
            if !required || !single {
                report.add(
                    &variant.place,
                    format!(
                        "a variant of {} does not require `{tag}` with the one value `{}`",
                        schema.name(),
                        entry.key
                    ),
                    format!(
                        "require `{tag}`, and give it a named enum with the value `{}` alone",
                        entry.key
                    ),
                );
            }
        }
    }
}

/// The mapping of a union: each entry with the component that it leads to.
fn mapping<'a>(
    schema: &Schema<'a>,
) -> impl Iterator<Item = (&'a Entry, Option<(&'a str, &'a str)>)> {
    let mapping = schema
        .node
        .pointer("/discriminator/mapping")
        .map(Node::entries)
        .unwrap_or_default();
    mapping
        .iter()
        .map(|entry| (entry, entry.node.as_str().and_then(split_reference)))
}
