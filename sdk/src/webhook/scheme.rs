//! How deliveries are signed: which headers, over which bytes, in which spelling.
//!
//! How the platform signs webhooks is not published (docs/unknowns.md). [`WebhookScheme::platform`] is this project's
//! choice, the same string as for requests, and [`PlatformScheme`] has a setting for each part of that guess.
//! [`WebhookScheme::StandardWebhooks`] follows the public specification of that name (standardwebhooks.com): Ed25519
//! (`v1a`) with a public key `whpk_…`, and HMAC-SHA256 (`v1`) with a shared secret `whsec_…`.

use http::HeaderName;

use crate::signing::SIGNATURE_HEADER;
use crate::signing::TIMESTAMP_HEADER;
use crate::signing_scheme::SignatureEncoding;

/// Header names of Standard Webhooks.
pub(crate) static STANDARD_ID: HeaderName = HeaderName::from_static("webhook-id");
pub(crate) static STANDARD_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
pub(crate) static STANDARD_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How deliveries are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookScheme {
    /// One Ed25519 signature in a header of its own, as requests are signed.
    Platform(PlatformScheme),
    /// `webhook-signature: v1a,<base64> v1,<base64>` over `id.timestamp.body` (Standard Webhooks).
    StandardWebhooks,
}

impl WebhookScheme {
    /// The platform's scheme for the callback URL that was given to the subscription.
    pub fn platform(callback_url: &str) -> Self {
        Self::Platform(PlatformScheme::new(callback_url))
    }

    pub(crate) fn timestamp_header(&self) -> &HeaderName {
        match self {
            Self::Platform(scheme) => &scheme.timestamp_header,
            Self::StandardWebhooks => &STANDARD_TIMESTAMP,
        }
    }

    pub(crate) fn signature_header(&self) -> &HeaderName {
        match self {
            Self::Platform(scheme) => &scheme.signature_header,
            Self::StandardWebhooks => &STANDARD_SIGNATURE,
        }
    }

    /// Standard Webhooks says seconds.
    pub(crate) fn timestamp_unit(&self) -> TimestampUnit {
        match self {
            Self::Platform(scheme) => scheme.timestamp_unit,
            Self::StandardWebhooks => TimestampUnit::Seconds,
        }
    }

    /// The signature header of the scheme that this one is not, to recognise a mix-up.
    pub(crate) fn header_of_the_other(&self) -> HeaderName {
        match self {
            Self::Platform(_) => STANDARD_SIGNATURE.clone(),
            Self::StandardWebhooks => HeaderName::from_static(SIGNATURE_HEADER),
        }
    }

    /// The bytes that a signature covers. `timestamp` is the header's text, since that text was signed.
    pub(crate) fn message(&self, id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
        let mut message = match self {
            Self::Platform(scheme) => scheme.before_body(timestamp),
            Self::StandardWebhooks => format!("{id}.{timestamp}."),
        }
        .into_bytes();
        message.extend_from_slice(body);
        message
    }

    /// The same scheme for another path, if paths are signed.
    pub(crate) fn at_path(&self, path: &str) -> Option<Self> {
        match self {
            Self::Platform(scheme) if scheme.covers == Covers::TimestampMethodPathBody => {
                Some(Self::Platform(PlatformScheme {
                    callback_path: path.to_owned(),
                    ..scheme.clone()
                }))
            }
            _ => None,
        }
    }

    /// The path that is signed, if paths are.
    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Platform(scheme) if scheme.covers == Covers::TimestampMethodPathBody => {
                Some(&scheme.callback_path)
            }
            _ => None,
        }
    }
}

/// The parts of the guess how the platform signs deliveries, each with a setter. What is not set is as with requests:
/// lower-case hex in `x-signature` over `timestamp + "POST" + path + body`, the second in `x-timestamp`.
///
/// ```
/// use layer2_sdk::webhook::PlatformScheme;
/// use layer2_sdk::webhook::scheme::Covers;
///
/// // A platform that signs the whole address, with a point between the parts.
/// let scheme = PlatformScheme::new("https://shop.example/hooks/layer2")
///     .with_covers(Covers::TimestampMethodUrlBody)
///     .with_separator(".");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformScheme {
    callback_url: String,
    callback_path: String,
    separator: String,
    signature_header: HeaderName,
    timestamp_header: HeaderName,
    timestamp_unit: TimestampUnit,
    covers: Covers,
    encoding: SignatureEncoding,
}

impl PlatformScheme {
    /// The project's guess, for the callback URL that was given to the subscription.
    pub fn new(callback_url: &str) -> Self {
        Self {
            callback_url: callback_url.to_owned(),
            callback_path: path_of(callback_url),
            separator: String::new(),
            signature_header: HeaderName::from_static(SIGNATURE_HEADER),
            timestamp_header: HeaderName::from_static(TIMESTAMP_HEADER),
            timestamp_unit: TimestampUnit::default(),
            covers: Covers::default(),
            encoding: SignatureEncoding::HexLower,
        }
    }

    /// Sets the names of the two headers.
    #[must_use]
    pub fn with_headers(mut self, signature: HeaderName, timestamp: HeaderName) -> Self {
        self.signature_header = signature;
        self.timestamp_header = timestamp;
        self
    }

    /// Sets what the number in the timestamp header counts; seconds if not set.
    #[must_use]
    pub fn with_timestamp_unit(mut self, unit: TimestampUnit) -> Self {
        self.timestamp_unit = unit;
        self
    }

    /// Sets which bytes are signed.
    #[must_use]
    pub fn with_covers(mut self, covers: Covers) -> Self {
        self.covers = covers;
        self
    }

    /// Sets what stands between the parts that are signed; nothing if not set.
    #[must_use]
    pub fn with_separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Sets how the signature is spelled.
    #[must_use]
    pub fn with_encoding(mut self, encoding: SignatureEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// What is signed before the body.
    fn before_body(&self, timestamp: &str) -> String {
        let address = match self.covers {
            Covers::TimestampMethodPathBody => &self.callback_path,
            Covers::TimestampMethodUrlBody => &self.callback_url,
            Covers::TimestampBody => return format!("{timestamp}{}", self.separator),
            Covers::Body => return String::new(),
        };
        [timestamp, "POST", address, ""].join(&self.separator)
    }

    pub(crate) fn spelling(&self) -> SignatureEncoding {
        self.encoding
    }
}

impl From<PlatformScheme> for WebhookScheme {
    fn from(scheme: PlatformScheme) -> Self {
        Self::Platform(scheme)
    }
}

/// Which bytes the platform signs, in this order. What stands between them is a setting of its own,
/// [`with_separator`](PlatformScheme::with_separator).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Covers {
    /// The timestamp header, `POST`, the path of the callback URL with its query, the body.
    #[default]
    TimestampMethodPathBody,
    /// The timestamp header, `POST`, the whole callback URL as it was given, the body.
    TimestampMethodUrlBody,
    /// The timestamp header and the body.
    TimestampBody,
    /// The body alone. The timestamp is then not protected: whoever sees one delivery can send it again at any time, and
    /// only the replay guard stands against it.
    Body,
}

/// What the number in the timestamp header counts since 1970. Only that of requests is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampUnit {
    /// Seconds, as in requests: ten digits.
    #[default]
    Seconds,
    /// Milliseconds: thirteen digits.
    Milliseconds,
}

fn path_of(callback_url: &str) -> String {
    match reqwest::Url::parse(callback_url) {
        Ok(url) => match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
        // Not a URL, so it is the path already.
        Err(_) => callback_url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Body;
    use crate::signing_scheme::SigningScheme;

    #[test]
    fn the_guess_has_the_string_of_requests() {
        let scheme = WebhookScheme::platform("https://shop.example/hooks?team=a#x");
        let message = scheme.message("", "1700000000", b"{}");
        assert_eq!(message, b"1700000000POST/hooks?team=a{}");
        assert_eq!(
            message,
            layer2_types::signing_string(1_700_000_000, "POST", "/hooks?team=a", b"{}")
        );
    }

    #[test]
    fn requests_and_deliveries_have_one_string_in_every_position() {
        let url = reqwest::Url::parse("https://shop.example/hooks?team=a").unwrap();
        for separator in ["", ".", "\n"] {
            let deliveries = PlatformScheme::new(url.as_str()).with_separator(separator);
            let requests = SigningScheme::default().with_separator(separator);
            assert_eq!(
                WebhookScheme::from(deliveries).message("", "1700000000", b"{}"),
                requests.message(
                    1_700_000_000,
                    "POST",
                    (&url, &url),
                    &Body::from(b"{}".to_vec())
                ),
                "{separator:?}"
            );
        }
    }

    #[test]
    fn each_guess_has_another_position() {
        let scheme = PlatformScheme::new("https://shop.example/hooks");
        let dotted = scheme.clone().with_separator(".");
        for (scheme, covers, message) in [
            (&scheme, Covers::TimestampMethodPathBody, "07POST/hooks{}"),
            (
                &dotted,
                Covers::TimestampMethodPathBody,
                "07.POST./hooks.{}",
            ),
            (
                &scheme,
                Covers::TimestampMethodUrlBody,
                "07POSThttps://shop.example/hooks{}",
            ),
            (
                &dotted,
                Covers::TimestampMethodUrlBody,
                "07.POST.https://shop.example/hooks.{}",
            ),
            (&scheme, Covers::TimestampBody, "07{}"),
            (&dotted, Covers::TimestampBody, "07.{}"),
            (&scheme, Covers::Body, "{}"),
            (&dotted, Covers::Body, "{}"),
        ] {
            let scheme = WebhookScheme::from(scheme.clone().with_covers(covers));
            let signed = scheme.message("", "07", b"{}");
            assert_eq!(String::from_utf8(signed).unwrap(), message);
        }
    }
}
