//! What one call does differently from the others.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

#[cfg(any(feature = "payments", feature = "control"))]
use crate::error::Error;
#[cfg(any(feature = "payments", feature = "control"))]
use crate::error::ErrorKind;
use crate::idempotency::IdempotencyKey;
use crate::retry::RetryPolicy;

/// Options of one call, given with [`Client::with`](crate::Client::with).
///
/// What is not set follows the client. A key belongs to one logical call: use a client that carries one for that call
/// only, the platform answers a second, different request with the same key with an error.
#[derive(Clone, Default)]
pub struct CallOptions {
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    pub(crate) request_id: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) sign: Option<bool>,
    pub(crate) headers: HeaderMap,
    /// Query of a page link; replaces the parameters of the same name.
    pub(crate) page_query: Vec<(String, String)>,
}

impl CallOptions {
    /// No option set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends this key instead of a random one, so that the call can be repeated after a crash.
    ///
    /// A second order with the key of the first is not made: the platform gives the saved reply of the first, which
    /// [`Reply::is_replayed`](crate::Reply::is_replayed) tells and the event `layer2.replayed` warns of.
    #[must_use]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// Sends this `x-l2f-request-id` instead of a random one. Of a list that is read page by page the first page carries
    /// it, the others have random ones. Accounting and Plaid know no such header: there the id stands in traces alone.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Time limit of each attempt, from connecting to the last byte of the reply.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Time limit of the whole call, with its waits, retries and token requests.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How often and how fast this call is tried again; the client's retry budget counts all the same.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Signs the request, or does not, whatever the operation says.
    #[must_use]
    pub fn sign(mut self, sign: bool) -> Self {
        self.sign = Some(sign);
        self
    }

    /// Reads the page of a list that a link leads to, `links.next` of a [`Page`](crate::Page) for one: a stored link goes
    /// on where a walk ended. Only the query of the link is taken, over the parameters of the call, so give the call the
    /// parameters that the walk had. A stream begins at that page and goes on from there.
    ///
    /// As with a key, use a client that carries a page for that list only: a call that gives no pages is refused with
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it is made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a link without a query, which leads to no
    /// page.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub fn page(mut self, link: &str) -> Result<Self, Error> {
        let query = crate::page::link_query(link).ok_or_else(|| {
            Error::before_sending(
                ErrorKind::InvalidRequest,
                "the link has no query and leads to no page: take `links.next` or `links.prev` of a page, as it came",
            )
        })?;
        self.page_query = query;
        Ok(self)
    }

    /// Adds a header. Those that the layers own (token, signature, key, ids) have options of their own and are refused
    /// when the call is made.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// These options over `base`: what is set here wins.
    pub(crate) fn over(self, base: &Self) -> Self {
        let mut headers = base.headers.clone();
        headers.extend(self.headers);
        Self {
            idempotency_key: self
                .idempotency_key
                .or_else(|| base.idempotency_key.clone()),
            request_id: self.request_id.or_else(|| base.request_id.clone()),
            timeout: self.timeout.or(base.timeout),
            deadline: self.deadline.or(base.deadline),
            retry: self.retry.or(base.retry),
            sign: self.sign.or(base.sign),
            headers,
            page_query: if self.page_query.is_empty() {
                base.page_query.clone()
            } else {
                self.page_query
            },
        }
    }
}

/// Names the added headers without their values.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("idempotency_key", &self.idempotency_key)
            .field("request_id", &self.request_id)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .field("sign", &self.sign)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_options_win_and_earlier_ones_stay() {
        let base = CallOptions::new()
            .timeout(Duration::from_secs(1))
            .retry(RetryPolicy::never())
            .sign(true)
            .header(
                HeaderName::from_static("x-team"),
                HeaderValue::from_static("s3cret"),
            );
        let merged = CallOptions::new()
            .timeout(Duration::from_secs(2))
            .request_id("r")
            .over(&base);
        assert_eq!(merged.timeout, Some(Duration::from_secs(2)));
        assert_eq!(merged.retry, Some(RetryPolicy::never()));
        assert_eq!(merged.sign, Some(true));
        assert_eq!(merged.request_id.as_deref(), Some("r"));
        assert_eq!(merged.headers["x-team"], "s3cret");
        assert!(!format!("{merged:?}").contains("s3cret"));
    }
}
