//! The payments API: a bearer token with scopes, and `{"errors": [{"code", "description"}]}`.
//!
//! The vendor documents those two members. The others (`pointer`, `received`, `expected`, `hint`) are help of the mock,
//! left out when the sandbox is told to keep to the documented form.

use layer2_world::{
    rejection::{Problem, Rejection},
    request::Actor,
    settings::ErrorStyle,
};
use serde::Serialize;

use super::{ApiProfile, Call, Caller};
use crate::{
    errors::{Failure, Refusal},
    http::{headers::RequestId, locate},
    server::Server,
    tokens::TokenApi,
};

/// The payments API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let (sandbox, claims) = locate::by_token(self, server, call.headers, TokenApi::Payments)?;
        Ok(Caller {
            sandbox: Some(sandbox),
            actor: Actor::Client,
            scopes: Some(claims.scopes()),
        })
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        code(refusal)
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, style: ErrorStyle) -> String {
        render(rejection, style)
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
        Refusal::TokenExpired => "TOKEN_EXPIRED",
        Refusal::TokenInvalid => "TOKEN_INVALID",
        Refusal::Unauthorized => "UNAUTHORIZED",
        Refusal::UnknownPath => "UNKNOWN_PATH",
        Refusal::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        Refusal::Validation => "VALIDATION_FAILED",
    }
}

/// The envelope, which the control API shares.
pub(super) fn render(rejection: &Rejection, style: ErrorStyle) -> String {
    let errors = rejection
        .problems
        .iter()
        .map(|problem| Item::new(problem, style))
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
}

impl<'a> Item<'a> {
    fn new(problem: &'a Problem, style: ErrorStyle) -> Item<'a> {
        let helpful = style != ErrorStyle::Documented;
        let help = |text: &'a Option<String>| text.as_deref().filter(|_| helpful);
        Item {
            code: problem.code,
            description: &problem.description,
            pointer: help(&problem.pointer),
            received: help(&problem.received),
            expected: help(&problem.expected),
            hint: help(&problem.hint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_form_has_two_members() {
        let rejection = Problem::new("NOT_FOUND", "No.")
            .at("/id")
            .hint("Look.")
            .not_found();
        assert_eq!(
            render(&rejection, ErrorStyle::Helpful),
            r#"{"errors":[{"code":"NOT_FOUND","description":"No.","pointer":"/id","hint":"Look."}]}"#
        );
        assert_eq!(
            render(&rejection, ErrorStyle::Documented),
            r#"{"errors":[{"code":"NOT_FOUND","description":"No."}]}"#
        );
    }
}
