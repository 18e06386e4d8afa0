//! A reply whose head is there and whose body is still on its way.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use bytes::BytesMut;
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::HeaderMap;
use http::StatusCode;

use super::HttpReply;
use super::TransportError;
use crate::credentials::BoxError;

/// The bytes of a body as they come, each chunk or what broke it off.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// A reply of which status and headers came.
#[non_exhaustive]
pub struct OpenReply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, chunk by chunk, until its end or what broke it off.
    pub body: Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>,
}

impl OpenReply {
    /// A reply of these parts.
    pub fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
    ) -> Self {
        Self {
            status,
            headers,
            body: body.boxed(),
        }
    }

    /// The whole reply, if its body has no more than `limit` bytes.
    pub(crate) async fn read(mut self, limit: usize) -> Result<HttpReply, TransportError> {
        let (status, headers) = (self.status, Box::new(self.headers));
        let mut body = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(source) => {
                    return Err(TransportError::Cut {
                        status,
                        headers,
                        source,
                    });
                }
            };
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(TransportError::TooLong { status, headers });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpReply::new(status, *headers, body.freeze()))
    }
}

/// A whole reply is one whose body comes in one chunk.
impl From<HttpReply> for OpenReply {
    fn from(reply: HttpReply) -> Self {
        let body = stream::iter([Ok(reply.body)]);
        Self::new(reply.status, reply.headers, body)
    }
}

/// The status only: headers and body may be personal.
impl fmt::Debug for OpenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenReply")
            .field("status", &self.status.as_u16())
            .finish_non_exhaustive()
    }
}
