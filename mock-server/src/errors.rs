//! Refusals of the shell, and what every refusal carries until an API's profile renders it.
//!
//! The world refuses with codes of its own ([`Rejection`]). What the shell refuses (an unknown path, a bad token, a body
//! that is not JSON) is named by a [`Refusal`]; the profile of the API that was called says which status and code that is
//! there. So each reason exists once, and each API speaks its own language.

use http::{HeaderName, HeaderValue, header};
use layer2_world::{Problem, Rejection};

/// How long a client is told to wait before it tries a store again that takes nothing for now.
pub(crate) const RETRY_AFTER_SECONDS: &str = "1";

/// Why the shell refuses a request, before or around the state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is larger than the operation takes.
    BodyTooLarge,
    /// The file of an upload is missing, or its name cannot be used.
    FileRefused,
    /// The server is at fault.
    Internal,
    /// The idempotency key cannot be one.
    KeyInvalid,
    /// The body is not JSON.
    MalformedJson,
    /// The path exists, for other methods.
    MethodNotAllowed,
    /// There were too many requests; only an ordered fault says so.
    RateLimited,
    /// The token lacks a scope.
    Scope,
    /// What the server keeps its sandboxes in takes nothing for now.
    StoreUnavailable,
    /// The signature is stale or wrong.
    SignatureInvalid,
    /// The signature is missing.
    SignatureRequired,
    /// The token is past its life, or was expired.
    TokenExpired,
    /// The token or the secret is not good here.
    TokenInvalid,
    /// The caller does not say who it is.
    Unauthorized,
    /// No such path.
    UnknownPath,
    /// The body is of another media type.
    UnsupportedMediaType,
    /// The request is not what the document asks for.
    Validation,
}

impl Refusal {
    /// Those that any operation may meet, for the test that holds them against the documents.
    #[cfg(test)]
    pub(crate) const COMMON: [Refusal; 16] = [
        Refusal::BodyTooLarge,
        Refusal::Internal,
        Refusal::KeyInvalid,
        Refusal::MalformedJson,
        Refusal::MethodNotAllowed,
        Refusal::RateLimited,
        Refusal::Scope,
        Refusal::SignatureInvalid,
        Refusal::SignatureRequired,
        Refusal::StoreUnavailable,
        Refusal::TokenExpired,
        Refusal::TokenInvalid,
        Refusal::Unauthorized,
        Refusal::UnknownPath,
        Refusal::UnsupportedMediaType,
        Refusal::Validation,
    ];

    /// The status of the refusal. Where an RFC leaves a choice it is the platform's: 400.
    pub(crate) fn status(self) -> u16 {
        match self {
            Refusal::FileRefused
            | Refusal::KeyInvalid
            | Refusal::MalformedJson
            | Refusal::Validation => 400,
            Refusal::SignatureInvalid
            | Refusal::SignatureRequired
            | Refusal::TokenExpired
            | Refusal::TokenInvalid
            | Refusal::Unauthorized => 401,
            Refusal::Scope => 403,
            Refusal::UnknownPath => 404,
            Refusal::MethodNotAllowed => 405,
            Refusal::BodyTooLarge => 413,
            Refusal::UnsupportedMediaType => 415,
            Refusal::RateLimited => 429,
            Refusal::Internal => 500,
            Refusal::StoreUnavailable => 503,
        }
    }
}

/// A refusal with the headers that belong to it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) rejection: Rejection,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether a fault ordered it: then it need not be one that the operation lists.
    pub(crate) is_ordered: bool,
}

impl Failure {
    pub(crate) fn new(status: u16, problems: Vec<Problem>) -> Failure {
        Failure {
            rejection: Rejection { status, problems },
            headers: Vec::new(),
            is_ordered: false,
        }
    }

    /// Adds a header; a value that cannot be one is left out, the body says the same.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Failure {
        self.headers
            .extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// Marks it as ordered.
    pub(crate) fn ordered(self) -> Failure {
        Failure {
            is_ordered: true,
            ..self
        }
    }

    /// The codes, for the request log.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.rejection
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect()
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Failure {
        let is_lasting = rejection.problems.iter().any(|problem| problem.is_lasting);
        let is_passing = rejection.status == Refusal::StoreUnavailable.status() && !is_lasting;
        let failure = Failure::new(rejection.status, rejection.problems);
        match is_passing {
            true => failure.with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS),
            false => failure,
        }
    }
}

/// The text as a sentence: a capital letter first, a full stop last.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().collect::<String>());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_by_itself_is_to_be_asked_for_again() {
        let refused = |status, problem: Problem| {
            let problems = vec![problem];
            let failure = Failure::from(Rejection { status, problems });
            failure.headers.into_iter().map(|(name, _)| name).collect()
        };
        let problem = || Problem::new("STORE_UNAVAILABLE", "The store does not answer.");
        let none: [HeaderName; 0] = [];
        let cases: [(Vec<HeaderName>, &[HeaderName]); 3] = [
            (refused(503, problem()), &[header::RETRY_AFTER]),
            (refused(503, problem().lasting()), &none),
            (refused(409, problem()), &none),
        ];
        for (headers, expected) in cases {
            assert_eq!(headers, expected);
        }
    }
}
