//! The credentials of a sandbox, all derived from its seed.
//!
//! The same seed gives the same credentials at every start, so a `.env` file stays good; two sandboxes never share one.
//! Client ids start with the sandbox's name, for the reader of a log. Secrets and keys never show in `Debug`.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use layer2_world::seed::Seed;
use subtle::ConstantTimeEq;

use super::tokens::TokenKey;

/// Who may call a sandbox, and with what.
pub(crate) struct Credentials {
    pub(crate) payments: ClientCredentials,
    pub(crate) accounting: ClientCredentials,
    pub(crate) plaid: ClientCredentials,
    pub(crate) tokens: TokenKey,
    signing_key: SigningKey,
}

impl Credentials {
    pub(crate) fn derive(seed: &Seed, sandbox: &str) -> Credentials {
        Credentials {
            payments: ClientCredentials::derive(seed, sandbox, "payments"),
            accounting: ClientCredentials::derive(seed, sandbox, "accounting"),
            plaid: ClientCredentials::derive(seed, sandbox, "plaid"),
            tokens: TokenKey::new(&seed.derive("token-key", &[])),
            signing_key: SigningKey::from_bytes(&seed.derive("client-signing-key", &[])),
        }
    }

    /// The public key that request signatures are verified with.
    pub(crate) fn verify_key(&self) -> VerifyingKey {
        self.signing_key.verifying_key()
    }

    /// The public keys of what the client's key becomes when it is read in a wrong form.
    pub(crate) fn misread_keys(&self) -> Vec<(KeyMistake, VerifyingKey)> {
        let seed = self.signing_key.to_bytes();
        let pkcs8 = [&PKCS8_PREFIX[..], &seed].concat();
        let mut misread = public_as_private(&self.verify_key());
        misread.extend(as_seeds([
            (KeyMistake::HexAsBytes, hex::encode(seed).as_bytes()),
            (KeyMistake::Pkcs8AsSeed, &pkcs8),
            (KeyMistake::HexAsBytes, hex::encode(&pkcs8).as_bytes()),
        ]));
        misread
    }

    /// The client's private key as 64 hex digits, for the ready file.
    pub(crate) fn signing_key_hex(&self) -> String {
        hex::encode(self.signing_key.to_bytes())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("payments", &self.payments)
            .finish_non_exhaustive()
    }
}

/// The public keys of what a public key becomes when it is taken for the private one: both are 64 hex digits.
pub(crate) fn public_as_private(key: &VerifyingKey) -> Vec<(KeyMistake, VerifyingKey)> {
    as_seeds([
        (KeyMistake::PublicAsPrivate, &key.as_bytes()[..]),
        (
            KeyMistake::PublicAsPrivate,
            hex::encode(key.as_bytes()).as_bytes(),
        ),
    ])
}

/// The public keys of bytes whose first 32 are taken for a seed.
fn as_seeds<const N: usize>(read: [(KeyMistake, &[u8]); N]) -> Vec<(KeyMistake, VerifyingKey)> {
    read.into_iter()
        .filter_map(|(mistake, bytes)| {
            let seed = bytes.first_chunk::<32>()?;
            Some((mistake, SigningKey::from_bytes(seed).verifying_key()))
        })
        .collect()
}

/// What PKCS#8 puts before an Ed25519 seed (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// How a key came to be read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyMistake {
    /// The letters of its hex text were taken for its bytes.
    HexAsBytes,
    /// The first bytes of its PKCS#8 form were taken for the seed.
    Pkcs8AsSeed,
    /// The public key was taken for the private one.
    PublicAsPrivate,
}

impl KeyMistake {
    pub(crate) fn advice(self) -> &'static str {
        match self {
            KeyMistake::HexAsBytes => {
                "the letters of the key's hex text were taken for its bytes: decode the hex first"
            }
            KeyMistake::Pkcs8AsSeed => {
                "the first 32 bytes of a PKCS#8 key were taken for the seed: the seed is its last 32 bytes"
            }
            KeyMistake::PublicAsPrivate => {
                "the public key was used as the private one: sign with `payments.signing_key` of the ready file"
            }
        }
    }
}

/// The id and secret of one client.
#[derive(Clone)]
pub(crate) struct ClientCredentials {
    id: String,
    secret: String,
}

impl ClientCredentials {
    fn derive(seed: &Seed, sandbox: &str, api: &str) -> ClientCredentials {
        let digest = seed.derive("client-id", &[api.as_bytes()]);
        let secret = seed.derive("client-secret", &[api.as_bytes()]);
        ClientCredentials {
            id: format!("{sandbox}-{api}-{}", hex::encode(&digest[..4])),
            secret: hex::encode(secret),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The secret itself, for the ready file alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.secret
    }

    /// Compares a secret in constant time.
    pub(crate) fn is_secret(&self, candidate: &str) -> bool {
        is_same_secret(&self.secret, candidate)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Compares two secrets in a time that does not tell where they differ.
pub(crate) fn is_same_secret(secret: &str, candidate: &str) -> bool {
    secret.as_bytes().ct_eq(candidate.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_the_same_for_the_same_seed_and_share_nothing_otherwise() {
        let seed = Seed::new([1; 32]);
        let (one, same) = (
            Credentials::derive(&seed, "a"),
            Credentials::derive(&seed, "a"),
        );
        let other = Credentials::derive(&Seed::new([2; 32]), "a");
        assert_eq!(one.payments.id(), same.payments.id());
        assert_eq!(one.signing_key_hex(), same.signing_key_hex());
        assert_ne!(one.payments.id(), other.payments.id());
        assert_ne!(one.payments.reveal(), other.payments.reveal());
        assert_ne!(one.payments.reveal(), one.accounting.reveal());
        assert_ne!(one.verify_key(), other.verify_key());
        assert!(one.payments.is_secret(one.payments.reveal()));
        assert!(!one.payments.is_secret(one.plaid.reveal()));
        assert!(!one.payments.is_secret(""));
        let shown = format!("{one:?}");
        assert!(!shown.contains(one.payments.reveal()) && !shown.contains(&one.signing_key_hex()));
    }
}
