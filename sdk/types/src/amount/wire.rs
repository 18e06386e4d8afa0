//! The way of an amount through JSON.
//!
//! Writing goes through `RawValue`, which puts the digits into the output as they are. Reading asks
//! for the raw text of the value by the name that `RawValue` asks by, but, unlike `RawValue`, also
//! accepts readers that do not know that name.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Unexpected, Visitor};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::parse::parse;
use super::{Amount, AmountError, AmountErrorKind};

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_TOKEN, AmountVisitor)
    }
}

/// The name by which `serde_json` recognises a request for the raw text of a value. Private to it:
/// the test `the_raw_value_token_is_still_understood` fails if it changes.
const RAW_TOKEN: &str = "$serde_json::private::RawValue";

/// The key under which `serde_json` sends the text of a number with `arbitrary_precision`.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

struct AmountVisitor;

impl<'de> Visitor<'de> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number or a string that holds one")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Amount, A::Error> {
        match map.next_key::<TextForm>()? {
            Some(form) => map.next_value_seed(form),
            None => Err(de::Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Amount, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Amount, E> {
        Ok(Amount::from(whole))
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Amount, E> {
        Ok(Amount::from(whole))
    }

    fn visit_i128<E: de::Error>(self, whole: i128) -> Result<Amount, E> {
        Amount::try_from(whole).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Amount, E> {
        from_buffered_float(float).map_err(E::custom)
    }
}

/// Takes the shortest text that names a float, if 15 digits are enough for it: every decimal of up
/// to 15 digits survives the way through an `f64`, longer ones may not.
fn from_buffered_float(float: f64) -> Result<Amount, AmountError> {
    let text = format!("{float:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    if mantissa.bytes().filter(u8::is_ascii_digit).count() > 15 {
        return Err(AmountError::new(AmountErrorKind::Inexact));
    }
    parse(&text)
}

/// What the text in a map of `serde_json`'s is.
#[derive(Clone, Copy)]
enum TextForm {
    /// A map that is not one of `serde_json`'s: a JSON object where a number should be.
    Foreign,
    /// The digits of a number.
    Number,
    /// Any JSON value.
    Raw,
}

impl<'de> Deserialize<'de> for TextForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = TextForm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<TextForm, E> {
                Ok(match key {
                    RAW_TOKEN => TextForm::Raw,
                    NUMBER_TOKEN => TextForm::Number,
                    _ => TextForm::Foreign,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de> DeserializeSeed<'de> for TextForm {
    type Value = Amount;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Amount, D::Error> {
        match self {
            Self::Foreign => Err(de::Error::invalid_type(Unexpected::Map, &AmountVisitor)),
            Self::Number | Self::Raw => deserializer.deserialize_str(self),
        }
    }
}

impl Visitor<'_> for TextForm {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AmountVisitor.expecting(f)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        let is_string = matches!(self, Self::Raw) && text.starts_with('"');
        let parsed = if is_string {
            // Raw text is valid JSON, so this fails only on an escape that is no character.
            parse(&serde_json::from_str::<String>(text).unwrap_or_default())
        } else {
            parse(text)
        };
        parsed.map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{
        Error as ValueError, F64Deserializer, I64Deserializer, MapDeserializer, StrDeserializer,
        U64Deserializer,
    };

    use super::*;

    /// As many digits as fit, more than any float keeps.
    const LONGEST: &str = "123456789012345678.1234567891";

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        plain: Amount,
        option: Option<Amount>,
        list: Vec<Amount>,
    }

    fn holder_json() -> String {
        format!(r#"{{"plain":{LONGEST},"option":-{LONGEST},"list":[{LONGEST},0.1]}}"#)
    }

    fn assert_holds_the_longest(holder: &Holder) {
        assert_eq!(holder.plain.to_string(), LONGEST);
        assert_eq!(
            holder.option.map(|amount| amount.to_string()),
            Some(format!("-{LONGEST}"))
        );
        assert_eq!(holder.list[0].to_string(), LONGEST);
    }

    #[test]
    fn the_raw_value_token_is_still_understood() {
        // Without the token the number comes as a float, and a float of this length is refused.
        let amount: Amount = serde_json::from_str(LONGEST)
            .expect("serde_json gives raw text to whoever asks by RAW_TOKEN");
        assert_eq!(amount.to_string(), LONGEST);

        // The name by which `RawValue` asks, taken from `RawValue` itself.
        struct NameCatcher;
        impl<'de> Deserializer<'de> for NameCatcher {
            type Error = ValueError;

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                name: &'static str,
                _: V,
            ) -> Result<V::Value, ValueError> {
                Err(de::Error::custom(name))
            }

            fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
                Err(de::Error::custom("RawValue asks in another way"))
            }

            serde::forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
                option unit unit_struct seq tuple tuple_struct map struct enum identifier
                ignored_any
            }
        }
        let name = Box::<RawValue>::deserialize(NameCatcher).expect_err("it gives no value");
        assert_eq!(name.to_string(), RAW_TOKEN);
    }

    #[test]
    fn digits_survive_in_fields_options_and_lists() {
        let json = holder_json();
        let holder: Holder = serde_json::from_str(&json).expect("valid");
        assert_holds_the_longest(&holder);
        assert_holds_the_longest(&serde_json::from_slice(json.as_bytes()).expect("valid"));
        assert_holds_the_longest(&serde_json::from_reader(json.as_bytes()).expect("valid"));
        assert_eq!(serde_json::to_string(&holder).expect("serializes"), json);
    }

    #[test]
    fn numeric_strings_are_read_and_written_as_numbers() {
        for json in [r#""1.50""#, r#" "1.50" "#, r#""1\u002e5""#, "1.50", "15e-1"] {
            let amount: Amount = serde_json::from_str(json).expect(json);
            assert_eq!(
                serde_json::to_string(&amount).expect("serializes"),
                "1.5",
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_without_repeating_it() {
        for json in [
            "null",
            "true",
            "[1]",
            r#"{"secret":1}"#,
            r#""secret""#,
            r#"" 1""#,
            r#""""#,
            r#""\"1\"""#,
        ] {
            let error = serde_json::from_str::<Amount>(json)
                .expect_err(json)
                .to_string();
            assert!(error.contains("not a decimal number"), "{json}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(
            serde_json::from_str::<Option<Amount>>("null").expect("valid"),
            None
        );
        let error = serde_json::from_str::<Holder>("{\n \"plain\": 1e400}").expect_err("too large");
        assert!(error.to_string().contains("28 digits before"), "{error}");
        assert_eq!(error.line(), 2, "the error tells the place");
    }

    #[test]
    fn floats_are_taken_as_far_as_they_are_certain() {
        let read = |float: f64| {
            let deserializer: F64Deserializer<ValueError> = float.into_deserializer();
            Amount::deserialize(deserializer)
        };
        for (float, text) in [
            (0.1, "0.1"),
            (-125.5, "-125.5"),
            (123_456_789_012.345, "123456789012.345"),
            (1e20, "100000000000000000000"),
        ] {
            assert_eq!(
                read(float).map(|amount| amount.to_string()).as_deref(),
                Ok(text)
            );
        }
        for float in [
            0.1 + 0.2,
            123_456_789_012_345_680.0,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert!(read(float).is_err(), "{float}");
        }
        let error = read(0.1 + 0.2).expect_err("17 digits");
        assert!(error.to_string().contains("binary float"), "{error}");
    }

    #[test]
    fn a_buffering_container_is_refused_rather_than_rounded() {
        // What the models of this project never do, and an application may.
        #[derive(Debug, Deserialize)]
        #[serde(untagged)]
        enum Buffered {
            Amount(Amount),
        }
        let Buffered::Amount(short) = serde_json::from_str("10.25").expect("15 digits are certain");
        assert_eq!(short.to_string(), "10.25");
        assert!(serde_json::from_str::<Buffered>(LONGEST).is_err());
    }

    #[test]
    fn the_map_of_arbitrary_precision_is_exact() {
        // The form in which serde_json sends numbers once an application has switched its feature
        // `arbitrary_precision` on and the value went through a buffer.
        let read = |key: &'static str, text: &'static str| {
            let entries = std::iter::once((key, text));
            Amount::deserialize(MapDeserializer::<_, ValueError>::new(entries))
        };
        assert_eq!(
            read(NUMBER_TOKEN, LONGEST)
                .map(|a| a.to_string())
                .as_deref(),
            Ok(LONGEST)
        );
        assert_eq!(
            read(RAW_TOKEN, LONGEST).map(|a| a.to_string()).as_deref(),
            Ok(LONGEST)
        );
        assert!(read(NUMBER_TOKEN, "\"1\"").is_err());
        assert!(read("amount", "1").is_err());
        let empty = MapDeserializer::<_, ValueError>::new(std::iter::empty::<(&str, &str)>());
        assert!(Amount::deserialize(empty).is_err());
    }

    #[test]
    fn text_and_integers_of_other_readers_are_exact() {
        let text: StrDeserializer<'_, ValueError> = LONGEST.into_deserializer();
        assert_eq!(
            Amount::deserialize(text).map(|a| a.to_string()).as_deref(),
            Ok(LONGEST)
        );
        let unsigned: U64Deserializer<ValueError> = u64::MAX.into_deserializer();
        assert_eq!(Amount::deserialize(unsigned), Ok(Amount::from(u64::MAX)));
        let signed: I64Deserializer<ValueError> = i64::MIN.into_deserializer();
        assert_eq!(Amount::deserialize(signed), Ok(Amount::from(i64::MIN)));
    }

    proptest! {
        #[test]
        fn text_to_json_and_back_is_the_same_amount(units in -(10_i128.pow(28) - 1)..10_i128.pow(28), scale in 0_u32..=28) {
            let amount = Amount::from_minor(units, scale).expect("28 digits fit");
            let parsed: Amount = amount.to_string().parse().expect("its own text");
            let json = serde_json::to_string(&parsed).expect("serializes");
            prop_assert_eq!(&json, &amount.to_string());
            prop_assert!(!json.contains(['e', 'E', '"']));
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).expect("its own JSON"), amount);
        }

        #[test]
        fn decimals_of_fifteen_digits_survive_a_float(units in 0_i64..1_000_000_000_000_000, scale in 0_u32..=15) {
            let exact = Amount::from_minor(i128::from(units), scale).expect("15 digits fit");
            let float: f64 = exact.to_string().parse().expect("a number");
            prop_assert_eq!(from_buffered_float(float), Ok(exact));
        }
    }
}
