//! What changes a world.
//!
//! A command holds all that decides its result, so that the list of accepted commands, each with its context, *is* the
//! sandbox. Client commands come over HTTP; internal ones from the shell's own clockwork.

use core::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;
use thiserror::Error;

use crate::outbox::DeliveryId;
use crate::outbox::DeliveryOutcome;
use crate::request::Request;

pub mod compact;

/// Something that is to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A client, a business or control asked for it.
    Client(ClientCommand),
    /// The sandbox does it by itself.
    Internal(Internal),
}

/// A mutation that came over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCommand {
    /// What is asked for.
    pub request: Request,
    /// The idempotency key, if one was sent.
    pub key: Option<IdempotencyKey>,
    /// Digest of method, path, query and exact JSON, made by the shell: equal requests have equal fingerprints.
    pub fingerprint: Fingerprint,
}

/// What the sandbox does by itself. It mints no ids of its own and does not move the business clock: when it lands is
/// decided by the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Internal {
    /// Runs the jobs that are due.
    RunDue,
    /// An attempt to deliver a webhook has ended.
    DeliveryFinished {
        /// Which delivery.
        delivery: DeliveryId,
        /// Which attempt, from 1.
        attempt: u32,
        /// How it ended.
        outcome: DeliveryOutcome,
    },
}

/// What makes a repeated request the same request: 1 to 255 visible ASCII characters, chosen by the caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks the form of a key.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > KEY_LENGTH_MAX || !visible {
            return Err(InvalidKey);
        }
        Ok(Self(text))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A text that cannot be an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters; a version 4 UUID is a good one")]
pub struct InvalidKey;

/// Digest of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Wraps the 32 bytes of a digest.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({}…)", hex::encode(&self.0[..4]))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| D::Error::custom("a fingerprint is 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

const KEY_LENGTH_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_length_and_an_alphabet() {
        for good in [
            "k",
            "3f0a4ab5-1f4c-4c8e-9b7e-0d6f2f0b8a11",
            &"x".repeat(255),
        ] {
            assert!(IdempotencyKey::new(good).is_ok(), "{good}");
        }
        for bad in ["", "with space", "tab\t", "é", &"x".repeat(256)] {
            assert!(IdempotencyKey::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_command_survives_the_journal() {
        let command = Command::Internal(Internal::DeliveryFinished {
            delivery: DeliveryId::new("d"),
            attempt: 2,
            outcome: DeliveryOutcome::Answered { status: 503 },
        });
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
    }
}
