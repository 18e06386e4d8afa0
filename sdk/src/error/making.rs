//! Making an error, for the layers.

use std::error::Error as StdError;
#[cfg(any(feature = "payments", feature = "control"))]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use layer2_types::operation::Operation;

use super::Error;
use super::ErrorDetail;
use super::ErrorKind;
use super::GaveUp;
use super::Inner;
use super::Outcome;
use crate::idempotency::IdempotencyKey;

impl Error {
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                outcome,
                message: message.into(),
                file: None,
                details: Vec::new(),
                status: None,
                headers: None,
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

    /// With the path of the file that it is about, as the caller gave it.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn at_path(mut self, file: &Path) -> Self {
        self.inner.file = Some(file.to_owned());
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

    /// What came around the reply.
    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.inner.headers = Some(headers);
        self
    }

    /// The status that the API's own reply had: a token that was refused tells that of the token endpoint.
    pub(crate) fn api_status(&self) -> Option<&StatusCode> {
        let of_api = self.inner.kind != ErrorKind::Token;
        self.inner.status.as_ref().filter(|_| of_api)
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
