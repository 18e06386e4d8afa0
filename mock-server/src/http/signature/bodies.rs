//! The bodies that a client signs when it does not sign the one it sends.
//!
//! A client that reads its JSON and writes it again, for the signature or by a layer below, changes spaces, line breaks or
//! the order of members, and with them the bytes that are signed.

use std::fmt::{self, Write as _};

use crate::http::json::Json;

/// How a body that was signed differs from the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyMistake {
    Compact,
    /// Something was signed where nothing was sent.
    Invented(&'static str),
    LeftOut,
    Pretty(usize),
    Sorted,
    Spaced,
    Trimmed,
}

/// Longest body that is written again.
const WRITTEN_AGAIN_MAX: usize = 16 * 1024;

/// What JavaScript and others make of a body that is not there.
const INVENTED: [&str; 4] = ["{}", "null", "undefined", "\"\""];

/// The other bodies, likeliest first. None is the one that was sent.
pub(super) fn others(sent: &[u8]) -> Vec<(BodyMistake, Vec<u8>)> {
    if sent.is_empty() {
        return INVENTED
            .iter()
            .map(|text| (BodyMistake::Invented(text), text.as_bytes().to_vec()))
            .collect();
    }
    let mut others = vec![(BodyMistake::LeftOut, Vec::new())];
    let text = std::str::from_utf8(sent).ok();
    if let Some(text) = text.filter(|text| text.len() <= WRITTEN_AGAIN_MAX) {
        others.push((BodyMistake::Trimmed, text.trim().as_bytes().to_vec()));
        if let Ok(json) = Json::parse(text) {
            let sorted = sorted(&json);
            let styles = [
                (BodyMistake::Compact, &json, Style::Compact),
                (BodyMistake::Spaced, &json, Style::Spaced),
                (BodyMistake::Pretty(2), &json, Style::Pretty(2)),
                (BodyMistake::Pretty(4), &json, Style::Pretty(4)),
                (BodyMistake::Sorted, &sorted, Style::Compact),
                (BodyMistake::Sorted, &sorted, Style::Spaced),
            ];
            others.extend(
                styles.map(|(mistake, json, style)| (mistake, style.write(json).into_bytes())),
            );
        }
    }
    let mut seen: Vec<Vec<u8>> = vec![sent.to_vec()];
    others.retain(|(_, body)| {
        let is_new = !seen.contains(body);
        if is_new {
            seen.push(body.clone());
        }
        is_new
    });
    others
}

impl BodyMistake {
    pub(super) fn advice(self) -> String {
        let again = |how: &str| {
            format!(
                "the body was signed {how} and sent otherwise: write the JSON once, then sign and send the same bytes"
            )
        };
        match self {
            BodyMistake::Compact => again("without spaces"),
            BodyMistake::Invented(text) => {
                format!("`{text}` was signed as the body and no body was sent: sign nothing there")
            }
            BodyMistake::LeftOut => {
                "the body was left out of what was signed: add its bytes after the path".to_owned()
            }
            BodyMistake::Pretty(spaces) => {
                again(&format!("pretty-printed, {spaces} spaces a level,"))
            }
            BodyMistake::Sorted => again("with its members sorted"),
            BodyMistake::Spaced => again("with a space after each `:` and `,`"),
            BodyMistake::Trimmed => again("without the space around it"),
        }
    }
}

/// The value with the members of every object in the order of their names.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Json::Object(members)
        }
        other => other.clone(),
    }
}

/// How JSON is written.
#[derive(Clone, Copy)]
enum Style {
    Compact,
    /// This many spaces a level.
    Pretty(usize),
    /// A space after each colon and comma: what Python's `json.dumps` writes.
    Spaced,
}

impl Style {
    fn write(self, json: &Json) -> String {
        let mut text = String::new();
        // Writing to a string does not fail, and a value inside the limit of depth is written whole.
        let _ = self.put(&mut text, json, 0);
        text
    }

    fn put(self, to: &mut String, json: &Json, level: usize) -> fmt::Result {
        match json {
            Json::Array(items) if !items.is_empty() => {
                to.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    self.separate(to, index, level + 1)?;
                    self.put(to, item, level + 1)?;
                }
                self.close(to, level, ']')
            }
            Json::Object(members) if !members.is_empty() => {
                to.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    self.separate(to, index, level + 1)?;
                    let colon = if matches!(self, Style::Compact) {
                        ":"
                    } else {
                        ": "
                    };
                    write!(to, "{}{colon}", Json::String(name.clone()))?;
                    self.put(to, value, level + 1)?;
                }
                self.close(to, level, '}')
            }
            plain => write!(to, "{plain}"),
        }
    }

    /// What stands before an item.
    fn separate(self, to: &mut String, index: usize, level: usize) -> fmt::Result {
        if index > 0 {
            to.write_char(',')?;
        }
        match self {
            Style::Compact => Ok(()),
            Style::Spaced if index == 0 => Ok(()),
            Style::Spaced => to.write_char(' '),
            Style::Pretty(spaces) => write!(to, "\n{:width$}", "", width = spaces * level),
        }
    }

    fn close(self, to: &mut String, level: usize, bracket: char) -> fmt::Result {
        if let Style::Pretty(spaces) = self {
            write!(to, "\n{:width$}", "", width = spaces * level)?;
        }
        to.write_char(bracket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(sent: &str, wanted: BodyMistake) -> Option<String> {
        others(sent.as_bytes())
            .into_iter()
            .find(|(mistake, _)| *mistake == wanted)
            .map(|(_, body)| String::from_utf8(body).expect("text"))
    }

    #[test]
    fn a_body_is_written_as_others_would_with_its_numbers_kept() {
        let sent = "{ \"b\":1.50, \"a\":[true,{}], \"c\":[] }\n";
        let rows = [
            (BodyMistake::LeftOut, ""),
            (
                BodyMistake::Trimmed,
                r#"{ "b":1.50, "a":[true,{}], "c":[] }"#,
            ),
            (BodyMistake::Compact, r#"{"b":1.50,"a":[true,{}],"c":[]}"#),
            (
                BodyMistake::Spaced,
                r#"{"b": 1.50, "a": [true, {}], "c": []}"#,
            ),
            (
                BodyMistake::Pretty(2),
                "{\n  \"b\": 1.50,\n  \"a\": [\n    true,\n    {}\n  ],\n  \"c\": []\n}",
            ),
            (BodyMistake::Sorted, r#"{"a":[true,{}],"b":1.50,"c":[]}"#),
        ];
        for (mistake, body) in rows {
            assert_eq!(other(sent, mistake).as_deref(), Some(body), "{mistake:?}");
        }
    }

    #[test]
    fn what_was_sent_is_not_among_the_others_and_a_long_body_is_not_written_again() {
        assert_eq!(other(r#"{"a":1}"#, BodyMistake::Compact), None);
        let long = format!("[\"{}\"]", "x".repeat(WRITTEN_AGAIN_MAX));
        assert_eq!(others(long.as_bytes()).len(), 1);
        assert_eq!(others(&[0xff, 0xfe]).len(), 1);
        assert_eq!(others(b"").len(), INVENTED.len());
    }
}
