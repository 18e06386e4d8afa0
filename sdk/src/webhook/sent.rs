//! Reads what the headers of a delivery say, before anything is believed.

use ed25519_dalek::Signature;
use http::HeaderMap;
use http::HeaderName;

use base64::Engine as _;

use crate::signing_scheme::SignatureEncoding;
use crate::webhook::error::WebhookError;
use crate::webhook::key::BASE64;
use crate::webhook::key::SentSignature;
use crate::webhook::key::VerifyKey;
use crate::webhook::scheme::STANDARD_ID;
use crate::webhook::scheme::TimestampUnit;
use crate::webhook::scheme::WebhookScheme;

/// Versions of a signature in Standard Webhooks: of a key pair, and of a shared secret.
pub(crate) const ASYMMETRIC: &str = "v1a";
pub(crate) const SYMMETRIC: &str = "v1";

/// Most signatures of one delivery that are looked at. A rotation needs two.
const SIGNATURES_MAX: usize = 8;

/// What the headers of a delivery say.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) signed_at: jiff::Timestamp,
    /// As it was sent: these bytes are signed.
    timestamp: String,
    message_id: String,
    pub(crate) signatures: Vec<SentSignature>,
}

impl Sent {
    pub(crate) fn read(scheme: &WebhookScheme, headers: &HeaderMap) -> Result<Self, WebhookError> {
        let signature = text(scheme, headers, scheme.signature_header())?;
        let timestamp = text(scheme, headers, scheme.timestamp_header())?;
        let (message_id, signatures) = match scheme {
            WebhookScheme::Platform(platform) => {
                let signature = platform_signature(platform.spelling(), signature);
                ("", signature.into_iter().collect())
            }
            WebhookScheme::StandardWebhooks => (
                text(scheme, headers, &STANDARD_ID)?,
                standard_signatures(signature),
            ),
        };
        if signatures.is_empty() {
            return Err(malformed(scheme.signature_header()));
        }
        let signed_at = moment(scheme, timestamp)?;
        Ok(Self {
            signed_at,
            timestamp: timestamp.to_owned(),
            message_id: message_id.to_owned(),
            signatures,
        })
    }

    pub(crate) fn message(&self, scheme: &WebhookScheme, body: &[u8]) -> Vec<u8> {
        scheme.message(&self.message_id, &self.timestamp, body)
    }

    pub(crate) fn signed_by(&self, key: &VerifyKey, message: &[u8]) -> bool {
        let mut signatures = self.signatures.iter();
        signatures.any(|signature| key.verifies(message, signature))
    }

    /// Whether the key is of a kind that could have made one of the signatures.
    pub(crate) fn fits(&self, key: &VerifyKey) -> bool {
        self.signatures.iter().any(|signature| key.fits(signature))
    }
}

fn text<'h>(
    scheme: &WebhookScheme,
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<&'h str, WebhookError> {
    let value = headers.get(name).ok_or_else(|| {
        let other = scheme.header_of_the_other();
        WebhookError::HeaderMissing {
            header: name.clone(),
            found: headers.contains_key(&other).then_some(other),
        }
    })?;
    value.to_str().map_err(|_| malformed(name))
}

fn malformed(header: &HeaderName) -> WebhookError {
    WebhookError::Malformed {
        header: header.clone(),
    }
}

/// How many digits a Unix time has, from the year 2001 to the year 2286.
const SECOND_DIGITS: usize = 10;
const MILLISECOND_DIGITS: usize = 13;

/// A Unix time of digits alone. The digits of today tell the units apart: milliseconds as seconds lie beyond every
/// calendar, seconds as milliseconds in the first months of 1970.
fn moment(scheme: &WebhookScheme, text: &str) -> Result<jiff::Timestamp, WebhookError> {
    let header = scheme.timestamp_header();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(header));
    }
    let number: i64 = text.parse().map_err(|_| malformed(header))?;
    let read = match (scheme.timestamp_unit(), text.len()) {
        (TimestampUnit::Seconds, MILLISECOND_DIGITS) => {
            return Err(WebhookError::Milliseconds {
                header: header.clone(),
            });
        }
        (TimestampUnit::Milliseconds, SECOND_DIGITS) => {
            return Err(WebhookError::Seconds {
                header: header.clone(),
            });
        }
        (TimestampUnit::Seconds, _) => jiff::Timestamp::from_second(number),
        (TimestampUnit::Milliseconds, _) => jiff::Timestamp::from_millisecond(number),
    };
    read.map_err(|_| malformed(header))
}

fn platform_signature(encoding: SignatureEncoding, text: &str) -> Option<SentSignature> {
    let bytes = match encoding {
        SignatureEncoding::HexLower => hex::decode(text).ok()?,
        SignatureEncoding::Base64 => BASE64.decode(text).ok()?,
    };
    ed25519(bytes)
}

/// The signatures of the list that have a form that is known; others are for other schemes and are passed over.
fn standard_signatures(text: &str) -> Vec<SentSignature> {
    text.split_ascii_whitespace()
        .filter_map(|entry| {
            let (version, encoded) = entry.split_once(',')?;
            let bytes = BASE64.decode(encoded).ok()?;
            match version {
                ASYMMETRIC => ed25519(bytes),
                SYMMETRIC => Some(SentSignature::HmacSha256(bytes.try_into().ok()?)),
                _ => None,
            }
        })
        .take(SIGNATURES_MAX)
        .collect()
}

fn ed25519(bytes: Vec<u8>) -> Option<SentSignature> {
    let bytes: [u8; 64] = bytes.try_into().ok()?;
    Some(SentSignature::Ed25519(Signature::from_bytes(&bytes)))
}
