//! Bodies without what they have in common.
//!
//! Replies are kept for ever, and so are requests in a journal in memory; those of one operation differ in ids, instants
//! and amounts alone. So the first one is kept whole, as a shape, and of each that follows only the pieces in which it
//! differs. Pieces are what stands between quotation marks, whatever it means, so nothing is parsed and the text that
//! comes back is the one that was put in.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::packed::Packed;
use crate::request::OperationRef;

/// The shapes of all operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shapes {
    #[serde(with = "crate::snapshot::pairs")]
    of: BTreeMap<OperationRef, Vec<Shape>>,
}

/// A text as a shape and what differs from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shaped {
    shape: u8,
    /// For each piece that differs its place, a colon, the piece and a quotation mark.
    differences: Packed,
}

/// The first text of its kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shape(Box<str>);

/// An operation has so many kinds of replies before the least unlike one has to do.
const SHAPES_MAX: usize = 8;

impl Shapes {
    /// Takes a text in.
    pub(crate) fn put(&mut self, op: OperationRef, text: &str) -> Shaped {
        let shapes = self.of.entry(op).or_default();
        let likes = shapes.iter().enumerate().filter_map(|(place, shape)| {
            let place = u8::try_from(place).ok()?;
            Some((place, shape.differences(text)?))
        });
        let nearest = likes.min_by_key(|(_, differences)| differences.len());
        if let Some((shape, differences)) = nearest
            && (differences.len() <= text.len() / 2 || shapes.len() == SHAPES_MAX)
        {
            let differences = Packed::new(&differences);
            return Shaped { shape, differences };
        }
        match u8::try_from(shapes.len()) {
            Ok(shape) if shapes.len() < SHAPES_MAX => {
                shapes.push(Shape(text.into()));
                Shaped {
                    shape,
                    differences: Packed::new(""),
                }
            }
            _ => Shaped {
                shape: WHOLE,
                differences: Packed::new(text),
            },
        }
    }

    /// Takes a text in, as bytes that [`Shapes::read`] reads, after what is there.
    pub(crate) fn write(&mut self, op: OperationRef, text: &str, out: &mut Vec<u8>) {
        let Shaped { shape, differences } = self.put(op, text);
        out.push(shape);
        out.extend_from_slice(differences.bytes());
    }

    /// The text that was written so; none if it was written elsewhere.
    pub(crate) fn read(&self, op: OperationRef, bytes: &[u8]) -> Option<String> {
        let (shape, differences) = bytes.split_first()?;
        let shaped = Shaped {
            shape: *shape,
            differences: Packed::of_bytes(differences),
        };
        self.get(op, &shaped)
    }

    /// The text that was taken in; none if it was taken in elsewhere.
    pub(crate) fn get(&self, op: OperationRef, shaped: &Shaped) -> Option<String> {
        if shaped.shape == WHOLE {
            return Some(shaped.differences.text());
        }
        let shape = self.of.get(&op)?.get(usize::from(shaped.shape))?;
        shape.with(&shaped.differences.text())
    }
}

/// The place of no shape: the text is like none, and there is no room for another one.
const WHOLE: u8 = u8::MAX;

impl Shape {
    /// In what a text differs; none if it has another number of pieces.
    fn differences(&self, text: &str) -> Option<String> {
        if marks(&self.0) != marks(text) {
            return None;
        }
        let mut differences = String::new();
        for (place, (own, piece)) in Pieces(Some(&self.0)).zip(Pieces(Some(text))).enumerate() {
            if own != piece {
                // Writing to a `String` cannot fail.
                let _ = write!(differences, "{place}:{piece}\"");
            }
        }
        Some(differences)
    }

    /// The text that differs from this one so.
    fn with(&self, differences: &str) -> Option<String> {
        let mut pieces: Vec<&str> = self.0.split('"').collect();
        for difference in differences.split_terminator('"') {
            let (place, piece) = difference.split_once(':')?;
            *pieces.get_mut(place.parse::<usize>().ok()?)? = piece;
        }
        Some(pieces.join("\""))
    }
}

/// How many quotation marks a text has.
fn marks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'"').count()
}

/// What `split('"')` gives, by a plain loop: pieces are short, and a search that is made for long texts costs more.
struct Pieces<'a>(Option<&'a str>);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        let Some(end) = rest.bytes().position(|byte| byte == b'"') else {
            return self.0.take();
        };
        self.0 = Some(&rest[end + 1..]);
        Some(&rest[..end])
    }
}

// Bodies may be about persons.
impl core::fmt::Debug for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Shape({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(name: &str) -> OperationRef {
        name.parse().unwrap()
    }

    #[test]
    fn every_text_comes_back_as_it_was_put_in() {
        let texts = [
            "",
            "\"",
            "null",
            r#"{"data":{"id":"a","note":"say \"no\""}}"#,
            r#"{"data":{"id":"b","note":"say \"1:x\""}}"#,
            r#"{"data":{"id":"é","note":"say \"no\""},"more":[1.50,true]}"#,
            r#"{"data":{"id":":","note":"\\\"2:"}}"#,
            r#"{"data":[]}"#,
        ];
        let mut shapes = Shapes::default();
        let mut put = Vec::new();
        for n in 0..50 {
            for text in texts {
                let text = text.replace("no", &"no ".repeat(n));
                let name = ["payments.transfers_create", "payments.transfers_accept"][n % 2];
                put.push((op(name), shapes.put(op(name), &text), text));
            }
        }
        let stored = serde_json::to_string(&shapes).unwrap();
        let restored: Shapes = serde_json::from_str(&stored).unwrap();
        for (op, shaped, text) in put {
            assert_eq!(shapes.get(op, &shaped).as_deref(), Some(text.as_str()));
            assert_eq!(restored.get(op, &shaped).as_deref(), Some(text.as_str()));
        }
    }

    #[test]
    fn of_a_reply_that_is_like_another_one_little_is_kept() {
        let mut shapes = Shapes::default();
        let reply = |id: &str| {
            format!(r#"{{"data":{{"id":"{id}","status":"REQUESTED","asset_type_id":"FIAT"}}}}"#)
        };
        let create = op("payments.transfers_create");
        assert_eq!(shapes.put(create, &reply("one")).differences.text(), "");
        assert_eq!(
            shapes.put(create, &reply("two")).differences.text(),
            "5:two\""
        );
        assert!(!format!("{shapes:?}").contains("one"), "nothing is printed");
    }
}
