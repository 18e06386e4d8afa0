//! How a request is signed: the parts of the string, and where the signature travels.
//!
//! The default is what the platform's samples show, and for what they do not show it is a guess (`docs/unknowns.md`):
//! that the path is signed with the API's base (`/api`), and with its query where there is one. Each guess is a setting
//! here, so that a platform which turns out to read the string otherwise needs one line in an application and no new
//! release of this crate.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use layer2_types::signing_string;
use reqwest::Url;

use crate::body::Body;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::TIMESTAMP_HEADER;

/// What a signature covers and how it is sent; given to the builder with
/// [`signing_scheme`](crate::ClientBuilder::signing_scheme).
///
/// ```
/// use layer2_sdk::{SignedPart, SigningScheme};
///
/// // A platform that signs the path below `/api`, with line breaks between the parts.
/// let scheme = SigningScheme::default().with_base_path(SignedPart::LeftOut).with_separator("\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningScheme {
    /// Whether the base of the API stands before the path.
    pub base_path: SignedPart,
    /// Whether the query stands behind the path, with its question mark.
    pub query: SignedPart,
    /// What stands between timestamp, method, path and body.
    pub separator: String,
    /// How the signature is written.
    pub encoding: SignatureEncoding,
    /// Header of the signature.
    pub signature_header: HeaderName,
    /// Header of the second at which it was made.
    pub timestamp_header: HeaderName,
}

/// Whether a part of the address is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedPart {
    /// It is part of the string.
    Included,
    /// It is not.
    LeftOut,
}

/// How the 64 bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Standard base64 with padding.
    Base64,
    /// 128 lower-case hex digits.
    HexLower,
}

impl Default for SigningScheme {
    fn default() -> Self {
        Self {
            base_path: SignedPart::Included,
            query: SignedPart::Included,
            separator: String::new(),
            encoding: SignatureEncoding::HexLower,
            signature_header: HeaderName::from_static(SIGNATURE_HEADER),
            timestamp_header: HeaderName::from_static(TIMESTAMP_HEADER),
        }
    }
}

impl SigningScheme {
    /// Sets whether the base of the API is signed.
    #[must_use]
    pub fn with_base_path(mut self, part: SignedPart) -> Self {
        self.base_path = part;
        self
    }

    /// Sets whether the query is signed.
    #[must_use]
    pub fn with_query(mut self, part: SignedPart) -> Self {
        self.query = part;
        self
    }

    /// Sets what stands between the parts.
    #[must_use]
    pub fn with_separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Sets how the signature is written.
    #[must_use]
    pub fn with_encoding(mut self, encoding: SignatureEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets the headers of the signature and of its second.
    #[must_use]
    pub fn with_headers(mut self, signature: HeaderName, timestamp: HeaderName) -> Self {
        self.signature_header = signature;
        self.timestamp_header = timestamp;
        self
    }

    /// The bytes to sign for a request to `url`, an address below `base`.
    pub(crate) fn message(
        &self,
        seconds: i64,
        method: &str,
        (base, url): (&Url, &Url),
        body: &Body,
    ) -> Vec<u8> {
        let path = match self.base_path {
            SignedPart::Included => url.path(),
            SignedPart::LeftOut => url
                .path()
                .strip_prefix(base.path().trim_end_matches('/'))
                .unwrap_or(url.path()),
        };
        let path = match (self.query, url.query()) {
            (SignedPart::Included, Some(query)) => Cow::Owned(format!("{path}?{query}")),
            _ => Cow::Borrowed(path),
        };
        let mut message = if self.separator.is_empty() {
            signing_string(seconds, method, &path, b"")
        } else {
            let head = [&seconds.to_string(), method, &path, ""];
            head.join(&self.separator).into_bytes()
        };
        message.reserve_exact(body.pieces().map(Bytes::len).sum());
        for piece in body.pieces() {
            message.extend_from_slice(piece);
        }
        message
    }

    /// The signature as it is sent.
    pub(crate) fn encode(&self, signature: &[u8; 64]) -> HeaderValue {
        let text = match self.encoding {
            SignatureEncoding::Base64 => BASE64.encode(signature),
            SignatureEncoding::HexLower => hex::encode(signature),
        };
        // Neither alphabet has a character that a header may not carry.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(scheme: &SigningScheme, url: &str, body: &str) -> String {
        let base = Url::parse("https://x.example/api").unwrap();
        let url = Url::parse(url).unwrap();
        let body = Body::from(body.as_bytes().to_vec());
        let message = scheme.message(1_700_000_000, "POST", (&base, &url), &body);
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn each_guess_has_another_position() {
        let scheme = SigningScheme::default();
        let url = "https://x.example/api/v1/a?b=%2F&c=1";
        for (scheme, message) in [
            (scheme.clone(), "1700000000POST/api/v1/a?b=%2F&c=1{}"),
            (
                scheme.clone().with_base_path(SignedPart::LeftOut),
                "1700000000POST/v1/a?b=%2F&c=1{}",
            ),
            (
                scheme.clone().with_query(SignedPart::LeftOut),
                "1700000000POST/api/v1/a{}",
            ),
            (
                scheme.clone().with_separator("."),
                "1700000000.POST./api/v1/a?b=%2F&c=1.{}",
            ),
            (
                scheme
                    .with_base_path(SignedPart::LeftOut)
                    .with_query(SignedPart::LeftOut)
                    .with_separator("\n"),
                "1700000000\nPOST\n/v1/a\n{}",
            ),
        ] {
            assert_eq!(signed(&scheme, url, "{}"), message);
        }
    }

    #[test]
    fn an_address_without_a_query_is_signed_without_a_question_mark() {
        let scheme = SigningScheme::default();
        assert_eq!(
            signed(&scheme, "https://x.example/api/v1/a", ""),
            "1700000000POST/api/v1/a"
        );
    }

    #[test]
    fn signatures_are_written_in_both_alphabets() {
        let scheme = SigningScheme::default();
        assert_eq!(
            scheme.encode(&[0xab; 64]).to_str().unwrap(),
            "ab".repeat(64)
        );
        let base64 = scheme.with_encoding(SignatureEncoding::Base64);
        assert_eq!(
            BASE64.decode(base64.encode(&[0xab; 64])).unwrap(),
            [0xab; 64]
        );
    }
}
