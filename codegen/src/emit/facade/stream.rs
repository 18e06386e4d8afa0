//! Streams: a list, item by item, over all its pages.

use crate::emit::rust::{Source, field};
use crate::model::Model;
use crate::model::operation::{Operation, Paging};
use crate::model::shape::{Property, Scalar, Shape, Type};

use super::envelope::{Envelope, envelope};
use super::{entrance, types};

/// The item of a list that a stream can walk: it comes in numbered pages and has an id.
pub(super) fn stream_item(model: &Model, operation: &Operation) -> Option<(String, String)> {
    let Envelope::Page(_, item) = envelope(model, operation) else {
        return None;
    };
    if operation.paging != Paging::Page || operation.query.is_empty() {
        return None;
    }
    let Type::Named(name) = model.resolve(item) else {
        return None;
    };
    let owned = types(model).owned(item);
    let id = match &model.schemas.get(name)?.shape {
        Shape::Object(object) => {
            let id = object
                .properties
                .iter()
                .find(|property| is_id(model, property))?;
            format!("|item| item.{}.to_string()", field(&id.name))
        }
        Shape::Union(_) => {
            model
                .common_properties(name)
                .into_iter()
                .find(|p| p.name == "id" && p.required)?;
            format!(
                "|item| match item {{ \
                 {owned}::Unknown(unknown) => unknown.raw().get().to_owned(), \
                 known => known.id().map(ToString::to_string).unwrap_or_default(), }}"
            )
        }
        _ => return None,
    };
    Some((owned, id))
}

/// The first required id, or a required text called `id`.
fn is_id(model: &Model, property: &Property) -> bool {
    let is_typed = match model.resolve(&property.ty) {
        Type::Named(name) => {
            matches!(
                model.schemas.get(name).map(|s| &s.shape),
                Some(Shape::Id(_))
            )
        }
        Type::Scalar(Scalar::String | Scalar::Int64, _) => property.name == "id",
        _ => false,
    };
    property.required && !property.nullable && is_typed
}

/// A stream over all items of a list.
pub(super) fn stream(
    source: &mut Source,
    model: &Model,
    operation: &Operation,
    item: &(String, String),
) {
    let (item_type, id) = item;
    let Some(params) = operation.params_name() else {
        return;
    };
    let types = types(model);
    let verb = operation.verb();
    let (tag, own) = (field(&operation.tag), field(verb));
    let mut parameters = String::new();
    let mut outer = String::new();
    let mut inner = String::new();
    let mut arguments = Vec::new();
    for parameter in &operation.path_params {
        let name = field(&parameter.name);
        parameters.push_str(&format!(", {name}: {}", types.borrowed(&parameter.ty)));
        outer.push_str(&format!("let {name} = {name}.to_owned();"));
        inner.push_str(&format!("let {name} = {name}.clone();"));
        arguments.push(format!("&{name}, "));
    }
    let entrance = entrance(model);
    source.doc_with_links(&format!(
        "Walks through all pages of [`{0}`](Self::{0}): item by item, or with \
         [`into_pages`](Items::into_pages) page by page.",
        own.trim_start_matches("r#")
    ));
    let open = format!(
        "pub fn {verb}_stream(&self{parameters}, params: {}::{params}) \
         -> Items<{item_type}> {{",
        model.api
    );
    source.block(&open, "}", |source| {
        if !outer.is_empty() {
            source.line(&outer);
        }
        let moved = if outer.is_empty() { "" } else { "move " };
        source.line(&format!(
            "paginate(self.client, params, {moved}|client, params| {{ {inner} async move {{ \
             client{entrance}.{tag}().{own}({}&params).await }} }}, {id})",
            arguments.concat()
        ));
    });
    source.blank();
}
