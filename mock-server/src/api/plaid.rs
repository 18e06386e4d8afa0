//! The Plaid API: client id and secret in headers or in the body, and one error object per reply.
//!
//! There is no token and no scope. The body's `client_id` and `secret` are taken out before anything else sees the
//! body. An error has one code, so of several problems the first is told and the others are in its message.

use std::sync::Arc;

use http::HeaderMap;
use layer2_types::operation::Api;
use layer2_world::{
    rejection::{Problem, Rejection},
    request::Actor,
};
use serde::Serialize;

use super::{ApiProfile, Call, Caller, manner::Manner, refuse_with};
use crate::{
    errors::{Failure, Refusal},
    http::{
        headers::{self, RequestId},
        json::Json,
    },
    sandbox::Sandbox,
    server::Server,
};

/// The Plaid API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let member = |name: &str| call.body.and_then(|body| body.member(name)?.as_text());
        let id = headers::text(call.headers, &headers::PLAID_CLIENT_ID).or(member("client_id"));
        let secret = headers::text(call.headers, &headers::PLAID_SECRET).or(member("secret"));
        let (Some(id), Some(secret)) = (id, secret) else {
            return Err(refuse_with(self, Refusal::Unauthorized, |code| {
                Problem::new(
                    code,
                    "client_id and secret are missing; send both in the JSON body, or as the headers PLAID-CLIENT-ID and PLAID-SECRET",
                )
            }));
        };
        let sandbox = server
            .directory
            .of_client(Api::Plaid, id)
            .filter(|sandbox| sandbox.credentials.plaid.is_secret(secret))
            .ok_or_else(|| {
                self.refuse(
                    Refusal::TokenInvalid,
                    "client_id and secret do not belong to a sandbox of this server; take `plaid` from the ready file",
                )
            })?;
        Ok(Caller {
            sandbox: Some(sandbox),
            actor: Actor::Client,
            scopes: None,
        })
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        match refusal {
            Refusal::BodyTooLarge => "BODY_TOO_LARGE",
            Refusal::MalformedJson => "INVALID_BODY",
            Refusal::UnsupportedMediaType => "INVALID_HEADERS",
            Refusal::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Refusal::Internal => "INTERNAL_SERVER_ERROR",
            Refusal::FileRefused | Refusal::KeyInvalid | Refusal::Validation => "INVALID_FIELD",
            Refusal::RateLimited => "RATE_LIMIT",
            Refusal::StoreUnavailable => "STORE_UNAVAILABLE",
            Refusal::UnknownPath => "NOT_FOUND",
            Refusal::Scope
            | Refusal::SignatureInvalid
            | Refusal::SignatureRequired
            | Refusal::TokenExpired
            | Refusal::TokenInvalid => "INVALID_API_KEYS",
            Refusal::Unauthorized => "MISSING_FIELDS",
        }
    }

    /// Plaid answers 400 to bad keys and headers too.
    fn status(&self, refusal: Refusal) -> u16 {
        match refusal {
            Refusal::TokenInvalid | Refusal::Unauthorized | Refusal::UnsupportedMediaType => 400,
            other => other.status(),
        }
    }

    fn render(&self, rejection: &Rejection, request_id: &RequestId, manner: Manner) -> String {
        let code = rejection
            .problems
            .first()
            .map_or("INTERNAL_SERVER_ERROR", |problem| problem.code);
        let messages: Vec<String> = rejection
            .problems
            .iter()
            .map(|problem| message(problem, manner))
            .collect();
        let error = PlaidError {
            error_type: error_type(code),
            error_code: manner.code(code),
            error_message: messages.join("; "),
            display_message: None,
            request_id: request_id.as_str(),
            documentation_url: manner.doc_url(Api::Plaid, code),
        };
        // Texts always have a JSON form.
        serde_json::to_string(&error).unwrap_or_default()
    }

    fn addressee(&self, server: &Server, headers: &HeaderMap) -> Option<Arc<Sandbox>> {
        let id = headers::text(headers, &headers::PLAID_CLIENT_ID)?;
        server.directory.of_client(Api::Plaid, id)
    }

    fn published_statuses(&self) -> &'static [u16] {
        &[400, 404, 429, 500]
    }

    fn secret_members(&self) -> &'static [&'static str] {
        &["client_id", "secret"]
    }
}

/// The words that paths of Plaid's own API begin with, of which few are here. Nothing else of this server does.
const FIRST_WORDS: [&str; 30] = [
    "asset_report",
    "auth",
    "bank_transfer",
    "beacon",
    "categories",
    "consumer_report",
    "cra",
    "credit",
    "employers",
    "fdx",
    "identity",
    "identity_verification",
    "income",
    "institutions",
    "investments",
    "issues",
    "item",
    "liabilities",
    "link",
    "network",
    "partner",
    "payment_initiation",
    "processor",
    "sandbox",
    "signal",
    "transfer",
    "user",
    "wallet",
    "watchlist_screening",
    "webhook_verification_key",
];

/// The same with the word that follows, where the payments API has the first one too.
const FIRST_TWO_WORDS: [(&str, &str); 7] = [
    ("accounts", "balance"),
    ("accounts", "get"),
    ("transactions", "enrich"),
    ("transactions", "get"),
    ("transactions", "recurring"),
    ("transactions", "refresh"),
    ("transactions", "sync"),
];

/// Whether a path is one of Plaid's, here or there. They have no version and no base that they share.
pub(crate) fn is_path(path: &str) -> bool {
    let mut words = path.trim_start_matches('/').split('/');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    FIRST_WORDS.contains(&first) || FIRST_TWO_WORDS.contains(&(first, second))
}

/// Whether a request has a header that Plaid's clients alone send: `PLAID-CLIENT-ID`, `PLAID-SECRET`, `Plaid-Version`.
pub(crate) fn has_headers(headers: &HeaderMap) -> bool {
    let mut names = headers.keys();
    names.any(|name| name.as_str().starts_with("plaid-"))
}

fn message(problem: &Problem, manner: Manner) -> String {
    let mut text = problem.description.clone();
    if manner.is_helpful() {
        for (word, value) in [("at", &problem.pointer), ("expected", &problem.expected)] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                text.push_str(&format!(" ({word} {value})"));
            }
        }
        if let Some(hint) = &problem.hint {
            text.push(' ');
            text.push_str(hint);
        }
    }
    text
}

/// The category that a code belongs to.
fn error_type(code: &str) -> &'static str {
    match code {
        "INTERNAL_SERVER_ERROR" | "NOT_BUILT" | "STORE_UNAVAILABLE" => "API_ERROR",
        "RATE_LIMIT" => "RATE_LIMIT_EXCEEDED",
        "INVALID_API_KEYS"
        | "INVALID_PUBLIC_TOKEN"
        | "INVALID_ACCESS_TOKEN"
        | "INVALID_INSTITUTION"
        | "INVALID_PRODUCT" => "INVALID_INPUT",
        _ => "INVALID_REQUEST",
    }
}

#[derive(Serialize)]
struct PlaidError<'a> {
    error_type: &'a str,
    error_code: &'a str,
    error_message: String,
    display_message: Option<&'a str>,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation_url: Option<String>,
}

/// Puts the request id of this reply into a body that has one.
///
/// Every reply of Plaid carries a `request_id`. The world cannot know it, and a saved reply must carry that of the
/// request it now answers.
pub(crate) fn with_request_id(body: String, request_id: &RequestId) -> String {
    match Json::parse(&body) {
        Ok(Json::Object(mut members)) => {
            for (name, value) in &mut members {
                if name == "request_id" {
                    *value = Json::String(request_id.as_str().to_owned());
                }
            }
            Json::Object(members).to_string()
        }
        _ => body,
    }
}
