//! JSON as data, exactly as it was sent.
//!
//! The shell compares requests (fingerprints), validates them and takes secrets out of them. All three must see the
//! number that the client wrote: `serde_json::Value` holds a number as an `f64`, so two amounts one wei apart compare
//! equal there. This tree keeps the text of every number and the order of members.
//!
//! It refuses what readers disagree about: a member name that occurs twice in one object (RFC 8259 section 4 leaves
//! open which one counts), nesting deeper than [`MAX_DEPTH`], text after the value, and anything that RFC 8259 does not
//! call JSON.
//!
//! Two values are the same ([`Json::digest_into`]) when their structure is the same, whatever the order of members, and
//! their numbers have the same exact value: `1`, `1.0`, `1.00` and `1e0` are one number; `1` and `"1"` are not.

mod differences;
mod reader;
mod representation;

use std::{borrow::Cow, fmt};

use sha2::{Digest, Sha256};

use reader::Reader;

pub(crate) use self::{reader::JsonError, representation::Exact};

/// Arrays and objects may nest this deep; no document of ours comes near.
pub(crate) const MAX_DEPTH: usize = 64;

/// One JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Json {
    #[default]
    Null,
    Bool(bool),
    Number(NumberText),
    String(String),
    Array(Vec<Json>),
    /// Members in the order in which they were sent.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value that fills the whole text.
    pub(crate) fn parse(text: &str) -> Result<Json, JsonError> {
        let mut reader = Reader { text, at: 0 };
        reader.skip_space();
        let value = reader.value(0)?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.error("there is more text after the end of the JSON value"));
        }
        Ok(value)
    }

    /// The number that `text` spells, if it spells one as JSON does.
    pub(crate) fn number(text: &str) -> Option<Json> {
        match Json::parse(text) {
            Ok(number @ Json::Number(_)) => Some(number),
            _ => None,
        }
    }

    /// The member of an object, or nothing.
    pub(crate) fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => find(members, name),
            _ => None,
        }
    }

    /// The text of a string, or nothing.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value that an RFC 6901 pointer names.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Json> {
        pointer.split('/').skip(1).try_fold(self, |value, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match value {
                Json::Object(members) => find(members, &token),
                Json::Array(items) => items.get(token.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// The same, to be changed.
    pub(crate) fn at_mut(&mut self, pointer: &str) -> Option<&mut Json> {
        pointer.split('/').skip(1).try_fold(self, |value, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match value {
                Json::Object(members) => members
                    .iter_mut()
                    .find(|(name, _)| *name == token)
                    .map(|(_, member)| member),
                Json::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// Whether a text stands anywhere in the value.
    pub(crate) fn holds_text(&self, text: &str) -> bool {
        match self {
            Json::String(held) => held == text,
            Json::Array(items) => items.iter().any(|item| item.holds_text(text)),
            Json::Object(members) => members.iter().any(|(_, member)| member.holds_text(text)),
            _ => false,
        }
    }

    /// Takes members out of the top object: secrets that the state machine and the journal must not see.
    pub(crate) fn remove_members(&mut self, names: &[&str]) {
        if let Json::Object(members) = self {
            members.retain(|(name, _)| !names.contains(&name.as_str()));
        }
    }

    /// Feeds the canonical form of the value to a hash (see the rule in the module's text).
    pub(crate) fn digest_into(&self, hash: &mut Sha256) {
        match self {
            Json::Null => hash.update(b"n"),
            Json::Bool(true) => hash.update(b"t"),
            Json::Bool(false) => hash.update(b"f"),
            Json::Number(number) => digest_text(hash, b'#', &number.canonical()),
            Json::String(text) => digest_text(hash, b'"', text),
            Json::Array(items) => {
                digest_length(hash, b'[', items.len());
                for item in items {
                    item.digest_into(hash);
                }
            }
            Json::Object(members) => {
                digest_length(hash, b'{', members.len());
                let mut sorted: Vec<&(String, Json)> = members.iter().collect();
                sorted.sort_by(|left, right| left.0.cmp(&right.0));
                for (name, value) in sorted {
                    digest_text(hash, b'"', name);
                    value.digest_into(hash);
                }
            }
        }
    }
}

/// Compact JSON text with every number as it was sent.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) => f.write_str(number.as_str()),
            Json::String(text) => write_text(f, text),
            Json::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

fn find<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value)
}

fn digest_length(hash: &mut Sha256, tag: u8, length: usize) {
    hash.update([tag]);
    hash.update((length as u64).to_be_bytes());
}

fn digest_text(hash: &mut Sha256, tag: u8, text: &str) {
    digest_length(hash, tag, text.len());
    hash.update(text.as_bytes());
}

/// A number as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumberText(Box<str>);

impl NumberText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Sign, digits without outer zeros, `e`, exponent: the same text for the same value.
    fn canonical(&self) -> Cow<'_, str> {
        let Some((negative, digits, exponent)) = self.parts() else {
            // An exponent beyond 64 bits: no amount, and equal only to itself.
            return Cow::Borrowed(&self.0);
        };
        if digits.is_empty() {
            return Cow::Borrowed("0");
        }
        let sign = if negative { "-" } else { "" };
        Cow::Owned(format!("{sign}{digits}e{exponent}"))
    }

    /// The sign, the significant digits and the exponent of the last one; no digits for zero.
    fn parts(&self) -> Option<(bool, String, i64)> {
        let (negative, unsigned) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, &*self.0),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        let trailing = digits.len() - digits.trim_end_matches('0').len();
        let exponent = exponent
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(trailing).ok()?)?;
        Some((negative, significant.to_owned(), exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text).expect("JSON")
    }

    fn digest(text: &str) -> Vec<u8> {
        let mut hash = Sha256::new();
        parse(text).digest_into(&mut hash);
        hash.finalize().to_vec()
    }

    #[test]
    fn keeps_number_text_member_order_and_escapes() {
        let text = r#"{"b":1.2300,"a":[true,null,-0.5e-7,"é\n\"𝄞"],"c":{}}"#;
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(parse("\t[ 1 , 2 ]\r\n").to_string(), "[1,2]");
        assert_eq!(parse(r#""\ud834\udd1e""#).as_text(), Some("𝄞"));
    }

    #[test]
    fn one_wei_makes_another_request_and_spelling_does_not() {
        assert_ne!(
            digest("1.000000000000000001"),
            digest("1.000000000000000002")
        );
        for same in ["1", "1.0", "1.00", "1e0", "10e-1", "0.1E1", "100e-2"] {
            assert_eq!(digest("1"), digest(same), "{same}");
        }
        for zero in ["0", "-0", "0.00", "0e9"] {
            assert_eq!(digest("0"), digest(zero), "{zero}");
        }
        for other in [
            "10",
            "0.1",
            "-1",
            "\"1\"",
            "true",
            "[1]",
            "1e99999999999999999999",
        ] {
            assert_ne!(digest("1"), digest(other), "{other}");
        }
        assert_eq!(digest(r#"{"a":1,"b":2}"#), digest(r#"{"b":2.0,"a":1}"#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["b","a"]"#));
        assert_ne!(digest(r#"["ab","c"]"#), digest(r#"["a","bc"]"#));
    }

    #[test]
    fn refuses_what_is_not_json_and_says_where() {
        let cases = [
            (
                "",
                "the text ends where a JSON value was expected (line 1, column 1)",
            ),
            (
                "{\n  \"a\": 01}",
                "a number has no digits or a leading zero (line 2, column 10)",
            ),
            (
                "{\"a\":1,\"a\":2}",
                "this member name occurs twice in one object (line 1, column 8)",
            ),
            ("[1,]", "expected a JSON value (line 1, column 4)"),
            (
                "{\"a\" 1}",
                "expected `:` after a member name (line 1, column 6)",
            ),
            (
                "{a:1}",
                "expected a member name in double quotes (line 1, column 2)",
            ),
            (
                "1.",
                "a number has no digits after its point (line 1, column 3)",
            ),
            (
                "1e",
                "a number has no digits in its exponent (line 1, column 3)",
            ),
            ("+1", "expected a JSON value (line 1, column 1)"),
            ("NaN", "expected a JSON value (line 1, column 1)"),
            ("nul", "expected a JSON value (line 1, column 1)"),
            ("\"a", "a string has no closing quote (line 1, column 1)"),
            ("\"a\\", "a string has no closing quote (line 1, column 1)"),
            (
                "\"\\x\"",
                "a string has a bad escape or a raw control character (line 1, column 1)",
            ),
            (
                "1 2",
                "there is more text after the end of the JSON value (line 1, column 3)",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(Json::parse(text).expect_err(text).to_string(), message);
        }
        let deep = format!(
            "{}1{}",
            "[".repeat(MAX_DEPTH + 1),
            "]".repeat(MAX_DEPTH + 1)
        );
        assert!(
            Json::parse(&deep)
                .expect_err("deep")
                .to_string()
                .contains("too deep")
        );
        let deepest = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(Json::parse(&deepest).is_ok());
    }

    #[test]
    fn pointers_and_removed_members() {
        let mut value = parse(r#"{"a/b":[{"~":1}],"secret":"s","x":1}"#);
        assert_eq!(
            value.at("/a~1b/0/~0").map(Json::to_string).as_deref(),
            Some("1")
        );
        assert_eq!(value.at(""), Some(&value));
        assert_eq!(value.at("/a~1b/7"), None);
        value.remove_members(&["secret"]);
        assert_eq!(value.to_string(), r#"{"a/b":[{"~":1}],"x":1}"#);
    }

    #[test]
    fn schemas_see_the_exact_tree() {
        let schema = serde_json::json!({
            "type": "object",
            "required": ["amount"],
            "properties": {
                "amount": {"type": ["number", "string"], "exclusiveMinimum": 0, "pattern": "^[0-9]+$"},
                "count": {"type": "integer", "maximum": 10},
                "kind": {"enum": ["A", 1]}
            }
        });
        let validator = jsonschema::options_for::<Exact>()
            .build(&schema)
            .expect("schema");
        let valid = |text: &str| validator.is_valid(&parse(text));
        assert!(valid(
            r#"{"amount":123456789012345678901234567890.123456789,"count":1.0,"kind":1.0}"#
        ));
        assert!(valid(r#"{"amount":"12"}"#));
        assert!(!valid(r#"{"amount":"x"}"#));
        assert!(!valid(r#"{"amount":0}"#));
        assert!(!valid(r#"{"amount":1,"count":1.5}"#));
        assert!(!valid(r#"{"amount":1,"count":11}"#));
        assert!(!valid(r#"{"amount":1,"kind":"B"}"#));
        assert!(!valid("{}"));
        assert!(!valid(r#"{"amount":1,"count":1e400}"#));
    }
}
