//! The transport that a client has unless it is given another: reqwest.
//!
//! Redirects are off (a followed one would carry a signature for another path), and so are reqwest's own retries (they
//! happen below the signer). The body is read to its end here, within a limit, so that a reply is either whole or an
//! error. The time limit is kept here as well, in two halves: one that runs out before the status leaves the work
//! unknown, one that runs out in the body does not.

use std::future::Future;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::stream;
use http::HeaderMap;
use http::StatusCode;
use tokio::time::Sleep;

use super::ConnectionPolicy;
use super::HttpReply;
use super::HttpRequest;
use super::HttpTransport;
use super::OpenReply;
use super::TransportError;
use crate::credentials::BoxError;
use crate::error::Error;
use crate::error::ErrorKind;

/// Longest body of a reply that is read, unless the builder says otherwise.
pub(crate) const DEFAULT_REPLY_LIMIT: usize = 64 * 1024 * 1024;

/// Sends with a `reqwest::Client`.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    http: reqwest::Client,
    reply_limit: usize,
}

impl ReqwestTransport {
    /// Sends with a client of your own making, one with a proxy or a client certificate perhaps.
    ///
    /// Make it with `redirect(Policy::none())` and `retry(retry::never())`: a redirect that is followed carries a
    /// signature for another path, and a repetition below the signer is not counted by anybody.
    pub fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            reply_limit: DEFAULT_REPLY_LIMIT,
        }
    }

    /// Sets the longest body of a reply that is read, 64 MiB by default.
    #[must_use]
    pub fn with_reply_limit(mut self, bytes: usize) -> Self {
        self.reply_limit = bytes;
        self
    }

    /// The body, whole or not at all.
    async fn body(
        &self,
        response: &mut reqwest::Response,
        mut end: Pin<&mut Sleep>,
    ) -> Result<Bytes, Unread> {
        // Most replies are one chunk, which needs no copy.
        let Some(first) = chunk(response, end.as_mut()).await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = chunk(response, end.as_mut()).await? else {
            return self.within(first.len()).map(|()| first);
        };
        let mut body = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk_) = next {
            self.within(body.len().saturating_add(chunk_.len()))?;
            body.extend_from_slice(&chunk_);
            next = chunk(response, end.as_mut()).await?;
        }
        Ok(body.freeze())
    }

    fn within(&self, length: usize) -> Result<(), Unread> {
        if length > self.reply_limit {
            Err(Unread::TooLong)
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl HttpTransport for ReqwestTransport {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        // One timer for both halves: what registers with a runtime's clock is paid for by every call.
        let mut end = pin!(tokio::time::sleep(limit));
        let mut response = within(end.as_mut(), self.http.execute(request.into_reqwest()))
            .await
            .ok_or_else(|| TransportError::TimedOut(too_late()))?
            .map_err(before_status)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        match self.body(&mut response, end).await {
            Ok(body) => Ok(HttpReply {
                status,
                headers,
                body,
            }),
            Err(unread) => Err(unread.after(status, headers)),
        }
    }

    async fn open(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<OpenReply, TransportError> {
        let end = pin!(tokio::time::sleep(limit));
        let mut response = within(end, self.http.execute(request.into_reqwest()))
            .await
            .ok_or_else(|| TransportError::TimedOut(too_late()))?
            .map_err(before_status)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = stream::try_unfold(response, move |mut response| async move {
            match chunk(&mut response, pin!(tokio::time::sleep(limit))).await {
                Ok(chunk) => Ok(chunk.map(|chunk| (chunk, response))),
                Err(Unread::Broken(cause)) => Err(cause),
                Err(Unread::TooLong) => Err("the body is longer than the limit".into()),
            }
        });
        Ok(OpenReply::new(status, headers, body))
    }
}

/// Why a body was not read to its end.
enum Unread {
    Broken(BoxError),
    TooLong,
}

impl Unread {
    fn after(self, status: StatusCode, headers: HeaderMap) -> TransportError {
        let headers = Box::new(headers);
        match self {
            Self::Broken(source) => TransportError::Cut {
                status,
                headers,
                source,
            },
            Self::TooLong => TransportError::TooLong { status, headers },
        }
    }
}

async fn chunk(
    response: &mut reqwest::Response,
    end: Pin<&mut Sleep>,
) -> Result<Option<Bytes>, Unread> {
    match within(end, response.chunk()).await {
        Some(Ok(chunk)) => Ok(chunk),
        Some(Err(error)) => Err(Unread::Broken(error.without_url().into())),
        None => Err(Unread::Broken(too_late())),
    }
}

/// What comes of `work` if it comes before the end. What is ready counts, however late it is.
async fn within<T>(mut end: Pin<&mut Sleep>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}

fn too_late() -> BoxError {
    "the time limit of the attempt ran out".into()
}

/// Addresses are left out of what is kept: an error says which operation it was, and a URL may hold ids of people.
fn before_status(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(error.into())
    } else if error.is_timeout() {
        TransportError::TimedOut(error.into())
    } else {
        TransportError::NoReply(error.into())
    }
}

/// A client of our own settings. The proxies of the environment are used, but never between a machine and itself: one
/// that sits elsewhere could not reach the server, and would be told the token.
pub(crate) fn http_client(
    connections: &ConnectionPolicy,
    loopback: bool,
) -> Result<reqwest::Client, Error> {
    let mut http = reqwest::Client::builder();
    if loopback {
        http = http.no_proxy();
    }
    http.connect_timeout(connections.connect_timeout)
        .pool_idle_timeout(connections.idle_timeout)
        .pool_max_idle_per_host(connections.max_idle_per_host)
        .tcp_keepalive(connections.keep_alive)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(|source| {
            Error::before_sending(
                ErrorKind::Config,
                "the HTTP client could not be built, its source says why: check the proxy variables and the certificates of this \
                 machine",
            )
            .with_source(source)
        })
}
