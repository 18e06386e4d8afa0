//! The public face of the client: a struct for each resource, a documented method for each
//! operation, and a stream for each list.

mod documentation;
mod envelope;
mod sample;
mod stream;

use crate::model::Model;
use crate::model::operation::{Operation, Parameter};
use crate::model::read::Word as _;
use crate::model::shape::{Scalar, Type};
use crate::problem::Problem;

use self::documentation::documentation;
use self::envelope::{Envelope, envelope};
use self::stream::{stream, stream_item};
use super::operations;
use super::rust::{Source, Types, field, sentence, type_name};

/// `facade.rs` of one API.
pub(super) fn contents(model: &Model) -> Result<String, Vec<Problem>> {
    let samples = sample::samples(model)?;
    let mut source = header(model);
    for tag in &model.tags {
        let name = type_name(&tag.name);
        source.doc(&sentence(&tag.description));
        source.line("#[derive(Clone, Copy, Debug)]");
        source.block(&format!("pub struct {name}<'c> {{"), "}", |source| {
            source.line("pub(crate) client: &'c Client,");
        });
        source.blank();
        source.block(&format!("impl<'c> {name}<'c> {{"), "}", |source| {
            for operation in model.operations_of(&tag.name) {
                let sample = samples.get(operation.id.as_str());
                method(source, model, operation, sample.map_or(&[], Vec::as_slice));
            }
        });
        source.blank();
    }
    entrances(&mut source, model);
    Ok(source.text())
}

/// A file with its header, documentation and imports.
fn header(model: &Model) -> Source {
    let mut source = Source::new(model);
    source.module_doc(&format!("The resources of the {} API.", model.api));
    let has_streams = model
        .operations
        .iter()
        .any(|operation| stream_item(model, operation).is_some());
    let has_pages = model
        .operations
        .iter()
        .any(|o| matches!(envelope(model, o), Envelope::Page(..)));
    source.line(&format!(
        "use layer2_types::{}::{{self, OperationId}};",
        model.api
    ));
    source.blank();
    source.line("use crate::client::Client;");
    source.line("use crate::error::Error;");
    let has_downloads = model.operations.iter().any(Operation::is_download);
    let has_uploads = model.operations.iter().any(Operation::is_upload);
    match (has_downloads, has_uploads) {
        (true, true) => source.line("use crate::files::{Download, DownloadStream, Upload};"),
        (true, false) => source.line("use crate::files::{Download, DownloadStream};"),
        (false, true) => source.line("use crate::files::Upload;"),
        (false, false) => {}
    }
    match (has_pages, has_streams) {
        (true, true) => source.line("use crate::page::{Items, Page, paginate};"),
        (true, false) => source.line("use crate::page::Page;"),
        (false, _) => {}
    }
    source.line("use crate::reply::Reply;");
    source.blank();
    source
}

/// The methods that lead to the resources: those of payments from the client itself, those of the
/// other APIs from a struct of their own.
fn entrances(source: &mut Source, model: &Model) {
    if model.api == "payments" {
        source.block("impl Client {", "}", |source| {
            entrance_methods(source, model, "'_", "self");
        });
        return;
    }
    let name = type_name(&model.api);
    source.doc(&format!("{}.", model.title));
    source.line("#[derive(Clone, Copy, Debug)]");
    source.line(&format!(
        "pub struct {name}<'c> {{ pub(crate) client: &'c Client }}"
    ));
    source.blank();
    source.block(&format!("impl<'c> {name}<'c> {{"), "}", |source| {
        entrance_methods(source, model, "'c", "self.client");
    });
    source.blank();
    source.block("impl Client {", "}", |source| {
        source.doc(&format!("{}.", model.title));
        source.line("#[must_use]");
        source.line(&format!(
            "pub fn {}(&self) -> {name}<'_> {{ {name} {{ client: self }} }}",
            model.api
        ));
    });
}

fn entrance_methods(source: &mut Source, model: &Model, lifetime: &str, client: &str) {
    for tag in &model.tags {
        let name = type_name(&tag.name);
        source.doc(&sentence(&tag.description));
        source.line("#[must_use]");
        source.line(&format!(
            "pub fn {}(&self) -> {name}<{lifetime}> {{ {name} {{ client: {client} }} }}",
            field(&tag.name)
        ));
        source.blank();
    }
}

/// What leads from the client to the resources: nothing for payments.
fn entrance(model: &Model) -> String {
    if model.api == "payments" {
        String::new()
    } else {
        format!(".{}()", model.api)
    }
}

fn method(source: &mut Source, model: &Model, operation: &Operation, sample: &[String]) {
    let reply = envelope(model, operation);
    for paragraph in documentation(operation) {
        source.doc(&paragraph);
        source.line("///");
    }
    source.line(&format!(
        "/// `{} {}`",
        operation.method.text().to_uppercase(),
        operation.path
    ));
    documented(source, sample);
    let parameters = parameters(model, operation);
    let open = format!(
        "pub async fn {}(&self{parameters}) -> Result<Reply<{}>, Error> {{",
        field(operation.verb()),
        reply.ty(model)
    );
    source.block(&open, "}", |source| {
        if operation.is_upload() || operation.is_download() {
            source.line(&by_hand(model, operation, &reply));
            return;
        }
        source.line(&format!(
            "let api = self.client.{}_call(OperationId::{});",
            model.api,
            operations::variant(operation),
        ));
        let made = format!("api.{}({})", operation.id, arguments(model, operation));
        if made.len() <= ONE_LINE {
            source.line(&reply.returned(&made));
        } else {
            source.line(&format!("let request = {made};"));
            source.line(&reply.returned("request"));
        }
    });
    source.blank();
    if let Some(item) = stream_item(model, operation) {
        stream(source, model, operation, &item);
    }
    if operation.is_download() {
        download_stream(source, model, operation);
    }
}

/// A sample in the documentation of its method, behind the line of the path.
fn documented(source: &mut Source, sample: &[String]) {
    source.line("/// ```no_run");
    source.line("/// # use layer2_sdk::*; async fn f(client: &Client) -> Result<(), BoxError> {");
    for line in sample {
        source.line(&format!("/// {line}"));
    }
    source.line("/// # Ok(()) }");
    source.line("/// ```");
}

/// A download whose bytes are given on as they come.
fn download_stream(source: &mut Source, model: &Model, operation: &Operation) {
    let verb = operation.verb();
    source.doc_with_links(&format!(
        "The same as [`{verb}`](Self::{verb}) for a file that goes to disk or further on: the bytes \
         as they come, with a limit."
    ));
    let open = format!(
        "pub async fn {verb}_stream(&self{}) -> Result<Reply<DownloadStream>, Error> {{",
        parameters(model, operation)
    );
    source.block(&open, "}", |source| {
        source.line(&format!(
            "self.client.download_stream(OperationId::{}.operation(), &[{}]).await",
            operations::variant(operation),
            path_ids(model, operation),
        ));
    });
    source.blank();
}

/// Room for what is run beside `let reply = ….await?;`.
const ONE_LINE: usize = 65;

/// The call of an operation that moves a file: progenitor cannot make it, so it is carried out by
/// the hand-written `upload` and `download` of the client, over the same layers.
fn by_hand(model: &Model, operation: &Operation, reply: &Envelope<'_>) -> String {
    let ids = path_ids(model, operation);
    let id = format!(
        "OperationId::{}.operation()",
        operations::variant(operation)
    );
    match (model.upload_part(operation), operation.reply_schema()) {
        // The model has refused an upload that is not answered with JSON.
        (Some(part), schema) => {
            let reply_type = format!("{}::{}", model.api, schema.unwrap_or_default());
            reply.returned(&format!(
                "self.client.upload::<{reply_type}>({id}, &[{ids}], {part:?}, file)"
            ))
        }
        (None, _) => reply.returned(&format!("self.client.download({id}, &[{ids}])")),
    }
}

/// The path parameters as texts, in order.
fn path_ids(model: &Model, operation: &Operation) -> String {
    let texts = operation.path_params.iter().map(|parameter| {
        let name = field(&parameter.name);
        match model.resolve(&parameter.ty) {
            Type::Scalar(Scalar::String, _) => name,
            Type::Named(_) => format!("{name}.as_str()"),
            _ => format!("&{name}.to_string()"),
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// The parameters of a method: path ids, query parameters as one struct, body or file.
fn parameters(model: &Model, operation: &Operation) -> String {
    let types = types(model);
    let mut text = String::new();
    for parameter in &operation.path_params {
        text.push_str(&format!(
            ", {}: {}",
            field(&parameter.name),
            types.borrowed(&parameter.ty)
        ));
    }
    if let Some(name) = operation.params_name() {
        text.push_str(&format!(", params: &{}::{name}", model.api));
    }
    match &operation.body {
        Some(_) if operation.is_upload() => text.push_str(", file: &Upload"),
        Some(body) => text.push_str(&format!(", body: &{}::{}", model.api, body.schema)),
        None => {}
    }
    text
}

fn types(model: &Model) -> Types<'_> {
    Types {
        model,
        schemas: "api",
        scalars: "layer2_types::",
    }
}

/// The arguments in progenitor's order: path, query by name, body.
fn arguments(model: &Model, operation: &Operation) -> String {
    let mut arguments: Vec<_> = operation
        .path_params
        .iter()
        .map(|p| field(&p.name))
        .collect();
    let mut query: Vec<_> = operation.query.iter().collect();
    query.sort_by(|left, right| left.name.cmp(&right.name));
    arguments.extend(
        query
            .into_iter()
            .map(|parameter| query_argument(model, parameter)),
    );
    arguments.extend(operation.body.as_ref().map(|_| "body".to_owned()));
    arguments.join(", ")
}

fn query_argument(model: &Model, parameter: &Parameter) -> String {
    let value = format!("params.{}", field(&parameter.name));
    match model.resolve(&parameter.ty) {
        Type::Scalar(Scalar::String, _) => format!("{value}.as_deref()"),
        Type::Scalar(Scalar::Bool | Scalar::Int32 | Scalar::Int64, _) => value,
        _ => format!("{value}.as_ref()"),
    }
}
