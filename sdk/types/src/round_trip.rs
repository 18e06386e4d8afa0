//! What must hold of every generated model, for the generated tests.
//!
//! A model must give back what it was given, number by number and digit by digit, so texts are compared as exact trees:
//! members in any order, scalars as they were written. A member that the model does not have is dropped without a word;
//! the samples of a later platform carry one in every object, called [`ADDED`].
//!
//! What is sensitive has values of its own in the samples ([`WITHHELD`]): none of them may be in what `Debug` prints of
//! a model, while all others must.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

/// The tests that each model decodes and writes its samples, and each enum its values. The samples are those of the file
/// beside the generated list.
macro_rules! round_trips {
    (
        models { $( $model:ident ),+ $(,)? }
        enums { $( $values:ident ),* $(,)? }
    ) => {
        fn samples() -> crate::round_trip::Samples {
            serde_json::from_str(include_str!("round_trips.json")).expect("the samples that the generator writes")
        }

        #[test]
        fn every_model_gives_back_what_it_was_given() {
            let mut samples = samples();
            let mut lost = Vec::new();
            $( lost.extend(samples.take(stringify!($model)).iter().flat_map(crate::round_trip::losses::<$model>)); )+
            assert!(lost.is_empty(), "{}", lost.join("\n"));
            assert!(samples.models.is_empty(), "no model is held against {:?}", samples.models.keys());
        }

        #[test]
        fn no_model_shows_what_is_withheld_and_every_model_shows_the_rest() {
            let mut samples = samples();
            let mut wrong = Vec::new();
            $( wrong.extend(samples.take(stringify!($model)).iter().flat_map(crate::round_trip::slips::<$model>)); )+
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }

        #[test]
        fn every_value_of_every_enum_is_known_and_goes_back_as_it_came() {
            let mut samples = samples();
            let mut wrong: Vec<String> = Vec::new();
            $(
                let values = samples.enums.remove(stringify!($values)).unwrap_or_default();
                let known: Vec<&str> = $values::ALL.iter().map($values::as_str).collect();
                if known != values {
                    wrong.push(format!("{} knows {known:?}, not {values:?}", stringify!($values)));
                }
                wrong.extend(crate::round_trip::strays($values::ALL, $values::is_known));
            )*
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            assert!(samples.enums.is_empty(), "no enum is held against {:?}", samples.enums.keys());
        }
    };
}

/// The test that query parameters do not show what is sensitive about them.
macro_rules! queries {
    ( $( $params:ident = $pairs:expr; )+ ) => {
        #[test]
        fn no_query_shows_what_is_withheld() {
            $(
                let pairs = $pairs.map(|(name, value)| (String::from(name), String::from(value)));
                let params = <$params as crate::query::QueryParams>::from_pairs(&pairs).expect("values that fit");
                let slip = crate::round_trip::slip(stringify!($params), &params);
                assert_eq!(slip, None);
            )+
        }
    };
}

/// The test that ids refuse what would change a path.
macro_rules! ids_in_paths {
    ( $( $id:ident ),+ $(,)? ) => {
        #[test]
        fn no_id_leaves_its_place_in_a_path() {
            for trick in crate::round_trip::TRICKS {
                $(
                    assert!($id::new(*trick).is_err(), "{} takes {trick:?}", stringify!($id));
                    // A reply is kept as it came, and what is kept is known to be unfit.
                    let json = serde_json::to_string(trick).expect("a text");
                    let kept: $id = serde_json::from_str(&json).expect("any text");
                    assert!(!kept.is_path_safe(), "{} trusts {trick:?}", stringify!($id));
                )+
            }
        }
    };
}

/// The samples of one API.
#[derive(Deserialize)]
pub(crate) struct Samples {
    pub(crate) models: BTreeMap<String, Vec<Sample>>,
    pub(crate) enums: BTreeMap<String, Vec<String>>,
}

impl Samples {
    /// The samples of a model, which has at least one.
    pub(crate) fn take(&mut self, model: &str) -> Vec<Sample> {
        let samples = self.models.remove(model).unwrap_or_default();
        assert!(!samples.is_empty(), "{model} has no sample");
        samples
    }
}

/// What a model is given: all that the documents know, and what a later platform may send.
#[derive(Deserialize)]
pub(crate) struct Sample {
    full: Box<RawValue>,
    later: Box<RawValue>,
}

/// What the model loses or changes: of its full sample, of the same with a member more, and of a later platform's.
pub(crate) fn losses<T: DeserializeOwned + Serialize>(sample: &Sample) -> Vec<String> {
    let model = short_name::<T>();
    let (full, later) = (sample.full.get(), sample.later.get());
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

/// The values of an enum that are not read as what they are.
pub(crate) fn strays<T>(values: &[T], is_known: impl Fn(&T) -> bool) -> Vec<String>
where
    T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug,
{
    let wrong = values.iter().filter_map(|value| {
        let again = serde_json::to_string(value).and_then(|text| serde_json::from_str::<T>(&text));
        match again {
            Ok(again) if again == *value && is_known(&again) => None,
            again => Some(format!("{value:?} comes back as {again:?}")),
        }
    });
    wrong.collect()
}

/// The name of a type without its path.
fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

/// Texts that mean something else in a path than one segment.
pub(crate) const TRICKS: &[&str] = &[
    "",
    ".",
    "..",
    "/",
    "../admin",
    "a/b",
    "..\\admin",
    "%2f",
    "a%2Fb",
    "%2e%2e",
    "%252f",
    "a?b=c",
    "a#b",
    "a\0",
    "a\nb",
    "a\r\nHost: x",
    "\u{7f}",
    "\u{85}",
];

/// What `Debug` shows of the model's samples and must not, or must and does not.
pub(crate) fn slips<T: DeserializeOwned + std::fmt::Debug>(sample: &Sample) -> Vec<String> {
    let model = short_name::<T>();
    let mut wrong = Vec::new();
    for sample in [sample.full.get(), sample.later.get()] {
        let read = serde_json::from_str::<T>(sample)
            .and_then(|value| Ok((value, serde_json::from_str::<Exact>(sample)?)));
        let (value, sample) = match read {
            Ok(read) => read,
            Err(error) => {
                wrong.push(format!("{model}: does not decode: {error}"));
                continue;
            }
        };
        wrong.extend(slip(model, &value));
        wrong.extend(hidden(model, &sample.text(), &format!("{value:?}")));
    }
    wrong
}

/// What is sensitive and shown.
pub(crate) fn slip(model: &str, value: &impl std::fmt::Debug) -> Option<String> {
    let shown = [format!("{value:?}"), format!("{value:#?}")];
    let mark = WITHHELD
        .iter()
        .find(|mark| shown.iter().any(|text| text.contains(**mark)))?;
    Some(format!("{model} shows {mark}: {}", shown[0]))
}

/// What is not sensitive and hidden: every text, id and amount of the sample, without spaces, is to be found in what is
/// shown of it. What is inside of JSON of no particular type stays hidden.
fn hidden(model: &str, sample: &str, shown: &str) -> Option<String> {
    let sent = |text: &str| {
        [":", "["]
            .iter()
            .map(|before| sample.matches(&format!("{before}{text}")).count())
            .sum::<usize>()
    };
    let amounts = sent(DIGITS) - sample.matches(&format!("\"b\":{DIGITS}")).count();
    [
        (sent("\"text\""), "\"text\"".to_owned()),
        (sent("\"some-id\""), "(\"some-id\")".to_owned()),
        (amounts, format!("Amount({DIGITS})")),
    ]
    .into_iter()
    .find(|(sent, text)| shown.matches(text.as_str()).count() < *sent)
    .map(|(sent, text)| format!("{model} has {sent} times {text} and shows less: {shown}"))
}

/// What an amount is in a sample.
const DIGITS: &str = "123456789012345678.1234567891";

/// How sensitive values begin in the samples.
const WITHHELD: &[&str] = &[
    "withheld",
    "1902030405",
    "9007190203040506",
    "190203040506070809",
    "1902-03-04",
];

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

    fn sample(full: &str, later: &str) -> Sample {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).expect("JSON");
        Sample {
            full: raw(full),
            later: raw(later),
        }
    }

    /// A status whose second value is written like its first.
    #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
    enum Misnamed {
        Open,
        #[serde(rename(serialize = "Open"))]
        Shut,
    }

    #[test]
    fn a_value_that_is_not_written_as_it_is_read_is_seen() {
        let values = [Misnamed::Open, Misnamed::Shut];
        assert_eq!(strays(&values, |_| true), ["Shut comes back as Ok(Open)"]);
        assert_eq!(strays(&values, |_| false).len(), 2);
    }

    #[test]
    fn a_good_model_loses_nothing() {
        let later = r#"{"added_later":1,"amount":0.10}"#;
        let full = r#"{"amount":123456789012345678.1234567891}"#;
        assert_eq!(losses::<Good>(&sample(full, full)), [""; 0],);
        let lost = losses::<Good>(&sample(full, later));
        assert_eq!(lost.len(), 1, "0.10 is written as 0.1: {lost:?}");
    }

    #[test]
    fn what_a_model_forgets_is_seen() {
        let full = r#"{"amount":7,"memo":"x"}"#;
        let lost = losses::<Forgetful>(&sample(full, r#"{"amount":7}"#));
        assert_eq!(lost.len(), 2, "as it is and with a member more");
        assert!(lost[0].contains("memo") && lost[0].ends_with("{\"amount\":7}"));
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "it is printed")]
    struct Talkative {
        name: String,
    }

    #[test]
    fn what_a_model_shows_is_seen() {
        let secret = r#"{"name":"withheld"}"#;
        let plain = r#"{"name":"text"}"#;
        assert_eq!(slips::<Talkative>(&sample(plain, plain)), [""; 0]);
        let wrong = slips::<Talkative>(&sample(secret, plain));
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("Talkative shows withheld"));
    }

    #[test]
    fn what_a_model_hides_is_seen() {
        let shown = "Good { amount: ** redacted ** }";
        let full = format!(
            r#"{{"amount":{DIGITS},"id":"some-id","list":["text"],"any":{{"b":{DIGITS}}}}}"#
        );
        assert!(hidden("Good", &full, shown).is_some());
        let shown =
            format!("Good {{ amount: Amount({DIGITS}), id: Id(\"some-id\"), list: [\"text\"] }}");
        assert_eq!(hidden("Good", &full, &shown), None);
    }

    #[test]
    fn what_does_not_decode_is_seen() {
        let lost = losses::<Forgetful>(&sample(r#"{"amount":"x"}"#, r#"{"amount":null}"#));
        assert_eq!(lost.len(), 2);
        assert!(lost[0].contains("does not decode"));
    }
}
