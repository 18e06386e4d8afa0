//! The payments API: a bearer token with scopes, and `{"errors": [{"code", "description"}]}`.
//!
//! The vendor documents those two members. The others (`pointer`, `received`, `expected`, `hint`, `doc_url`) are help of
//! the mock, left out when the sandbox is told to keep to the documented form.

use std::sync::Arc;

use http::HeaderMap;
use layer2_types::operation::Api;
use layer2_world::{
    rejection::{Problem, Rejection},
    request::Actor,
};
use serde::Serialize;

use super::{ApiProfile, Call, Caller, manner::Manner};
use crate::{
    errors::{Failure, Refusal},
    http::{headers::RequestId, locate},
    sandbox::Sandbox,
    server::Server,
    tokens::TokenApi,
};

/// The payments API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let (sandbox, scopes) = locate::by_token(self, server, call.headers, TokenApi::Payments)?;
        Ok(Caller {
            sandbox: Some(sandbox),
            actor: Actor::Client,
            scopes: Some(scopes),
        })
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        code(refusal)
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, manner: Manner) -> String {
        render(Api::Payments, rejection, manner)
    }

    fn addressee(&self, server: &Server, headers: &HeaderMap) -> Option<Arc<Sandbox>> {
        locate::named_by_token(server, headers)
    }

    fn published_statuses(&self) -> &'static [u16] {
        &[400, 401, 404, 500]
    }
}

/// Codes of the payments document; the control document has those of them that it needs.
pub(super) fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BodyTooLarge => "BODY_TOO_LARGE",
        Refusal::FileRefused => "DOCUMENT_REFUSED",
        Refusal::Internal => "INTERNAL",
        Refusal::KeyInvalid => "IDEMPOTENCY_KEY_INVALID",
        Refusal::MalformedJson => "MALFORMED_JSON",
        Refusal::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        Refusal::RateLimited => "RATE_LIMITED",
        Refusal::Scope => "INSUFFICIENT_SCOPE",
        Refusal::SignatureInvalid => "SIGNATURE_INVALID",
        Refusal::SignatureRequired => "SIGNATURE_REQUIRED",
        Refusal::StoreUnavailable => "STORE_UNAVAILABLE",
        Refusal::TokenExpired => "TOKEN_EXPIRED",
        Refusal::TokenInvalid => "TOKEN_INVALID",
        Refusal::Unauthorized => "UNAUTHORIZED",
        Refusal::UnknownPath => "UNKNOWN_PATH",
        Refusal::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        Refusal::Validation => "VALIDATION_FAILED",
    }
}

/// The envelope, which the control API shares.
pub(super) fn render(api: Api, rejection: &Rejection, manner: Manner) -> String {
    let errors = rejection
        .problems
        .iter()
        .map(|problem| Item::new(api, problem, manner))
        .collect();
    // Texts and options of texts always have a JSON form.
    serde_json::to_string(&Envelope { errors }).unwrap_or_default()
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
}

impl<'a> Item<'a> {
    fn new(api: Api, problem: &'a Problem, manner: Manner) -> Item<'a> {
        Item {
            code: manner.code(problem.code),
            description: &problem.description,
            pointer: manner.help(problem.pointer.as_ref()),
            received: manner.help(problem.received.as_ref()),
            expected: manner.help(problem.expected.as_ref()),
            hint: manner.help(problem.hint.as_ref()),
            doc_url: manner.doc_url(api, problem.code),
        }
    }
}

#[cfg(test)]
mod tests {
    use layer2_world::settings::{ErrorStyle, Settings};

    use super::*;

    #[test]
    fn the_documented_form_has_two_members() {
        let rejection = Problem::new("NOT_FOUND", "No.")
            .at("/id")
            .hint("Look.")
            .not_found();
        let mut settings = Settings::default();
        let told = |settings: &Settings| render(Api::Payments, &rejection, Manner::of(settings));
        assert_eq!(
            told(&settings),
            concat!(
                r#"{"errors":[{"code":"NOT_FOUND","description":"No.","pointer":"/id","hint":"Look.","doc_url":""#,
                env!("CARGO_PKG_REPOSITORY"),
                r#"/blob/main/docs/errors.md#payments-not_found"}]}"#
            )
        );
        settings.opaque_codes = true;
        assert_eq!(
            told(&settings),
            r#"{"errors":[{"code":"OPAQUE_CODE","description":"No.","pointer":"/id","hint":"Look."}]}"#
        );
        settings.errors = ErrorStyle::Documented;
        settings.opaque_codes = false;
        assert_eq!(
            told(&settings),
            r#"{"errors":[{"code":"NOT_FOUND","description":"No."}]}"#
        );
    }
}
