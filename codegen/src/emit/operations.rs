//! The operation table of `layer2-types`: of each operation what sets it apart from a plain read.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase as _;

use crate::model::Model;
use crate::model::operation::{
    Effect, Idempotency, Media, Method, Operation, Paging, Retry, RunsIn, Signature,
};
use crate::model::read::Word;

use super::rust::{Source, literal, sentence, type_name};
use super::types::version_list;

/// `operations.rs` of one API.
pub(super) fn contents(model: &Model) -> String {
    let mut source = Source::new(model);
    source.module_doc(&format!("The operations of the {} API.", model.api));
    let mut names = BTreeSet::from(["Api", "Operation"]);
    let rows: Vec<_> = model.operations.iter().map(fields).collect();
    names.extend(rows.iter().flatten().filter_map(|row| row.names));
    source.imports("crate::operation", &names);
    source.blank();
    source.doc("Error codes that any operation of the API may answer with.");
    let common = literals(&model.common_errors);
    source.listed("pub const COMMON_ERRORS: &[&str] = &[", &common, "];");
    source.blank();
    source.doc("What the operations of the API have in common.");
    source.line("const BASE: Operation =");
    source.line(&format!(
        "    Operation {{ api: Api::{}, common_errors: COMMON_ERRORS, ..Operation::BASE }};",
        type_name(&model.api)
    ));
    source.blank();
    source.block("operations! {", "}", |source| {
        for (operation, row) in model.operations.iter().zip(&rows) {
            emit(source, operation, row);
        }
    });
    source.text()
}

/// The variant that stands for an operation: `TransfersCreate`.
pub(super) fn variant(operation: &Operation) -> String {
    operation.id.to_upper_camel_case()
}

fn emit(source: &mut Source, operation: &Operation, row: &[Field]) {
    let method = operation.method.text().to_uppercase();
    source.doc(&format!(
        "{} `{method} {}`.",
        sentence(&operation.summary),
        operation.path
    ));
    let id = literal(&operation.id);
    let open = format!("{} = {id} => Operation {{", variant(operation));
    source.block(&open, "};", |source| {
        let mut pieces = Vec::new();
        for field in row {
            let whole = field.pieces.join(" ");
            if source.fits(&whole) {
                pieces.push(whole);
            } else {
                pieces.extend_from_slice(&field.pieces);
            }
        }
        pieces.push("..BASE".to_owned());
        source.packed(&pieces);
    });
}

/// A field of a row, in pieces between which a line may end, and the type that its value names.
struct Field {
    pieces: Vec<String>,
    names: Option<&'static str>,
}

impl Field {
    fn plain(name: &str, value: &str) -> Self {
        Self {
            pieces: vec![format!("{name}: {value},")],
            names: None,
        }
    }

    fn text(name: &str, value: &str) -> Self {
        Self::plain(name, &literal(value))
    }

    /// A list, none if it is empty.
    fn list<T: AsRef<str>>(name: &str, items: &[T]) -> Option<Self> {
        let mut pieces: Vec<_> = items
            .iter()
            .map(|item| format!("{},", item.as_ref()))
            .collect();
        let first = pieces.first_mut()?;
        first.insert_str(0, &format!("{name}: &["));
        let last = pieces.last_mut()?;
        last.pop();
        last.push_str("],");
        Some(Self {
            pieces,
            names: None,
        })
    }

    /// A rule, none if it is that of a plain read.
    fn rule<R: Word + PartialEq>(name: &str, rule: R, ty: &'static str, plain: R) -> Option<Self> {
        let value = format!("{ty}::{}", rule.variant());
        (rule != plain).then(|| Self {
            names: Some(ty),
            ..Self::plain(name, &value)
        })
    }
}

/// The fields in which an operation differs from `Operation::BASE`: what it is, then what the layers of the SDK and the
/// pipeline of the mock go by, then what is sent and what comes back.
fn fields(operation: &Operation) -> Vec<Field> {
    let own = operation;
    let mut fields = vec![
        Field::text("id", &own.id),
        Field::text("resource", &own.tag),
        Field::text("summary", &own.summary),
    ];
    fields.extend(Field::rule("method", own.method, "HttpMethod", Method::Get));
    fields.push(Field::text("path", &own.path));
    let other_scopes: Vec<_> = own.other_scopes.iter().map(|s| texts(s)).collect();
    fields.extend(Field::list("scopes", &literals(&own.scopes)));
    fields.extend(Field::list("other_scopes", &other_scopes));
    fields.extend(rules(own));
    fields.extend(Field::list("errors", &literals(&own.errors)));
    if own.body_limit > 0 {
        fields.push(Field::plain("body_limit", &grouped(own.body_limit)));
    }
    fields.extend(Field::list("request_media", &request_media(own)));
    let success: Vec<_> = own.replies.iter().map(|r| r.status.to_string()).collect();
    if success != ["200"] {
        fields.extend(Field::list("success", &success));
    }
    match own.reply_media() {
        Some(Media::Json) => {}
        Some(media) => {
            let media = format!("Some({})", literal(media.text()));
            fields.push(Field::plain("reply_media", &media));
        }
        None => fields.push(Field::plain("reply_media", "None")),
    }
    fields
}

fn rules(own: &Operation) -> impl Iterator<Item = Field> {
    let deprecated = own.deprecated.then(|| Field::plain("deprecated", "true"));
    let versions = version_list(&own.versions);
    let versions = (!own.versions.is_empty()).then(|| Field {
        names: Some("PlatformVersion"),
        ..Field::plain("versions", &versions)
    });
    let fields = [
        Field::rule("effect", own.effect, "Effect", Effect::Read),
        Field::rule("retry", own.retry, "RetryRule", Retry::Safe),
        Field::rule(
            "idempotency",
            own.idempotency,
            "IdempotencyRule",
            Idempotency::None,
        ),
        Field::rule("signature", own.signature, "SignatureRule", Signature::None),
        Field::rule("paging", own.paging, "PagingRule", Paging::None),
        Field::rule("runs_in", own.runs_in, "RunsIn", RunsIn::World),
        deprecated,
        versions,
    ];
    fields.into_iter().flatten()
}

/// The media types of the body, the one that a client sends first.
fn request_media(operation: &Operation) -> Vec<String> {
    let sent = operation.body.as_ref().map(|body| body.media);
    let bytes = operation.body.as_ref().filter(|body| body.takes_bytes);
    let media = sent.into_iter().chain(bytes.map(|_| Media::Bytes));
    media.map(|media| literal(media.text())).collect()
}

fn texts(texts: &[String]) -> String {
    format!("&[{}]", literals(texts).join(", "))
}

fn literals(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| literal(text)).collect()
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
