//! The one error of the crate, and what is known about the work when it happens.
//!
//! For money the first question after a failure is not what went wrong but whether it was done. [`Error::outcome`]
//! answers it, by this table:
//!
//! | what happened | a read | a write |
//! |---|---|---|
//! | refused by the builder, the guard, the key check, the signer, the token endpoint | `NotSent` | `NotSent` |
//! | no connection | `NotSent` | `NotSent` |
//! | time-out, reset or close after the first byte left, before a status | `NotDone` | `Unknown` |
//! | 4xx except 408, so also 401 and 429 | `NotDone` | `NotDone` |
//! | 408: a gateway may say it after it forwarded the request | `NotDone` | `Unknown` |
//! | 5xx, 503 too: a gateway may say it after the server did the work | `NotDone` | `Unknown` |
//! | 1xx and 3xx, which no operation has | `NotDone` | `Unknown` |
//! | 2xx whose body was cut or does not decode | `Done` | `Done` |
//!
//! A read changes nothing, so there is nothing to be unsure about. Over several attempts of one call the strongest
//! answer stands (`NotSent` < `NotDone` < `Unknown` < `Done`): a lost reply followed by a refused connection stays
//! `Unknown`, because the first attempt may have been done. Only a success ends that doubt.
//!
//! Kinds follow from the status or from where the call broke, never from a vendor's code alone: codes are open and may
//! change. Neither `Debug` nor `Display` prints a body, the value of a header or a secret.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use layer2_types::operation::Operation;

use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;

mod detail;
mod kind;
mod making;
mod outcome;

pub use self::detail::ErrorDetail;
pub use self::kind::ErrorKind;
pub use self::kind::GaveUp;
pub use self::outcome::Outcome;

/// Why a call failed. Ask [`kind`](Self::kind) what broke and [`outcome`](Self::outcome) whether the work was done.
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    outcome: Outcome,
    message: String,
    /// The file that it is about, where the caller named one.
    file: Option<PathBuf>,
    details: Vec<ErrorDetail>,
    status: Option<StatusCode>,
    headers: Option<HeaderMap>,
    request_id: Option<String>,
    idempotency_key: Option<IdempotencyKey>,
    operation: Option<&'static Operation>,
    attempts: u32,
    retryable: bool,
    retry_after: Option<Duration>,
    gave_up: Option<GaveUp>,
    raw_body: Option<Bytes>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What broke.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether the work was done, by the table of [the module](crate::error).
    pub fn outcome(&self) -> Outcome {
        self.inner.outcome
    }

    /// Status of the last reply, if one arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.status
    }

    /// Headers of the last reply, if one arrived: what `www-authenticate` asks for, what is left of a rate limit. They
    /// may hold what is personal: take care where they are printed. A file that breaks off while it is read has them in
    /// its [`Reply`](crate::Reply).
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.inner.headers.as_ref()
    }

    /// The entries of the error reply, in its order.
    pub fn details(&self) -> &[ErrorDetail] {
        &self.inner.details
    }

    /// The codes of the error reply, in its order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.inner
            .details
            .iter()
            .filter_map(|detail| detail.code.as_deref())
    }

    /// Whether the error reply carries `code`.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes().any(|known| known == code)
    }

    /// Id of the request, as the platform told it or as it was sent. Give it to support.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// The key that the call carried. With [`Outcome::Unknown`], call again with this one.
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.inner.idempotency_key.as_ref()
    }

    /// The operation, from the table of the documents.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.inner.operation
    }

    /// How many times the request was sent, or tried to be.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// Whether the same call, with the same idempotency key, may work later and is safe to make.
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }

    /// Options that make the same call again: with the key that this one carried, so that the platform recognises it
    /// however the first one ended. None for a call that carries no key; read the resource before repeating that.
    ///
    /// With [`operation`](Self::operation), [`attempts`](Self::attempts) and [`request_id`](Self::request_id) this is
    /// what a job that is to be resumed after a crash has to store: the key's text is enough, see
    /// [`IdempotencyKey::new`].
    ///
    /// ```
    /// use layer2_sdk::{Client, Error, Outcome, payments::TransferRequest};
    ///
    /// async fn pay(client: &Client, order: &TransferRequest) -> Result<(), Error> {
    ///     let Err(error) = client.transfers().create(order).await else {
    ///         return Ok(());
    ///     };
    ///     match error.resume_options() {
    ///         Some(again) if error.outcome() == Outcome::Unknown => {
    ///             client.with(again).transfers().create(order).await.map(|_| ())
    ///         }
    ///         _ => Err(error),
    ///     }
    /// }
    /// ```
    pub fn resume_options(&self) -> Option<CallOptions> {
        let key = self.inner.idempotency_key.clone()?;
        Some(CallOptions::new().idempotency_key(key))
    }

    /// How long the server asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// What ended the attempts, if the failure was one that could have been tried again.
    pub fn gave_up(&self) -> Option<GaveUp> {
        self.inner.gave_up
    }

    /// The bytes of the reply, as they came. They may hold personal data: take care where they are printed.
    pub fn raw_body(&self) -> Option<&[u8]> {
        self.inner.raw_body.as_deref()
    }
}

impl Error {
    /// What to do when nobody can tell whether the work was done.
    fn way_out_of_doubt(&self) -> &'static str {
        if self.inner.idempotency_key.is_some() {
            "call again with the same idempotency key, or read the resource"
        } else if self.inner.retryable {
            "call again with the same body, by which the platform recognises it, or read the resource"
        } else {
            "read the resource before anything else, since the platform cannot tell a repetition from a second order"
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.key())?;
        }
        if let Some(file) = &inner.file {
            write!(f, "{}: ", file.display())?;
        }
        f.write_str(&inner.message)?;
        if let Some(status) = inner.status {
            write!(f, " (status {})", status.as_u16())?;
        }
        for detail in &inner.details {
            write!(f, "; {detail}")?;
        }
        if inner.operation.is_some() {
            write!(f, "; outcome: {}", inner.outcome)?;
            if inner.outcome == Outcome::Unknown {
                write!(f, ": {}", self.way_out_of_doubt())?;
            }
        }
        if let Some(id) = &inner.request_id {
            write!(f, "; request id {id}")?;
        }
        Ok(())
    }
}

/// Without the path of a file: a scan may be named after a person.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("outcome", &inner.outcome)
            .field("message", &inner.message)
            .field("operation", &inner.operation.map(Operation::key))
            .field("status", &inner.status.map(|status| status.as_u16()))
            .field("headers", &inner.headers.as_ref().map(names))
            .field("details", &inner.details)
            .field("request_id", &inner.request_id)
            .field("idempotency_key", &inner.idempotency_key)
            .field("attempts", &inner.attempts)
            .field("retryable", &inner.retryable)
            .field("gave_up", &inner.gave_up)
            .field("raw_body_bytes", &inner.raw_body.as_ref().map(Bytes::len))
            .field("source", &inner.source)
            .finish()
    }
}

/// The names of headers, without what they say.
fn names(headers: &HeaderMap) -> Vec<&http::HeaderName> {
    headers.keys().collect()
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_doubt_is_not_forgotten() {
        let refused = Error::new(ErrorKind::Connect, Outcome::NotSent, "no connection");
        assert_eq!(
            refused.clone().at_least(Outcome::Unknown).outcome(),
            Outcome::Unknown
        );
        assert_eq!(
            refused.at_least(Outcome::NotSent).outcome(),
            Outcome::NotSent
        );
    }

    #[cfg(feature = "accounting")]
    #[test]
    fn a_doubt_about_what_is_recognised_by_its_body_says_so() {
        use layer2_types::accounting::OperationId;

        let operation = OperationId::BusinessesCreate.operation();
        let lost = Error::new(ErrorKind::ReplyLost, Outcome::Unknown, "no reply came");
        let lost = lost.in_call(operation, None, None, 1).with_retryable(true);
        assert!(lost.to_string().contains("same body"), "{lost}");
    }

    #[test]
    fn neither_debug_nor_display_shows_the_body_or_what_was_received() {
        let detail = ErrorDetail {
            code: Some("VALIDATION_FAILED".to_owned()),
            received: Some("123-45-6789".to_owned()),
            ..ErrorDetail::default()
        };
        let error = Error::new(
            ErrorKind::Refused,
            Outcome::NotDone,
            "the platform refused the request",
        )
        .with_reply(
            StatusCode::BAD_REQUEST,
            Bytes::from_static(b"{\"ssn\":\"123-45-6789\"}"),
        )
        .with_headers(HeaderMap::from_iter([(
            http::header::SET_COOKIE,
            "of=6789".parse().unwrap(),
        )]))
        .with_details(vec![detail]);
        let printed = format!("{error:?} {error:#?} {error}");
        assert!(!printed.contains("6789"), "{printed}");
        assert!(printed.contains("set-cookie"), "{printed}");
        assert!(printed.contains("VALIDATION_FAILED"));
        assert_eq!(error.raw_body(), Some(&b"{\"ssn\":\"123-45-6789\"}"[..]));
        assert_eq!(error.details()[0].received.as_deref(), Some("123-45-6789"));
    }
}
