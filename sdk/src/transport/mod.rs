//! One exchange with a server: bytes out, bytes in, and how far it got if it failed.
//!
//! [`HttpTransport`] is the seam below all layers. What passes it is final: the token is on it, the signature covers its
//! method, path and body, and the key is the one of the call. The transport sends it once and says what came of it;
//! whether it is sent again is decided above. [`ReqwestTransport`] is the one that a client has unless its builder is
//! given another with [`ClientBuilder::transport`](crate::ClientBuilder::transport).
//!
//! # Middleware
//!
//! A middleware is a transport around a transport, put there with
//! [`ClientBuilder::wrap_transport`](crate::ClientBuilder::wrap_transport). It sees every attempt and every token request
//! as they leave. It may add headers, measure, record, delay or answer by itself; it must not change what the signature
//! covers, and it must not repeat a request, which would take the retry budget and the deadline out of play.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//!
//! use layer2_sdk::transport::{HttpReply, HttpRequest, HttpTransport, TransportError};
//! use layer2_sdk::{Client, Environment, payments::TransferId};
//!
//! /// Writes down which operation each request was for, and what came back.
//! #[derive(Debug)]
//! struct Recorder<T> {
//!     inner: T,
//!     tape: Arc<Mutex<Vec<String>>>,
//! }
//!
//! #[async_trait::async_trait]
//! impl<T: HttpTransport> HttpTransport for Recorder<T> {
//!     async fn execute(&self, request: HttpRequest, limit: Duration) -> Result<HttpReply, TransportError> {
//!         let what = request.operation().map_or("token", |operation| operation.id);
//!         let result = self.inner.execute(request, limit).await;
//!         let answer = match &result {
//!             Ok(reply) => reply.status.to_string(),
//!             Err(error) => error.to_string(),
//!         };
//!         self.tape.lock().unwrap().push(format!("{what}: {answer}"));
//!         result
//!     }
//! }
//!
//! /// A server without a socket: a token for who asks for one, one transfer for all others.
//! #[derive(Debug)]
//! struct Canned;
//!
//! #[async_trait::async_trait]
//! impl HttpTransport for Canned {
//!     async fn execute(&self, request: HttpRequest, _: Duration) -> Result<HttpReply, TransportError> {
//!         let body = match request.operation() {
//!             None => r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#,
//!             Some(_) => r#"{"data":{"id":"T-1","status":"EXECUTED"}}"#,
//!         };
//!         Ok(HttpReply::new(http::StatusCode::OK, http::HeaderMap::new(), body))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tape = Arc::default();
//! let recorded = Arc::clone(&tape);
//! let client = Client::builder()
//!     .environment(Environment::custom("http://localhost/api", "http://localhost/token"))
//!     .credentials("client-id", "client-secret")
//!     .transport(Canned)
//!     .wrap_transport(|inner| Recorder { inner, tape: recorded })
//!     .build()?;
//! client.transfers().get(&TransferId::new("T-1")?).await?;
//! assert_eq!(*tape.lock().unwrap(), ["token: 200 OK", "transfers_get: 200 OK"]);
//! # Ok(())
//! # }
//! ```

mod foreign;
mod open;
mod pool;
mod with_reqwest;
mod wrappers;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use layer2_types::operation::Operation;
use reqwest::Url;

pub(crate) use self::foreign::Guarded;
pub(crate) use self::open::Chunks;
pub use self::open::OpenReply;
pub use self::pool::ConnectionPolicy;
pub(crate) use self::with_reqwest::DEFAULT_REPLY_LIMIT;
pub use self::with_reqwest::ReqwestTransport;
pub(crate) use self::with_reqwest::http_client;
pub(crate) use self::wrappers::Wrappers;
use crate::body::Body;
use crate::credentials::BoxError;
use crate::signing_scheme::SigningScheme;

/// Sends requests. Nothing is repeated or followed here: no retries, no redirects.
#[async_trait]
pub trait HttpTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` once and reads the whole reply. `limit` covers all of it, from connecting to the last byte; a
    /// transport that exceeds it is given up shortly after, as if it had said [`TransportError::TimedOut`].
    ///
    /// Say of a failure how far the request got, and where that is not certain say that it left: a
    /// [`TransportError::NotSent`] is sent again even where a repetition would pay twice.
    ///
    /// The future may be dropped at any point; treat that as a caller who hung up.
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError>;

    /// Sends `request` once and gives the body as it comes, for a file that goes to disk. `limit` covers the time until
    /// the head of the reply, and then each silence in the body.
    ///
    /// Without one of its own a transport reads the whole body first: right, but in memory.
    async fn open(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<OpenReply, TransportError> {
        self.execute(request, limit).await.map(OpenReply::from)
    }
}

#[async_trait]
impl<T: HttpTransport + ?Sized> HttpTransport for Arc<T> {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        T::execute(self, request, limit).await
    }

    async fn open(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<OpenReply, TransportError> {
        T::open(self, request, limit).await
    }
}

/// A request as it leaves, dressed and signed.
pub struct HttpRequest {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Body,
    operation: Option<&'static Operation>,
}

impl HttpRequest {
    pub(crate) fn of_operation(
        operation: &'static Operation,
        (method, url): (Method, Url),
        headers: HeaderMap,
        body: Body,
    ) -> Self {
        Self {
            method,
            url,
            headers,
            body,
            operation: Some(operation),
        }
    }

    pub(crate) fn of_token(url: Url, headers: HeaderMap, form: Option<String>) -> Self {
        Self {
            method: Method::POST,
            url,
            headers,
            body: form.map_or(Body::EMPTY, |form| form.into_bytes().into()),
            operation: None,
        }
    }

    /// The operation that it calls; none for a request to a token endpoint.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The whole address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers. Those that hold a secret are marked sensitive.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to add some. No header is covered by the signature.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The bytes of the body, empty without one. A form around a file is put together for this, which copies the file;
    /// [`body_pieces`](Self::body_pieces) does not.
    pub fn body(&self) -> Cow<'_, [u8]> {
        self.body.bytes()
    }

    /// The bytes of the body as they lie in memory, in order: one piece, or those of a form around a file.
    pub fn body_pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.body.pieces().map(|piece| &**piece)
    }

    /// The same request as reqwest has it. The body of a form around a file is one that reqwest cannot repeat.
    pub fn into_reqwest(self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method, self.url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = Some(self.body.into_reqwest());
        request
    }

    pub(crate) fn signed_bytes(&self, scheme: &SigningScheme, seconds: i64, base: &Url) -> Vec<u8> {
        scheme.message(seconds, self.method.as_str(), (base, &self.url), &self.body)
    }

    /// The same request for hyper, a tower service or a test.
    ///
    /// # Errors
    /// If the address is one that `http` does not take, although the URL parser does.
    pub fn into_http(self) -> Result<http::Request<Bytes>, http::Error> {
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(self.url.as_str())
            .body(self.body.into_bytes())?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

/// Method and operation only: the rest may be personal or secret.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", self.method())
            .field("operation", &self.operation.map(|operation| operation.id))
            .finish_non_exhaustive()
    }
}

/// A whole reply.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpReply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// All bytes of the body.
    pub body: Bytes,
}

impl HttpReply {
    /// A reply of these parts.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
        }
    }
}

/// The status only: headers and body may be personal.
impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpReply")
            .field("status", &self.status.as_u16())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How far an exchange got before it broke. What is known about the work follows from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The status came, the body did not, or not all of it.
    #[error("the body of the reply broke off")]
    Cut {
        /// The status that came.
        status: StatusCode,
        /// The headers that came.
        headers: Box<HeaderMap>,
        /// What broke it.
        source: BoxError,
    },
    /// The request left, or part of it, or nobody can tell; no status came.
    #[error("the connection ended before a reply came")]
    NoReply(#[source] BoxError),
    /// No byte of the request left. Say so only where it is certain.
    #[error("no connection")]
    NotSent(#[source] BoxError),
    /// The time of the attempt ran out before a status came.
    #[error("no reply came in time")]
    TimedOut(#[source] BoxError),
    /// The status came, and a body that is longer than is read.
    #[error("the body of the reply is longer than the limit")]
    TooLong {
        /// The status that came.
        status: StatusCode,
        /// The headers that came.
        headers: Box<HeaderMap>,
    },
}

impl TransportError {
    /// The headers of the reply, if it got that far.
    pub(crate) fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Self::Cut { headers, .. } | Self::TooLong { headers, .. } => Some(headers),
            Self::NoReply(_) | Self::NotSent(_) | Self::TimedOut(_) => None,
        }
    }
}
