//! What makes a sandbox another one than all before it of its name.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

#[cfg(any(feature = "postgres", test))]
use super::StoreError;

/// Drawn when a sandbox is made, and never again: names are used again, and so are the numbers that a store gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity([u8; 16]);

impl Identity {
    #[cfg(any(feature = "postgres", test))]
    pub(crate) fn draw() -> Result<Identity, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            StoreError::Unavailable(format!("the system gives no random numbers ({error})"))
        })?;
        Ok(Identity(bytes))
    }

    #[cfg(any(feature = "postgres", test))]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", hex::encode(self.0))
    }
}

/// As 32 hexadecimal digits.
impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| D::Error::custom("an identity is 32 hexadecimal digits"))?;
        Ok(Identity(bytes))
    }
}
