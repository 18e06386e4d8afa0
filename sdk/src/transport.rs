//! One exchange with a server: bytes out, bytes in, and how far it got if it failed.
//!
//! Nothing here repeats or follows anything: redirects are off (a followed one would carry a signature for another
//! path), and so are reqwest's own retries (they happen below the signer). The body is read to its end here, within a
//! limit, so that a reply is either whole or an error.

use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use http::StatusCode;

use crate::error::Error;
use crate::error::ErrorKind;

/// The HTTP client below all layers.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    reply_limit: usize,
}

/// A whole reply.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How far an exchange got before it broke.
#[derive(Debug)]
pub(crate) enum Broken {
    /// No byte of the request left.
    NotSent(reqwest::Error),
    /// The request left, or part of it; no status came.
    NoReply(reqwest::Error),
    /// The time of the attempt ran out before a status came.
    TimedOut(reqwest::Error),
    /// The status came, the body did not, or not all of it.
    Cut {
        status: StatusCode,
        headers: HeaderMap,
        source: Option<reqwest::Error>,
    },
}

impl Transport {
    pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
    pub(crate) const DEFAULT_REPLY_LIMIT: usize = 64 * 1024 * 1024;

    /// A client of our own settings. The proxies of the environment are used, but never between a machine and itself:
    /// one that sits elsewhere could not reach the server, and would be told the token.
    pub(crate) fn new(
        connect_timeout: Duration,
        user_agent: &str,
        loopback: bool,
    ) -> Result<Self, Error> {
        let mut http = reqwest::Client::builder();
        if loopback {
            http = http.no_proxy();
        }
        let http = http
            .connect_timeout(connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(user_agent)
            .build()
            .map_err(|source| {
                Error::before_sending(ErrorKind::Config, "the HTTP client could not be built")
                    .with_source(source)
            })?;
        Ok(Self {
            http,
            reply_limit: Self::DEFAULT_REPLY_LIMIT,
        })
    }

    /// The client as the generated code wants it, to build requests with.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends `request` once and reads the reply. `limit` covers all of it, from connecting to the last byte.
    pub(crate) async fn execute(
        &self,
        mut request: reqwest::Request,
        limit: Duration,
    ) -> Result<Exchange, Broken> {
        *request.timeout_mut() = Some(limit);
        let mut response = self
            .http
            .execute(request)
            .await
            .map_err(broken_before_status)?;
        let status = response.status();
        let headers = response.headers().clone();
        let cut = |source| Broken::Cut {
            status,
            headers: headers.clone(),
            source,
        };

        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| cut(Some(error.without_url())))?
        {
            if body.len().saturating_add(chunk.len()) > self.reply_limit {
                return Err(cut(None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Exchange {
            status,
            headers,
            body: body.freeze(),
        })
    }
}

/// Addresses are left out of what is kept: an error says which operation it was, and a URL may hold ids of people.
fn broken_before_status(error: reqwest::Error) -> Broken {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        Broken::NotSent(error)
    } else if error.is_timeout() {
        Broken::TimedOut(error)
    } else {
        Broken::NoReply(error)
    }
}
