//! Whether a delivery comes from the platform and is fresh.
//!
//! Signatures are checked strictly (RFC 8032 with the checks against malleable and small-order keys), against every key
//! that is known, so that a key can be rotated and one endpoint can serve several subscriptions. The timestamp must lie
//! within the tolerance on *both* sides: an old one may be a replay, a future one keeps a stolen delivery usable.
//!
//! When no key matches, the reason is looked for: the mistakes that receivers make are few, and each leaves a trace.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::Signature;
use ed25519_dalek::VerifyingKey;
use http::HeaderMap;
use layer2_types::payments::Event;
use layer2_types::signing_string;

use crate::runtime::Clock;
use crate::runtime::SystemClock;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::TIMESTAMP_HEADER;
use crate::webhook::error::Cause;
use crate::webhook::error::WebhookError;
use crate::webhook::guess;

/// Header names of Standard Webhooks.
pub(crate) const STANDARD_ID: &str = "webhook-id";
pub(crate) const STANDARD_TIMESTAMP: &str = "webhook-timestamp";
pub(crate) const STANDARD_SIGNATURE: &str = "webhook-signature";
/// Version of an asymmetric signature there.
pub(crate) const STANDARD_VERSION: &str = "v1a";

const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// How deliveries are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookScheme {
    /// `x-signature` in hex over `timestamp + "POST" + path + body`, `x-timestamp` in seconds: as requests are signed.
    Platform {
        /// Path of the callback URL as it was given to the subscription, with its query if it has one.
        callback_path: String,
    },
    /// `webhook-signature: v1a,<base64>` over `id.timestamp.body` (Standard Webhooks, asymmetric).
    StandardWebhooks,
}

impl WebhookScheme {
    /// The platform's scheme for the callback URL that was given to the subscription.
    pub fn platform(callback_url: &str) -> Self {
        let path = match reqwest::Url::parse(callback_url) {
            Ok(url) => match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            },
            // Not a URL, so it is the path already.
            Err(_) => callback_url.to_owned(),
        };
        Self::Platform {
            callback_path: path,
        }
    }
}

/// A public key of a subscription.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyKey(VerifyingKey);

impl VerifyKey {
    /// Reads a key: 64 hex digits, as `signature_verification_key` gives it, or `whpk_` with base64.
    pub fn parse(text: &str) -> Result<Self, InvalidVerifyKey> {
        let text = text.trim();
        let bytes = match text.strip_prefix("whpk_") {
            Some(encoded) => BASE64.decode(encoded).ok(),
            None => hex::decode(text).ok(),
        };
        let bytes: [u8; 32] = bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(InvalidVerifyKey)?;
        Self::from_bytes(&bytes)
    }

    /// Takes the 32 bytes of a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidVerifyKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidVerifyKey)?;
        if key.is_weak() {
            Err(InvalidVerifyKey)
        } else {
            Ok(Self(key))
        }
    }

    fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        self.0.verify_strict(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyKey({})", hex::encode(self.0.as_bytes()))
    }
}

/// A text that is no verification key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a verification key: give the subscription's `signature_verification_key` (64 hex digits) or a key that starts \
     with whpk_"
)]
pub struct InvalidVerifyKey;

/// Checks deliveries. Make one per callback path and keep it.
#[derive(Clone, Debug)]
pub struct Verifier {
    scheme: WebhookScheme,
    keys: Vec<VerifyKey>,
    elsewhere: Vec<(String, VerifyKey)>,
    tolerance: Duration,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// A verifier without keys: give it at least one with [`key`](Self::key).
    pub fn new(scheme: WebhookScheme) -> Self {
        Self {
            scheme,
            keys: Vec::new(),
            elsewhere: Vec::new(),
            tolerance: DEFAULT_TOLERANCE,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Accepts deliveries signed with this key too. Each subscription has one; during a rotation there are two.
    #[must_use]
    pub fn key(mut self, key: VerifyKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Names a key that is *not* accepted here, so that a delivery meant for another endpoint is recognised.
    #[must_use]
    pub fn known_elsewhere(mut self, label: impl Into<String>, key: VerifyKey) -> Self {
        self.elsewhere.push((label.into(), key));
        self
    }

    /// Sets how far a timestamp may be from now, to either side; 300 s by default.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Reads the time from elsewhere.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks a delivery now.
    pub fn verify<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
    ) -> Result<Verified<'b>, WebhookError> {
        self.verify_at(headers, body, self.clock.now())
    }

    /// Checks a delivery as if it were `now`.
    pub fn verify_at<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
        now: jiff::Timestamp,
    ) -> Result<Verified<'b>, WebhookError> {
        let sent = Sent::read(&self.scheme, headers)?;
        let signed_at =
            jiff::Timestamp::from_second(sent.timestamp).map_err(|_| WebhookError::Malformed {
                header: sent.timestamp_header,
            })?;
        let distance = Duration::try_from((now - signed_at).abs()).unwrap_or(Duration::MAX);
        if distance > self.tolerance {
            return Err(WebhookError::OutsideTolerance { signed_at, now });
        }
        let message = sent.message(&self.scheme, body);
        if sent.signed_by_any(&self.keys, &message) {
            return Ok(Verified { body, signed_at });
        }
        Err(WebhookError::NoKeyMatches {
            causes: self.causes(&sent, body, &message),
        })
    }

    /// Why no key matches, the recognised cause alone if there is one, else what it may be.
    fn causes(&self, sent: &Sent, body: &[u8], message: &[u8]) -> Vec<Cause> {
        if self.keys.is_empty() {
            return vec![Cause::NoKeys];
        }
        for (label, key) in &self.elsewhere {
            if sent.signed_by_any(&[*key], message) {
                return vec![Cause::KeyOfAnother(label.clone())];
            }
        }
        for body in guess::other_spellings(body) {
            if sent.signed_by_any(&self.keys, &sent.message(&self.scheme, &body)) {
                return vec![Cause::BodyWasRewritten];
            }
        }
        if let WebhookScheme::Platform { callback_path } = &self.scheme {
            for path in guess::other_paths(callback_path) {
                let scheme = WebhookScheme::Platform {
                    callback_path: path.clone(),
                };
                if sent.signed_by_any(&self.keys, &sent.message(&scheme, body)) {
                    return vec![Cause::PathDiffers { signed: path }];
                }
            }
        }
        vec![Cause::Unrecognised]
    }
}

/// A delivery whose signature holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    signed_at: jiff::Timestamp,
}

impl Verified<'_> {
    /// Reads the event. A failure here is about the body's form, the sender is known.
    pub fn event(&self) -> Result<Event, WebhookError> {
        serde_json::from_slice(self.body).map_err(|error| WebhookError::NotAnEvent {
            line: error.line(),
            column: error.column(),
        })
    }

    /// When it was signed, by the sender's clock.
    pub fn signed_at(&self) -> jiff::Timestamp {
        self.signed_at
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("signed_at", &self.signed_at)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What the headers of a delivery say.
struct Sent {
    timestamp: i64,
    /// As it was sent: these bytes are signed.
    timestamp_text: String,
    timestamp_header: &'static str,
    message_id: String,
    signatures: Vec<Signature>,
}

impl Sent {
    fn read(scheme: &WebhookScheme, headers: &HeaderMap) -> Result<Self, WebhookError> {
        let (timestamp_header, signature_header) = match scheme {
            WebhookScheme::Platform { .. } => (TIMESTAMP_HEADER, SIGNATURE_HEADER),
            WebhookScheme::StandardWebhooks => (STANDARD_TIMESTAMP, STANDARD_SIGNATURE),
        };
        let signature_text = text(headers, signature_header)?;
        let timestamp_text = text(headers, timestamp_header)?;
        let message_id = match scheme {
            WebhookScheme::Platform { .. } => "",
            WebhookScheme::StandardWebhooks => text(headers, STANDARD_ID)?,
        };
        let signatures = match scheme {
            WebhookScheme::Platform { .. } => {
                platform_signature(signature_text).into_iter().collect()
            }
            WebhookScheme::StandardWebhooks => standard_signatures(signature_text),
        };
        if signatures.is_empty() {
            return Err(WebhookError::Malformed {
                header: signature_header,
            });
        }
        // Milliseconds have thirteen digits until the year 2286; they read as a date far away and are refused there.
        let timestamp = match timestamp_text.parse::<i64>() {
            Ok(timestamp) if timestamp_text.bytes().all(|byte| byte.is_ascii_digit()) => timestamp,
            _ => {
                return Err(WebhookError::Malformed {
                    header: timestamp_header,
                });
            }
        };
        Ok(Self {
            timestamp,
            timestamp_text: timestamp_text.to_owned(),
            timestamp_header,
            message_id: message_id.to_owned(),
            signatures,
        })
    }

    fn message(&self, scheme: &WebhookScheme, body: &[u8]) -> Vec<u8> {
        match scheme {
            WebhookScheme::Platform { callback_path } => {
                signing_string(self.timestamp, "POST", callback_path, body)
            }
            WebhookScheme::StandardWebhooks => {
                let mut message =
                    format!("{}.{}.", self.message_id, self.timestamp_text).into_bytes();
                message.extend_from_slice(body);
                message
            }
        }
    }

    fn signed_by_any(&self, keys: &[VerifyKey], message: &[u8]) -> bool {
        keys.iter().any(|key| {
            self.signatures
                .iter()
                .any(|signature| key.verifies(message, signature))
        })
    }
}

fn text<'h>(headers: &'h HeaderMap, header: &'static str) -> Result<&'h str, WebhookError> {
    let value = headers
        .get(header)
        .ok_or(WebhookError::HeaderMissing { header })?;
    value
        .to_str()
        .map_err(|_| WebhookError::Malformed { header })
}

fn platform_signature(text: &str) -> Option<Signature> {
    let bytes: [u8; 64] = hex::decode(text).ok()?.try_into().ok()?;
    Some(Signature::from_bytes(&bytes))
}

/// The asymmetric signatures of the list; others are for other schemes and are passed over.
fn standard_signatures(text: &str) -> Vec<Signature> {
    text.split_ascii_whitespace()
        .filter_map(|entry| entry.split_once(','))
        .filter(|(version, _)| *version == STANDARD_VERSION)
        .filter_map(|(_, encoded)| BASE64.decode(encoded).ok()?.try_into().ok())
        .map(|bytes: [u8; 64]| Signature::from_bytes(&bytes))
        .collect()
}
