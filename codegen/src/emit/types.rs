//! The models of `layer2-types`: a file for each fragment of the document.

mod object;
mod projection;
mod updates;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::operation::Version;
use crate::model::read::Word as _;
use crate::model::shape::{Enum, Schema, Shape, Union};
use crate::output::File;

use self::object::{emit_object, property_doc};
use self::projection::emit_projections;
use self::updates::{emit_updates, updates};
use super::rust::{Source, Types, field, literal, plain_field, sentence, variant};

/// The files below `<folder>/types/`.
pub(super) fn files(model: &Model, folder: &str) -> Vec<File> {
    let mut fragments: BTreeMap<String, Vec<&Schema>> = BTreeMap::new();
    for schema in model.schemas.values().filter(|s| s.shape.has_type()) {
        fragments.entry(fragment(schema)).or_default().push(schema);
    }
    let mut files = Vec::new();
    for (name, schemas) in &fragments {
        files.push(File::new(
            format!("{folder}/types/{name}.rs"),
            contents(model, name, schemas),
        ));
    }
    let mut root = Source::new(model);
    root.module_doc(&format!(
        "Models of the {} API, a file for each resource.",
        model.api
    ));
    for name in fragments.keys() {
        root.line(&format!("mod {};", field(name)));
    }
    root.blank();
    for name in fragments.keys() {
        root.line(&format!("pub use self::{}::*;", field(name)));
    }
    files.push(File::new(format!("{folder}/types/mod.rs"), root.text()));
    files
}

/// The fragment that defines the schema: `transfers` of `openapi/payments/transfers.yaml`.
fn fragment(schema: &Schema) -> String {
    let file = schema.place.file();
    let name = file.rsplit('/').next().unwrap_or(file);
    plain_field(name.split('.').next().unwrap_or(name))
}

/// One file of models: ids, enums, unions and structs, each kind in one call of its macro.
pub(super) fn contents(model: &Model, name: &str, schemas: &[&Schema]) -> String {
    let mut body = Source::piece();
    for Kind { open, holds } in &KINDS {
        let mut of_kind = schemas.iter().filter(|s| holds(&s.shape)).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        body.block(open, "}", |source| {
            while let Some(schema) = of_kind.next() {
                emit(source, model, schema);
                let is_id = matches!(schema.shape, Shape::Id(_));
                if of_kind.peek().is_some() && !is_id {
                    source.blank();
                }
            }
        });
        body.blank();
    }
    emit_updates(&mut body, model, schemas);
    emit_projections(&mut body, model, schemas);
    let body = body.text();
    let mut source = Source::new(model);
    source.module_doc(&format!("Models of `{name}`."));
    source.text() + &imports(model, schemas, &body) + body.trim_end() + "\n"
}

/// The schemas that one macro takes.
struct Kind {
    open: &'static str,
    holds: fn(&Shape) -> bool,
}

/// The kinds, in the order of a file.
const KINDS: [Kind; 4] = [
    Kind {
        open: "ids! {",
        holds: |shape| matches!(shape, Shape::Id(_)),
    },
    Kind {
        open: "open_enums! {",
        holds: |shape| matches!(shape, Shape::Enum(_)),
    },
    Kind {
        open: "tagged_unions! {",
        holds: |shape| matches!(shape, Shape::Union(_)),
    },
    Kind {
        open: "models! {",
        holds: |shape| matches!(shape, Shape::Object(_)),
    },
];

/// The `use` lines: what the body names and does not define.
fn imports(model: &Model, schemas: &[&Schema], body: &str) -> String {
    let code = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("///"));
    let words: BTreeSet<&str> = code
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .collect();
    let mut source = Source::piece();
    if words.contains("BTreeMap") {
        source.line("use std::collections::BTreeMap;");
        source.blank();
    }
    let own: BTreeSet<_> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    let named = named_types(model, schemas);
    source.imports("super", named.difference(&own));
    for (word, path) in SUPPORT {
        if words.contains(word) {
            source.line(&format!("use crate::{path};"));
        }
    }
    let mut lines = source.text();
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// The types that the fields and variants of some schemas have.
fn named_types<'m>(model: &'m Model, schemas: &[&'m Schema]) -> BTreeSet<&'m str> {
    let mut names = BTreeSet::new();
    let of_accessors = |schema: &&'m Schema| model.common_properties(&schema.name);
    let accessors = schemas
        .iter()
        .flat_map(of_accessors)
        .flat_map(|p| p.ty.names());
    let mut open: Vec<_> = schemas
        .iter()
        .flat_map(|schema| schema.shape.names())
        .collect();
    open.extend(accessors);
    let updates = schemas.iter().flat_map(|schema| updates(model, schema));
    open.extend(updates.flat_map(|update| update.property.ty.names()));
    while let Some(name) = open.pop() {
        match model.schemas.get(name).map(|schema| &schema.shape) {
            Some(Shape::Alias(ty)) => open.extend(ty.names()),
            _ => {
                names.insert(name);
            }
        }
    }
    names
}

/// Hand-written types that the models use, with their paths.
const SUPPORT: &[(&str, &str)] = &[
    ("Amount", "amount::Amount"),
    ("RawJson", "json::RawJson"),
    ("PlatformVersion", "operation::PlatformVersion"),
    ("Patch", "patch::Patch"),
    ("Slippage", "slippage::Slippage"),
    ("Date", "timestamp::Date"),
    ("Timestamp", "timestamp::Timestamp"),
];

fn emit(source: &mut Source, model: &Model, schema: &Schema) {
    match &schema.shape {
        Shape::Object(object) => emit_object(source, model, schema, object),
        Shape::Enum(values) => emit_enum(source, schema, values),
        Shape::Union(union) => emit_union(source, model, schema, union),
        Shape::Id(_) => emit_id(source, schema),
        Shape::Alias(_) | Shape::File | Shape::Form(_) => {}
    }
}

fn emit_id(source: &mut Source, schema: &Schema) {
    if schema.sensitive.is_some() {
        source.line("#[sensitive]");
    }
    source.doc(&sentence(&schema.description));
    source.line(&format!("pub struct {};", schema.name));
}

fn emit_enum(source: &mut Source, schema: &Schema, values: &Enum) {
    source.doc(&sentence(&schema.description));
    source.block(&format!("pub enum {} {{", schema.name), "}", |source| {
        for value in &values.values {
            source.doc(&or_name(&value.description, &value.wire));
            source.line(&format!(
                "{} = {},",
                variant(&value.wire),
                literal(&value.wire)
            ));
        }
    });
    let pairs = values.plain_forms();
    if !pairs.is_empty() {
        source.block("project {", "}", |source| {
            for (value, plain) in &pairs {
                let (only, other) = (variant(&value.wire), variant(&plain.wire));
                let versions = version_list(&value.versions);
                source.line(&format!("{only} of {versions} => {other},"));
            }
        });
    }
}

fn emit_union(source: &mut Source, model: &Model, schema: &Schema, union: &Union) {
    source.doc(&sentence(&schema.description));
    let open = format!("pub enum {} by {} {{", schema.name, literal(&union.tag));
    source.block(&open, "}", |source| {
        for item in &union.variants {
            let variant_schema = model.schemas.get(&item.schema);
            let text = variant_schema.map_or("", |schema| schema.description.as_str());
            source.doc(&or_name(text, &item.value));
            source.line(&format!(
                "{}({}) = {};",
                variant(&item.value),
                item.schema,
                literal(&item.value)
            ));
        }
    });
    emit_shared(source, model, schema);
}

/// What all variants have in common, from which the macro makes accessors.
fn emit_shared(source: &mut Source, model: &Model, schema: &Schema) {
    let types = Types {
        model,
        schemas: "",
        scalars: "",
    };
    let common = model.common_properties(&schema.name);
    if common.is_empty() {
        return;
    }
    source.block("shared {", "}", |source| {
        for property in common {
            let (name, ty) = (field(&property.name), types.owned(&property.ty));
            let presence = if property.required {
                "required"
            } else {
                "optional"
            };
            source.doc(&property_doc(model, property));
            source.line(&format!("{presence} {name}: {ty};"));
        }
    });
}

fn or_name(text: &str, name: &str) -> String {
    if text.is_empty() && !name.is_empty() {
        format!("`{name}`.")
    } else {
        sentence(text)
    }
}

/// `&[PlatformVersion::RailV1_1_2]`.
pub(super) fn version_list(versions: &[Version]) -> String {
    let names: Vec<_> = versions
        .iter()
        .map(|v| format!("PlatformVersion::{}", v.variant()))
        .collect();
    format!("&[{}]", names.join(", "))
}
