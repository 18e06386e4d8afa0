//! Where the generated client meets the layers.
//!
//! The generated code says where a request goes and what its reply reads as; everything between is ours.
//! [`CallLayer::sent`] takes the request through the [`pipeline`] and decodes the bytes that came back, straight from the
//! transport.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use layer2_types::operation::Operation;
use serde::de::DeserializeOwned;
use tracing::Span;

use crate::client::Shared;
use crate::decode::body_request_id;
use crate::draft::Draft;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;
use crate::pipeline;
use crate::pipeline::REQUEST_ID_HEADER;
use crate::reply::Reply;
use crate::telemetry;
use crate::transport::Chunks;
use crate::transport::HttpReply;

/// What one call carries through the generated client.
#[derive(Clone)]
pub(crate) struct CallLayer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: Arc<CallOptions>,
    pub(crate) operation: &'static Operation,
    pub(crate) record: Arc<CallRecord>,
    /// Whether the body of a success is left to the caller, as the record's [`CallRecord::take_body`].
    pub(crate) leaves_body_open: bool,
}

/// What is learned while a call is made.
#[derive(Debug, Default)]
pub(crate) struct CallRecord {
    attempts: AtomicU32,
    names: OnceLock<Names>,
    echoed_id: Mutex<Option<Arc<str>>>,
    body: Mutex<OpenBody>,
}

/// What the platform knows a call by, in all its attempts.
#[derive(Debug)]
struct Names {
    request_id: Arc<str>,
    /// Whether the id is sent; else it stands in traces alone.
    id_is_sent: bool,
    idempotency_key: Option<IdempotencyKey>,
}

/// The body of a reply that is still on its way.
#[derive(Default)]
struct OpenBody(Option<Chunks>);

impl fmt::Debug for OpenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenBody").field(&self.0.is_some()).finish()
    }
}

impl CallLayer {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        options: &Arc<CallOptions>,
        operation: &'static Operation,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            options: Arc::clone(options),
            operation,
            record: Arc::default(),
            leaves_body_open: false,
        }
    }

    /// The same with the body of a success left on its way.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn with_open_body(self) -> Self {
        Self {
            leaves_body_open: true,
            ..self
        }
    }

    /// Sends a request that the generated client made, and reads its reply.
    pub(crate) async fn sent<T: DeserializeOwned>(&self, draft: Draft) -> Result<Reply<T>, Error> {
        self.decoded(self.exchange(draft).await?)
    }

    /// A success as the operation's reply.
    pub(crate) fn decoded<T: DeserializeOwned>(
        &self,
        (reply, span): (HttpReply, Span),
    ) -> Result<Reply<T>, Error> {
        let HttpReply {
            status,
            headers,
            body,
        } = reply;
        if let Some(id) = body_request_id(self.operation.api, &body) {
            self.record.told(id);
        }
        // An operation that answers with a status alone has `()` for its reply, which is written so.
        let text = self.operation.reply_media.map_or(&b"null"[..], |_| &body);
        match serde_json::from_slice(text) {
            Ok(value) => Ok(self.reply(&span, status, headers, value)),
            Err(cause) => {
                let error = undecodable::<T>(status, body, &cause).with_headers(headers);
                Err(self.failed(&span, error))
            }
        }
    }

    /// Takes a request through the pipeline and gives back a success that the operation documents.
    pub(crate) async fn exchange(&self, draft: Draft) -> Result<(HttpReply, Span), Error> {
        let (reply, span) = pipeline::send(self, draft).await?;
        if self.operation.success.contains(&reply.status.as_u16()) {
            return Ok((reply, span));
        }
        let error = unexpected(reply.status, reply.body).with_headers(reply.headers);
        Err(self.failed(&span, error))
    }

    /// A reply with what the call knows around it; the span of the call ends with it.
    pub(crate) fn reply<T>(
        &self,
        span: &Span,
        status: StatusCode,
        headers: HeaderMap,
        value: T,
    ) -> Reply<T> {
        telemetry::record_success(span, status, self.record.attempts());
        let idempotency_key = self.record.idempotency_key();
        let replayed = idempotency_key.is_some() && self.shared.is_replayed(&headers);
        if replayed && self.record.attempts() == 1 {
            span.in_scope(|| telemetry::replayed(self.operation));
        }
        Reply {
            value,
            status,
            headers,
            operation: self.operation,
            request_id: self.record.request_id().unwrap_or_default(),
            idempotency_key,
            attempts: self.record.attempts(),
            replayed,
        }
    }

    /// A failure of a call that had begun, told on its span.
    pub(crate) fn failed(&self, span: &Span, error: Error) -> Error {
        let error = self.record.complete(error, self.operation);
        telemetry::record_failure(span, &error);
        error
    }

    /// A failure before the call could begin, told on a span of its own.
    pub(crate) fn refused(&self, error: Error) -> Error {
        self.failed(
            &telemetry::call_span(self.operation, None, self.record.own_id()),
            error,
        )
    }
}

impl fmt::Debug for CallLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLayer")
            .field("operation", &self.operation.id)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl CallRecord {
    pub(crate) fn begun_as(
        &self,
        request_id: Arc<str>,
        id_is_sent: bool,
        idempotency_key: Option<IdempotencyKey>,
    ) {
        let _ = self.names.set(Names {
            request_id,
            id_is_sent,
            idempotency_key,
        });
    }

    pub(crate) fn count_attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// A reply came, or its head: the request id in it is what the platform knows the call by.
    pub(crate) fn echoed(&self, headers: &HeaderMap) {
        if let Some(id) = headers
            .get(REQUEST_ID_HEADER)
            .and_then(|id| id.to_str().ok())
        {
            let is_ours = id == self.own_id();
            *self.echo() = (!is_ours).then(|| Arc::from(id));
        }
    }

    /// A reply told in its body what the platform knows the call by.
    fn told(&self, id: String) {
        *self.echo() = Some(Arc::from(id));
    }

    /// Keeps the body that is still on its way.
    pub(crate) fn opened(&self, body: Chunks) {
        self.lock_body().0 = Some(body);
    }

    /// The body that is still on its way; none if the call did not leave it open.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn take_body(&self) -> Option<Chunks> {
        self.lock_body().0.take()
    }

    fn lock_body(&self) -> MutexGuard<'_, OpenBody> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id that the call was given on this side; empty before a request is made.
    pub(crate) fn own_id(&self) -> &str {
        self.names.get().map_or("", |names| &names.request_id)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// As the platform told it last, else as it was sent; none before a request is made, and where neither was done.
    pub(crate) fn request_id(&self) -> Option<Arc<str>> {
        let told = self.echo().clone();
        let sent = || self.names.get().filter(|names| names.id_is_sent);
        told.or_else(|| Some(Arc::clone(&sent()?.request_id)))
    }

    fn idempotency_key(&self) -> Option<IdempotencyKey> {
        self.names.get()?.idempotency_key.clone()
    }

    fn echo(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.echoed_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts on an error what the call knows.
    pub(crate) fn complete(&self, error: Error, operation: &'static Operation) -> Error {
        error.in_call(
            operation,
            self.request_id().as_deref().map(str::to_owned),
            self.idempotency_key(),
            self.attempts(),
        )
    }
}

/// A success that the operation does not document.
fn unexpected(status: StatusCode, body: Bytes) -> Error {
    Error::new(
        ErrorKind::UnexpectedReply,
        Outcome::Done,
        "the platform did it, but replied with a status that this operation does not have",
    )
    .with_reply(status, body)
}

/// A success that does not read. The message tells where, not what: the text may be personal.
fn undecodable<T: DeserializeOwned>(
    status: StatusCode,
    body: Bytes,
    cause: &serde_json::Error,
) -> Error {
    let mut reader = serde_json::Deserializer::from_slice(&body);
    let path = serde_path_to_error::deserialize::<_, T>(&mut reader)
        .err()
        .map_or_else(|| ".".to_owned(), |error| error.path().to_string());
    // An amount reads its own text through a member that serde_json makes up; the place is the amount's.
    let path = path.split(".$serde_json::private").next().unwrap_or(&path);
    let message = format!(
        "the platform did it, but its reply does not read as documented, at `{path}` (line {}, column {}); the bytes \
         are in `raw_body`",
        cause.line(),
        cause.column(),
    );
    Error::new(ErrorKind::Decode, Outcome::Done, message).with_reply(status, body)
}

/// For one API: the way from the facade into its generated client.
macro_rules! api {
    ($feature:literal, $api:ident, $call:ident) => {
        #[cfg(feature = $feature)]
        impl crate::client::Client {
            #[doc = concat!("Begins a call of one operation of the ", $feature, " API, for the generated facade.")]
            pub(crate) fn $call(
                &self,
                id: layer2_types::$api::OperationId,
            ) -> crate::generated::$api::client::Client {
                let layer = CallLayer::new(self.shared(), self.options(), id.operation());
                crate::generated::$api::client::Client::new(layer)
            }
        }
    };
}

api!("payments", payments, payments_call);
api!("accounting", accounting, accounting_call);
api!("plaid", plaid, plaid_call);
api!("control", control, control_call);
