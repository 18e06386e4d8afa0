//! Builds nodes from YAML.
//!
//! The dialect is YAML 1.2 with the core schema, minus what makes two readers disagree: anchors,
//! aliases, tags, merge keys, duplicate keys, several documents in a file, keys that are not
//! strings, and numbers that JSON cannot spell. Each is refused with its place.

use std::borrow::Cow;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};

use super::{Entry, Map, Node, Place, Value, duplicate};
use crate::problem::Problem;

/// Reads the text of one YAML file; `file` is the name that messages show.
pub fn parse(file: &str, text: &str) -> Result<Node, Problem> {
    let mut reader = Reader {
        file: Arc::from(file),
        parser: Parser::new_from_str(text),
        depth: 0,
    };
    reader.document()
}

/// Pulls events and builds nodes; recursion is bounded by [`MAX_DEPTH`].
struct Reader<'a> {
    file: Arc<str>,
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The one document of the file.
    fn document(&mut self) -> Result<Node, Problem> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, span) => {
                    return Err(self.refuse(
                        span,
                        "the file holds no document",
                        "write at least one key, or delete the file",
                    ));
                }
                (event, span) => {
                    let root = self.node(event, span)?;
                    self.end_of_file()?;
                    return Ok(root);
                }
            }
        }
    }

    /// Makes sure that nothing follows the document.
    fn end_of_file(&mut self) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    return Err(self.refuse(
                        span,
                        "a second document starts in this file",
                        "keep one document a file; remove the `---`",
                    ));
                }
            }
        }
    }

    /// The node that an event opens.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Problem> {
        let place = self.place(span.start);
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.scalar(text, style, span)?
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.nested(span, Self::list)?
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_anchor_and_tag(anchor, tag.is_some(), span)?;
                self.nested(span, Self::map)?
            }
            Event::Alias(_) => {
                return Err(self.refuse(
                    span,
                    "an alias is not allowed here",
                    "write the value out, or make it a component and use `$ref`",
                ));
            }
            _ => return Err(self.refuse(span, "a value is missing", "write the value")),
        };
        Ok(Node { place, value })
    }

    /// Runs a reader of a nested value one level deeper.
    fn nested(
        &mut self,
        span: Span,
        read: impl FnOnce(&mut Self) -> Result<Value, Problem>,
    ) -> Result<Value, Problem> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(
                span,
                format!("more than {MAX_DEPTH} levels are nested"),
                "make the inner part a component and use `$ref`",
            ));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, Problem> {
        let mut map = Map::default();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(map));
            }
            let (key, key_place) = self.key(event, span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            if let Err(again) = map.insert(Entry {
                key,
                key_place,
                node,
            }) {
                return Err(duplicate(&map, &again));
            }
        }
    }

    /// A key: a string, and not the merge key.
    fn key(&mut self, event: Event<'a>, span: Span) -> Result<(String, Place), Problem> {
        let node = self.node(event, span)?;
        match node.value {
            Value::String(key) if key == "<<" => Err(self.refuse(
                span,
                "the merge key `<<` is not allowed",
                "write the keys out, or make them a component and use `$ref`",
            )),
            Value::String(key) => Ok((key, node.place)),
            _ => Err(self.refuse(
                span,
                format!("this key is {}, not a string", node.kind()),
                "put the key in quotes: `'200':`",
            )),
        }
    }

    /// Resolves a scalar by the core schema of YAML 1.2.
    fn scalar(&self, text: Cow<'a, str>, style: ScalarStyle, span: Span) -> Result<Value, Problem> {
        if style != ScalarStyle::Plain {
            return Ok(Value::String(text.into_owned()));
        }
        Ok(match &*text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            other if is_json_number(other) => Value::Number(text.into_owned()),
            other if is_other_number(other) => {
                return Err(self.refuse(
                    span,
                    format!("`{other}` is a number that JSON cannot spell"),
                    "write it as JSON does (`15`, `0.5`, `1e3`), or in quotes if it is text",
                ));
            }
            _ => Value::String(text.into_owned()),
        })
    }

    fn refuse_anchor_and_tag(&self, anchor: usize, tag: bool, span: Span) -> Result<(), Problem> {
        let (what, help) = match (anchor, tag) {
            (0, false) => return Ok(()),
            (0, true) => ("a tag", "put the value in quotes if it is text"),
            _ => ("an anchor", "make the value a component and use `$ref`"),
        };
        Err(self.refuse(span, format!("{what} is not allowed here"), help))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Problem::new(
                &self.place(*error.marker()),
                SYNTAX,
                format!("this is not YAML: {}", error.info()),
                "check the indentation, the quotes and the brackets before this place",
            )),
            None => Err(Problem::new(
                &Place::whole(Arc::clone(&self.file)),
                SYNTAX,
                "the file ends too early",
                "complete the last value",
            )),
        }
    }

    fn refuse(&self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(&self.place(span.start), SYNTAX, message, help)
    }

    /// Markers count columns from zero.
    fn place(&self, marker: Marker) -> Place {
        Place::at(Arc::clone(&self.file), marker.line(), marker.col() + 1)
    }
}

/// The grammar of a number in RFC 8259, section 6.
fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// What the core schema reads as a number although JSON does not.
fn is_other_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    let radix = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    if radix("0x", 16) || radix("0o", 8) {
        return true;
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_or_nothing = |part: &str| part.is_empty() || is_digits(part);
    digits_or_nothing(whole)
        && digits_or_nothing(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Deeper than any document of ours, shallower than any stack.
const MAX_DEPTH: usize = 64;

const SYNTAX: &str = "yaml";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        parse("a.yaml", text).expect("good YAML")
    }

    fn refused(text: &str) -> String {
        let problem = parse("a.yaml", text).expect_err("refused");
        format!("{} {}", problem.place, problem.message)
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let json = serde_json::to_string(&read("[~, null, true, no, NO, 'null', 2026-01-05]"));
        assert_eq!(
            json.expect("json"),
            r#"[null,null,true,"no","NO","null","2026-01-05"]"#
        );
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let cases = [
            ("a: &x 1", "a.yaml:1:4 an anchor is not allowed here"),
            ("a: !!str 1", "a.yaml:1:4 a tag is not allowed here"),
            ("a: 1\na: 2", "a.yaml:2:1 `a` is already said at a.yaml:1:1"),
            (
                "a: 0x1F",
                "a.yaml:1:4 `0x1F` is a number that JSON cannot spell",
            ),
            (
                "a: .5",
                "a.yaml:1:4 `.5` is a number that JSON cannot spell",
            ),
            (
                "a: 007",
                "a.yaml:1:4 `007` is a number that JSON cannot spell",
            ),
            ("200: x", "a.yaml:1:1 this key is a number, not a string"),
            ("<<: {a: 1}", "a.yaml:1:1 the merge key `<<` is not allowed"),
            (
                "a: 1\n---\nb: 2",
                "a.yaml:2:1 a second document starts in this file",
            ),
            ("# nothing", "a.yaml:2:1 the file holds no document"),
        ];
        for (text, message) in cases {
            assert_eq!(refused(text), message, "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse("a.yaml", &deep(MAX_DEPTH)).is_ok());
        assert!(refused(&deep(MAX_DEPTH + 1)).contains("more than 64 levels"));
    }
}
