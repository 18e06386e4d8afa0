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

use std::{borrow::Cow, collections::HashSet, fmt, slice};

use jsonschema::{
    JsonType,
    json::{Array, Json as Representation, JsonNumber, Node, NodeIdentity, Object},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

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

/// Why a text is not JSON that we read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (line {line}, column {column})")]
pub(crate) struct JsonError {
    reason: &'static str,
    line: usize,
    column: usize,
}

/// A recursive-descent reader; strings are unescaped by `serde_json`, numbers are copied.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("arrays and objects are nested too deep"));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number_text().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error("expected a JSON value")),
            None => Err(self.error("the text ends where a JSON value was expected")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut members = Vec::new();
        let mut names = HashSet::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a member name in double quotes"));
            }
            let start = self.at;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                self.at = start;
                return Err(self.error("this member name occurs twice in one object"));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error("expected `:` after a member name"));
            }
            self.skip_space();
            members.push((name, self.value(depth + 1)?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `}` after a member"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `]` after an array element"));
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let mut end = start + 1;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(end) {
                None => return Err(self.error("a string has no closing quote")),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        // Both quotes are ASCII, so the slice falls on character boundaries.
        let quoted = self.text.get(start..=end).unwrap_or_default();
        let text = serde_json::from_str(quoted)
            .map_err(|_| self.error("a string has a bad escape or a raw control character"))?;
        self.at = end + 1;
        Ok(text)
    }

    fn number_text(&mut self) -> Result<NumberText, JsonError> {
        let start = self.at;
        self.take(b'-');
        let leading = self.at;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.text.as_bytes().get(leading) == Some(&b'0')) {
            return Err(self.error("a number has no digits or a leading zero"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.error("a number has no digits after its point"));
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.error("a number has no digits in its exponent"));
            }
        }
        Ok(NumberText(
            self.text.get(start..self.at).unwrap_or_default().into(),
        ))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        if self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()))
        {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("expected a JSON value"))
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, reason: &'static str) -> JsonError {
        let before = self
            .text
            .as_bytes()
            .get(..self.at)
            .unwrap_or(self.text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count()
            + 1;
        JsonError {
            reason,
            line,
            column,
        }
    }
}

/// Lets `jsonschema` validate the tree itself, so that no copy through `f64` is made of a request.
#[derive(Debug)]
pub(crate) struct Exact;

impl Representation for Exact {
    type Node<'a> = &'a Json;
    type PreparedKey = String;
    type StringBuffer = Json;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Json, string: &str, f: impl FnOnce(&Json) -> T) -> T {
        *buffer = Json::String(string.to_owned());
        f(buffer)
    }
}

impl<'a> Node<'a, Exact> for &'a Json {
    type Object = &'a [(String, Json)];
    type Array = &'a [Json];
    type Number = &'a NumberText;

    fn as_object(&self) -> Option<Self::Object> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Self::Array> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.as_text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Self::Number> {
        match self {
            Json::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Json::Null => JsonType::Null,
            Json::Bool(_) => JsonType::Boolean,
            Json::Number(_) => JsonType::Number,
            Json::String(_) => JsonType::String,
            Json::Array(_) => JsonType::Array,
            Json::Object(_) => JsonType::Object,
        }
    }

    /// For error texts and `const` / `enum` only; never a way back to a request.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => number.to_number().map_or(Value::Null, Value::Number),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.to_value().into_owned())
                    .collect(),
            ),
            Json::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_value().into_owned()))
                    .collect(),
            ),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Json>(self) as usize))
    }
}

impl<'a> Object<'a, Exact> for &'a [(String, Json)] {
    type Node = &'a Json;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        <[(String, Json)]>::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Json> {
        find(self, key)
    }

    fn members(&self) -> Members<'a> {
        Members(self.iter())
    }
}

/// The members of an object in their order.
#[derive(Debug)]
pub(crate) struct Members<'a>(slice::Iter<'a, (String, Json)>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Json);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'a> Array<'a, Exact> for &'a [Json] {
    type Node = &'a Json;
    type ElementsIter = slice::Iter<'a, Json>;

    fn len(&self) -> usize {
        <[Json]>::len(self)
    }

    fn elements(&self) -> slice::Iter<'a, Json> {
        self.iter()
    }
}

impl NumberText {
    /// `serde_json`'s number, or nothing where it has none (an exponent beyond `f64`).
    fn to_number(&self) -> Option<serde_json::Number> {
        serde_json::from_str(&self.0).ok()
    }
}

impl JsonNumber for &NumberText {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Bounds of schemas are the only reader.
    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(NumberText::to_number(self).unwrap_or_else(|| 0.into()))
    }

    fn is_integer(&self) -> bool {
        self.parts()
            .is_some_and(|(_, digits, exponent)| digits.is_empty() || exponent >= 0)
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
