//! Why a delivery is not accepted, in words that say what to mend.
//!
//! The kinds are told apart because they have different owners: a missing header is the proxy's, a wrong time is a
//! clock's, a wrong key is the configuration's, and a rewritten body is the receiver's own.

use std::fmt;

use crate::signing::SIGNATURE_HEADER;
use crate::webhook::verify::STANDARD_SIGNATURE;

/// Why a delivery is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// A header is not there.
    #[error(
        "the header {header} is missing: the request is no webhook, the proxy drops it, or the scheme is another one"
    )]
    HeaderMissing {
        /// Its name.
        header: &'static str,
    },
    /// A header does not read.
    #[error("the header {header} does not read: {}", expected_form(header))]
    Malformed {
        /// Its name.
        header: &'static str,
    },
    /// No known key made the signature.
    #[error("no key matches the signature: {}", list(causes))]
    NoKeyMatches {
        /// What the reason is, if it was recognised, or what it may be.
        causes: Vec<Cause>,
    },
    /// The signature holds, the body is no event.
    #[error("the signature is good, but the body is no event: see line {line}, column {column}")]
    NotAnEvent {
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// Signed too long ago, or in the future.
    #[error(
        "signed at {signed_at}, which is too far from now ({now}): an old delivery was replayed, or one of the clocks is \
         wrong"
    )]
    OutsideTolerance {
        /// When it was signed, by the sender's clock.
        signed_at: jiff::Timestamp,
        /// The time here.
        now: jiff::Timestamp,
    },
}

/// A reason why no key matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The signature fits the body in another spelling: it was parsed and printed before it came here.
    BodyWasRewritten,
    /// The signature was made with a key that is registered as belonging elsewhere, under this label.
    KeyOfAnother(String),
    /// The verifier has no keys.
    NoKeys,
    /// The signature covers another path than the verifier was given.
    PathDiffers {
        /// The path that fits.
        signed: String,
    },
    /// None of the known mistakes.
    Unrecognised,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BodyWasRewritten => f.write_str(
                "the body was parsed and printed again before it was checked; give the verifier the raw bytes",
            ),
            Self::KeyOfAnother(label) => write!(f, "it was signed with the key of {label}"),
            Self::NoKeys => f.write_str("the verifier has no keys; give it the `signature_verification_key`"),
            Self::PathDiffers { signed } => {
                write!(f, "the sender signed the path {signed}; give the verifier the callback URL of the subscription")
            }
            Self::Unrecognised => f.write_str(
                "the key is another subscription's or an old one, the body is not the raw bytes, the callback URL is \
                 another one, or the sender is not the platform",
            ),
        }
    }
}

fn list(causes: &[Cause]) -> String {
    causes
        .iter()
        .map(Cause::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

fn expected_form(header: &str) -> &'static str {
    match header {
        SIGNATURE_HEADER => "it has 128 hex digits",
        STANDARD_SIGNATURE => "it has one or more of `v1a,<base64>`, separated by spaces",
        _ => "it is a Unix time in seconds",
    }
}
