//! What a version of the platform lacks of a struct: rows of `projections!`.

use crate::emit::rust::{Source, field};
use crate::model::Model;
use crate::model::operation::Version;
use crate::model::read::Word as _;
use crate::model::shape::{Object, Schema, Shape};

/// The rows of a file, and the structs that are the same on every version.
pub(super) fn emit_projections(source: &mut Source, model: &Model, schemas: &[&Schema]) {
    let objects = schemas.iter().filter_map(|schema| match &schema.shape {
        Shape::Object(object) => Some((schema.name.as_str(), object)),
        _ => None,
    });
    let (changed, unchanged): (Vec<_>, Vec<_>) =
        objects.partition(|(name, _)| model.projects(name));
    if !changed.is_empty() {
        source.block("projections! {", "}", |source| {
            for (name, object) in changed {
                emit_row(source, name, &parts(model, object));
            }
        });
        source.blank();
    }
    if !unchanged.is_empty() {
        let names: Vec<_> = unchanged.iter().map(|(name, _)| name).collect();
        source.listed("no_projection! { ", &names, " }");
    }
}

/// `only RailV1_1_2: citizenship, ip_address` and `within: kyc_profile`.
fn parts(model: &Model, object: &Object) -> Vec<(String, Vec<String>)> {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for version in Version::all() {
        let only = object
            .properties
            .iter()
            .filter(|p| !p.required && p.versions == [*version])
            .map(|p| field(&p.name));
        parts.push((format!("only {}: ", version.variant()), only.collect()));
    }
    let within = object.properties.iter().filter(|property| {
        let names = property.ty.names();
        !property.patch && names.iter().any(|name| model.projects(name))
    });
    parts.push((
        "within: ".to_owned(),
        within.map(|p| field(&p.name)).collect(),
    ));
    parts.retain(|(_, fields)| !fields.is_empty());
    parts
}

/// One struct, in one line where it fits.
fn emit_row(source: &mut Source, name: &str, parts: &[(String, Vec<String>)]) {
    let texts: Vec<_> = parts
        .iter()
        .map(|(open, fields)| format!("{open}{};", fields.join(", ")))
        .collect();
    let line = format!("{name} {{ {} }}", texts.join(" "));
    if source.fits(&line) {
        source.line(&line);
        return;
    }
    source.block(&format!("{name} {{"), "}", |source| {
        for (open, fields) in parts {
            source.listed(open, fields, ";");
        }
    });
}
