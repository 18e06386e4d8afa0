//! Envelopes: what of a reply a caller gets.

use crate::emit::rust::field;
use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::shape::{Object, Property, Shape, Type};

use super::types;

/// Room for the last statement of a method, as `prettyplease` has it.
const ONE_LINE: usize = 89 - 8;

/// What of a reply a caller gets.
pub(super) enum Envelope<'m> {
    /// No body.
    Empty,
    /// A file.
    File,
    /// The body as it is.
    Whole(&'m str),
    /// The property `data`.
    Data(&'m Property),
    /// The one list below `data`, with the links.
    Page(&'m Property, &'m Type),
}

impl Envelope<'_> {
    pub(super) fn ty(&self, model: &Model) -> String {
        match self {
            Self::Empty => "()".to_owned(),
            Self::File => "Download".to_owned(),
            Self::Whole(schema) => format!("{}::{schema}", model.api),
            Self::Data(data) => types(model).owned(&data.ty),
            Self::Page(_, item) => format!("Page<{}>", types(model).owned(item)),
        }
    }

    /// The last statement of a method: `call`, and what it gives out of its envelope.
    pub(super) fn returned(&self, call: &str) -> String {
        let opened = match self {
            Self::Empty | Self::File | Self::Whole(_) => return format!("{call}.await"),
            Self::Data(_) => "envelope.data".to_owned(),
            Self::Page(list, _) => {
                let list_field = field(&list.name);
                let items = if list.required {
                    ""
                } else {
                    ".unwrap_or_default()"
                };
                let line = format!("Page::new(list.data.{list_field}{items}, list.links)");
                let line = format!("let reply = {call}.await?; Ok(reply.map(|list| {line}))");
                if line.len() - line.find("Ok(").unwrap_or_default() <= ONE_LINE {
                    return line;
                }
                format!(
                    "{{ let items = envelope.data.{list_field}{items}; \
                     Page::new(items, envelope.links) }}"
                )
            }
        };
        format!("let reply = {call}.await?; Ok(reply.map(|envelope| {opened}))")
    }
}

pub(super) fn envelope<'m>(model: &'m Model, operation: &'m Operation) -> Envelope<'m> {
    if operation.is_download() {
        return Envelope::File;
    }
    let Some(schema) = operation.reply_schema() else {
        return Envelope::Empty;
    };
    let Some(object) = object(model, schema) else {
        return Envelope::Whole(schema);
    };
    match object.properties.as_slice() {
        [data] if data.name == "data" && data.required && !data.nullable => Envelope::Data(data),
        [data, links] if data.name == "data" && data.required && links.name == "links" => {
            page(model, data).unwrap_or(Envelope::Whole(schema))
        }
        _ => Envelope::Whole(schema),
    }
}

/// A page, if `data` is an object whose one property is a list.
fn page<'m>(model: &'m Model, data: &'m Property) -> Option<Envelope<'m>> {
    let Type::Named(name) = model.resolve(&data.ty) else {
        return None;
    };
    let [list] = object(model, name)?.properties.as_slice() else {
        return None;
    };
    match model.resolve(&list.ty) {
        Type::List(item, _) => Some(Envelope::Page(list, item)),
        _ => None,
    }
}

fn object<'m>(model: &'m Model, name: &str) -> Option<&'m Object> {
    match &model.schemas.get(name)?.shape {
        Shape::Object(object) => Some(object),
        _ => None,
    }
}
