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
//! change. Neither `Debug` nor `Display` prints a body, a header or a secret.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use layer2_types::operation::Effect;
use layer2_types::operation::Operation;

use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;

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
    details: Vec<ErrorDetail>,
    status: Option<StatusCode>,
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

/// What broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is not set up for this call, or the builder refused its settings.
    Config,
    /// No connection to the API; no byte of the request left.
    Connect,
    /// The credentials provider failed.
    Credentials,
    /// The platform did it, but the reply does not read as documented.
    Decode,
    /// A file came and could not be written on this machine.
    File,
    /// 403: the token lacks a scope, or the resource is not for this client.
    Forbidden,
    /// The request was not sent because it is visibly wrong.
    InvalidRequest,
    /// 404: no such resource, or the base URL is wrong.
    NotFound,
    /// The version of the platform that the client keeps to does not have this operation; nothing was sent.
    NotOnPlatform,
    /// 429: too many requests.
    RateLimited,
    /// Any other 4xx: the platform understood the request and said no.
    Refused,
    /// The status arrived, but the body broke off.
    ReplyCut,
    /// The connection ended after the request left and before a reply came.
    ReplyLost,
    /// 5xx.
    Server,
    /// The signer failed, or an operation demands a signature and the client has no signer.
    Signer,
    /// The time limit of the attempt or of the whole call ran out.
    Timeout,
    /// The token endpoint refused or could not be reached.
    Token,
    /// 401, also with a fresh token.
    Unauthorized,
    /// A status or a page link that no operation has.
    UnexpectedReply,
}

/// What is known about the work that the call asked for. Ordered: over several attempts the greatest one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// No byte of the request left this process. Call again freely.
    NotSent,
    /// The platform got it and did not do it. Mend the cause, then call again.
    NotDone,
    /// Nobody on this side can tell. Call again with the same idempotency key, or read the resource first.
    Unknown,
    /// The platform did it, though the caller has no usable reply. Never send it again as a new call.
    Done,
}

/// What ended the attempts of a call that might have been tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUp {
    /// All attempts of the policy were used.
    Attempts,
    /// The client's retry budget is empty: too many calls fail at the moment.
    Budget,
    /// The next attempt would not fit into the time limit of the call.
    Deadline,
    /// The operation may not be repeated, because the platform could not tell that it is the same request.
    Rule,
}

/// One entry of an error reply. Every API's envelope is brought to this shape; a field that the API lacks is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The code: `code` (payments, control), `error_enum` or `type` (accounting), `error_code` (plaid), `error` (OAuth).
    pub code: Option<String>,
    /// The family of the code, where the API has one (`type`, `error_type`).
    pub family: Option<String>,
    /// What was wrong, in the platform's words.
    pub description: Option<String>,
    /// JSON pointer to the place in the request.
    pub pointer: Option<String>,
    /// What the server found there.
    pub received: Option<String>,
    /// What it should have found.
    pub expected: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Where to read more.
    pub doc_url: Option<String>,
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

    /// Id of the request, as the platform echoed it or as it was sent. Give it to support.
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

/// Making an error, for the layers.
impl Error {
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                outcome,
                message: message.into(),
                details: Vec::new(),
                status: None,
                request_id: None,
                idempotency_key: None,
                operation: None,
                attempts: 0,
                retryable: false,
                retry_after: None,
                gave_up: None,
                raw_body: None,
                source: None,
            }),
        }
    }

    /// A failure before anything was sent.
    pub(crate) fn before_sending(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::NotSent, message)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.inner.source = Some(Arc::from(source.into()));
        self
    }

    /// With a source, where there is one.
    pub(crate) fn with_any_source<S: Into<Box<dyn StdError + Send + Sync>>>(
        self,
        source: Option<S>,
    ) -> Self {
        match source {
            Some(source) => self.with_source(source),
            None => self,
        }
    }

    pub(crate) fn with_reply(mut self, status: StatusCode, body: Bytes) -> Self {
        self.inner.status = Some(status);
        self.inner.raw_body = Some(body);
        self
    }

    pub(crate) fn with_details(mut self, details: Vec<ErrorDetail>) -> Self {
        self.inner.details = details;
        self
    }

    /// The platform's own id of the request, where the reply tells one.
    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.inner.request_id = id;
        self
    }

    /// The same failure in better words.
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.inner.message = message.into();
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.inner.retry_after = wait;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.inner.retryable = retryable;
        self
    }

    pub(crate) fn with_gave_up(mut self, why: GaveUp) -> Self {
        self.inner.gave_up = Some(why);
        self
    }

    /// Raises the outcome to what an earlier attempt of the same call left behind.
    pub(crate) fn at_least(mut self, earlier: Outcome) -> Self {
        self.inner.outcome = self.inner.outcome.max(earlier);
        self
    }

    pub(crate) fn in_call(
        mut self,
        operation: &'static Operation,
        request_id: Option<String>,
        key: Option<IdempotencyKey>,
        attempts: u32,
    ) -> Self {
        self.inner.operation = Some(operation);
        self.inner.request_id = self.inner.request_id.or(request_id);
        self.inner.idempotency_key = key;
        self.inner.attempts = attempts;
        self
    }
}

impl ErrorKind {
    /// The kind that a status other than 2xx means.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::RateLimited,
            400..=499 => Self::Refused,
            500..=599 => Self::Server,
            _ => Self::UnexpectedReply,
        }
    }

    /// The word that telemetry carries in `error.type`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Connect => "connect",
            Self::Credentials => "credentials",
            Self::Decode => "decode",
            Self::File => "file",
            Self::Forbidden => "forbidden",
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::NotOnPlatform => "not_on_platform",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
            Self::ReplyCut => "reply_cut",
            Self::ReplyLost => "reply_lost",
            Self::Server => "server",
            Self::Signer => "signer",
            Self::Timeout => "timeout",
            Self::Token => "token",
            Self::Unauthorized => "unauthorized",
            Self::UnexpectedReply => "unexpected_reply",
        }
    }
}

impl Outcome {
    /// What a whole reply with `status` says about the work.
    pub(crate) fn of_status(status: StatusCode, effect: Effect) -> Self {
        if status.is_success() {
            return Self::Done;
        }
        match (effect, status.as_u16()) {
            (Effect::Write, 408) => Self::Unknown,
            (Effect::Write, 400..=499) => Self::NotDone,
            (Effect::Write, _) => Self::Unknown,
            _ => Self::NotDone,
        }
    }

    /// What a request that left and got no status says about the work.
    pub(crate) fn of_silence(effect: Effect) -> Self {
        match effect {
            Effect::Write => Self::Unknown,
            _ => Self::NotDone,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent",
            Self::NotDone => "not done",
            Self::Unknown => {
                "unknown: call again with the same idempotency key, or read the resource"
            }
            Self::Done => "done",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.key())?;
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
        }
        if let Some(id) = &inner.request_id {
            write!(f, "; request id {id}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.code
                .as_deref()
                .or(self.family.as_deref())
                .unwrap_or("(no code)"),
        )?;
        if let Some(pointer) = &self.pointer {
            write!(f, " at {pointer}")?;
        }
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// As `Display`, codes and descriptions are shown: they are the platform's sentences about fields, and without them
/// nobody could tell what to mend. Leaves out the bytes of the reply and what the server found at the place, which may
/// be the caller's secret or personal data.
impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorDetail")
            .field("code", &self.code)
            .field("family", &self.family)
            .field("description", &self.description)
            .field("pointer", &self.pointer)
            .field("expected", &self.expected)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("outcome", &inner.outcome)
            .field("message", &inner.message)
            .field("operation", &inner.operation.map(Operation::key))
            .field("status", &inner.status.map(|status| status.as_u16()))
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
    fn the_table_of_outcomes_holds() {
        let cases = [
            (200, Outcome::Done, Outcome::Done),
            (201, Outcome::Done, Outcome::Done),
            (302, Outcome::NotDone, Outcome::Unknown),
            (400, Outcome::NotDone, Outcome::NotDone),
            (401, Outcome::NotDone, Outcome::NotDone),
            (404, Outcome::NotDone, Outcome::NotDone),
            (408, Outcome::NotDone, Outcome::Unknown),
            (409, Outcome::NotDone, Outcome::NotDone),
            (429, Outcome::NotDone, Outcome::NotDone),
            (500, Outcome::NotDone, Outcome::Unknown),
            (502, Outcome::NotDone, Outcome::Unknown),
            (503, Outcome::NotDone, Outcome::Unknown),
            (504, Outcome::NotDone, Outcome::Unknown),
        ];
        for (status, read, write) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                Outcome::of_status(status, Effect::Read),
                read,
                "read {status}"
            );
            assert_eq!(
                Outcome::of_status(status, Effect::Write),
                write,
                "write {status}"
            );
        }
        assert_eq!(Outcome::of_silence(Effect::Read), Outcome::NotDone);
        assert_eq!(Outcome::of_silence(Effect::Write), Outcome::Unknown);
    }

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
        .with_details(vec![detail]);
        let printed = format!("{error:?} {error:#?} {error}");
        assert!(!printed.contains("6789"), "{printed}");
        assert!(printed.contains("VALIDATION_FAILED"));
        assert_eq!(error.raw_body(), Some(&b"{\"ssn\":\"123-45-6789\"}"[..]));
        assert_eq!(error.details()[0].received.as_deref(), Some("123-45-6789"));
    }
}
