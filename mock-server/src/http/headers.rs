//! Header names that the platform and the mock use, and the request id.
//!
//! Names of the payments platform are as published: `x-l2f-request-id`, `x-l2f-idempotency-id`, `x-signature` and
//! `x-timestamp`. `idempotent-replayed` marks a saved reply; the platform publishes no such mark, so it is ours.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderMap, HeaderName, HeaderValue};
use layer2_world::uuid_text;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-l2f-request-id");
pub(crate) const IDEMPOTENCY_ID: HeaderName = HeaderName::from_static("x-l2f-idempotency-id");
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-timestamp");
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
pub(crate) const PLAID_CLIENT_ID: HeaderName = HeaderName::from_static("plaid-client-id");
pub(crate) const PLAID_SECRET: HeaderName = HeaderName::from_static("plaid-secret");

/// Longest request id and idempotency key that is kept.
pub(crate) const MAX_ID_LENGTH: usize = 255;

/// The header's text, if it is there once and is visible ASCII.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the text is 1 to [`MAX_ID_LENGTH`] visible ASCII characters.
pub(crate) fn is_visible_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The id of one request: the client's own where it can be echoed, else a fresh one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> RequestId {
        match text(headers, &REQUEST_ID) {
            Some(sent) if is_visible_id(sent) => RequestId(sent.to_owned()),
            _ => RequestId::fresh(),
        }
    }

    /// A version 4 UUID from a count and the process's own random keys, which costs no call of the system. It tells
    /// requests apart and protects nothing, and need not come from the sandbox's seed.
    fn fresh() -> RequestId {
        static KEYS: LazyLock<[RandomState; 2]> =
            LazyLock::new(|| [RandomState::new(), RandomState::new()]);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0_u8; 16];
        for (half, keys) in bytes.chunks_mut(8).zip(KEYS.iter()) {
            half.copy_from_slice(&keys.hash_one(count).to_be_bytes());
        }
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        RequestId(uuid_text(bytes))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(value).expect("header"));
        headers
    }

    #[test]
    fn a_request_id_is_echoed_or_made() {
        assert_eq!(RequestId::of(&with("abc-1")).as_str(), "abc-1");
        for unusable in ["", "a b", &"x".repeat(256)] {
            let made = RequestId::of(&with(unusable));
            assert_eq!(made.as_str().len(), 36, "{unusable}");
        }
        let (one, two) = (
            RequestId::of(&HeaderMap::new()),
            RequestId::of(&HeaderMap::new()),
        );
        assert_ne!(one, two);
        assert_eq!(one.as_str().as_bytes()[14], b'4');
    }
}
