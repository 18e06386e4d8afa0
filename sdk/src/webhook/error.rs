//! Why a delivery is not accepted, in words that say what to mend.
//!
//! The kinds are told apart because they have different owners: a missing header is the proxy's, a wrong time is a
//! clock's, a wrong key is the configuration's, and a rewritten body is the receiver's own.

use std::fmt;
use std::time::Duration;

use http::HeaderName;

use crate::signing::SIGNATURE_HEADER;
use crate::webhook::scheme::STANDARD_SIGNATURE;

/// Why a delivery is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// A header is not there.
    #[error("the header {header} is missing: {}", why_missing(found.as_ref()))]
    #[non_exhaustive]
    HeaderMissing {
        /// Its name.
        header: HeaderName,
        /// The signature header of another scheme, which is there.
        found: Option<HeaderName>,
    },
    /// A header does not read.
    #[error("the header {header} does not read: {}", expected_form(header))]
    #[non_exhaustive]
    Malformed {
        /// Its name.
        header: HeaderName,
    },
    /// The time is in milliseconds, and seconds are expected.
    #[error(
        "the header {header} has a time in milliseconds, thirteen digits, where seconds are expected, ten digits: let it \
         sign seconds, or, if the platform signs milliseconds, give `PlatformScheme::with_timestamp_unit` \
         `TimestampUnit::Milliseconds`"
    )]
    #[non_exhaustive]
    Milliseconds {
        /// Its name.
        header: HeaderName,
    },
    /// No known key made the signature.
    #[error("no key matches the signature: {cause}")]
    #[non_exhaustive]
    NoKeyMatches {
        /// What the reason is, if it was recognised, or what it may be.
        cause: Cause,
    },
    /// The signature holds, the body is no event.
    #[error("the signature is good, but the body is no event: see line {line}, column {column}")]
    #[non_exhaustive]
    NotAnEvent {
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// The time is in seconds, and the scheme was set to milliseconds.
    #[error(
        "the header {header} has a time in seconds, ten digits, where the scheme was set to milliseconds: let it sign \
         milliseconds, or leave `PlatformScheme::with_timestamp_unit` out, which means seconds"
    )]
    #[non_exhaustive]
    Seconds {
        /// Its name.
        header: HeaderName,
    },
    /// Signed too long ago, or in the future.
    #[error(
        "signed at {signed_at}, which is more than {} s from now ({now}): an old delivery was replayed, or one of the \
         clocks is wrong",
        tolerance.as_secs()
    )]
    #[non_exhaustive]
    OutsideTolerance {
        /// When it was signed, by the sender's clock.
        signed_at: jiff::Timestamp,
        /// The time here.
        now: jiff::Timestamp,
        /// How far apart they may be.
        tolerance: Duration,
    },
}

/// A reason why no key matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// There is no body: something read it before it was checked.
    BodyIsEmpty,
    /// The signature fits the body in another spelling: it was parsed and printed before it came here.
    BodyWasRewritten,
    /// The signature was made with a key that is registered as belonging elsewhere, under this label.
    KeyOfAnother(String),
    /// The signature is of a key pair and the keys are shared secrets, or the other way round.
    KeyOfOtherKind,
    /// The verifier has no keys.
    NoKeys,
    /// Nothing was looked for, since [`Verifier::explain`](crate::webhook::Verifier::explain) says so.
    NotLookedFor,
    /// The signature covers another path than the verifier was given.
    #[non_exhaustive]
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
            Self::BodyIsEmpty => f.write_str(
                "the body is empty; something has read it before, so give the verifier the bytes that were received",
            ),
            Self::BodyWasRewritten => f.write_str(
                "the body was parsed and printed again before it was checked; give the verifier the raw bytes",
            ),
            Self::KeyOfAnother(label) => write!(f, "it was signed with the key of {label}"),
            Self::KeyOfOtherKind => f.write_str(
                "the signature and the keys are of different kinds; v1 goes with a shared secret (whsec_), every other \
                 signature with a public key",
            ),
            Self::NoKeys => f.write_str("the verifier has no keys; give it the `signature_verification_key`"),
            Self::NotLookedFor => {
                f.write_str("the reason was not looked for; a verifier with `explain(true)` looks for it")
            }
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

fn why_missing(found: Option<&HeaderName>) -> String {
    match found {
        Some(other) => format!(
            "but {other} is there, so the delivery is signed by another scheme; give the verifier that `WebhookScheme`"
        ),
        None => {
            "the request is no webhook, the proxy drops it, or the scheme is another one".to_owned()
        }
    }
}

fn expected_form(header: &HeaderName) -> &'static str {
    if *header == STANDARD_SIGNATURE {
        "it has one or more of `v1a,<base64>` and `v1,<base64>`, separated by spaces"
    } else if header.as_str() == SIGNATURE_HEADER {
        "it is one Ed25519 signature of 64 bytes in the spelling of the scheme, hex if not set"
    } else {
        "it is a Unix time in seconds, ten digits"
    }
}
