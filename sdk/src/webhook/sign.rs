//! Signs deliveries as the platform would, for tests of a receiver.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use layer2_types::signing_string;

use crate::signing::Ed25519Signer;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::TIMESTAMP_HEADER;
use crate::webhook::verify::InvalidVerifyKey;
use crate::webhook::verify::STANDARD_ID;
use crate::webhook::verify::STANDARD_SIGNATURE;
use crate::webhook::verify::STANDARD_TIMESTAMP;
use crate::webhook::verify::STANDARD_VERSION;
use crate::webhook::verify::VerifyKey;
use crate::webhook::verify::WebhookScheme;

/// Plays the platform in a test: a key pair that signs bodies.
#[derive(Debug)]
pub struct TestSigner {
    signer: Ed25519Signer,
}

impl TestSigner {
    /// The key pair of a seed; the same seed gives the same pair.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self {
            signer: Ed25519Signer::from_seed(&seed),
        }
    }

    /// The public half, for the verifier under test.
    pub fn verify_key(&self) -> Result<VerifyKey, InvalidVerifyKey> {
        VerifyKey::parse(&self.signer.verify_key_hex())
    }

    /// The headers of a delivery of `body`, signed at `unix_seconds`. `message_id` is used by Standard Webhooks only.
    pub fn headers(
        &self,
        scheme: &WebhookScheme,
        message_id: &str,
        unix_seconds: i64,
        body: &[u8],
    ) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match scheme {
            WebhookScheme::Platform { callback_path } => {
                let message = signing_string(unix_seconds, "POST", callback_path, body);
                let signature = hex::encode(self.signer.sign_now(&message));
                headers.insert(
                    HeaderName::from_static(TIMESTAMP_HEADER),
                    unix_seconds.into(),
                );
                put(&mut headers, SIGNATURE_HEADER, &signature);
            }
            WebhookScheme::StandardWebhooks => {
                let mut message = format!("{message_id}.{unix_seconds}.").into_bytes();
                message.extend_from_slice(body);
                let signature = BASE64.encode(self.signer.sign_now(&message));
                put(&mut headers, STANDARD_ID, message_id);
                headers.insert(
                    HeaderName::from_static(STANDARD_TIMESTAMP),
                    unix_seconds.into(),
                );
                put(
                    &mut headers,
                    STANDARD_SIGNATURE,
                    &format!("{STANDARD_VERSION},{signature}"),
                );
            }
        }
        headers
    }
}

/// A value that no header may carry is left out, and the receiver under test misses it.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
