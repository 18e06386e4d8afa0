//! Text about a person: kept, told to whoever may read it, and never printed by `Debug`.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;

/// A memo, a name, an address, an account number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Private(Box<str>);

impl Private {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// The text, for a reply to somebody who may read it.
    pub(crate) fn reveal(&self) -> String {
        self.0.to_string()
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
