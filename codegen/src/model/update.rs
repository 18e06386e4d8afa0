//! What an update by field names can change: the rows of `x-updates`.
//!
//! A request whose changes are pairs of a field's name and its new value in text lists, under the schema that has
//! them, the fields that can be named. A dot leads into a nested object and is part of the name; what stands before a
//! slash leads there and is not: `kyc_profile/is_charitable` is sent as `is_charitable`. The types come from the
//! schemas, so that a list of names is all there is to keep.

use crate::model::Model;
use crate::model::read::Reading;
use crate::model::shape::{Property, Schema, Shape, Type};

/// One field that an update can name.
#[derive(Clone, Debug)]
pub struct Update<'m> {
    /// Its name in an update.
    pub name: String,
    /// The schema that it is a member of.
    pub owner: &'m str,
    /// The member.
    pub property: &'m Property,
}

impl Model {
    /// The fields that a request can name, in the order of the document; each once, though several schemas have it.
    ///
    /// # Errors
    ///
    /// What is wrong with the list.
    pub fn updates(&self, schema: &Schema) -> Result<Vec<Update<'_>>, String> {
        let Shape::Object(object) = &schema.shape else {
            return Ok(Vec::new());
        };
        let mut updates: Vec<Update<'_>> = Vec::new();
        for (owner, paths) in &object.updates {
            for path in paths {
                let update = self.update(owner, path)?;
                match updates.iter().find(|other| other.name == update.name) {
                    Some(other)
                        if self.resolve(&other.property.ty)
                            != self.resolve(&update.property.ty) =>
                    {
                        return Err(format!(
                            "`{}` is of one type in `{}` and of another in `{}`",
                            update.name, other.owner, update.owner
                        ));
                    }
                    Some(_) => {}
                    None => updates.push(update),
                }
            }
        }
        Ok(updates)
    }

    fn update(&self, schema: &str, path: &str) -> Result<Update<'_>, String> {
        let missing = || format!("`{path}` is no field of `{schema}`");
        let mut steps = path.split(['.', '/']).peekable();
        let mut owner = schema;
        loop {
            let Some((owned, schema)) = self.schemas.get_key_value(owner) else {
                return Err(missing());
            };
            let Shape::Object(object) = &schema.shape else {
                return Err(missing());
            };
            let step = steps.next().unwrap_or_default();
            let property = object
                .properties
                .iter()
                .find(|property| property.name == step);
            let property = property.ok_or_else(missing)?;
            if steps.peek().is_none() {
                let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                return Ok(Update {
                    name,
                    owner: owned,
                    property,
                });
            }
            match self.resolve(&property.ty) {
                Type::Named(name) => owner = name,
                _ => return Err(missing()),
            }
        }
    }

    /// Refuses lists that name what is not there.
    pub(super) fn check_updates(&self, reading: &mut Reading<'_>) {
        for schema in self.schemas.values() {
            if let Err(wrong) = self.updates(schema) {
                reading.refuse(
                    &schema.place,
                    "updates",
                    format!("`x-updates` of {}: {wrong}", schema.name),
                    "name properties of the schema, nested ones with dots; a slash leads into an object that is not named",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use crate::{bundle, source};

    /// The document of the golden files, whose update can name these fields.
    fn shop(fields: &str) -> Result<Model, Vec<Problem>> {
        let text = include_str!("../../tests/golden/shop.yaml");
        let said = "description: What of an order changes.";
        let text = text.replacen(said, &format!("{said}\n      x-updates: {fields}"), 1);
        let node = source::parse("shop.yaml", &text).expect("good YAML");
        let document = bundle::merge("shop", vec![node]).expect("one fragment");
        Model::build(&document)
    }

    #[test]
    fn dots_are_part_of_a_name_and_what_stands_before_a_slash_is_not() {
        let model = shop("{ Order: [note, replaces.buyer, replaces/due], Line: [] }");
        let model = model.expect("all fields are there");
        let updates = model.updates(&model.schemas["OrderUpdateRequest"]);
        let updates = updates.expect("the model was not refused");
        let rows: Vec<_> = updates
            .iter()
            .map(|update| {
                (
                    update.name.as_str(),
                    update.owner,
                    update.property.name.as_str(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("note", "Order", "note"),
                ("replaces.buyer", "Order", "buyer"),
                ("due", "Order", "due"),
            ]
        );
    }

    #[test]
    fn a_field_of_two_schemas_is_there_once() {
        let model = shop("{ OrderUpdateRequest: [note], Order: [note] }").expect("one type");
        let updates = model.updates(&model.schemas["OrderUpdateRequest"]);
        assert_eq!(updates.expect("good").len(), 1);
    }

    #[test]
    fn what_is_no_field_is_refused_and_so_is_one_of_two_types() {
        for (fields, said) in [
            ("{ Order: [nota] }", "`nota` is no field of `Order`"),
            (
                "{ Order: [note.text] }",
                "`note.text` is no field of `Order`",
            ),
            ("{ Odor: [note] }", "`note` is no field of `Odor`"),
            (
                "{ Order: [total/note] }",
                "`total/note` is no field of `Order`",
            ),
            (
                "{ PaymentCard: [kind], PaymentCash: [kind] }",
                "`kind` is of one type in `PaymentCard` and of another in `PaymentCash`",
            ),
        ] {
            let problems = shop(fields).expect_err(fields);
            let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
            assert!(
                texts
                    .iter()
                    .any(|text| text.contains(said) && text.contains("updates")),
                "{fields}: {texts:?}"
            );
        }
    }
}
