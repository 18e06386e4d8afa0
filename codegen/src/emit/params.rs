//! The query parameters of list operations, a struct for each operation that has some.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::read::Word as _;
use crate::model::shape::Type;

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
    for line in imports(model, &with_query) {
        source.line(&line);
    }
    for operation in with_query {
        source.blank();
        emit(&mut source, model, operation);
    }
    Some(source.text())
}

fn imports(model: &Model, operations: &[&Operation]) -> BTreeSet<String> {
    let parameters = operations.iter().flat_map(|operation| &operation.query);
    parameters
        .filter_map(|parameter| match model.resolve(&parameter.ty) {
            Type::Named(name) => Some(format!("use super::{name};")),
            Type::Scalar(scalar, _) => {
                use crate::model::shape::Scalar;
                let is_ours = matches!(scalar, Scalar::Amount | Scalar::Timestamp | Scalar::Date);
                is_ours.then(|| format!("use crate::{};", scalar.variant()))
            }
            _ => None,
        })
        .collect()
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
                source.line(&format!(
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
