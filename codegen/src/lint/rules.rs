//! The table of the rules. One row a rule, in the order of `openapi/house-rules.md`; the functions
//! live in a file per subject.

mod component;
mod content;
mod document;
mod example;
mod mutation;
mod operation;
mod parameter;
mod reply;
mod scalar;
mod schema;
mod union;

use super::{Outline, Report, Rule};
use crate::source::Node;

/// Every rule of the house.
pub const RULES: &[Rule] = &[
    gate(
        "wrong-kind",
        "Every field holds the kind of value that OpenAPI asks for.",
        document::wrong_kind,
    ),
    gate(
        "unknown-field",
        "An object has only fields that a reader of ours knows.",
        document::unknown_field,
    ),
    gate(
        "dangling-ref",
        "A reference leads to a component of the document.",
        document::dangling_ref,
    ),
    gate(
        "openapi-version",
        "The dialect is OpenAPI 3.0.3.",
        document::openapi_version,
    ),
    rule(
        "api-name",
        "`x-api` is the name of the folder.",
        document::api_name,
    ),
    rule(
        "document-parts",
        "A document has a title, a version, a server and a path.",
        document::parts,
    ),
    rule(
        "tags-described",
        "Every tag that is used is declared with a description, and the reverse.",
        document::tags_described,
    ),
    rule(
        "error-codes",
        "Every error code says its status, its meaning and what to do.",
        document::error_codes,
    ),
    rule(
        "webhook-parts",
        "Every webhook says its summary, when it is sent and its payload.",
        document::webhook_parts,
    ),
    rule(
        "webhook-event-type",
        "Webhooks and the values of `EventType` are the same.",
        document::webhook_event_type,
    ),
    rule(
        "operation-id",
        "`operationId` is `<tag>_<verb>` in snake case.",
        operation::names::id,
    ),
    rule(
        "operation-id-unique",
        "No two operations share an `operationId`.",
        operation::names::id_unique,
    ),
    rule(
        "one-tag",
        "An operation has one tag, in snake case.",
        operation::names::one_tag,
    ),
    rule(
        "summary",
        "`summary` is one line without a full stop.",
        operation::names::summary,
    ),
    rule(
        "operation-described",
        "An operation has a description of whole sentences.",
        operation::names::described,
    ),
    rule(
        "security",
        "`security` is stated; its schemes and scopes are declared.",
        operation::access::security,
    ),
    rule(
        "signature",
        "`x-signature` is stated.",
        operation::access::signature,
    ),
    rule(
        "signature-headers",
        "An operation that takes a signature takes its two headers.",
        operation::access::signature_headers,
    ),
    rule("retry", "`x-retry` is stated.", operation::repeating::retry),
    rule(
        "retry-keyed",
        "`x-retry: keyed` needs a key.",
        operation::repeating::retry_keyed,
    ),
    rule(
        "retry-safe",
        "A write is `x-retry: safe` in the control API only, and with a reason.",
        operation::repeating::retry_safe,
    ),
    rule(
        "effect",
        "`x-effect` is stated and fits the method.",
        operation::repeating::effect,
    ),
    rule(
        "idempotency",
        "`x-idempotency` is stated; a read takes no key.",
        operation::repeating::idempotency,
    ),
    rule(
        "idempotency-header",
        "The key's header is taken where `x-idempotency: header` says so.",
        operation::repeating::idempotency_header,
    ),
    rule(
        "idempotency-retry",
        "An operation that takes a key is repeated with it.",
        operation::repeating::idempotency_retry,
    ),
    rule(
        "paging",
        "`x-paging` is stated; pages are asked for by `page` and `page_size`.",
        operation::paging,
    ),
    rule(
        "errors-known",
        "`x-errors` is stated and names known codes.",
        operation::errors_known,
    ),
    rule(
        "body-limit",
        "`x-body-limit` stands on operations with a body, and only there.",
        operation::body_limit,
    ),
    rule(
        "runs-in",
        "`x-runs-in` is `world` or `server`, in the control API only.",
        operation::runs_in,
    ),
    rule(
        "versions",
        "`x-versions` names versions of the platform.",
        document::versions,
    ),
    rule(
        "mutation-sentences",
        "A write says five sentences in `x-mutation`.",
        mutation::sentences,
    ),
    rule(
        "mutation-on-write",
        "Only a write has `x-mutation`.",
        mutation::on_write,
    ),
    rule(
        "status-code",
        "A reply says one status, of three digits.",
        reply::status,
    ),
    rule(
        "success-reply",
        "An operation has a 2xx reply.",
        reply::success,
    ),
    rule(
        "one-success-type",
        "All 2xx replies of an operation have one schema.",
        reply::one_type,
    ),
    rule(
        "error-replies",
        "400, 401, 404 and 500 are replies by reference.",
        reply::errors,
    ),
    rule(
        "reply-described",
        "A reply has a description.",
        reply::described,
    ),
    rule(
        "media-type",
        "Bodies have one media type that readers know.",
        content::media_type,
    ),
    rule(
        "file-body",
        "A file is sent as the one required part of a form, and received bare.",
        content::file_body,
    ),
    rule(
        "file-place",
        "A file is a part of a form or a whole reply, never a field.",
        content::file_place,
    ),
    rule(
        "example-given",
        "Request bodies and 2xx replies in JSON carry an example.",
        content::example_given,
    ),
    rule(
        "example-valid",
        "An example is valid against its schema.",
        content::example_valid,
    ),
    rule(
        "example-whole",
        "An example of a reply or an event shows all that is always sent.",
        example::whole,
    ),
    rule(
        "parameter-parts",
        "A parameter says its name, place, schema and description.",
        parameter::parts,
    ),
    rule(
        "header-by-ref",
        "A header is a parameter of the components.",
        parameter::header_by_ref,
    ),
    rule(
        "path-parameters",
        "The names in a path and its path parameters are the same.",
        parameter::of_path,
    ),
    rule(
        "parameter-unique",
        "An operation takes a parameter once.",
        parameter::unique,
    ),
    rule(
        "component-name",
        "Components are named in Pascal case.",
        component::name,
    ),
    rule(
        "component-name-case",
        "No two components differ by case alone.",
        component::name_case,
    ),
    rule(
        "unused-component",
        "A component is used.",
        component::unused,
    ),
    rule(
        "schema-described",
        "Every schema and every property has a description.",
        schema::described,
    ),
    rule(
        "all-of-one",
        "`allOf` wraps one reference, to describe it.",
        schema::all_of_one,
    ),
    rule("typed", "A schema says one known type.", schema::typed),
    rule(
        "inline-object",
        "An object is a component.",
        schema::inline_object,
    ),
    rule(
        "inline-enum",
        "An enum is a component.",
        schema::inline_enum,
    ),
    rule(
        "number-decimal",
        "A number is money or a slippage: `format: decimal`, `format: slippage`.",
        scalar::number_decimal,
    ),
    rule(
        "integer-format",
        "An integer says `int32` or `int64`.",
        scalar::integer_format,
    ),
    rule(
        "string-format",
        "A string has a format that readers know, or none.",
        scalar::string_format,
    ),
    rule(
        "array-items",
        "A list says what its items are.",
        schema::array_items,
    ),
    rule(
        "enum-described",
        "Each value of an enum has a description.",
        scalar::enum_described,
    ),
    rule(
        "required-known",
        "`required` names properties.",
        schema::required_known,
    ),
    rule(
        "required-in-reply",
        "A reply requires the id, the tag and the envelope only.",
        schema::required_in_reply,
    ),
    rule(
        "always-sent",
        "`x-always-sent` names properties.",
        schema::always_sent,
    ),
    rule(
        "patch",
        "`x-patch: true` stands on an optional property.",
        schema::patch,
    ),
    rule(
        "id",
        "`x-id` is `client` or `server`, on a named string.",
        scalar::id,
    ),
    rule(
        "id-typed",
        "A field named after an id has the type of that id.",
        scalar::id_typed,
    ),
    rule(
        "sensitive",
        "`x-sensitive` is `personal` or `secret`, on a field, a scalar or a map.",
        scalar::sensitive,
    ),
    rule(
        "free-text",
        "Free text that a person writes is `x-sensitive`.",
        scalar::free_text,
    ),
    rule(
        "schema-cycle",
        "A schema does not contain itself but through a list or a map.",
        schema::cycle,
    ),
    rule(
        "union-parts",
        "A union has named variants, a tag and a full mapping.",
        union::parts,
    ),
    rule(
        "union-tag",
        "A variant requires the tag, with the one value that leads to it.",
        union::tag,
    ),
];

const fn rule(id: &'static str, says: &'static str, check: fn(&Outline<'_>, &mut Report)) -> Rule {
    Rule {
        id,
        says,
        gate: false,
        check,
    }
}

/// A rule without which the others have nothing to stand on.
const fn gate(id: &'static str, says: &'static str, check: fn(&Outline<'_>, &mut Report)) -> Rule {
    Rule {
        id,
        says,
        gate: true,
        check,
    }
}

/// The types that a schema may say.
pub(super) const TYPES: &[&str] = &["object", "string", "number", "integer", "boolean", "array"];

/// Whether a name is in snake case.
fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a name is in Pascal case, with acronyms as words: `ApiError`.
fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !name
            .as_bytes()
            .windows(3)
            .any(|three| three.iter().all(u8::is_ascii_uppercase))
}

/// Whether a text is one or more whole sentences.
fn is_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '?', ':', ')', '`']) && text.trim().len() > 3
}

/// Names in backquotes, for a message.
fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The texts of a list below a key.
fn texts<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a str> {
    node.get(key)
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::as_str)
}
