//! The accounting API: a bearer token of its own server, and `{"errors": [{"type", "description", "error_enum"}]}`.
//!
//! The vendor publishes the envelope, a few values of `error_enum` (absent on 5xx) and none of `type`; the values beyond
//! those are ours and stand in the document.

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

/// The one scope of the vendor's sandbox.
pub(crate) const SCOPE: &str = "https://sandbox.layerfi.com/sandbox";

/// The accounting API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let (sandbox, scopes) = locate::by_token(self, server, call.headers, TokenApi::Accounting)?;
        Ok(Caller {
            sandbox: Some(sandbox),
            actor: Actor::Client,
            scopes: Some(scopes),
        })
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        match refusal {
            Refusal::BodyTooLarge => "BodyTooLarge",
            Refusal::Internal => "InternalError",
            Refusal::FileRefused | Refusal::KeyInvalid | Refusal::Validation => {
                "SpecifiedBadRequest"
            }
            Refusal::MalformedJson => "MalformedJson",
            Refusal::MethodNotAllowed => "MethodNotAllowed",
            Refusal::RateLimited => "RateLimited",
            Refusal::Scope => "InsufficientScope",
            Refusal::SignatureInvalid
            | Refusal::SignatureRequired
            | Refusal::TokenInvalid
            | Refusal::Unauthorized => "Unauthorized",
            Refusal::StoreUnavailable => "StoreUnavailable",
            Refusal::TokenExpired => "TokenExpired",
            Refusal::UnknownPath => "UnknownPath",
            Refusal::UnsupportedMediaType => "UnsupportedMediaType",
        }
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, manner: Manner) -> String {
        let errors = rejection
            .problems
            .iter()
            .map(|problem| Item {
                r#type: kind(rejection.status),
                description: &problem.description,
                error_enum: (rejection.status < 500).then(|| manner.code(problem.code)),
                meta: Meta::new(problem, manner),
            })
            .collect();
        // Texts and options of texts always have a JSON form.
        serde_json::to_string(&Envelope { errors }).unwrap_or_default()
    }

    fn addressee(&self, server: &Server, headers: &HeaderMap) -> Option<Arc<Sandbox>> {
        locate::named_by_token(server, headers)
    }

    fn published_statuses(&self) -> &'static [u16] {
        &[400, 401, 404, 429, 500]
    }
}

/// The category of an error by its status.
fn kind(status: u16) -> &'static str {
    match status {
        401 | 403 => "Unauthorized",
        404 => "NotFound",
        500.. => "Internal",
        _ => "BadRequest",
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    r#type: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_enum: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
}

/// What the mock adds to help.
#[derive(Serialize)]
struct Meta<'a> {
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

impl<'a> Meta<'a> {
    fn new(problem: &'a Problem, manner: Manner) -> Option<Meta<'a>> {
        manner.is_helpful().then(|| Meta {
            pointer: manner.help(problem.pointer.as_ref()),
            received: manner.help(problem.received.as_ref()),
            expected: manner.help(problem.expected.as_ref()),
            hint: manner.help(problem.hint.as_ref()),
            doc_url: manner.doc_url(Api::Accounting, problem.code),
        })
    }
}
