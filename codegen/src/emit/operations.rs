//! The operation table of `layer2-types`.

use heck::ToUpperCamelCase as _;

use crate::model::Model;
use crate::model::operation::{Media, Operation};
use crate::model::read::Word as _;

use super::rust::{Source, literal, sentence, type_name};
use super::types::version_list;

/// `operations.rs` of one API.
pub(super) fn contents(model: &Model) -> String {
    let mut source = Source::new(model);
    source.module_doc(&format!("The operations of the {} API.", model.api));
    source.line("use crate::operation::{");
    source.line(
        "    Api, Effect, HttpMethod, IdempotencyRule, Operation, PagingRule, RetryRule, RunsIn,",
    );
    source.line("    SignatureRule,");
    source.line("};");
    if model
        .operations
        .iter()
        .any(|operation| !operation.versions.is_empty())
    {
        source.line("use crate::operation::PlatformVersion;");
    }
    source.blank();
    source.doc("Error codes that any operation of the API may answer with.");
    let common: Vec<_> = model
        .common_errors
        .iter()
        .map(|code| literal(code))
        .collect();
    source.listed("pub const COMMON_ERRORS: &[&str] = &[", &common, "];");
    source.blank();
    source.block("operations! {", "}", |source| {
        for operation in &model.operations {
            emit(source, model, operation);
        }
    });
    source.text()
}

/// The variant that stands for an operation: `TransfersCreate`.
pub(super) fn variant(operation: &Operation) -> String {
    operation.id.to_upper_camel_case()
}

fn emit(source: &mut Source, model: &Model, operation: &Operation) {
    let method = operation.method.text().to_uppercase();
    source.doc(&format!(
        "{} `{method} {}`.",
        sentence(&operation.summary),
        operation.path
    ));
    let id = literal(&operation.id);
    let open = format!("{} = {id} => Operation {{", variant(operation));
    source.block(&open, "};", |source| {
        let api = type_name(&model.api);
        let resource = literal(&operation.tag);
        source.line(&format!("api: Api::{api}, id: {id}, resource: {resource},"));
        let (method, path) = (operation.method.variant(), literal(&operation.path));
        source.line(&format!("method: HttpMethod::{method}, path: {path},"));
        source.line(&format!("summary: {},", literal(&operation.summary)));
        rules(source, operation);
        errors(source, operation);
        bodies(source, operation);
    });
}

/// The fields that the layers of the SDK and the pipeline of the mock go by.
fn rules(source: &mut Source, operation: &Operation) {
    let others: Vec<_> = operation.other_scopes.iter().map(|s| texts(s)).collect();
    source.line(&format!(
        "scopes: {}, other_scopes: &[{}],",
        texts(&operation.scopes),
        others.join(", ")
    ));
    source.line(&format!(
        "signature: SignatureRule::{}, retry: RetryRule::{}, effect: Effect::{},",
        operation.signature.variant(),
        operation.retry.variant(),
        operation.effect.variant()
    ));
    source.line(&format!(
        "idempotency: IdempotencyRule::{}, paging: PagingRule::{}, runs_in: RunsIn::{},",
        operation.idempotency.variant(),
        operation.paging.variant(),
        operation.runs_in.variant()
    ));
    source.line(&format!(
        "deprecated: {}, versions: {},",
        operation.deprecated,
        version_list(&operation.versions)
    ));
}

/// What is sent and what comes back.
fn bodies(source: &mut Source, operation: &Operation) {
    let media = |media: Option<Media>| {
        media.map_or_else(
            || "None".to_owned(),
            |media| format!("Some({})", literal(media.text())),
        )
    };
    source.line(&format!(
        "body_limit: {}, request_media: &[{}],",
        grouped(operation.body_limit),
        request_media(operation)
    ));
    let success: Vec<_> = operation
        .replies
        .iter()
        .map(|r| r.status.to_string())
        .collect();
    source.line(&format!(
        "success: &[{}], reply_media: {},",
        success.join(", "),
        media(operation.reply_media())
    ));
}

/// The media types of the body, the one that a client sends first.
fn request_media(operation: &Operation) -> String {
    let sent = operation.body.as_ref().map(|body| body.media);
    let bytes = operation.body.as_ref().filter(|body| body.takes_bytes);
    let media = sent.into_iter().chain(bytes.map(|_| Media::Bytes));
    let media: Vec<_> = media.map(|media| literal(media.text())).collect();
    media.join(", ")
}

/// The operation's own codes; those that any operation may answer with stand once.
fn errors(source: &mut Source, operation: &Operation) {
    let codes: Vec<_> = operation.errors.iter().map(|code| literal(code)).collect();
    source.listed("errors: &[", &codes, "], common_errors: COMMON_ERRORS,");
}

fn texts(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| literal(text)).collect();
    format!("&[{}]", texts.join(", "))
}

/// A number with its thousands apart: `65_536`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
