//! JSON of no particular type.
//!
//! A few properties of the documents take any JSON. They are kept as text: a parsed tree would turn
//! long numbers into floats.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::redact::Redacted;

/// One JSON value, kept and written back as its text.
///
/// Equal when the texts are. `Debug` is redacted, since anything may be inside.
///
/// ```
/// use layer2_types::json::RawJson;
///
/// let json: RawJson = serde_json::from_str(r#"{"amount": 123456789012345678.123456789}"#)?;
/// assert_eq!(serde_json::to_string(&json)?, r#"{"amount": 123456789012345678.123456789}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// If the value cannot be JSON, such as a map whose keys are not text.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Self> {
        to_raw_value(value).map(Self)
    }

    /// The text of the value.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Decodes the value.
    ///
    /// # Errors
    ///
    /// If the JSON is not a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.get())
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

impl From<RawJson> for Box<RawValue> {
    fn from(json: RawJson) -> Self {
        json.0
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawJson")
            .field(&Redacted::required(&self.0))
            .finish()
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Amount;

    #[test]
    fn the_text_stays_as_it_was() {
        let text = r#"{ "b":1.10, "a":[123456789012345678.123456789] }"#;
        let json: RawJson = serde_json::from_str(text).expect("valid");
        assert_eq!(json.get(), text);
        assert_eq!(
            serde_json::to_string(&[&json]).expect("serializes"),
            format!("[{text}]")
        );
        assert_eq!(json, json.clone());
        assert_ne!(json, serde_json::from_str("{}").expect("valid"));
        assert_eq!(format!("{json:?}"), "RawJson(** redacted **)");
    }

    #[test]
    fn values_go_in_and_out() {
        let amount = Amount::from_minor(1234, 3).expect("in range");
        let json = RawJson::of(&amount).expect("a number");
        assert_eq!(json.get(), "1.234");
        assert_eq!(json.decode::<Amount>().expect("a number"), amount);
        assert!(json.decode::<bool>().is_err());
        let raw = Box::<RawValue>::from(json.clone());
        assert_eq!(RawJson::from(raw), json);
    }
}
