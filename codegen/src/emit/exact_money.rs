//! A test for `layer2-types`: every model that holds money keeps 28 digits of it.
//!
//! The models that reach an amount are known here, so each gets a sample that is filled with all
//! its fields; the test decodes it, writes it again and counts the digits.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::Model;
use crate::model::shape::{Object, Scalar, Shape, Type};

use super::rust::{Source, literal};

/// `exact_money.rs` of one API, if any of its models holds an amount.
pub(super) fn contents(model: &Model) -> Option<String> {
    let samples: Vec<_> = model
        .schemas
        .values()
        .filter(|schema| matches!(schema.shape, Shape::Object(_) | Shape::Union(_)))
        .filter_map(|schema| {
            let sample = named(model, &schema.name, &mut BTreeSet::new());
            let amounts = sample.matches(DIGITS).count();
            (amounts > 0).then_some((schema.name.as_str(), sample, amounts))
        })
        .collect();
    if samples.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(
        "Every model that holds money, decoded and written again with 28 digits in each amount.",
    );
    source.line("use super::*;");
    source.blank();
    source.block("exact_money! {", "}", |source| {
        source.line(&format!("{};", literal(DIGITS)));
        for (name, sample, amounts) in samples {
            source.line(&format!("{name} = {amounts} in r#\"{sample}\"#;"));
        }
    });
    Some(source.text())
}

/// What an amount is in a sample.
const DIGITS: &str = "123456789012345678.1234567891";

/// A sample of a named schema; one that is inside itself is left out.
fn named(model: &Model, name: &str, inside: &mut BTreeSet<String>) -> String {
    let Some(schema) = model.schemas.get(name) else {
        return "null".to_owned();
    };
    match &schema.shape {
        Shape::Object(object) => {
            inside.insert(name.to_owned());
            let sample = object_sample(model, object, inside);
            inside.remove(name);
            sample
        }
        Shape::Union(union) => union.variants.first().map_or_else(
            || "null".to_owned(),
            |variant| named(model, &variant.schema, inside),
        ),
        Shape::Enum(values) => values
            .values
            .first()
            .map_or_else(|| "null".to_owned(), |value| text(&value.wire)),
        Shape::Id(_) => text("id"),
        Shape::Alias(inner) => sample(model, inner, inside),
    }
}

fn object_sample(model: &Model, object: &Object, inside: &mut BTreeSet<String>) -> String {
    let mut members = Vec::new();
    for property in &object.properties {
        let is_inside_itself = property
            .ty
            .names()
            .iter()
            .any(|name| inside.contains(*name));
        if property.required || !is_inside_itself {
            let value = sample(model, &property.ty, inside);
            members.push(format!("{}:{value}", text(&property.name)));
        }
    }
    format!("{{{}}}", members.join(","))
}

fn sample(model: &Model, ty: &Type, inside: &mut BTreeSet<String>) -> String {
    match ty {
        Type::Named(name) => named(model, name, inside),
        Type::Scalar(scalar, _) => match scalar {
            Scalar::String => text("text"),
            Scalar::Bool => "true".to_owned(),
            Scalar::Int32 | Scalar::Int64 => "1".to_owned(),
            Scalar::Amount => DIGITS.to_owned(),
            Scalar::Timestamp => text("2026-01-05T09:00:00.000001-05:00"),
            Scalar::Date => text("2026-01-05"),
        },
        Type::List(item, _) => format!("[{}]", sample(model, item, inside)),
        Type::Map(item) => format!("{{\"key\":{}}}", sample(model, item, inside)),
        Type::Json => "{}".to_owned(),
    }
}

/// A JSON string.
fn text(text: &str) -> String {
    Value::from(text).to_string()
}
