//! Where every id, secret and throw of the dice of a sandbox comes from.
//!
//! A sandbox has one 32-byte seed. Nothing else in the world is random: what looks random is a hash of the seed, a
//! label that says what it is for, and the parts that make it unique. Two values with different labels or parts are
//! therefore independent, and the same sandbox makes the same values each time its journal is replayed.
//!
//! Seeds never show in `Debug` output: whoever reads one can forge every token of the sandbox.

use core::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;
use sha2::Digest as _;
use sha2::Sha256;

/// The seed of one sandbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Wraps the 32 bytes of a seed.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Derives 32 bytes for one purpose.
    ///
    /// Label and parts enter the hash with their lengths, so `("ab", ["c"])` and `("a", ["bc"])` differ.
    pub fn derive(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(self.0);
        update_prefixed(&mut hash, label.as_bytes());
        for part in parts {
            update_prefixed(&mut hash, part);
        }
        hash.finalize().into()
    }

    /// Derives the seed of something that has secrets of its own, such as a sandbox below a server.
    pub fn child(&self, label: &str, parts: &[&[u8]]) -> Self {
        Self(self.derive(label, parts))
    }

    /// Derives a private key.
    pub fn secret(&self, label: &str, parts: &[&[u8]]) -> SecretSeed {
        SecretSeed(self.derive(label, parts))
    }

    /// The bytes themselves, for a shell that must store them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(** redacted **)")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| D::Error::custom("a seed is 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

/// The 32 bytes of an Ed25519 private key.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretSeed([u8; 32]);

impl SecretSeed {
    /// The bytes, for what signs with them or makes an address of them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public key that belongs to it.
    pub fn verify_key(&self) -> [u8; 32] {
        ed25519_dalek::SigningKey::from_bytes(&self.0)
            .verifying_key()
            .to_bytes()
    }

    /// The public key that belongs to it, as 64 hexadecimal digits.
    pub fn verify_key_hex(&self) -> String {
        hex::encode(self.verify_key())
    }
}

impl fmt::Debug for SecretSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSeed(** redacted **)")
    }
}

/// Separates these hashes from any other use of SHA-256 over the same bytes.
const DOMAIN: &[u8] = b"layer2-world/seed/1";

fn update_prefixed(hash: &mut Sha256, part: &[u8]) {
    // A part longer than 2^64 bytes cannot be in memory, so the widening is exact.
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_parts_cannot_run_into_each_other() {
        let seed = Seed::new([7; 32]);
        assert_ne!(seed.derive("ab", &[b"c"]), seed.derive("a", &[b"bc"]));
        assert_ne!(seed.derive("a", &[b"b", b"c"]), seed.derive("a", &[b"bc"]));
        assert_ne!(seed.derive("a", &[]), Seed::new([8; 32]).derive("a", &[]));
    }

    #[test]
    fn seeds_are_not_printed_and_survive_a_round_trip() {
        let seed = Seed::new([0xab; 32]);
        assert!(!format!("{seed:?}{:?}", seed.secret("k", &[])).contains("ab"));
        let text = serde_json::to_string(&seed).unwrap();
        assert_eq!(serde_json::from_str::<Seed>(&text).unwrap(), seed);
    }

    #[test]
    fn the_verify_key_is_the_one_of_rfc_8032_test_1() {
        let mut bytes = [0; 32];
        hex::decode_to_slice(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            &mut bytes,
        )
        .unwrap();
        assert_eq!(
            SecretSeed(bytes).verify_key_hex(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
