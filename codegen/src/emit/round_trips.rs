//! Tests for `layer2-types`: every model is decoded and written again, and nothing is lost; every model is printed, and
//! nothing is shown that must not reach a log; every id refuses what would change a path.
//!
//! The shape of each model is known here, so each gets two samples. The *full* one has every field,
//! with 28 digits in each amount. The one of a *later* platform says what the documents do not know
//! yet: enum values and variants without a name here, a member that no model has, and null where
//! null is a state of its own. Samples are made of what a caller meets: requests, replies, events,
//! and each variant of each union; all other models are inside these. What is sensitive has values
//! of its own in both, which the tests know by sight.
//!
//! The samples are data and lie in a file of JSON beside the tests, together with the known values of each enum; the
//! Rust says which models and enums there are.

mod json;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::shape::{Object, Scalar, Shape, Type, Union, Variant};
use crate::output::File;

use self::json::Json;
use super::rust::{Source, constant};

/// `round_trips.rs` and `round_trips.json` of one API.
pub(super) fn files(model: &Model, folder: &str) -> [File; 2] {
    let samples = samples(model);
    let enums = enums(model);
    let mut source = Source::new(model);
    source.module_doc(
        "Every request, reply, event and variant with all its fields, as the documents know it and \
         as a later platform may send it, and every value of every enum.",
    );
    source.line("use super::*;");
    source.blank();
    source.block("round_trips! {", "}", |source| {
        let models: Vec<_> = samples.keys().collect();
        source.listed("models { ", &models, " }");
        let enums: Vec<_> = enums.keys().collect();
        source.listed("enums { ", &enums, " }");
    });
    emit_queries(&mut source, model);
    emit_ids(&mut source, model);
    let samples = samples
        .into_iter()
        .map(|(name, pairs)| (name, Json::List(pairs)));
    let data = Json::object([
        ("models", Json::object(samples)),
        ("enums", Json::object(enums)),
    ]);
    [
        File::new(format!("{folder}/round_trips.rs"), source.text()),
        File::new(format!("{folder}/round_trips.json"), data.pretty()),
    ]
}

/// The pairs of samples of each model.
fn samples(model: &Model) -> BTreeMap<&str, Vec<Json>> {
    let mut samples = BTreeMap::<_, Vec<_>>::new();
    let mut add = |name, [full, later]: [Json; 2]| {
        let pair = Json::object([("full", full), ("later", later)]);
        samples.entry(name).or_default().push(pair);
    };
    for name in outermost(model) {
        add(name, both(|mut samples| samples.named(model, name)));
    }
    for (name, union, variant) in variants(model) {
        add(
            name,
            both(|mut samples| samples.variant(model, union, variant)),
        );
    }
    for event in &model.events {
        let kind = Some(event.name.as_str());
        add(
            "Event",
            both(|mut samples| envelope(kind, samples.named(model, &event.payload))),
        );
    }
    if !model.events.is_empty() {
        add(
            "Event",
            both(|_| envelope(None, unknown_object("event", "EVENT"))),
        );
    }
    samples
}

/// The known values of each enum, in the order of the document.
fn enums(model: &Model) -> BTreeMap<&str, Json> {
    let enums = model.schemas.values().filter_map(|schema| {
        let Shape::Enum(values) = &schema.shape else {
            return None;
        };
        let values = values.values.iter().map(|value| Json::text(&value.wire));
        Some((schema.name.as_str(), Json::List(values.collect())))
    });
    enums.collect()
}

/// The parameter structs that hold something sensitive, with a value for each of its fields.
fn emit_queries(source: &mut Source, model: &Model) {
    let sensitive = model.operations.iter().filter(|operation| {
        let mut query = operation.query.iter();
        query.any(|parameter| parameter.sensitive.is_some())
    });
    let rows: Vec<_> = sensitive
        .filter_map(|operation| {
            let pairs: Vec<_> = operation
                .query
                .iter()
                .map(|parameter| {
                    let mut samples = Samples::new(false);
                    samples.withheld = parameter.sensitive.is_some();
                    let sample = samples.typed(model, &parameter.ty).pretty();
                    let value = serde_json::from_str::<String>(&sample)
                        .unwrap_or_else(|_| sample.trim_end().to_owned());
                    format!("({:?}, {value:?})", parameter.name)
                })
                .collect();
            Some((operation.params_name()?, pairs))
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    source.blank();
    source.block("queries! {", "}", |source| {
        for (name, pairs) in rows {
            source.listed(&format!("{name} = [ "), &pairs, " ];");
        }
    });
}

/// The ids that can stand in a path: all but secrets, which travel in bodies.
fn emit_ids(source: &mut Source, model: &Model) {
    let ids: Vec<_> = model
        .schemas
        .values()
        .filter(|schema| matches!(schema.shape, Shape::Id(_)) && schema.sensitive.is_none())
        .map(|schema| schema.name.as_str())
        .collect();
    if !ids.is_empty() {
        source.blank();
        source.listed("ids_in_paths! { ", &ids, " }");
    }
}

/// The models that no other model holds: requests, replies and what events carry.
fn outermost(model: &Model) -> Vec<&str> {
    let held: BTreeSet<&str> = model
        .schemas
        .values()
        .flat_map(|schema| {
            schema
                .shape
                .names()
                .into_iter()
                .filter(|name| *name != schema.name)
        })
        .collect();
    let is_model = |shape: &Shape| matches!(shape, Shape::Object(_) | Shape::Union(_));
    model
        .schemas
        .values()
        .filter(|schema| is_model(&schema.shape) && !held.contains(schema.name.as_str()))
        .map(|schema| schema.name.as_str())
        .collect()
}

/// Every variant of every union.
fn variants(model: &Model) -> impl Iterator<Item = (&str, &Union, &Variant)> {
    let unions = model
        .schemas
        .values()
        .filter_map(|schema| match &schema.shape {
            Shape::Union(union) => Some((schema.name.as_str(), union)),
            _ => None,
        });
    unions.flat_map(|(name, union)| union.variants.iter().map(move |v| (name, union, v)))
}

/// An event around its data; without a type it is one that nobody knows.
fn envelope(event_type: Option<&str>, data: Json) -> Json {
    Json::object([
        ("event_id", Json::text(ID)),
        ("event_date", Json::text(TIMESTAMP)),
        ("event_type", Json::text(event_type.unwrap_or(LATER))),
        ("event_data", data),
    ])
}

/// The full sample and the one of a later platform.
fn both(make: impl Fn(Samples) -> Json) -> [Json; 2] {
    [false, true].map(|is_later| make(Samples::new(is_later)))
}

/// Makes samples of one kind.
struct Samples {
    is_later: bool,
    /// The models around the one that is made; one that is inside itself is left out.
    inside: BTreeSet<String>,
    /// Whether what is made must not reach a log.
    withheld: bool,
}

impl Samples {
    fn new(is_later: bool) -> Self {
        Self {
            is_later,
            inside: BTreeSet::new(),
            withheld: false,
        }
    }

    fn named(&mut self, model: &Model, name: &str) -> Json {
        let Some(schema) = model.schemas.get(name) else {
            return null();
        };
        self.within(schema.sensitive.is_some(), |samples| {
            samples.shape(model, name, &schema.shape)
        })
    }

    /// Makes something that is withheld if it, or what it is part of, is.
    fn within(&mut self, is_withheld: bool, make: impl FnOnce(&mut Self) -> Json) -> Json {
        let before = self.withheld;
        self.withheld |= is_withheld;
        let made = make(self);
        self.withheld = before;
        made
    }

    fn shape(&mut self, model: &Model, name: &str, shape: &Shape) -> Json {
        match shape {
            Shape::Object(object) => self.object(model, name, object),
            Shape::Union(union) if self.is_later => unknown_object(&union.tag, LATER),
            Shape::Union(union) => union
                .variants
                .first()
                .map_or_else(null, |variant| self.variant(model, union, variant)),
            Shape::Enum(values) if self.is_later && values.values.len() > 1 => {
                Json::text(if self.withheld { WITHHELD } else { LATER })
            }
            Shape::Enum(values) => values
                .values
                .first()
                .map_or_else(null, |value| Json::text(&value.wire)),
            Shape::Id(_) => Json::text(if self.withheld { WITHHELD } else { ID }),
            Shape::Alias(inner) => self.typed(model, inner),
            // No value holds a file; the model is refused if one does.
            Shape::File | Shape::Form(_) => null(),
        }
    }

    /// A variant is made with its own tag, also where the tag's type knows several.
    fn variant(&mut self, model: &Model, union: &Union, variant: &Variant) -> Json {
        let tag = Json::text(&variant.value);
        self.named(model, &variant.schema).with(&union.tag, tag)
    }

    fn object(&mut self, model: &Model, name: &str, object: &Object) -> Json {
        self.inside.insert(name.to_owned());
        let mut members = Vec::new();
        if self.is_later {
            members.push((ADDED.to_owned(), added()));
        }
        for property in &object.properties {
            let mut names = property.ty.names().into_iter();
            let is_inside_itself = names.any(|name| self.inside.contains(name));
            if is_inside_itself && !property.required {
                continue;
            }
            let has_null = property.patch || (property.required && property.nullable);
            let value = if self.is_later && has_null && constant(model, &property.ty).is_none() {
                null()
            } else {
                self.within(property.sensitive.is_some(), |samples| {
                    samples.typed(model, &property.ty)
                })
            };
            members.push((property.name.clone(), value));
        }
        self.inside.remove(name);
        Json::Object(members)
    }

    fn typed(&mut self, model: &Model, ty: &Type) -> Json {
        match ty {
            Type::Named(name) => self.named(model, name),
            Type::Scalar(scalar, _) if self.withheld => withheld(*scalar),
            Type::Scalar(scalar, _) => match scalar {
                Scalar::String => Json::text("text"),
                Scalar::Bool => Json::literal("true"),
                Scalar::Int32 => Json::Scalar(i32::MAX.to_string()),
                // The first whole number that a float cannot hold.
                Scalar::Int64 => Json::literal("9007199254740993"),
                Scalar::Amount | Scalar::Slippage => Json::literal(DIGITS),
                Scalar::Timestamp => Json::text(TIMESTAMP),
                Scalar::Date => Json::text("2026-01-05"),
            },
            Type::List(item, _) => Json::List(vec![self.typed(model, item)]),
            Type::Map(item) => Json::object([("key", self.typed(model, item))]),
            Type::Json => Json::object([("b", Json::literal(DIGITS)), ("a", numbers())]),
        }
    }
}

fn null() -> Json {
    Json::literal("null")
}

/// Numbers that are written in a way of their own.
fn numbers() -> Json {
    Json::List(vec![Json::literal("1.50"), Json::literal("1e-7")])
}

/// What a member that no model has says.
fn added() -> Json {
    Json::List(vec![Json::literal("1.50"), Json::object::<&str>([])])
}

/// An object of a kind that nobody knows, kept as it was sent.
fn unknown_object(tag: &str, kind: &str) -> Json {
    Json::object([
        ("b", Json::literal(DIGITS)),
        (tag, Json::text(kind)),
        ("a", numbers()),
    ])
}

/// What is known by sight to be withheld; a truth value says nothing of the kind.
fn withheld(scalar: Scalar) -> Json {
    match scalar {
        Scalar::String => Json::text(WITHHELD),
        Scalar::Bool => Json::literal("true"),
        Scalar::Int32 => Json::literal("1902030405"),
        Scalar::Int64 => Json::literal("9007190203040506"),
        Scalar::Amount | Scalar::Slippage => Json::literal("190203040506070809.1902030405"),
        Scalar::Timestamp => Json::text("1902-03-04T05:06:07.000008-05:00"),
        Scalar::Date => Json::text("1902-03-04"),
    }
}

/// What an id is in a sample.
const ID: &str = "some-id";
/// What an amount is in a sample.
const DIGITS: &str = "123456789012345678.1234567891";
const TIMESTAMP: &str = "2026-01-05T09:00:00.000001-05:00";
/// A value that no enum has and no union.
const LATER: &str = "ADDED_LATER";
/// A sensitive text, also where a text is one of the values of an enum.
const WITHHELD: &str = "withheld";
/// A member that no model has; the test knows it by this name.
const ADDED: &str = "added_later";
