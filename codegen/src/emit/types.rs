//! The models of `layer2-types`: a file for each fragment of the document.

mod object;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::operation::Version;
use crate::model::read::Word as _;
use crate::model::shape::{Enum, Schema, Shape, Union};
use crate::output::File;

use self::object::{emit_object, property_doc};
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

/// One file of models.
pub(super) fn contents(model: &Model, name: &str, schemas: &[&Schema]) -> String {
    let mut body = Source::new(model);
    let mut unchanged = Vec::new();
    for schema in schemas {
        emit(&mut body, model, schema);
        if !model.projects(&schema.name) && matches!(schema.shape, Shape::Object(_)) {
            unchanged.push(schema.name.as_str());
        }
    }
    if !unchanged.is_empty() {
        body.listed("no_projection! {", &unchanged, "}");
    }
    let body = body.text();
    let (header, body) = body.split_once("\n\n").unwrap_or(("", &body));
    let mut file = format!("{header}\n\n//! Models of `{name}`.\n\n");
    file.push_str(&imports(model, schemas, body));
    file.push_str(body.trim_end());
    file.push('\n');
    file
}

/// The `use` lines: what the body names and does not define.
fn imports(model: &Model, schemas: &[&Schema], body: &str) -> String {
    let code = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("///"));
    let words: BTreeSet<&str> = code
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .collect();
    let mut lines = String::new();
    if words.contains("BTreeMap") {
        lines.push_str("use std::collections::BTreeMap;\n\n");
    }
    let own: BTreeSet<_> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    let named = named_types(model, schemas);
    let foreign: Vec<_> = named.difference(&own).copied().collect();
    match foreign[..] {
        [] => {}
        [name] => lines.push_str(&format!("use super::{name};\n")),
        _ => {
            let mut source = Source::piece();
            source.listed("use super::{", &foreign, "};");
            lines.push_str(&source.text());
        }
    }
    for (word, path) in SUPPORT {
        if words.contains(word) {
            lines.push_str(&format!("use crate::{path};\n"));
        }
    }
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
    ("Platform", "operation::Platform"),
    ("PlatformVersion", "operation::PlatformVersion"),
    ("Patch", "patch::Patch"),
    ("Project", "project::Project"),
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
    source.blank();
}

fn emit_id(source: &mut Source, schema: &Schema) {
    source.block("crate::id! {", "}", |source| {
        if schema.sensitive.is_some() {
            source.line("#[sensitive]");
        }
        source.doc(&sentence(&schema.description));
        source.line(&format!("pub struct {};", schema.name));
    });
}

fn emit_enum(source: &mut Source, schema: &Schema, values: &Enum) {
    source.block("crate::open_enum! {", "}", |source| {
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
    });
}

fn emit_union(source: &mut Source, model: &Model, schema: &Schema, union: &Union) {
    source.block("tagged_union! {", "}", |source| {
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
    });
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
