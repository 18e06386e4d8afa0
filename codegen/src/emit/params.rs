//! The query parameters of list operations, a struct for each operation that has some.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::read::Word as _;
use crate::model::shape::{Scalar, Type};

use super::rust::{Source, Types, field, literal, plain_field, sentence};

/// `params.rs` of one API, if any operation takes query parameters.
pub(super) fn contents(model: &Model) -> Option<String> {
    let with_query: Vec<_> = model
        .operations
        .iter()
        .filter(|operation| !operation.query.is_empty())
        .collect();
    if with_query.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(&format!("Query parameters of the {} API.", model.api));
    imports(&mut source, model, &with_query);
    for operation in with_query {
        source.blank();
        emit(&mut source, model, operation);
    }
    Some(source.text())
}

fn imports(source: &mut Source, model: &Model, operations: &[&Operation]) {
    let parameters = operations.iter().flat_map(|operation| &operation.query);
    let (mut models, mut scalars) = (BTreeSet::new(), BTreeSet::new());
    for parameter in parameters {
        match model.resolve(&parameter.ty) {
            Type::Named(name) => {
                models.insert(name.as_str());
            }
            Type::Scalar(scalar @ (Scalar::Amount | Scalar::Timestamp | Scalar::Date), _) => {
                scalars.insert(scalar.variant());
            }
            _ => {}
        }
    }
    source.imports("super", &models);
    source.imports("crate", &scalars);
}

fn emit(source: &mut Source, model: &Model, operation: &Operation) {
    let types = Types {
        model,
        schemas: "",
        scalars: "",
    };
    let Some(name) = operation.params_name() else {
        return;
    };
    source.block("query_params! {", "}", |source| {
        source.doc(&format!("Query parameters of `{}`.", operation.id));
        source.block(&format!("pub struct {name} {{"), "}", |source| {
            for parameter in &operation.query {
                source.doc(&sentence(&parameter.description));
                let withheld = parameter
                    .sensitive
                    .map_or_else(String::new, |sensitive| format!(", {}", sensitive.text()));
                source.row(&format!(
                    "{}: {} = {}, with_{}{withheld};",
                    field(&parameter.name),
                    types.owned(&parameter.ty),
                    literal(&parameter.name),
                    plain_field(&parameter.name),
                ));
            }
        });
    });
}
