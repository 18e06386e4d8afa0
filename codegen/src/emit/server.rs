//! The server interface: what the world answers, and what the process around the worlds does.

mod world;

use heck::ToUpperCamelCase as _;

use crate::model::Model;
use crate::model::operation::{Operation, Parameter, RunsIn};
use crate::model::shape::{Scalar, Type};
use crate::output::File;

use super::operations;
use super::rust::{Source, Types, field, literal, sentence};

pub(super) use self::world::world;

/// `mock-server/src/generated/`, for what the process around the worlds answers.
pub(super) fn process(models: &[Model]) -> Vec<File> {
    let answered: Vec<_> = models
        .iter()
        .filter(|model| !tags_in(model, RunsIn::Server).is_empty())
        .collect();
    let mut root = Source::of_all();
    root.module_doc("What the process around the worlds answers, one module for each API.");
    for model in &answered {
        root.line(&format!("pub(crate) mod {};", model.api));
    }
    let folder = "mock-server/src/generated";
    let mut files = vec![File::new(format!("{folder}/mod.rs"), root.text())];
    files.extend(
        answered
            .iter()
            .map(|model| File::new(format!("{folder}/{}.rs", model.api), process_api(model))),
    );
    files
}

/// The resources with an operation that runs there, by name.
fn tags_in(model: &Model, runs_in: RunsIn) -> Vec<(&str, &str)> {
    let runs_there = |name: &str| {
        model
            .operations_of(name)
            .any(|operation| operation.runs_in == runs_in)
    };
    let mut tags: Vec<_> = model
        .tags
        .iter()
        .map(|tag| (tag.name.as_str(), tag.description.as_str()))
        .filter(|(name, _)| runs_there(name))
        .collect();
    tags.sort_unstable();
    tags
}

fn has_statuses(operation: &Operation) -> bool {
    operation.replies.len() > 1
}

/// The path parameters that the answering side gets: a world is one sandbox and is not told which.
fn path_inputs(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation
        .path_params
        .iter()
        .filter(|parameter| operation.runs_in == RunsIn::Server || parameter.name != "sandbox")
}

/// Path parameters, query parameters, body.
fn inputs(model: &Model, operation: &Operation) -> Vec<String> {
    let types = Types {
        model,
        schemas: "api",
        scalars: "layer2_types::",
    };
    let by_reference = operation.runs_in == RunsIn::Server;
    let mut inputs: Vec<String> = path_inputs(operation)
        .map(|parameter| {
            let ty = if by_reference {
                types.borrowed(&parameter.ty)
            } else {
                types.owned(&parameter.ty)
            };
            format!("{}: {ty}", field(&parameter.name))
        })
        .collect();
    inputs.extend(
        operation
            .params_name()
            .map(|name| format!("params: {}::{name}", model.api)),
    );
    inputs.extend(operation.body.as_ref().map(|body| {
        if operation.is_upload() {
            "file: Upload".to_owned()
        } else {
            format!("body: {}::{}", model.api, body.schema)
        }
    }));
    inputs
}

fn reply_type(model: &Model, operation: &Operation) -> String {
    if operation.is_download() {
        return "Download".to_owned();
    }
    operation.reply_schema().map_or_else(
        || "()".to_owned(),
        |schema| format!("{}::{schema}", model.api),
    )
}

/// What the method of an operation gives.
fn reply(model: &Model, operation: &Operation) -> String {
    let reply = reply_type(model, operation);
    if has_statuses(operation) {
        format!("Answered<{reply}>")
    } else {
        reply
    }
}

/// Parses what the operation takes, calls it, writes the reply.
fn arm(source: &mut Source, operation: &Operation) {
    let mut arguments: Vec<String> = path_inputs(operation)
        .map(|parameter| {
            let name = literal(&parameter.name);
            match parameter.ty {
                Type::Scalar(Scalar::String, _) => format!("&request.id::<String>({name})?"),
                _ => format!("&request.id({name})?"),
            }
        })
        .collect();
    let params = operation.params_name().map(|_| "request.params()?");
    let body = operation.body.as_ref().map(|_| "request.body()?");
    arguments.extend(params.into_iter().chain(body).map(str::to_owned));
    let call = format!("server.{}({}).await?", operation.id, arguments.join(", "));
    let id = format!("OperationId::{}", operations::variant(operation));
    let status = operation.replies.first().map_or(200, |reply| reply.status);
    source.line(&match operation.reply_media() {
        None => format!("{id} => {{ {call}; Ok(Reply::empty({status})) }}"),
        Some(_) if has_statuses(operation) => {
            format!("{id} => Reply::answered({call}, platform),")
        }
        Some(_) => format!("{id} => Reply::of({status}, {call}, platform),"),
    });
}

/// The trait and the `match` of what the process answers.
fn process_api(model: &Model) -> String {
    let name = format!("{}Server", model.api.to_upper_camel_case());
    let operations: Vec<_> = model
        .operations
        .iter()
        .filter(|operation| operation.runs_in == RunsIn::Server)
        .collect();
    let mut source = Source::new(model);
    source.module_doc(&format!(
        "What the process answers of the {} API.",
        model.api
    ));
    source.line("use std::future::Future;");
    source.blank();
    source.line("use layer2_types::Platform;");
    source.line(&format!("use layer2_types::{};", model.api));
    source.line(&format!("use layer2_types::{}::OperationId;", model.api));
    if operations.iter().any(|operation| has_statuses(operation)) {
        source.line("use layer2_world::Answered;");
    }
    for name in ["Rejection", "Reply", "Request"] {
        source.line(&format!("use layer2_world::{name};"));
    }
    source.blank();
    source.doc(
        "The operations that no world can answer: they make worlds, move clocks and order faults.",
    );
    source.block(&format!("pub(crate) trait {name} {{"), "}", |source| {
        for operation in &operations {
            source.doc(&sentence(&operation.summary));
            source.line(&format!(
                "fn {}(&self, {}) -> impl Future<Output = Result<{}, Rejection>> + Send;",
                operation.id,
                inputs(model, operation).join(", "),
                reply(model, operation),
            ));
        }
    });
    source.blank();
    source.doc("Answers one operation; those of the world are not for here.");
    source.line(&format!("pub(crate) async fn dispatch<S: {name}>("));
    source.line("    server: &S,");
    source.line("    op: OperationId,");
    source.line("    request: &Request,");
    source.block(") -> Result<Reply, Rejection> {", "}", |source| {
        source.line("let platform = Platform::Union;");
        source.block("match op {", "}", |source| {
            for operation in &operations {
                arm(source, operation);
            }
            source.line("_ => Err(Rejection::misrouted(op.operation())),");
        });
    });
    source.text()
}
