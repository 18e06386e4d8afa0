//! The server interface: a trait for each resource and one `match` for each API.
//!
//! What the world answers is split by effect, so that a read cannot change anything: reads borrow
//! the world, writes borrow it mutably. No method has a default body; an operation that is not
//! built is written down as such where the trait is implemented.

use heck::ToUpperCamelCase as _;

use crate::model::Model;
use crate::model::operation::{Effect, Operation, Parameter, RunsIn};
use crate::model::shape::{Scalar, Type};
use crate::output::File;

use super::operations;
use super::rust::{Source, Types, field, literal, sentence, type_name};

/// `mock-server/world/src/generated/<api>.rs`, if the world answers any of it.
pub(super) fn world(model: &Model) -> Option<File> {
    let tags = tags_in(model, RunsIn::World);
    if tags.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(&format!("What the world answers of the {} API.", model.api));
    source.line(&format!("use layer2_types::{};", model.api));
    source.line(&format!("use layer2_types::{}::OperationId;", model.api));
    source.blank();
    source.line("use crate::context::ReadContext;");
    source.line("use crate::context::WriteContext;");
    source.line("use crate::rejection::Rejection;");
    for (name, is_needed) in [
        ("Download", Operation::is_download as fn(&Operation) -> bool),
        ("Upload", Operation::is_upload),
    ] {
        if world_operations(model).any(is_needed) {
            source.line(&format!("use crate::file::{name};"));
        }
    }
    if world_operations(model).any(has_statuses) {
        source.line("use crate::request::Answered;");
    }
    source.line("use crate::request::Reply;");
    source.line("use crate::request::Request;");
    for (name, description) in &tags {
        source.blank();
        world_trait(&mut source, model, name, description);
    }
    let traits: Vec<_> = tags.iter().map(|(name, _)| type_name(name)).collect();
    for effect in [Effect::Write, Effect::Read] {
        source.blank();
        world_dispatch(&mut source, model, effect, &traits.join(" + "));
    }
    let path = format!("mock-server/world/src/generated/{}.rs", model.api);
    Some(File::new(path, source.text()))
}

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

fn world_operations(model: &Model) -> impl Iterator<Item = &Operation> {
    model
        .operations
        .iter()
        .filter(|operation| operation.runs_in == RunsIn::World)
}

fn has_statuses(operation: &Operation) -> bool {
    operation.replies.len() > 1
}

fn world_trait(source: &mut Source, model: &Model, tag: &str, description: &str) {
    source.doc(&sentence(description));
    source.block(
        &format!("pub(crate) trait {} {{", type_name(tag)),
        "}",
        |source| {
            for operation in world_operations(model).filter(|operation| operation.tag == tag) {
                let context = match operation.effect {
                    Effect::Read => ["&self", "cx: &ReadContext<'_>"],
                    Effect::Write => ["&mut self", "cx: &mut WriteContext<'_>"],
                };
                let mut parameters: Vec<String> = context.map(str::to_owned).into();
                parameters.extend(inputs(model, operation));
                source.doc(&sentence(&operation.summary));
                signature(
                    source,
                    &format!("fn {}", operation.id),
                    &parameters,
                    &result(model, operation),
                );
            }
        },
    );
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
            let file = if by_reference { "Bytes" } else { "Upload" };
            format!("file: {file}")
        } else {
            format!("body: {}::{}", model.api, body.schema)
        }
    }));
    inputs
}

fn reply_type(model: &Model, operation: &Operation) -> String {
    if operation.is_download() {
        let file = match operation.runs_in {
            RunsIn::Server => "OpenFile",
            RunsIn::World => "Download",
        };
        return file.to_owned();
    }
    operation.reply_schema().map_or_else(
        || "()".to_owned(),
        |schema| format!("{}::{schema}", model.api),
    )
}

fn result(model: &Model, operation: &Operation) -> String {
    let reply = reply_type(model, operation);
    let reply = if has_statuses(operation) {
        format!("Answered<{reply}>")
    } else {
        reply
    };
    format!("Result<{reply}, Rejection>")
}

/// A method without a body, on one line if it fits.
fn signature(source: &mut Source, name: &str, parameters: &[String], result: &str) {
    source.listed(&format!("{name}("), parameters, &format!(") -> {result};"));
}

fn world_dispatch(source: &mut Source, model: &Model, effect: Effect, traits: &str) {
    let operations: Vec<_> = world_operations(model)
        .filter(|o| o.effect == effect)
        .collect();
    let (doc, open, context) = match effect {
        Effect::Write => ("Carries out a write.", "write", "&mut WriteContext<'_>"),
        Effect::Read => ("Answers a read.", "read", "&ReadContext<'_>"),
    };
    let world = if effect == Effect::Write {
        "&mut W"
    } else {
        "&W"
    };
    let unused = if operations.is_empty() { "_" } else { "" };
    source.doc(&format!(
        "{doc} Ids, parameters and body are parsed here, once."
    ));
    source.line(&format!("pub(crate) fn {open}<W: {traits}>("));
    source.line(&format!("    {unused}world: {world},"));
    source.line(&format!("    {unused}cx: {context},"));
    source.line("    op: OperationId,");
    source.line(&format!("    {unused}request: &Request,"));
    source.block(") -> Result<Reply, Rejection> {", "}", |source| {
        if operations.is_empty() {
            source.line("Err(Rejection::misrouted(op.operation()))");
            return;
        }
        source.line("let platform = cx.platform();");
        source.block("match op {", "}", |source| {
            for operation in &operations {
                arm(source, operation, "world", &["cx"]);
            }
            source.line("_ => Err(Rejection::misrouted(op.operation())),");
        });
    });
}

/// Parses what the operation takes, calls it, writes the reply.
fn arm(source: &mut Source, operation: &Operation, on: &str, first: &[&str]) {
    let is_server = operation.runs_in == RunsIn::Server;
    let mut arguments: Vec<String> = first.iter().map(|&text| text.to_owned()).collect();
    for parameter in path_inputs(operation) {
        let read = format!("request.id({})?", literal(&parameter.name));
        let is_text = matches!(parameter.ty, Type::Scalar(Scalar::String, _));
        arguments.push(match (is_server, is_text) {
            (true, true) => format!("&request.id::<String>({})?", literal(&parameter.name)),
            (true, false) => format!("&{read}"),
            (false, _) => read,
        });
    }
    arguments.extend(
        operation
            .params_name()
            .map(|_| "request.params()?".to_owned()),
    );
    arguments.extend(
        operation
            .body
            .as_ref()
            .map(|_| match is_server && operation.is_upload() {
                true => "file".to_owned(),
                false => "request.body()?".to_owned(),
            }),
    );
    let call = format!("{on}.{}({})", operation.id, arguments.join(", "));
    let call = if is_server {
        format!("{call}.await?")
    } else {
        format!("{call}?")
    };
    let id = format!("OperationId::{}", operations::variant(operation));
    let status = operation.replies.first().map_or(200, |reply| reply.status);
    match operation.reply_media() {
        Some(_) if is_server && operation.is_download() => {
            source.line(&format!("{id} => {},", call.trim_end_matches('?')));
        }
        None => source.block(&format!("{id} => {{"), "}", |source| {
            source.line(&format!("{call};"));
            source.line(&format!("Ok(Reply::empty({status}))"));
        }),
        Some(_) if has_statuses(operation) => {
            one_arm(source, &id, "Reply::answered", &[&call, "platform"]);
        }
        Some(_) => {
            one_arm(
                source,
                &id,
                "Reply::of",
                &[&status.to_string(), &call, "platform"],
            );
        }
    }
}

/// An arm that is one call, in as few lines as it fits.
fn one_arm(source: &mut Source, pattern: &str, function: &str, arguments: &[&str]) {
    let call = format!("    {function}({}),", arguments.join(", "));
    let line = format!("{pattern} => {}", call.trim_start());
    if !source.fits(&line) && source.fits(&call) {
        source.line(&format!("{pattern} =>"));
        source.line(&call);
    } else {
        source.listed(&format!("{pattern} => {function}("), arguments, "),");
    }
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
    let has = |is: fn(&Operation) -> bool| operations.iter().any(|operation| is(operation));
    if has(Operation::is_upload) {
        source.line("use bytes::Bytes;");
    }
    source.line("use layer2_types::Platform;");
    source.line(&format!("use layer2_types::{};", model.api));
    source.line(&format!("use layer2_types::{}::OperationId;", model.api));
    if operations.iter().any(|operation| has_statuses(operation)) {
        source.line("use layer2_world::Answered;");
    }
    for name in ["Rejection", "Reply", "Request"] {
        source.line(&format!("use layer2_world::{name};"));
    }
    if has(Operation::is_download) {
        source.blank();
        source.line("use crate::http::OpenFile;");
    }
    source.blank();
    source.doc(
        "The operations that no world can answer: they make worlds, move clocks and order faults.",
    );
    source.block(&format!("pub(crate) trait {name} {{"), "}", |source| {
        for operation in &operations {
            let mut parameters = vec!["&self".to_owned()];
            parameters.extend(inputs(model, operation));
            source.doc(&sentence(&operation.summary));
            let result = format!("impl Future<Output = {}> + Send", result(model, operation));
            signature(
                source,
                &format!("fn {}", operation.id),
                &parameters,
                &result,
            );
        }
    });
    for kind in [Exchange::Values, Exchange::Upload, Exchange::Download] {
        process_dispatch(&mut source, &name, kind, &operations);
    }
    source.text()
}

/// What an operation of the process takes and gives, as far as the shell must know it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// JSON for JSON.
    Values,
    /// JSON for a file.
    Upload,
    /// A file.
    Download,
}

impl Exchange {
    fn of(operation: &Operation) -> Exchange {
        match (operation.is_upload(), operation.is_download()) {
            (_, true) => Exchange::Download,
            (true, false) => Exchange::Upload,
            (false, false) => Exchange::Values,
        }
    }

    /// Doc, name, what it takes beside the request, what it gives.
    const fn function(self) -> [&'static str; 4] {
        match self {
            Exchange::Values => [
                "Answers one operation; those of the world are not for here.",
                "dispatch",
                "",
                "Reply",
            ],
            Exchange::Upload => [
                "Answers one operation that takes a file.",
                "upload",
                "file: Bytes",
                "Reply",
            ],
            Exchange::Download => [
                "Answers one operation that gives a file.",
                "download",
                "",
                "OpenFile",
            ],
        }
    }
}

/// The `match` of the operations of one kind, if there are any.
fn process_dispatch(source: &mut Source, on: &str, kind: Exchange, operations: &[&Operation]) {
    let mut operations = operations
        .iter()
        .filter(|operation| Exchange::of(operation) == kind)
        .peekable();
    if operations.peek().is_none() && kind != Exchange::Values {
        return;
    }
    let [doc, name, file, reply] = kind.function();
    source.blank();
    source.doc(doc);
    source.line(&format!("pub(crate) async fn {name}<S: {on}>("));
    source.line("    server: &S,");
    source.line("    op: OperationId,");
    source.line("    request: &Request,");
    if !file.is_empty() {
        source.line(&format!("    {file},"));
    }
    source.block(
        &format!(") -> Result<{reply}, Rejection> {{"),
        "}",
        |source| {
            if kind != Exchange::Download {
                source.line("let platform = Platform::Union;");
            }
            source.block("match op {", "}", |source| {
                for operation in operations {
                    arm(source, operation, "server", &[]);
                }
                source.line("_ => Err(Rejection::misrouted(op.operation())),");
            });
        },
    );
}
