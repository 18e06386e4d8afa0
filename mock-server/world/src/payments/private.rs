//! Text about a person: kept, told to whoever may read it, and never printed by `Debug`.

use core::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// A memo, a name, an address, an account number. The rows of one order share it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Private(Arc<str>);

impl Private {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The text, for a reply to somebody who may read it.
    pub(crate) fn reveal(&self) -> String {
        self.0.to_string()
    }
}

impl Serialize for Private {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Private {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(** redacted **)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stored_and_not_printed() {
        let memo = Private::new("rent of Ada");
        assert!(!format!("{memo:?}").contains("Ada"));
        let text = serde_json::to_string(&memo).unwrap();
        assert_eq!(serde_json::from_str::<Private>(&text).unwrap(), memo);
        assert_eq!(memo.reveal(), "rent of Ada");
    }
}
