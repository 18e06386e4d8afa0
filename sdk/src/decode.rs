//! Reads the error replies of all four APIs and of the token endpoints into one shape.
//!
//! Four envelopes exist: `errors[]` with `code` (payments, control), `errors[]` with `type` and `error_enum`
//! (accounting), flat `error_code` and `error_type` (plaid), flat `error` and `error_description` (RFC 6749, 5.2). None
//! of them uses another's names, so one lenient reader takes them all, and a gateway's answer in another API's clothes
//! still reads. What does not read leaves no details; it never hides the status.

use layer2_types::Api;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::ErrorDetail;

/// Details of an error body, in the order in which they were sent.
pub(crate) fn error_details(body: &[u8]) -> Vec<ErrorDetail> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
        return Vec::new();
    };
    if !envelope.errors.is_empty() {
        return envelope.errors.into_iter().map(ErrorDetail::from).collect();
    }
    match ErrorDetail::from(envelope.flat) {
        empty if empty == ErrorDetail::default() => Vec::new(),
        detail => vec![detail],
    }
}

/// The request id in the body, where an API puts it there (Plaid).
pub(crate) fn body_request_id(api: Api, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Stamped {
        request_id: Option<String>,
    }
    if api != Api::Plaid {
        return None;
    }
    serde_json::from_slice::<Stamped>(body).ok()?.request_id
}

struct Envelope {
    errors: Vec<Item>,
    flat: Flat,
}

/// Two passes over the same text, since `flatten` would read numbers through floats.
impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Many {
            #[serde(default)]
            errors: Vec<Item>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self {
            errors: serde_json::from_str::<Many>(raw.get())
                .map(|many| many.errors)
                .unwrap_or_default(),
            flat: serde_json::from_str(raw.get()).unwrap_or_default(),
        })
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Item {
    code: Option<Text>,
    r#type: Option<Text>,
    error_enum: Option<Text>,
    description: Option<Text>,
    pointer: Option<Text>,
    received: Option<Text>,
    expected: Option<Text>,
    hint: Option<Text>,
    doc_url: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flat {
    error: Option<Text>,
    error_description: Option<Text>,
    error_code: Option<Text>,
    error_type: Option<Text>,
    error_message: Option<Text>,
    suggested_action: Option<Text>,
    documentation_url: Option<Text>,
    error_uri: Option<Text>,
    pointer: Option<Text>,
    received: Option<Text>,
    expected: Option<Text>,
    hint: Option<Text>,
    doc_url: Option<Text>,
}

impl From<Item> for ErrorDetail {
    fn from(item: Item) -> Self {
        let family = text(item.r#type);
        Self {
            code: text(item.code)
                .or(text(item.error_enum))
                .or_else(|| family.clone()),
            family,
            description: text(item.description),
            pointer: text(item.pointer),
            received: text(item.received),
            expected: text(item.expected),
            hint: text(item.hint),
            doc_url: text(item.doc_url),
        }
    }
}

impl From<Flat> for ErrorDetail {
    fn from(flat: Flat) -> Self {
        Self {
            code: text(flat.error_code).or(text(flat.error)),
            family: text(flat.error_type),
            description: text(flat.error_message).or(text(flat.error_description)),
            pointer: text(flat.pointer),
            received: text(flat.received),
            expected: text(flat.expected),
            hint: text(flat.hint).or(text(flat.suggested_action)),
            doc_url: text(flat.doc_url)
                .or(text(flat.documentation_url))
                .or(text(flat.error_uri)),
        }
    }
}

/// Any JSON value as text: a string without its quotes, anything else as it was written.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(
            serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned()),
        ))
    }
}

fn text(value: Option<Text>) -> Option<String> {
    value.map(|Text(text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(body: &str) -> ErrorDetail {
        let details = error_details(body.as_bytes());
        assert_eq!(details.len(), 1, "{body}");
        details.into_iter().next().unwrap()
    }

    #[test]
    fn every_envelope_reads() {
        let payments = only(
            r#"{"errors":[{"code":"INSUFFICIENT_FUNDS","description":"too little","pointer":"/amount","received":5.00}]}"#,
        );
        assert_eq!(payments.code.as_deref(), Some("INSUFFICIENT_FUNDS"));
        assert_eq!(payments.pointer.as_deref(), Some("/amount"));
        assert_eq!(
            payments.received.as_deref(),
            Some("5.00"),
            "kept as it was written"
        );

        let accounting = only(
            r#"{"errors":[{"type":"NotFound","description":"no","error_enum":"SpecifiedIdNotFound","meta":{"a":[1]}}]}"#,
        );
        assert_eq!(accounting.code.as_deref(), Some("SpecifiedIdNotFound"));
        assert_eq!(accounting.family.as_deref(), Some("NotFound"));

        let plaid = only(
            r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_PUBLIC_TOKEN","error_message":"bad","display_message":null,"request_id":"r"}"#,
        );
        assert_eq!(plaid.code.as_deref(), Some("INVALID_PUBLIC_TOKEN"));
        assert_eq!(plaid.description.as_deref(), Some("bad"));

        let oauth = only(r#"{"error":"invalid_client","error_description":"who?"}"#);
        assert_eq!(oauth.code.as_deref(), Some("invalid_client"));
        assert_eq!(oauth.description.as_deref(), Some("who?"));
    }

    #[test]
    fn plaid_tells_the_request_id_in_the_body() {
        let body = br#"{"error_code":"X","request_id":"HNTDNrA8F1shFEW"}"#;
        assert_eq!(
            body_request_id(Api::Plaid, body).as_deref(),
            Some("HNTDNrA8F1shFEW")
        );
        assert_eq!(body_request_id(Api::Payments, body), None);
        assert_eq!(body_request_id(Api::Plaid, b"<html>"), None);
    }

    #[test]
    fn several_errors_keep_their_order() {
        let details = error_details(br#"{"errors":[{"code":"A"},{"code":"B"},{}]}"#);
        let codes: Vec<_> = details
            .iter()
            .map(|detail| detail.code.as_deref())
            .collect();
        assert_eq!(codes, [Some("A"), Some("B"), None]);
    }

    #[test]
    fn what_is_no_envelope_has_no_details() {
        for body in ["", "<html>", "[]", "{}", "null", "{\"errors\":{}}", "\"x\""] {
            assert!(error_details(body.as_bytes()).is_empty(), "{body}");
        }
    }
}
