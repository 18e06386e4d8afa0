//! The server interface: what the world answers, and what the process around the worlds does.

mod world;

use heck::ToUpperCamelCase as _;

use crate::model::Model;
use crate::model::operation::{Operation, Parameter, RunsIn};
use crate::output::File;
use crate::problem::Problem;

use super::operations;
use super::rust::{Source, Types, field, sentence};

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

/// What the mock server could not answer: its macros give every success a body.
pub fn unanswerable(model: &Model) -> Vec<Problem> {
    let bare = |operation: &&Operation| operation.reply_media().is_none();
    model
        .operations
        .iter()
        .filter(bare)
        .map(|operation| {
            Problem::new(
                &operation.place,
                "reply-without-body",
                format!(
                    "`{}` succeeds without a body, and the mock server gives every success one",
                    operation.id
                ),
                "describe the body of the success, or teach the macros `world!` and `process!` an answer without one",
            )
        })
        .collect()
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

/// What the method of an operation gives.
fn reply(model: &Model, operation: &Operation) -> String {
    let reply = reply_type(model, operation);
    if has_statuses(operation) {
        format!("Answered<{reply}>")
    } else {
        reply
    }
}

/// `AccountsGet = accounts_get(account_id: payments::AccountId) -> payments::AccountReply, 200;`
fn row(source: &mut Source, model: &Model, operation: &Operation) {
    let status = operation.replies.first().map_or(200, |reply| reply.status);
    let answer = if has_statuses(operation) {
        "answered".to_owned()
    } else {
        status.to_string()
    };
    source.doc(&sentence(&operation.summary));
    let name = format!("{} = {}(", operations::variant(operation), operation.id);
    let inputs = inputs(model, operation);
    let given = format!("-> {}, {answer};", reply(model, operation));
    let taken = format!("{name}{})", inputs.join(", "));
    if source.fits(&format!("{taken} {given}")) || !source.fits(&taken) {
        source.listed(&name, &inputs, &format!(") {given}"));
    } else {
        source.line(&taken);
        source.line(&format!("    {given}"));
    }
}

/// The operations of an API that the process answers.
fn process_api(model: &Model) -> String {
    let mut source = Source::new(model);
    source.module_doc(&format!(
        "What the process answers of the {} API.",
        model.api
    ));
    let answered = || {
        let all = model.operations.iter();
        all.filter(|operation| operation.runs_in == RunsIn::Server)
    };
    if answered().any(Operation::is_upload) {
        source.line("use bytes::Bytes;");
    }
    source.line(&format!("use layer2_types::{};", model.api));
    source.blank();
    if answered().any(Operation::is_download) {
        source.line("use crate::http::OpenFile;");
        source.blank();
    }
    source.block("process! {", "}", |source| {
        source.line(&format!("api {};", model.api));
        source.blank();
        source.doc(
            "The operations that no world can answer: they make worlds, move clocks and order \
             faults.",
        );
        let name = format!("{}Server", model.api.to_upper_camel_case());
        source.block(&format!("trait {name} {{"), "}", |source| {
            for section in [Section::Values, Section::Uploads, Section::Downloads] {
                let rows: Vec<_> = answered()
                    .filter(|operation| Section::of(operation) == section)
                    .collect();
                if rows.is_empty() {
                    continue;
                }
                source.block(&format!("{} {{", section.name()), "}", |source| {
                    for operation in rows {
                        row(source, model, operation);
                    }
                });
            }
        });
    });
    source.text()
}

/// What an operation of the process takes and gives, as far as the shell must know it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// JSON for JSON.
    Values,
    /// JSON for a file.
    Uploads,
    /// A file.
    Downloads,
}

impl Section {
    fn of(operation: &Operation) -> Self {
        match (operation.is_upload(), operation.is_download()) {
            (_, true) => Self::Downloads,
            (true, false) => Self::Uploads,
            (false, false) => Self::Values,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Uploads => "uploads",
            Self::Downloads => "downloads",
        }
    }
}
