//! From text to the tree: a recursive-descent reader that keeps number text and refuses what readers disagree about.

use std::collections::HashSet;

use super::{Json, MAX_DEPTH, NumberText};

/// Why a text is not JSON that we read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (line {line}, column {column})")]
pub(crate) struct JsonError {
    reason: &'static str,
    line: usize,
    column: usize,
}

/// A recursive-descent reader; strings are unescaped by `serde_json`, numbers are copied.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl Reader<'_> {
    pub(super) fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
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
        let mut is_plain = true;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(end) {
                None => return Err(self.error("a string has no closing quote")),
                Some(b'"') => break,
                Some(b'\\') => {
                    is_plain = false;
                    end += 2;
                }
                Some(byte) => {
                    is_plain &= *byte >= b' ';
                    end += 1;
                }
            }
        }
        // Both quotes are ASCII, so the slices fall on character boundaries.
        if is_plain {
            self.at = end + 1;
            return Ok(self.text.get(start + 1..end).unwrap_or_default().to_owned());
        }
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

    pub(super) fn skip_space(&mut self) {
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

    pub(super) fn error(&self, reason: &'static str) -> JsonError {
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
