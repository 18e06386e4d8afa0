//! What an update can name, as setters: rows of `updates!`.

use crate::emit::rust::{Source, Types, field, literal, plain_field};
use crate::model::Model;
use crate::model::shape::Schema;
use crate::model::update::Update;

/// The fields that a request can name; the model has refused a list that is wrong.
pub(super) fn updates<'m>(model: &'m Model, schema: &Schema) -> Vec<Update<'m>> {
    model.updates(schema).unwrap_or_default()
}

/// The setters of all requests of a file.
pub(super) fn emit_updates(source: &mut Source, model: &Model, schemas: &[&Schema]) {
    let of_requests: Vec<_> = schemas
        .iter()
        .map(|schema| (schema.name.as_str(), updates(model, schema)))
        .filter(|(_, updates)| !updates.is_empty())
        .collect();
    if of_requests.is_empty() {
        return;
    }
    source.block("updates! {", "}", |source| {
        for (name, updates) in of_requests {
            source.block(&format!("{name} {{"), "}", |source| {
                for update in updates {
                    emit_row(source, model, &update);
                }
            });
        }
    });
    source.blank();
}

/// `set_mailing_address_city = "mailing_address.city", Address::city: String;`
fn emit_row(source: &mut Source, model: &Model, update: &Update<'_>) {
    let types = Types {
        model,
        schemas: "",
        scalars: "",
    };
    let name = format!(
        "set_{} = {},",
        plain_field(&update.name),
        literal(&update.name)
    );
    let member = format!(
        "{}::{}: {};",
        update.owner,
        field(&update.property.name),
        types.owned(&update.property.ty),
    );
    let line = format!("{name} {member}");
    if source.fits(&line) {
        source.line(&line);
        return;
    }
    source.line(&name);
    source.line(&format!("    {member}"));
}
