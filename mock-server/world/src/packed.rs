//! Texts in fewer bytes.
//!
//! Most of what is kept for ever is ids, and most ids are UUIDs in their usual form, which spells 16 bytes in 36. So each of
//! them is kept as a mark and its bytes. The mark is a byte that no UTF-8 text has, and any text comes back as it was,
//! whatever looks like a UUID in it.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

/// A text whose UUIDs are packed. Equal texts are equal, and `Debug` tells the length alone: it may be about a person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        pack(text, &mut bytes);
        // A copy takes what it needs; a shrunk list may keep the room of the text.
        Self(bytes.as_slice().into())
    }

    /// A text from the bytes of another one ([`Packed::bytes`]).
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The text as it is kept.
    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        // What was packed can be unpacked.
        unpack(&self.0).unwrap_or_default()
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} bytes)", self.0.len())
    }
}

/// A name that is a UUID most of the time, in place; any other text is kept as it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Text(Box<str>),
    Uuid([u8; 16]),
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        let uuid = text.as_bytes().first_chunk().and_then(uuid_bytes);
        match uuid {
            Some(bytes) if text.len() == UUID_TEXT => Self::Uuid(bytes),
            _ => Self::Text(text.into()),
        }
    }

    /// The name.
    pub(crate) fn text(&self) -> String {
        self.spelled().as_ref().to_owned()
    }

    /// The name, without an allocation.
    pub(crate) fn spelled(&self) -> Spelled<'_> {
        match self {
            Self::Text(text) => Spelled::Text(text),
            Self::Uuid(bytes) => Spelled::Uuid(uuid_characters(*bytes)),
        }
    }

    /// Whether the text is this name.
    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => **own == *text,
            Self::Uuid(own) => {
                let bytes = text.as_bytes().first_chunk().and_then(uuid_bytes);
                text.len() == UUID_TEXT && bytes.is_some_and(|bytes| bytes == *own)
            }
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Uuid(_) => serializer.serialize_str(self.spelled().as_ref()),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.text())
    }
}

/// A name to be read.
#[derive(Clone, Copy)]
pub(crate) enum Spelled<'a> {
    Text(&'a str),
    Uuid([u8; UUID_TEXT]),
}

impl AsRef<str> for Spelled<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::Text(text) => text,
            // Digits and hyphens are UTF-8.
            Self::Uuid(characters) => core::str::from_utf8(characters).unwrap_or_default(),
        }
    }
}

/// The id of a row that is kept for ever: a name that was an id of this kind.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Id<K> {
    name: Name,
    kind: PhantomData<fn() -> K>,
}

impl<K: AsRef<str>> Id<K> {
    pub(crate) fn of(id: &K) -> Self {
        Self {
            name: Name::new(id.as_ref()),
            kind: PhantomData,
        }
    }
}

impl<K> Id<K> {
    /// The text of the id, without an allocation.
    pub(crate) fn spelled(&self) -> Spelled<'_> {
        self.name.spelled()
    }
}

impl<K: FromStr<Err: fmt::Debug>> Id<K> {
    /// The id.
    #[expect(
        clippy::expect_used,
        reason = "it was made of such an id and has the same text"
    )]
    pub(crate) fn get(&self) -> K {
        self.spelled().as_ref().parse().expect("an id of its kind")
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

/// Only what is an id of the kind is taken.
impl<'de, K: AsRef<str> + FromStr<Err: fmt::Display>> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let id: K = text.parse().map_err(D::Error::custom)?;
        Ok(Self::of(&id))
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.spelled().as_ref())
    }
}

/// Characters of a UUID in its usual form.
const UUID_TEXT: usize = 36;

/// Stands before the 16 bytes of a UUID. No byte of a UTF-8 text is this one.
const MARK: u8 = 0xff;

/// Where the usual form has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Where it has the first digit of each byte.
const DIGITS_AT: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// Writes a text with its UUIDs packed.
pub(crate) fn pack(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    // What stands before is written, and from here on it is looked for UUIDs.
    let (mut written, mut at) = (0, 0);
    while let Some(uuid_text) = bytes[at..].first_chunk() {
        match uuid_bytes(uuid_text) {
            Some(uuid) => {
                out.extend_from_slice(&bytes[written..at]);
                out.push(MARK);
                out.extend_from_slice(&uuid);
                at += UUID_TEXT;
                written = at;
            }
            None => at += 1,
        }
    }
    out.extend_from_slice(&bytes[written..]);
}

/// The text that was packed; none if the bytes are something else.
pub(crate) fn unpack(packed: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(packed.len() + UUID_TEXT);
    let mut rest = packed;
    while let Some((first, others)) = rest.split_first() {
        if *first == MARK {
            let (uuid, after) = others.split_first_chunk()?;
            text.extend_from_slice(&uuid_characters(*uuid));
            rest = after;
        } else {
            text.push(*first);
            rest = others;
        }
    }
    String::from_utf8(text).ok()
}

/// The bytes of a UUID in its usual form: 32 small hexadecimal digits in five groups.
fn uuid_bytes(text: &[u8; UUID_TEXT]) -> Option<[u8; 16]> {
    if HYPHENS.iter().any(|place| text[*place] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, place) in bytes.iter_mut().zip(DIGITS_AT) {
        *byte = digit(text[place])? << 4 | digit(text[place + 1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// A UUID in its usual form: 32 small hexadecimal digits in five groups.
#[must_use]
pub fn uuid_text(bytes: [u8; 16]) -> String {
    Spelled::Uuid(uuid_characters(bytes)).as_ref().to_owned()
}

fn uuid_characters(bytes: [u8; 16]) -> [u8; UUID_TEXT] {
    let mut characters = [b'-'; UUID_TEXT];
    for (byte, place) in bytes.iter().zip(DIGITS_AT) {
        characters[place] = DIGITS[usize::from(byte >> 4)];
        characters[place + 1] = DIGITS[usize::from(byte & 0x0f)];
    }
    characters
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "3f0a4ab5-1f4c-4c8e-9b7e-0d6f2f0b8a11";

    fn packed(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack(text, &mut bytes);
        bytes
    }

    #[test]
    fn every_text_comes_back_and_uuids_are_short() {
        let twice = format!("{USUAL}{USUAL}");
        let inside = format!(r#"{{"id":"{USUAL}","note":"é ÿ ü"}}"#);
        for text in [
            "",
            "transfer",
            USUAL,
            &twice,
            &inside,
            &format!("aa{USUAL}bb"),
            &USUAL.to_uppercase(),
            &USUAL[..35],
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "-------- ---- ---- ---- ------------",
        ] {
            assert_eq!(unpack(&packed(text)).as_deref(), Some(text));
            assert_eq!(Packed::new(text).text(), text);
            assert_eq!(Name::new(text).text(), text);
            assert!(Name::new(text).is(text));
        }
        assert_eq!(packed(USUAL).len(), 17);
        assert_eq!(packed(&twice).len(), 34);
        assert_eq!(packed(&inside).len(), inside.len() - 19);
    }

    #[test]
    fn what_only_looks_like_a_uuid_is_another_name() {
        for other in [
            USUAL.to_uppercase(),
            USUAL.replace('-', ""),
            format!("{{{USUAL}}}"),
            format!("{USUAL}0"),
            USUAL.replace("3f0a4ab5-1f4c", "3f0a4ab51-f4c"),
            USUAL.replace('f', "g"),
        ] {
            assert!(matches!(Name::new(&other), Name::Text(_)), "{other}");
            assert_ne!(Name::new(&other), Name::new(USUAL));
            assert!(!Name::new(USUAL).is(&other) && !Name::new(&other).is(USUAL));
        }
    }

    #[test]
    fn bytes_that_were_not_packed_are_no_text() {
        assert_eq!(unpack(&[MARK, 1, 2]), None);
        assert_eq!(unpack(&[0xc3]), None);
    }

    #[test]
    fn a_snapshot_has_the_texts() {
        let packed = Packed::new(&format!("transfer {USUAL}"));
        let text = serde_json::to_string(&packed).unwrap();
        assert_eq!(text, format!("\"transfer {USUAL}\""));
        assert_eq!(serde_json::from_str::<Packed>(&text).unwrap(), packed);
        let name = Name::new("a \"b\"");
        let text = serde_json::to_string(&name).unwrap();
        assert_eq!(serde_json::from_str::<Name>(&text).unwrap(), name);
        assert!(!format!("{packed:?}").contains("transfer"));
    }

    #[test]
    fn an_id_is_kept_as_its_text() {
        for text in [USUAL, "ACME_USD"] {
            let id: layer2_types::payments::TransferId = text.parse().unwrap();
            let kept = Id::of(&id);
            assert_eq!(kept.get(), id);
            let stored = serde_json::to_string(&kept).unwrap();
            assert_eq!(stored, serde_json::to_string(&id).unwrap());
            let restored = serde_json::from_str::<Id<_>>(&stored).unwrap();
            assert_eq!(restored, kept);
        }
        type Kept = Id<layer2_types::payments::TransferId>;
        assert!(serde_json::from_str::<Kept>("\"a/b\"").is_err());
    }
}
