//! The keys that deliveries are checked with.
//!
//! A subscription of the platform has an Ed25519 key pair; its public half, `signature_verification_key`, is 64 hex
//! digits. Standard Webhooks writes public keys as `whpk_` and base64, and has shared secrets as well: `whsec_` and the
//! base64 of 24 to 64 bytes. A shared secret is wiped when dropped and never printed; with it anybody can make
//! deliveries, so it is no match for a key pair.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;
use ed25519_dalek::Signature;
use ed25519_dalek::VerifyingKey;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What signs with a shared secret.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// The standard alphabet; padding is written, and read where it stands.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Prefix of a public key in Standard Webhooks.
pub(crate) const PUBLIC_PREFIX: &str = "whpk_";
/// Prefix of a private key there, which has no place in a receiver.
pub(crate) const PRIVATE_PREFIX: &str = "whsk_";
/// Prefix of a shared secret there.
pub(crate) const SECRET_PREFIX: &str = "whsec_";

/// How long a shared secret is, in bytes (Standard Webhooks, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that signatures of deliveries are checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyKey(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Ed25519(VerifyingKey),
    // Compared with other keys of the configuration alone, never with something that was sent.
    Shared(Arc<Zeroizing<Vec<u8>>>),
}

impl VerifyKey {
    /// Reads a key: 64 hex digits, as `signature_verification_key` gives it, `whpk_` with base64, or `whsec_` with base64
    /// for a shared secret.
    pub fn parse(text: &str) -> Result<Self, InvalidVerifyKey> {
        let text = text.trim();
        if text.starts_with(PRIVATE_PREFIX) {
            return Err(InvalidVerifyKey::PrivateKey);
        }
        if let Some(encoded) = text.strip_prefix(SECRET_PREFIX) {
            let secret = BASE64.decode(encoded).map(Zeroizing::new);
            return Self::shared_secret(&secret.map_err(|_| InvalidVerifyKey::Form)?);
        }
        let bytes = match text.strip_prefix(PUBLIC_PREFIX) {
            Some(encoded) => BASE64.decode(encoded).ok(),
            None => hex::decode(text).ok(),
        };
        let bytes: [u8; 32] = bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(InvalidVerifyKey::Form)?;
        Self::from_bytes(&bytes)
    }

    /// Takes the 32 bytes of a public key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidVerifyKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidVerifyKey::Form)?;
        if key.is_weak() {
            return Err(InvalidVerifyKey::Weak);
        }
        Ok(Self(Kind::Ed25519(key)))
    }

    /// Takes the bytes of a shared secret (`v1`, HMAC-SHA256).
    pub fn shared_secret(bytes: &[u8]) -> Result<Self, InvalidVerifyKey> {
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(InvalidVerifyKey::SecretLength { bytes: bytes.len() });
        }
        Ok(Self(Kind::Shared(Arc::new(Zeroizing::new(bytes.to_vec())))))
    }

    pub(crate) fn of_pair(key: VerifyingKey) -> Self {
        Self(Kind::Ed25519(key))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &SentSignature) -> bool {
        match (&self.0, signature) {
            (Kind::Ed25519(key), SentSignature::Ed25519(signature)) => {
                key.verify_strict(message, signature).is_ok()
            }
            (Kind::Shared(secret), SentSignature::HmacSha256(tag)) => {
                keyed(secret).is_some_and(|mut mac| {
                    mac.update(message);
                    // Takes the same time wherever the first difference is.
                    mac.verify_slice(tag).is_ok()
                })
            }
            _ => false,
        }
    }

    /// Whether a signature of this kind is one that the key could have made.
    pub(crate) fn fits(&self, signature: &SentSignature) -> bool {
        matches!(
            (&self.0, signature),
            (Kind::Ed25519(_), SentSignature::Ed25519(_))
                | (Kind::Shared(_), SentSignature::HmacSha256(_))
        )
    }
}

/// Names a public key, and hides a secret.
impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Ed25519(key) => write!(f, "VerifyKey({})", hex::encode(key.as_bytes())),
            Kind::Shared(_) => f.write_str("VerifyKey(** redacted **)"),
        }
    }
}

/// The keyed hash. A key of any length is taken, so there is always one.
pub(crate) fn keyed(secret: &[u8]) -> Option<HmacSha256> {
    HmacSha256::new_from_slice(secret).ok()
}

/// A signature as it came.
#[derive(Clone, Debug)]
pub(crate) enum SentSignature {
    Ed25519(Signature),
    HmacSha256([u8; 32]),
}

/// Why a text is no verification key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVerifyKey {
    /// None of the forms that are understood.
    #[error(
        "not a verification key: give the subscription's `signature_verification_key` (64 hex digits), or a key that \
         starts with whpk_ or whsec_"
    )]
    Form,
    /// The half that signs.
    #[error(
        "this is the private key (whsk_), which belongs to the sender alone: give the public one, which starts with whpk_"
    )]
    PrivateKey,
    /// A shared secret of a length that Standard Webhooks does not allow.
    #[error("a shared secret (whsec_) has 24 to 64 bytes, this one has {bytes}")]
    SecretLength {
        /// How many bytes it has.
        bytes: usize,
    },
    /// A point under which signatures prove nothing.
    #[error(
        "this Ed25519 key is of small order: a signature under it proves nothing, and no honest sender has such a key"
    )]
    Weak,
}
