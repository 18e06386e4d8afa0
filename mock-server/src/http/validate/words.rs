//! What is wrong with a value and what would have been accepted, in words that never hold the value itself.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use layer2_world::rejection::nearest;
use serde_json::Value;

use super::Place;
use crate::http::json::Json;

/// The form of an amount that is sent as a text, as the generated schemas have it.
pub(super) const AMOUNT_PATTERN: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$";

/// What is wrong, as the end of a sentence. It never holds the value.
pub(super) fn complaint(kind: &ValidationErrorKind) -> &'static str {
    match kind {
        ValidationErrorKind::Type { .. } => "is of the wrong type",
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "is not one of the documented values"
        }
        ValidationErrorKind::MaxLength { .. } => "is too long",
        ValidationErrorKind::MinLength { .. } => "is too short",
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::ExclusiveMaximum { .. } => {
            "is too large"
        }
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::ExclusiveMinimum { .. } => {
            "is too small"
        }
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
            "does not have the documented form"
        }
        ValidationErrorKind::MaxItems { .. } => "has too many elements",
        ValidationErrorKind::MinItems { .. } => "has too few elements",
        ValidationErrorKind::UniqueItems => "has an element twice",
        _ => "is not as documented",
    }
}

/// What would have been accepted.
pub(super) fn expectation(kind: &ValidationErrorKind) -> Option<String> {
    Some(match kind {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(one),
        } => article(&one.to_string()),
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(several),
        } => several
            .iter()
            .map(|one| article(&one.to_string()))
            .collect::<Vec<_>>()
            .join(" or "),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().into_iter().flatten();
            options.map(plain).collect::<Vec<_>>().join(", ")
        }
        ValidationErrorKind::Constant { expected_value } => plain(expected_value),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        ValidationErrorKind::Minimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        ValidationErrorKind::Pattern { pattern } if pattern == AMOUNT_PATTERN => {
            "a number such as 1250.75: digits, a point before the decimals, nothing else".to_owned()
        }
        ValidationErrorKind::Pattern { pattern } => format!("a text that matches {pattern}"),
        ValidationErrorKind::Format { format } => form(format),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} elements"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} elements"),
        _ => return None,
    })
}

/// A format of JSON Schema as somebody would write it down.
fn form(format: &str) -> String {
    match format {
        "date" => "a date as YYYY-MM-DD, such as 1980-12-09".to_owned(),
        "date-time" => "a time of RFC 3339 with its zone, such as 2026-01-05T09:00:00Z".to_owned(),
        "uri" => "a URL with its scheme, such as https://example.com/hook".to_owned(),
        "email" => "an e-mail address".to_owned(),
        other => format!("the format {other}"),
    }
}

/// The first of some names, so that an error does not grow with its schema.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const NAMES: usize = 20;
    let more = names.len().saturating_sub(NAMES);
    let shown: Vec<&str> = names.take(NAMES).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What to do about a value, where nothing better is known than what is wrong with it.
pub(super) fn advice(kind: &ValidationErrorKind, received: &Json, place: Place) -> &'static str {
    match kind {
        ValidationErrorKind::Type { kind } => {
            let wants = |name: &str| match kind {
                TypeKind::Single(one) => one.to_string() == name,
                TypeKind::Multiple(several) => several.iter().any(|one| one.to_string() == name),
            };
            match received {
                _ if place == Place::Query => {
                    "Write digits alone for a number, and true or false for a yes or no."
                }
                Json::Null => "Give it a value; what is optional is left out and not null.",
                _ if wants("number") => "Send a number in units of the asset, such as 1250.75.",
                Json::String(_) if wants("integer") => "Send the number without quotes.",
                _ if wants("boolean") => "Send true or false, without quotes.",
                _ if wants("array") => "Put it in brackets, also where it is one alone.",
                _ if wants("object") => "Send one object in braces.",
                _ => "Put it in quotes, also where it is digits alone.",
            }
        }
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "Take one of these values, letter by letter."
        }
        ValidationErrorKind::Pattern { pattern } if pattern == AMOUNT_PATTERN => {
            "Leave currency, spaces and thousands separators out; the amount is in units of the asset, never in cents."
        }
        ValidationErrorKind::MaxLength { .. } => "Shorten it; nothing is cut.",
        ValidationErrorKind::MinLength { .. } => {
            "Leave an optional member out; an empty text is not the same as none."
        }
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::ExclusiveMaximum { .. }
            if place == Place::Query =>
        {
            "Ask for less at once; the links of a list lead to its other pages."
        }
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::ExclusiveMaximum { .. } => {
            "Take less, or do it in several calls."
        }
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::ExclusiveMinimum { .. } => {
            "Take more."
        }
        ValidationErrorKind::MaxItems { .. } => "Send several requests.",
        ValidationErrorKind::MinItems { .. } => "Name at least as many.",
        ValidationErrorKind::UniqueItems => "Leave the repetition out.",
        _ => "The reference of the operation shows it in an example.",
    }
}

/// Whether an object or an array was expected.
pub(super) fn wants_container(kind: &ValidationErrorKind) -> bool {
    let ValidationErrorKind::Type {
        kind: TypeKind::Single(one),
    } = kind
    else {
        return false;
    };
    matches!(one.to_string().as_str(), "array" | "object")
}

pub(super) fn article(name: &str) -> String {
    match name {
        "integer" => "a whole number".to_owned(),
        "array" => "an array".to_owned(),
        "object" => "an object".to_owned(),
        "null" => "null".to_owned(),
        other => format!("a {other}"),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The documented value that was most likely meant.
pub(super) fn meant(kind: &ValidationErrorKind, received: &Json) -> Option<String> {
    let (ValidationErrorKind::Enum { options }, Json::String(text)) = (kind, received) else {
        return None;
    };
    let options = options.as_array()?.iter().filter_map(Value::as_str);
    nearest(text, options).map(str::to_owned)
}

/// The value as it may stand in an error: containers by their kind alone, text cut.
pub(super) fn excerpt(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            let plural = if items.len() == 1 { "" } else { "s" };
            format!("an array of {} element{plural}", items.len())
        }
        Json::Object(_) => "an object".to_owned(),
        Json::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

/// A text that came, as far as an error repeats it.
pub(super) fn cut(text: &str) -> String {
    const LENGTH: usize = 80;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
