//! Structs: the blocks of `model!`.

use crate::emit::rust::{Source, Types, constant, field, literal, plain_field, sentence, variant};
use crate::model::Model;
use crate::model::read::Word as _;
use crate::model::shape::{Object, Property, Schema, Type};

use super::or_name;

pub(super) fn emit_object(source: &mut Source, model: &Model, schema: &Schema, object: &Object) {
    let sorted = Sorted::new(model, object);
    source.doc(&sentence(&schema.description));
    if sorted.constants.is_empty() && sorted.required.is_empty() {
        source.line("#[derive(Default)]");
    }
    source.block(&format!("pub struct {} {{", schema.name), "}", |source| {
        let mut block = |name, properties: &[&Property], ending: &Ending<'_>| {
            emit_block(source, name, properties, ending, model, schema);
        };
        let with = |_: &Property, name: &str| format!(" = with_{name}");
        block("constant", &sorted.constants, &|property, _| {
            constant(model, &property.ty).map_or_else(String::new, |(ty, value)| {
                format!(" = {ty}::{}", variant(value))
            })
        });
        block("required", &sorted.required, &|_, _| String::new());
        block("optional", &sorted.optional, &with);
        block("patch", &sorted.patches, &with);
    });
}

/// What stands behind the type of a field.
type Ending<'a> = dyn Fn(&Property, &str) -> String + 'a;

/// The properties of a struct by the block of `model!` that they belong to.
struct Sorted<'m> {
    constants: Vec<&'m Property>,
    required: Vec<&'m Property>,
    optional: Vec<&'m Property>,
    patches: Vec<&'m Property>,
}

impl<'m> Sorted<'m> {
    fn new(model: &'m Model, object: &'m Object) -> Self {
        let mut sorted = Self {
            constants: Vec::new(),
            required: Vec::new(),
            optional: Vec::new(),
            patches: Vec::new(),
        };
        for property in &object.properties {
            let is_constant = property.required && constant(model, &property.ty).is_some();
            let block = match property {
                _ if is_constant => &mut sorted.constants,
                property if property.patch => &mut sorted.patches,
                property if property.required => &mut sorted.required,
                _ => &mut sorted.optional,
            };
            block.push(property);
        }
        sorted
    }
}

fn emit_block(
    source: &mut Source,
    name: &str,
    properties: &[&Property],
    ending: &Ending<'_>,
    model: &Model,
    schema: &Schema,
) {
    if properties.is_empty() {
        return;
    }
    source.block(&format!("{name} {{"), "}", |source| {
        for property in properties {
            let field = field(&property.name);
            let plain = field.strip_prefix("r#").unwrap_or(&field);
            source.doc(&property_doc(model, property));
            let on_the_wire = if plain == property.name {
                String::new()
            } else {
                format!(" as {}", literal(&property.name))
            };
            let ty = property_type(model, schema, property);
            let with = ending(property, &plain_field(&property.name));
            let withheld = sensitivity(model, property);
            source.row(&format!("{field}{on_the_wire}: {ty}{with}{withheld};"));
        }
    });
}

fn property_type(model: &Model, schema: &Schema, property: &Property) -> String {
    let types = Types {
        model,
        schemas: "",
        scalars: "",
    };
    let ty = types.owned(&property.ty);
    let ty = if model.is_recursive(&schema.name, &property.ty) {
        format!("Box<{ty}>")
    } else {
        ty
    };
    let is_required_null = property.required && property.nullable && !property.patch;
    if is_required_null {
        format!("Option<{ty}>")
    } else {
        ty
    }
}

/// `, personal` if the property, or the scalar that it names, must not reach a log. An id hides
/// itself and a struct hides its own fields.
fn sensitivity(model: &Model, property: &Property) -> String {
    let of_alias = match &property.ty {
        Type::Named(name) => model
            .schemas
            .get(name)
            .filter(|schema| !schema.shape.has_type())
            .and_then(|schema| schema.sensitive),
        _ => None,
    };
    property
        .sensitive
        .or(of_alias)
        .map_or_else(String::new, |sensitivity| {
            format!(", {}", sensitivity.text())
        })
}

pub(super) fn property_doc(model: &Model, property: &Property) -> String {
    let mut text = or_name(&property.description, "");
    if text.is_empty()
        && let Type::Named(name) = &property.ty
    {
        let schema = model.schemas.get(name);
        text = schema
            .map(|schema| sentence(&schema.description))
            .unwrap_or_default();
    }
    if text.is_empty() {
        text = sentence(&format!("`{}`", property.name));
    }
    if property.deprecated {
        text.push_str("\n\nDeprecated by the platform.");
    }
    if let [version] = property.versions.as_slice() {
        text.push_str(&format!("\n\nOnly `{}` has it.", version.text()));
    }
    text
}
