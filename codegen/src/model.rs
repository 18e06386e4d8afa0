//! The typed model of one document: what every emitter reads.
//!
//! A document that passed the lint is read once into plain structs; from here on nobody looks at a
//! node again. Only seven shapes of a schema exist (see [`shape`]); what does not fit one of them is
//! a [`Problem`] with its place, because an emitter that meets the unexpected could only guess.

pub mod error_code;
pub mod event;
pub mod operation;
pub mod shape;
pub mod update;

pub mod read;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::source::Document;

use self::error_code::ErrorCode;
use self::event::Event;
use self::operation::Operation;
use self::read::Reading;
use self::shape::{Property, Schema, Shape, Type};

/// One document, ready to be emitted.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name of the API and of its folder, module and feature: `payments`.
    pub api: String,
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// The resources, in the order of the document.
    pub tags: Vec<Tag>,
    /// The operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// The named schemas, by name.
    pub schemas: BTreeMap<String, Schema>,
    /// The webhook events, in the order of the document.
    pub events: Vec<Event>,
    /// The error codes, in the order of the document.
    pub error_codes: Vec<ErrorCode>,
    /// Codes that any operation may answer with.
    pub common_errors: Vec<String>,
}

/// A resource: the group of operations that a trait, a struct or a page is made of.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Name in snake case: `transfers`.
    pub name: String,
    /// What the resource is.
    pub description: String,
}

impl Model {
    /// Reads a document; every problem is reported, not the first alone.
    pub fn build(document: &Document) -> Result<Self, Vec<Problem>> {
        let mut reading = Reading::new(&document.root);
        let model = Self {
            api: document.api.clone(),
            title: reading.text_at("/info/title"),
            version: reading.text_at("/info/version"),
            tags: read::tags(&mut reading),
            schemas: shape::read::schemas(&mut reading),
            operations: operation::read::operations(&mut reading),
            events: event::events(&mut reading),
            error_codes: error_code::error_codes(&mut reading),
            common_errors: reading.texts(&document.root, "x-common-errors"),
        };
        model.check_names(&mut reading);
        model.check_files(&mut reading);
        model.check_updates(&mut reading);
        reading.finish(model)
    }

    /// The shape a type stands for, with named scalars and lists followed to what they are.
    pub fn resolve<'m>(&'m self, ty: &'m Type) -> &'m Type {
        match ty {
            Type::Named(name) => match self.schemas.get(name).map(|schema| &schema.shape) {
                Some(Shape::Alias(inner)) => self.resolve(inner),
                _ => ty,
            },
            _ => ty,
        }
    }

    /// The operations of a resource, in the order of the document.
    pub fn operations_of<'m>(&'m self, tag: &'m str) -> impl Iterator<Item = &'m Operation> {
        self.operations
            .iter()
            .filter(move |operation| operation.tag == tag)
    }

    /// Whether a value of the schema can differ between two versions of the platform.
    pub fn projects(&self, name: &str) -> bool {
        self.reaches(name, &mut BTreeSet::new(), &|schema| match &schema.shape {
            Shape::Object(object) => object.properties.iter().any(|p| !p.versions.is_empty()),
            Shape::Enum(values) => !values.plain_forms().is_empty(),
            _ => false,
        })
    }

    /// The properties that every variant of a union has with the same type, but for the tag.
    pub fn common_properties(&self, union: &str) -> Vec<&Property> {
        let Some(Shape::Union(union)) = self.schemas.get(union).map(|schema| &schema.shape) else {
            return Vec::new();
        };
        let mut objects = union.variants.iter().filter_map(|variant| {
            match self
                .schemas
                .get(&variant.schema)
                .map(|schema| &schema.shape)
            {
                Some(Shape::Object(object)) => Some(&object.properties),
                _ => None,
            }
        });
        let first = objects.next().map_or(&[][..], Vec::as_slice);
        let others: Vec<_> = objects.collect();
        let alike = |left: &Property, right: &Property| {
            left.name == right.name
                && left.ty == right.ty
                && left.required == right.required
                && left.nullable == right.nullable
        };
        first
            .iter()
            .filter(|property| property.name != union.tag && !property.patch)
            .filter(|property| !(property.required && property.nullable))
            .filter(|property| {
                others
                    .iter()
                    .all(|o| o.iter().any(|other| alike(property, other)))
            })
            .collect()
    }

    /// Whether `name` or anything below it satisfies `test`.
    fn reaches(
        &self,
        name: &str,
        seen: &mut BTreeSet<String>,
        test: &dyn Fn(&Schema) -> bool,
    ) -> bool {
        let Some(schema) = self.schemas.get(name) else {
            return false;
        };
        if !seen.insert(name.to_owned()) {
            return false;
        }
        test(schema)
            || schema
                .shape
                .names()
                .iter()
                .any(|inner| self.reaches(inner, seen, test))
    }

    /// Whether a property of `owner` must be boxed: its type holds `owner` again, not in a list.
    pub fn is_recursive(&self, owner: &str, ty: &Type) -> bool {
        fn walk(model: &Model, ty: &Type, owner: &str, seen: &mut BTreeSet<String>) -> bool {
            let Type::Named(name) = model.resolve(ty) else {
                return false;
            };
            if name == owner {
                return true;
            }
            if !seen.insert(name.clone()) {
                return false;
            }
            match model.schemas.get(name).map(|schema| &schema.shape) {
                Some(Shape::Object(object)) => object
                    .properties
                    .iter()
                    .any(|p| walk(model, &p.ty, owner, seen)),
                Some(Shape::Union(union)) => union
                    .variants
                    .iter()
                    .any(|v| walk(model, &Type::Named(v.schema.clone()), owner, seen)),
                _ => false,
            }
        }
        walk(self, ty, owner, &mut BTreeSet::new())
    }

    /// The part of the form that an upload sends the file in.
    pub fn upload_part(&self, operation: &Operation) -> Option<&str> {
        let body = operation.body.as_ref()?;
        match &self.schemas.get(&body.schema)?.shape {
            Shape::Form(part) => Some(part),
            _ => None,
        }
    }

    /// Files are bodies: no value holds one, and a form is the body of an upload and nothing else.
    fn check_files(&self, reading: &mut Reading<'_>) {
        let is_file = |name: &str| {
            self.schemas
                .get(name)
                .is_some_and(|schema| schema.shape.is_file())
        };
        for schema in self.schemas.values() {
            for name in schema
                .shape
                .names()
                .into_iter()
                .filter(|name| is_file(name))
            {
                reading.refuse(
                    &schema.place,
                    "file-place",
                    format!("`{}` holds the file `{name}`, but is no form", schema.name),
                    "send the file as the one part of a form, or receive it as a reply",
                );
            }
        }
        for operation in &self.operations {
            if operation.is_upload() && operation.reply_schema().is_none() {
                reading.refuse(
                    &operation.place,
                    "file-reply",
                    format!("`{}` takes a file and answers without JSON", operation.id),
                    "answer an upload with JSON, such as the id of what was uploaded",
                );
            }
            let is_form = self.upload_part(operation).is_some();
            let values = operation.schemas().into_iter().filter(|name| is_file(name));
            if operation.is_upload() != is_form || values.count() != usize::from(is_form) {
                reading.refuse(
                    &operation.place,
                    "file-place",
                    format!("`{}` takes or gives a file where a value belongs", operation.id),
                    "send a file as `multipart/form-data` with one part, receive it as a reply of its own media type",
                );
            }
        }
    }

    /// Every name that is used exists, so that an emitter may rely on it.
    fn check_names(&self, reading: &mut Reading<'_>) {
        for schema in self.schemas.values() {
            for name in schema.shape.names() {
                if !self.schemas.contains_key(name) {
                    reading.refuse(
                        &schema.place,
                        "known-schema",
                        format!(
                            "`{}` uses the schema `{name}`, which does not exist",
                            schema.name
                        ),
                        "add it to `components.schemas`, or correct the reference",
                    );
                }
            }
        }
        for operation in &self.operations {
            for name in operation.schemas() {
                if !self.schemas.contains_key(name) {
                    reading.refuse(
                        &operation.place,
                        "known-schema",
                        format!(
                            "`{}` uses the schema `{name}`, which does not exist",
                            operation.id
                        ),
                        "add it to `components.schemas`, or correct the reference",
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle, source};

    /// The golden document with one text replaced by another, and what is said of it.
    fn refused(good: &str, bad: &str) -> Vec<String> {
        let text = include_str!("../tests/golden/shop.yaml");
        assert!(text.contains(good), "the document no longer says {good}");
        let text = text.replacen(good, bad, 1);
        let node = source::parse("shop.yaml", &text).expect("good YAML");
        let document = bundle::merge("shop", vec![node]).expect("one fragment");
        let problems = Model::build(&document).expect_err("refused");
        problems
            .iter()
            .map(|problem| format!("{} {}", problem.rule, problem.message))
            .collect()
    }

    #[test]
    fn what_no_emitter_can_express_is_refused_with_a_reason() {
        let cases = [
            (
                "{ type: boolean, description: Whether it is wrapped. }",
                "{ type: number, description: Whether it is wrapped. }",
                "seven-shapes this schema is none of the shapes that are generated",
            ),
            (
                "{ type: boolean, description: Whether it is wrapped. }",
                "{ type: boolean, minLength: 2, description: Whether it is wrapped. }",
                "known-keyword `minLength` says nothing to any emitter here",
            ),
            (
                "          description: New.\n          content: { application/json: { schema: { $ref: '#/components/schemas/OrderReply' } } }",
                "          description: New.",
                "one-success-type the 2xx replies of this operation have different bodies",
            ),
            (
                "content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } }",
                "content: { multipart/form-data: { schema: { $ref: '#/components/schemas/Order' } } }",
                "file-place `orders_create` takes or gives a file where a value belongs",
            ),
            (
                "requestBody:\n        required: true",
                "requestBody:\n        required: false",
                "required-body a body that may be left out cannot be told from a forgotten one",
            ),
            (
                "CASH: '#/components/schemas/PaymentCash'",
                "CASH: '#/components/schemas/PaymentCard'",
                "union-mapping every variant of a union needs a schema of its own and a place in the mapping",
            ),
            (
                "description: Whether it is wrapped. }",
                "description: Whether it is wrapped., default: [true], readOnly: true, anyOf: [] }",
                "known-keyword `anyOf` says nothing to any emitter here",
            ),
            (
                "description: Number of the page.,",
                "description: Number of the page., required: true,",
                "optional-query the parameters of a list can all be left out",
            ),
            (
                "schema: { type: integer, format: int32, minimum: 0 }",
                "schema: { type: array, items: { type: string } }",
                "scalar-parameter a parameter is one scalar, id or enum value",
            ),
            (
                "required: [id, total, note, payment, createdAt]",
                "required: [id, total, note, payment, createdAt, coupon]",
                "versioned-field `coupon` is required, and some versions do not have it",
            ),
            (
                "x-retry: never",
                "x-retry: perhaps",
                "model `x-retry` says none of the words it can say",
            ),
            (
                "/lines/{number}:",
                "/lines/{line}/{number}:",
                "model the parameters in the path differ from those of `/v1/orders/{order_id}/lines/{line}/{number}`",
            ),
            (
                "required: [order]",
                "required: [ordre]",
                "model `ordre` is listed but is no property",
            ),
            (
                "items: { $ref: '#/components/schemas/Line' }",
                "items: { $ref: '#/components/schemas/Lime' }",
                "known-schema `Order` uses the schema `Lime`, which does not exist",
            ),
        ];
        for (good, bad, said) in cases {
            assert_eq!(refused(good, bad), [said], "{bad}");
        }
    }
}
