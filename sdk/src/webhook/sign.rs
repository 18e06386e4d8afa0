//! Makes keys and signs deliveries as the platform would, for tests of a receiver.
//!
//! A receiver is tested against this signer without a server, and against the mock server with real deliveries. Nothing
//! here belongs into a production program: the platform holds the private half of a subscription's key.

use base64::Engine as _;
use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use hmac::Mac as _;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use layer2_types::payments::Event;
use zeroize::Zeroizing;

use crate::runtime::Dice as _;
use crate::runtime::NoEntropy;
use crate::runtime::SystemDice;
use crate::signing_scheme::SignatureEncoding;
use crate::webhook::key::BASE64;
use crate::webhook::key::InvalidVerifyKey;
use crate::webhook::key::PUBLIC_PREFIX;
use crate::webhook::key::SECRET_PREFIX;
use crate::webhook::key::VerifyKey;
use crate::webhook::key::keyed;
use crate::webhook::scheme::PlatformScheme;
use crate::webhook::scheme::STANDARD_ID;
use crate::webhook::scheme::TimestampUnit;
use crate::webhook::scheme::WebhookScheme;
use crate::webhook::sent::ASYMMETRIC;
use crate::webhook::sent::SYMMETRIC;

/// Plays the platform in a test: a key that signs bodies.
#[derive(Debug)]
pub struct TestSigner {
    key: Key,
}

enum Key {
    Pair(SigningKey),
    Shared(Zeroizing<Vec<u8>>),
}

impl TestSigner {
    /// A new key pair.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn generate() -> Result<Self, NoEntropy> {
        let mut seed = Zeroizing::new([0; 32]);
        SystemDice.fill(&mut *seed)?;
        Ok(Self::from_seed(*seed))
    }

    /// The key pair of a seed; the same seed gives the same pair.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self {
            key: Key::Pair(SigningKey::from_bytes(&seed)),
        }
    }

    /// A shared secret of 24 to 64 bytes, for Standard Webhooks with HMAC-SHA256 (`v1`).
    pub fn from_shared_secret(secret: &[u8]) -> Result<Self, InvalidVerifyKey> {
        VerifyKey::shared_secret(secret)?;
        Ok(Self {
            key: Key::Shared(Zeroizing::new(secret.to_vec())),
        })
    }

    /// What the verifier under test checks with: the public half, or the shared secret.
    pub fn verify_key(&self) -> Result<VerifyKey, InvalidVerifyKey> {
        match &self.key {
            Key::Pair(pair) => Ok(VerifyKey::of_pair(pair.verifying_key())),
            Key::Shared(secret) => VerifyKey::shared_secret(secret),
        }
    }

    /// The verification key as Standard Webhooks spells it: `whpk_…`, or `whsec_…` for a shared secret.
    pub fn standard_key(&self) -> String {
        match &self.key {
            Key::Pair(pair) => {
                format!("{PUBLIC_PREFIX}{}", BASE64.encode(pair.verifying_key()))
            }
            Key::Shared(secret) => format!("{SECRET_PREFIX}{}", BASE64.encode(&**secret)),
        }
    }

    /// The verification key as a subscription gives it, 64 hex digits; nothing for a shared secret.
    pub fn platform_key(&self) -> Option<String> {
        match &self.key {
            Key::Pair(pair) => Some(hex::encode(pair.verifying_key())),
            Key::Shared(_) => None,
        }
    }

    /// The headers of a delivery of `body`, signed at `unix_seconds`. `message_id` is used by Standard Webhooks only.
    ///
    /// The platform's scheme has no signatures by shared secret; such a delivery then carries none.
    pub fn headers(
        &self,
        scheme: &WebhookScheme,
        message_id: &str,
        unix_seconds: i64,
        body: &[u8],
    ) -> HeaderMap {
        let timestamp = match scheme.timestamp_unit() {
            TimestampUnit::Seconds => unix_seconds,
            TimestampUnit::Milliseconds => unix_seconds.saturating_mul(1_000),
        }
        .to_string();
        let message = scheme.message(message_id, &timestamp, body);
        let mut headers = HeaderMap::new();
        let signature = match scheme {
            WebhookScheme::Platform(platform) => self.platform_signature(platform, &message),
            WebhookScheme::StandardWebhooks => {
                put(&mut headers, &STANDARD_ID, message_id);
                self.standard_signature(&message)
            }
        };
        put(&mut headers, scheme.timestamp_header(), &timestamp);
        if let Some(signature) = signature {
            put(&mut headers, scheme.signature_header(), &signature);
        }
        headers
    }

    /// A whole delivery of an event, its headers and its body.
    ///
    /// # Errors
    /// If the event has no JSON form, which one that was built from its models always has.
    pub fn delivery(
        &self,
        scheme: &WebhookScheme,
        unix_seconds: i64,
        event: &Event,
    ) -> serde_json::Result<(HeaderMap, Vec<u8>)> {
        let body = serde_json::to_vec(event)?;
        let headers = self.headers(scheme, event.event_id.as_str(), unix_seconds, &body);
        Ok((headers, body))
    }

    fn platform_signature(&self, scheme: &PlatformScheme, message: &[u8]) -> Option<String> {
        let Key::Pair(pair) = &self.key else {
            return None;
        };
        let signature = pair.sign(message).to_bytes();
        Some(match scheme.spelling() {
            SignatureEncoding::HexLower => hex::encode(signature),
            SignatureEncoding::Base64 => BASE64.encode(signature),
        })
    }

    fn standard_signature(&self, message: &[u8]) -> Option<String> {
        let (version, signature) = match &self.key {
            Key::Pair(pair) => (ASYMMETRIC, BASE64.encode(pair.sign(message).to_bytes())),
            Key::Shared(secret) => {
                let mut mac = keyed(secret)?;
                mac.update(message);
                (SYMMETRIC, BASE64.encode(mac.finalize().into_bytes()))
            }
        };
        Some(format!("{version},{signature}"))
    }
}

/// Says which kind of key it is and nothing of the key.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pair(_) => "Pair(** redacted **)",
            Self::Shared(_) => "Shared(** redacted **)",
        })
    }
}

/// A value that no header may carry is left out, and the receiver under test misses it.
fn put(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name.clone(), value);
    }
}
