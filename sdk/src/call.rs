//! Where the generated client meets the layers.
//!
//! The generated code builds a `reqwest::Request` and decodes a 2xx reply; everything between is ours, through the hook
//! `ClientHooks::exec`. The hook's error type is reqwest's own, which nobody else can make, so a typed failure travels
//! as a synthetic response with the status 999 and the [`Error`] in its extensions. The generated code knows no error
//! replies and hands it back as unexpected, and [`Call::run`] lifts the error out again.

use std::fmt;
use std::future::Future;
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
use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;

use crate::client::Shared;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;
use crate::pipeline;
use crate::pipeline::REQUEST_ID_HEADER;
use crate::reply::Reply;
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
    request_id: OnceLock<String>,
    echoed_id: Mutex<Option<String>>,
    idempotency_key: OnceLock<IdempotencyKey>,
    reply: Mutex<Option<HttpReply>>,
    body: Mutex<OpenBody>,
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
    #[cfg_attr(
        not(any(feature = "payments", feature = "control")),
        allow(dead_code, reason = "the other APIs move no files")
    )]
    pub(crate) fn with_open_body(self) -> Self {
        Self {
            leaves_body_open: true,
            ..self
        }
    }

    /// Body of the hook: the pipeline, with its failures made into responses.
    async fn exec(&self, request: reqwest::Request) -> reqwest::Response {
        // Boxed: the state of the loop would otherwise be part of every facade method's future.
        match Box::pin(pipeline::send(self, request)).await {
            Ok(reply) => {
                let response = self.whole_response(reply.status, reply.body.clone());
                self.record.answered(reply);
                response
            }
            Err(error) => failed_response(error),
        }
    }
}

impl CallLayer {
    /// A reply for the generated client, which decodes its body. It is told an address, since reqwest would otherwise
    /// parse one that it makes up, for every reply.
    fn whole_response(&self, status: StatusCode, body: Bytes) -> reqwest::Response {
        let mut builder = http::Response::builder();
        if let Ok(lane) = self.shared.lane(self.operation.api) {
            builder = reqwest::ResponseBuilderExt::url(builder, lane.base.clone());
        }
        match builder.status(status).body(body) {
            Ok(response) => response.into(),
            // A status that was received is one, and nothing else is set.
            Err(_) => failed_response(unexpected(status, Bytes::new())),
        }
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
    pub(crate) fn sent_as(&self, request_id: String) {
        let _ = self.request_id.set(request_id);
    }

    pub(crate) fn keyed_with(&self, key: IdempotencyKey) {
        let _ = self.idempotency_key.set(key);
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
            let is_ours = id == self.sent_id();
            *self.echo() = (!is_ours).then(|| id.to_owned());
        }
    }

    /// Keeps the body that is still on its way.
    pub(crate) fn opened(&self, body: Chunks) {
        self.lock_body().0 = Some(body);
    }

    /// The body that is still on its way; none if the call did not leave it open.
    #[cfg_attr(
        not(any(feature = "payments", feature = "control")),
        allow(dead_code, reason = "the other APIs move no files")
    )]
    pub(crate) fn take_body(&self) -> Option<Chunks> {
        self.lock_body().0.take()
    }

    fn lock_body(&self) -> MutexGuard<'_, OpenBody> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the reply that ended the call, past the generated client, which needs the status and the bytes only.
    fn answered(&self, reply: HttpReply) {
        *self.lock_reply() = Some(reply);
    }

    fn take_reply(&self) -> Option<HttpReply> {
        self.lock_reply().take()
    }

    fn lock_reply(&self) -> MutexGuard<'_, Option<HttpReply>> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id that was sent; empty before a request is made.
    pub(crate) fn sent_id(&self) -> &str {
        self.request_id.get().map_or("", String::as_str)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// As the platform echoed it last, else as it was sent; none before a request is made.
    pub(crate) fn request_id(&self) -> Option<String> {
        let echoed = self.echo().clone();
        echoed.or_else(|| self.request_id.get().cloned())
    }

    fn echo(&self) -> MutexGuard<'_, Option<String>> {
        self.echoed_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A reply with what the call knows around it.
    pub(crate) fn reply<T>(&self, status: StatusCode, headers: HeaderMap, value: T) -> Reply<T> {
        Reply {
            value,
            status,
            headers,
            request_id: self.request_id().unwrap_or_default(),
            idempotency_key: self.idempotency_key.get().cloned(),
            attempts: self.attempts(),
        }
    }

    /// Puts on an error what the call knows.
    pub(crate) fn complete(&self, error: Error, operation: &'static Operation) -> Error {
        error.in_call(
            operation,
            self.request_id(),
            self.idempotency_key.get().cloned(),
            self.attempts(),
        )
    }
}

/// One call of the facade: the generated client that it goes through, and what is learned on the way.
pub(crate) struct Call<C> {
    /// The generated client, for this call alone.
    pub(crate) api: C,
    layer: CallLayer,
}

impl<C> Call<C> {
    /// Runs an operation of `api` and gives its result our shape.
    pub(crate) async fn run<T: DeserializeOwned>(
        &self,
        operation: impl Future<Output = Result<ResponseValue<T>, progenitor_client::Error>>,
    ) -> Result<Reply<T>, Error> {
        let CallLayer {
            record,
            operation: known,
            ..
        } = &self.layer;
        match operation.await {
            Ok(value) => {
                let headers = record.take_reply().map(|reply| reply.headers);
                let status = value.status();
                Ok(record.reply(status, headers.unwrap_or_default(), value.into_inner()))
            }
            Err(error) => Err(lift::<T>(error, record, known)),
        }
    }
}

/// Our error out of the generated client's.
fn lift<T: DeserializeOwned>(
    error: progenitor_client::Error,
    record: &CallRecord,
    operation: &'static Operation,
) -> Error {
    use progenitor_client::Error as Generated;

    let body = || record.take_reply().map(|reply| reply.body);
    let error = match error {
        Generated::UnexpectedResponse(response) => match response.extensions().get::<Error>() {
            Some(error) => return error.clone(),
            None => unexpected(response.status(), body().unwrap_or_default()),
        },
        Generated::InvalidResponsePayload(body, cause) => {
            let status = record.take_reply().map(|reply| reply.status);
            undecodable::<T>(status.unwrap_or_default(), body, &cause)
        }
        // The hook never fails by itself, so this one comes from building the request.
        Generated::CommunicationError(cause) => {
            Error::before_sending(ErrorKind::InvalidRequest, "the request could not be built")
                .with_source(cause.without_url())
        }
        Generated::InvalidRequest(why) | Generated::Custom(why) => Error::before_sending(
            ErrorKind::InvalidRequest,
            format!("the request could not be built: {why}"),
        ),
        Generated::ErrorResponse(reply) => unexpected(reply.status(), body().unwrap_or_default()),
        Generated::InvalidUpgrade(cause) | Generated::ResponseBodyError(cause) => Error::new(
            ErrorKind::Decode,
            Outcome::Done,
            "the reply could not be read",
        )
        .with_source(cause.without_url()),
    };
    record.complete(error, operation)
}

/// A success that the operation does not document.
pub(crate) fn unexpected(status: StatusCode, body: Bytes) -> Error {
    Error::new(
        ErrorKind::UnexpectedReply,
        Outcome::Done,
        "the platform did it, but replied with a status that this operation does not have",
    )
    .with_reply(status, body)
}

/// A success that does not read. The message tells where, not what: the text may be personal.
pub(crate) fn undecodable<T: DeserializeOwned>(
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

fn failed_response(error: Error) -> reqwest::Response {
    let mut response = http::Response::new(Bytes::new());
    // 999 is the largest status that `http` takes, and none that a server or a document uses.
    *response.status_mut() = StatusCode::from_u16(999).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(error);
    response.into()
}

/// For one API: the hook on its generated client, what all methods of that client end with, and the way from the
/// facade into it.
macro_rules! api {
    ($feature:literal, $api:ident, $call:ident) => {
        #[cfg(feature = $feature)]
        impl progenitor_client::ClientHooks<CallLayer> for crate::generated::$api::client::Client {
            async fn exec(
                &self,
                request: reqwest::Request,
                _: &progenitor_client::OperationInfo,
            ) -> reqwest::Result<reqwest::Response> {
                Ok(progenitor_client::ClientInfo::inner(self).exec(request).await)
            }
        }

        #[cfg(feature = $feature)]
        impl crate::generated::$api::client::Client {
            /// Sends the request of a generated method through the hook, and gives back a success that the operation
            /// documents.
            pub(crate) async fn sent(
                &self,
                mut request: reqwest::Request,
            ) -> Result<reqwest::Response, progenitor_client::Error> {
                let operation = self.inner.operation;
                if let Some(media_type) = operation.reply_media {
                    let media_type = http::HeaderValue::from_static(media_type);
                    request.headers_mut().insert(http::header::ACCEPT, media_type);
                }
                let info = progenitor_client::OperationInfo {
                    operation_id: operation.id,
                };
                let response = progenitor_client::ClientHooks::exec(self, request, &info).await?;
                if operation.success.contains(&response.status().as_u16()) {
                    Ok(response)
                } else {
                    Err(progenitor_client::Error::UnexpectedResponse(response))
                }
            }
        }

        #[cfg(feature = $feature)]
        impl crate::client::Client {
            #[doc = concat!("Begins a call of one operation of the ", $feature, " API, for the generated facade.")]
            pub(crate) fn $call(
                &self,
                id: layer2_types::$api::OperationId,
            ) -> Result<Call<crate::generated::$api::client::Client>, Error> {
                let layer = CallLayer::new(self.shared(), self.options(), id.operation());
                let lane = layer
                    .shared
                    .lane(layer.operation.api)
                    .map_err(|error| layer.record.complete(error, layer.operation))?;
                let base = lane.base.as_str().trim_end_matches('/');
                let http = layer.shared.http.clone();
                let api =
                    crate::generated::$api::client::Client::new_with_client(base, http, layer.clone());
                Ok(Call { api, layer })
            }
        }
    };
}

api!("payments", payments, payments_call);
api!("accounting", accounting, accounting_call);
api!("plaid", plaid, plaid_call);
api!("control", control, control_call);
