//! Samples: for each method a call that compiles, as a reader would write it.
//!
//! What is sent is the document's own example, cut down to what a caller must say; ids of a path are those that the
//! examples of the same document use. A nested object gets a line of its own. The lines are laid out by rustfmt, all of
//! an API in one run.

mod value;

use std::collections::BTreeMap;

use crate::emit::format;
use crate::emit::rust::{field, plain_field};
use crate::model::Model;
use crate::model::operation::{Operation, Parameter};
use crate::model::shape::{Scalar, Shape, Type};
use crate::problem::Problem;
use crate::source::Place;

use super::entrance;
use super::envelope::{Envelope, envelope};

use self::value::{Known, Statements};

/// The lines of each operation's sample, by the id of the operation.
pub(super) fn samples(model: &Model) -> Result<BTreeMap<&str, Vec<String>>, Vec<Problem>> {
    let known = Known::of(model);
    let functions: String = model
        .operations
        .iter()
        .map(|operation| {
            format!(
                "async fn sample() {{\n{}}}\n",
                call(model, &known, operation)
            )
        })
        .collect();
    let text = format::rustfmt(&functions, SAMPLE).map_err(|message| {
        vec![Problem::new(
            &Place::whole(format!("openapi/{}", model.api)),
            "format",
            format!("rustfmt does not format the samples of the methods: {message}"),
            "correct codegen/src/emit/facade/sample.rs; the document is not to blame",
        )]
    })?;
    let bodies = text.split("async fn sample() {\n").skip(1);
    let of_operations = model
        .operations
        .iter()
        .zip(bodies)
        .map(|(operation, body)| {
            let lines = body.lines().take_while(|line| *line != "}");
            let lines = lines.map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned());
            (operation.id.as_str(), lines.collect())
        });
    Ok(of_operations.collect())
}

/// Room for the lines in a method's documentation, with the function around them.
const SAMPLE: &str = "max_width=96,use_small_heuristics=Max";

/// The statements that call one operation.
fn call<'m>(model: &'m Model, known: &'m Known<'m>, operation: &'m Operation) -> String {
    let mut statements = Statements::new(model, known);
    let parameters = operation.path_params.iter();
    let mut arguments: Vec<_> = parameters
        .map(|parameter| in_path(&mut statements, model, parameter))
        .collect();
    arguments.extend(taken(&mut statements, model, operation));
    let called = format!(
        "client{}.{}().{}({}).await?",
        entrance(model),
        field(&operation.tag),
        field(operation.verb()),
        arguments.join(", ")
    );
    match envelope(model, operation) {
        Envelope::Empty => statements.end(&called),
        Envelope::File => statements.bind("file", &called),
        Envelope::Page(..) => statements.bind("page", &called),
        Envelope::Data(data) => {
            let name = match &data.ty {
                Type::Named(name) => plain_field(name),
                _ => "reply".to_owned(),
            };
            statements.bind(&field(&name), &called);
        }
        Envelope::Whole(_) => statements.bind("reply", &called),
    }
    statements.text()
}

/// The argument for a path parameter, in a variable of its name unless it is a text.
fn in_path<'m>(statements: &mut Statements<'m>, model: &Model, parameter: &'m Parameter) -> String {
    let name = field(&parameter.name);
    let value = statements.parameter(&parameter.ty, &parameter.name);
    match model.resolve(&parameter.ty) {
        Type::Scalar(Scalar::String, _) => value.trim_end_matches(".to_owned()").to_owned(),
        Type::Scalar(Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Amount, _) => {
            statements.bind(&name, &value);
            name
        }
        _ => {
            statements.bind(&name, &value);
            format!("&{name}")
        }
    }
}

/// The arguments behind those of the path: query parameters, and a body or a file.
fn taken<'m>(
    statements: &mut Statements<'m>,
    model: &Model,
    operation: &'m Operation,
) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(params) = statements.params(operation) {
        statements.bind("params", &params);
        arguments.push("&params".to_owned());
    }
    match &operation.body {
        Some(_) if operation.is_upload() => {
            statements.bind("file", "Upload::from_path(\"path/to/file\").await?");
            arguments.push("&file".to_owned());
        }
        Some(body) => {
            let value = statements.body(&body.schema, body.example.as_ref());
            statements.bind("body", &value);
            let is_union = matches!(
                model.schemas.get(&body.schema).map(|schema| &schema.shape),
                Some(Shape::Union(_))
            );
            arguments.push(if is_union { "&body.into()" } else { "&body" }.to_owned());
        }
        None => {}
    }
    arguments
}
