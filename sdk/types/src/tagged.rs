//! Unions that say by a tag which of their variants they are.
//!
//! serde's own internally tagged enums buffer the value, and the buffer turns every number into a
//! float: an amount of 18 digits comes out wrong. Here a union is kept as raw JSON text, the tag is
//! read from the text without decoding the rest, and then the text is decoded once, as the variant.
//! A tag that this version does not know gives an [`UnknownVariant`], which keeps the text.
//!
//! A union that has no tag, two of them, or one that is not a string is a [`TagError`]: guessing a
//! variant of a payment would be worse than failing.
//!
//! ```
//! use layer2_types::tagged::{Tagged, UnknownVariant};
//! use serde::{Deserialize, Deserializer};
//!
//! #[derive(Deserialize)]
//! struct Circle { radius: u32 }
//!
//! enum Shape { Circle(Circle), Unknown(UnknownVariant) }
//!
//! impl<'de> Deserialize<'de> for Shape {
//!     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
//!         let tagged = Tagged::read(deserializer, "Shape", "kind")?;
//!         match tagged.tag() {
//!             "CIRCLE" => tagged.decode().map(Self::Circle),
//!             _ => Ok(Self::Unknown(tagged.into_unknown())),
//!         }
//!     }
//! }
//!
//! let shape = serde_json::from_str(r#"{"kind":"CIRCLE","radius":3}"#)?;
//! assert!(matches!(shape, Shape::Circle(Circle { radius: 3 })));
//! let shape = serde_json::from_str(r#"{"kind":"BLOB"}"#)?;
//! assert!(matches!(shape, Shape::Unknown(blob) if blob.tag() == "BLOB"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::redact::Redacted;

/// Reads the tag of a union without decoding anything else.
///
/// # Errors
///
/// If the value is not an object or has not exactly one `tag` member that is a string.
pub fn split(raw: &RawValue, tag: &str) -> Result<String, TagError> {
    let mut json = serde_json::Deserializer::from_str(raw.get());
    let found =
        de::DeserializeSeed::deserialize(FindTag { tag }, &mut json).unwrap_or(Found::Malformed);
    let kind = match found {
        Found::Text(text) => return Ok(text),
        Found::Duplicate => TagErrorKind::Duplicate,
        Found::Malformed => TagErrorKind::Malformed,
        Found::Nothing => TagErrorKind::Missing,
        Found::NotAnObject => TagErrorKind::NotAnObject,
        Found::NotText => TagErrorKind::NotText,
    };
    Err(TagError {
        tag: tag.into(),
        kind,
    })
}

/// A union whose tag has been read and whose variant has not: the first half of a generated
/// `Deserialize`.
pub struct Tagged {
    union: &'static str,
    tag_name: &'static str,
    tag: String,
    raw: Box<RawValue>,
}

impl Tagged {
    /// Takes the text of the union `union` and reads its member `tag_name`.
    ///
    /// # Errors
    ///
    /// A [`TagError`] with the name of the union, to which `serde_json` adds line and column.
    pub fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        union: &'static str,
        tag_name: &'static str,
    ) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let tag = split(&raw, tag_name)
            .map_err(|error| de::Error::custom(format_args!("{union}: {error}")))?;
        Ok(Self {
            union,
            tag_name,
            tag,
            raw,
        })
    }

    /// The value of the tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Decodes the whole text as the variant that the tag names.
    ///
    /// # Errors
    ///
    /// What is wrong in the variant. The place in that message counts from the start of the union.
    pub fn decode<T: DeserializeOwned, E: de::Error>(&self) -> Result<T, E> {
        serde_json::from_str(self.raw.get()).map_err(|error| {
            E::custom(format_args!(
                "{} with {} = {}: {error} of this object",
                self.union, self.tag_name, self.tag
            ))
        })
    }

    /// Keeps the union as a variant that this version does not know.
    #[must_use]
    pub fn into_unknown(self) -> UnknownVariant {
        UnknownVariant {
            tag: self.tag,
            raw: self.raw,
        }
    }
}

impl fmt::Debug for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged")
            .field("union", &self.union)
            .field("tag", &self.tag)
            .field("raw", &Redacted::required(&self.raw))
            .finish_non_exhaustive()
    }
}

/// A variant that this version does not know, kept as its JSON text.
///
/// Writes back the text it was read from. Equal when tag and text are. `Debug` shows the tag alone,
/// since nobody can tell what the rest holds.
#[derive(Clone)]
pub struct UnknownVariant {
    tag: String,
    raw: Box<RawValue>,
}

impl UnknownVariant {
    /// Keeps `raw`, which says `tag`.
    #[must_use]
    pub fn new(tag: impl Into<String>, raw: Box<RawValue>) -> Self {
        Self {
            tag: tag.into(),
            raw,
        }
    }

    /// The value of the tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole value, tag included.
    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.raw
    }
}

impl PartialEq for UnknownVariant {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag && self.raw.get() == other.raw.get()
    }
}

impl Eq for UnknownVariant {}

impl fmt::Debug for UnknownVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownVariant")
            .field("tag", &self.tag)
            .field("raw", &Redacted::required(&self.raw))
            .finish()
    }
}

impl Serialize for UnknownVariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

/// Why the tag of a union could not be read. Holds the name of the tag, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagError {
    tag: Box<str>,
    kind: TagErrorKind,
}

impl TagError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> TagErrorKind {
        self.kind
    }

    /// The name of the tag that was looked for.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = &self.tag;
        match self.kind {
            TagErrorKind::Duplicate => write!(f, "the tag `{tag}` is given more than once"),
            TagErrorKind::Malformed => {
                write!(
                    f,
                    "the object with the tag `{tag}` has text that is not valid Unicode"
                )
            }
            TagErrorKind::Missing => write!(f, "the tag `{tag}` is missing"),
            TagErrorKind::NotAnObject => {
                write!(
                    f,
                    "expected an object with the tag `{tag}`, found another kind of value"
                )
            }
            TagErrorKind::NotText => write!(f, "the tag `{tag}` must be a string"),
        }
    }
}

impl std::error::Error for TagError {}

/// The ways in which a union can fail to tell its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagErrorKind {
    /// The tag is there more than once, so the variant would depend on who reads it.
    Duplicate,
    /// A member name, or the tag, escapes something that is no character.
    Malformed,
    /// The tag is not there.
    Missing,
    /// The value is not an object.
    NotAnObject,
    /// The tag is not a string.
    NotText,
}

/// What looking for the tag found. A value rather than an error, to keep its kind through serde.
enum Found {
    Duplicate,
    Malformed,
    NotAnObject,
    NotText,
    Nothing,
    Text(String),
}

struct FindTag<'t> {
    tag: &'t str,
}

impl<'de> de::DeserializeSeed<'de> for FindTag<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Every kind of JSON value but objects is [`Found::NotAnObject`].
impl<'de> Visitor<'de> for FindTag<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the tag `{}`", self.tag)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::Nothing;
        while let Some(is_tag) = map.next_key_seed(IsTag { tag: self.tag })? {
            if !is_tag {
                map.next_value::<IgnoredAny>()?;
            } else if matches!(found, Found::Nothing) {
                found = map.next_value::<TagValue>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
                found = Found::Duplicate;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::NotAnObject)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::NotAnObject)
    }
}

/// Compares a member name with the tag without allocating it.
struct IsTag<'t> {
    tag: &'t str,
}

impl<'de> de::DeserializeSeed<'de> for IsTag<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsTag<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.tag)
    }
}

/// The value of the tag: its text, or that it is none.
struct TagValue(Found);

impl<'de> Deserialize<'de> for TagValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(if raw.starts_with('"') {
            serde_json::from_str(raw).map_or(Found::Malformed, Found::Text)
        } else {
            Found::NotText
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Amount;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Card {
        kind: String,
        limit: Amount,
    }

    #[derive(Debug, PartialEq)]
    enum Means {
        Card(Card),
        Unknown(UnknownVariant),
    }

    impl<'de> Deserialize<'de> for Means {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let tagged = Tagged::read(deserializer, "Means", "kind")?;
            match tagged.tag() {
                "CARD" => tagged.decode().map(Self::Card),
                _ => Ok(Self::Unknown(tagged.into_unknown())),
            }
        }
    }

    fn tag_of(json: &str) -> Result<String, TagErrorKind> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect("valid JSON");
        split(&raw, "kind").map_err(|error| error.kind())
    }

    #[test]
    fn the_tag_is_found_wherever_it_stands() {
        let nested = format!(
            r#"{{"deep":{}{},"kind":"X"}}"#,
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        for json in [
            r#"{"kind":"X"}"#,
            r#"{ "a" : {"kind":"Y"}, "kind" : "X" , "b":[{"kind":1}]}"#,
            r#"{"a":"\"kind\":\"Y\"","kind":"X"}"#,
            r#"{"k\u0069nd":"\u0058"}"#,
            nested.as_str(),
        ] {
            assert_eq!(tag_of(json).as_deref(), Ok("X"), "{json:.60}");
        }
    }

    #[test]
    fn a_tag_that_is_not_one_string_is_refused() {
        for (json, kind) in [
            ("{}", TagErrorKind::Missing),
            (r#"{"Kind":"X"}"#, TagErrorKind::Missing),
            (r#"{"kind":"X","kind":"X"}"#, TagErrorKind::Duplicate),
            (r#"{"kind":1,"k\u0069nd":"X"}"#, TagErrorKind::Duplicate),
            (r#"{"kind":null}"#, TagErrorKind::NotText),
            (r#"{"kind":7}"#, TagErrorKind::NotText),
            (r#"{"kind":{"kind":"X"}}"#, TagErrorKind::NotText),
            (r#"{"kind":"\ud800"}"#, TagErrorKind::Malformed),
            (r#"[{"kind":"X"}]"#, TagErrorKind::NotAnObject),
            (r#""kind""#, TagErrorKind::NotAnObject),
            ("null", TagErrorKind::NotAnObject),
            ("true", TagErrorKind::NotAnObject),
            ("-1", TagErrorKind::NotAnObject),
            ("1", TagErrorKind::NotAnObject),
            ("1.5", TagErrorKind::NotAnObject),
        ] {
            assert_eq!(tag_of(json), Err(kind), "{json}");
        }
    }

    #[test]
    fn a_known_variant_keeps_every_digit() {
        let json = r#"{"limit":123456789012345678.1234567891,"kind":"CARD"}"#;
        let Means::Card(card) = serde_json::from_str(json).expect("valid") else {
            panic!("the tag says card");
        };
        assert_eq!(card.limit.to_string(), "123456789012345678.1234567891");
    }

    #[test]
    fn an_unknown_variant_goes_back_as_it_came() {
        let json = r#"{"kind":"CHEQUE", "number": 12.50000000000000000001, "holder":"Jane Roe"}"#;
        let Means::Unknown(unknown) = serde_json::from_str(json).expect("valid") else {
            panic!("nobody knows cheques");
        };
        assert_eq!(unknown.tag(), "CHEQUE");
        assert_eq!(serde_json::to_string(&unknown).expect("serializes"), json);
        assert_eq!(unknown.raw().get(), json);
        assert_eq!(unknown, unknown.clone());
        let shown = format!("{unknown:?}");
        assert!(
            shown.contains("CHEQUE") && !shown.contains("Jane"),
            "{shown}"
        );
    }

    #[test]
    fn errors_name_the_union_the_tag_and_the_place() {
        let error =
            serde_json::from_str::<Vec<Means>>("[\n{\"sort\":\"CARD\"}]").expect_err("no tag");
        assert!(
            error
                .to_string()
                .starts_with("Means: the tag `kind` is missing"),
            "{error}"
        );
        assert_eq!(error.line(), 2);
        let error = serde_json::from_str::<Means>(r#"{"kind":"CARD"}"#).expect_err("no limit");
        let text = error.to_string();
        assert!(
            text.contains("Means with kind = CARD: missing field `limit`"),
            "{text}"
        );
    }
}
