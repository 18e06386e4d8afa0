//! Round trips of the generated models, for their generated tests.
//!
//! A model must give back what it was given, number by number and digit by digit, so texts are compared as exact trees:
//! members in any order, scalars as they were written. A member that the model does not have is dropped without a word;
//! the samples of a later platform carry one in every object, called [`ADDED`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

/// The test that each model decodes and writes its samples.
macro_rules! round_trips {
    ( $( $model:ident = $full:literal later $later:literal; )+ ) => {
        #[test]
        fn every_model_gives_back_what_it_was_given() {
            let mut lost = Vec::new();
            $( lost.extend(crate::round_trip::losses::<$model>(stringify!($model), $full, $later)); )+
            assert!(lost.is_empty(), "{}", lost.join("\n"));
        }
    };
}

/// What the model loses or changes: of its full sample, of the same with a member more, and of a later platform's.
pub(crate) fn losses<T: DeserializeOwned + Serialize>(
    model: &str,
    full: &str,
    later: &str,
) -> Vec<String> {
    let added = full.replacen('{', &format!("{{\"{ADDED}\":{{\"x\":[1]}},"), 1);
    [full, &added, later]
        .into_iter()
        .filter_map(|sample| {
            let mut wanted: Exact = match serde_json::from_str(sample) {
                Ok(wanted) => wanted,
                Err(error) => return Some(format!("{model}: the sample is no JSON: {error}")),
            };
            wanted.drop_added();
            let lost = match written_again::<T>(sample) {
                Ok(written) if written == wanted => return None,
                Ok(written) => format!("became\n  {}", written.text()),
                Err(error) => format!("does not decode: {error}"),
            };
            Some(format!("{model}:\n  {}\n{lost}", wanted.text()))
        })
        .collect()
}

fn written_again<T: DeserializeOwned + Serialize>(sample: &str) -> serde_json::Result<Exact> {
    let value: T = serde_json::from_str(sample)?;
    serde_json::from_str(&serde_json::to_string(&value)?)
}

/// A member that no model has.
const ADDED: &str = "added_later";

/// JSON with its scalars as they were written.
#[derive(Debug, PartialEq)]
enum Exact {
    Object(BTreeMap<String, Exact>),
    List(Vec<Exact>),
    Scalar(String),
}

impl Exact {
    fn drop_added(&mut self) {
        match self {
            Self::Object(members) => {
                members.remove(ADDED);
                members.values_mut().for_each(Self::drop_added);
            }
            Self::List(items) => items.iter_mut().for_each(Self::drop_added),
            Self::Scalar(_) => {}
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Object(members) => {
                let members = members.iter().map(|(k, v)| format!("{k:?}:{}", v.text()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Self::List(items) => {
                format!(
                    "[{}]",
                    items.iter().map(Self::text).collect::<Vec<_>>().join(",")
                )
            }
            Self::Scalar(text) => text.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map(Self::Object),
            Some(b'[') => serde_json::from_str(text).map(Self::List),
            _ => Ok(Self::Scalar(text.to_owned())),
        }
        .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Amount;

    #[derive(Deserialize, Serialize)]
    struct Good {
        amount: Amount,
    }

    #[derive(Deserialize, Serialize)]
    struct Forgetful {
        amount: Option<u8>,
    }

    #[test]
    fn a_good_model_loses_nothing() {
        let later = r#"{"added_later":1,"amount":0.10}"#;
        let full = r#"{"amount":123456789012345678.1234567891}"#;
        assert_eq!(losses::<Good>("Good", full, full), [""; 0],);
        let lost = losses::<Good>("Good", full, later);
        assert_eq!(lost.len(), 1, "0.10 is written as 0.1: {lost:?}");
    }

    #[test]
    fn what_a_model_forgets_is_seen() {
        let full = r#"{"amount":7,"memo":"x"}"#;
        let lost = losses::<Forgetful>("Forgetful", full, r#"{"amount":7}"#);
        assert_eq!(lost.len(), 2, "as it is and with a member more");
        assert!(lost[0].contains("memo") && lost[0].ends_with("{\"amount\":7}"));
    }

    #[test]
    fn what_does_not_decode_is_seen() {
        let lost = losses::<Forgetful>("Forgetful", r#"{"amount":"x"}"#, r#"{"amount":null}"#);
        assert_eq!(lost.len(), 2);
        assert!(lost[0].contains("does not decode"));
    }
}
