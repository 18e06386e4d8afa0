//! A decoded reply with what came around it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::HeaderMap;
use http::StatusCode;
use layer2_types::Operation;

use crate::idempotency::IdempotencyKey;

/// What an operation answered. Reads as the value itself.
#[derive(Clone)]
pub struct Reply<T> {
    pub(crate) value: T,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) operation: &'static Operation,
    pub(crate) request_id: Arc<str>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    pub(crate) attempts: u32,
    pub(crate) replayed: bool,
}

impl<T> Reply<T> {
    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The HTTP status, for operations that say something with it (201 is new, 200 is known).
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the reply.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The operation, from the table of the documents.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Id of the request, as the platform told it (Plaid in the body), else as it was sent. Empty where neither was done:
    /// accounting knows no such id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The key that the call carried, if its operation takes one.
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }

    /// How many times the request was sent until this reply came.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the platform marks this as the saved reply of an earlier request with the same key: the work was done
    /// before, and not once more. After one attempt that request was another call, so this is what tells a call that was
    /// resumed from one that was meant as new and carried an old key.
    ///
    /// Which header is the mark is a guess, see
    /// [`ClientBuilder::replayed_header`](crate::ClientBuilder::replayed_header); without it nobody can tell.
    pub fn is_replayed(&self) -> bool {
        self.replayed
    }

    /// The same reply around another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            value: change(self.value),
            status: self.status,
            headers: self.headers,
            operation: self.operation,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key,
            attempts: self.attempts,
            replayed: self.replayed,
        }
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> AsRef<T> for Reply<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

/// Names the headers without their values: a cookie or an address among them may be a secret or personal.
impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("operation", &self.operation.key())
            .field("request_id", &self.request_id)
            .field("idempotency_key", &self.idempotency_key)
            .field("attempts", &self.attempts)
            .field("replayed", &self.replayed)
            .finish()
    }
}

#[cfg(all(test, feature = "payments"))]
mod tests {
    use http::HeaderValue;
    use http::header::SET_COOKIE;
    use layer2_types::payments::OperationId;

    use super::*;

    #[test]
    fn debug_names_the_headers_and_keeps_their_values() {
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, HeaderValue::from_static("session=of-somebody"));
        let reply = Reply {
            value: 7,
            status: StatusCode::OK,
            headers,
            operation: OperationId::TransfersGet.operation(),
            request_id: Arc::from("r-1"),
            idempotency_key: None,
            attempts: 1,
            replayed: false,
        };
        let printed = format!("{reply:?} {reply:#?}");
        assert!(
            printed.contains("set-cookie") && printed.contains("r-1"),
            "{printed}"
        );
        assert!(!printed.contains("session"), "{printed}");
    }
}
