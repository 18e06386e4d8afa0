//! The key that makes a repeated request the same request.
//!
//! One key belongs to one logical call: it is made before the first attempt and kept over retries and token refreshes.
//! The platform saves the reply of an accepted request under its key and gives the same reply to whoever comes again
//! with it (platform facts, idempotence). A caller that must survive a crash of its own makes the key itself, stores it
//! next to the order it belongs to, and sends it again after the restart.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

/// Header that carries the key on payments and control operations.
pub const IDEMPOTENCY_HEADER: &str = "x-l2f-idempotency-id";

const MAX_CHARACTERS: usize = 255;

/// A key of 1 to 255 visible ASCII characters, unless it was [made of another form](Self::of_any_form).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// Takes a key of the caller's own.
    pub fn new(key: impl Into<String>) -> Result<Self, InvalidIdempotencyKey> {
        let key = key.into();
        if key.is_empty() || key.len() > MAX_CHARACTERS {
            return Err(InvalidIdempotencyKey::Length(key.len()));
        }
        match key.bytes().position(|byte| !byte.is_ascii_graphic()) {
            Some(position) => Err(InvalidIdempotencyKey::Character(position)),
            None => Ok(Self(key.into())),
        }
    }

    /// Takes a key of another form, for a platform that takes such: a longer one, or one with spaces. Which forms the
    /// platform takes is not published, and [`new`](Self::new) keeps to what every server can store.
    ///
    /// ```
    /// use layer2_sdk::IdempotencyKey;
    ///
    /// assert!(IdempotencyKey::new("order 4711").is_err());
    /// assert_eq!(IdempotencyKey::of_any_form("order 4711")?.as_str(), "order 4711");
    /// # Ok::<(), layer2_sdk::InvalidIdempotencyKey>(())
    /// ```
    ///
    /// # Errors
    /// For what no header carries as it is: nothing at all, control characters, characters beyond ASCII, spaces at the ends.
    pub fn of_any_form(key: impl Into<String>) -> Result<Self, InvalidIdempotencyKey> {
        let key = key.into();
        if key.is_empty() {
            return Err(InvalidIdempotencyKey::Length(0));
        }
        let last = key.len() - 1;
        let mut bytes = key.bytes().enumerate();
        let refused = bytes.position(|(at, byte)| match byte {
            b' ' => at == 0 || at == last,
            _ => !byte.is_ascii_graphic(),
        });
        match refused {
            Some(position) => Err(InvalidIdempotencyKey::NotInAHeader(position)),
            None => Ok(Self(key.into())),
        }
    }

    /// The key as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a call that was given none.
    pub(crate) fn of_uuid(uuid: Uuid) -> Self {
        let mut text = Uuid::encode_buffer();
        Self(Arc::from(&*uuid.hyphenated().encode_lower(&mut text)))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

/// Why a text is no idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdempotencyKey {
    /// A character that is not visible ASCII, at this byte.
    #[error(
        "an idempotency key has visible ASCII characters only; the one at byte {0} is not: send a UUID or your order number"
    )]
    Character(usize),
    /// Empty, or longer than 255 characters.
    #[error(
        "an idempotency key has 1 to 255 characters, this one has {0}: send a UUID or your order number"
    )]
    Length(usize),
    /// A character that no header carries in this place, at this byte.
    #[error(
        "no header carries the character at byte {0} of the idempotency key: leave out control characters, characters \
         beyond ASCII, and spaces at the ends"
    )]
    NotInAHeader(usize),
}

/// Whether a JSON body names the caller's own id for what it creates, which is what makes repeating it harmless on the
/// APIs that take no key.
pub(crate) fn names_external_id(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(default)]
        external_id: Option<String>,
    }
    serde_json::from_slice::<Named>(body)
        .is_ok_and(|named| named.external_id.is_some_and(|id| !id.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_to_255_visible_ascii_characters() {
        for good in ["a", "order-1", &"k".repeat(255), "!~"] {
            assert_eq!(IdempotencyKey::new(good).unwrap().as_str(), good);
        }
        assert_eq!(
            IdempotencyKey::new(""),
            Err(InvalidIdempotencyKey::Length(0))
        );
        assert_eq!(
            IdempotencyKey::new("k".repeat(256)),
            Err(InvalidIdempotencyKey::Length(256))
        );
        for bad in ["a b", "a\nb", "a\u{7f}", "aé"] {
            assert_eq!(
                IdempotencyKey::new(bad),
                Err(InvalidIdempotencyKey::Character(1)),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_key_of_another_form_is_what_a_header_carries() {
        for good in ["order 4711", &"k".repeat(1_000), "a"] {
            assert_eq!(IdempotencyKey::of_any_form(good).unwrap().as_str(), good);
            assert!(http::HeaderValue::from_str(good).is_ok());
        }
        assert_eq!(
            IdempotencyKey::of_any_form(""),
            Err(InvalidIdempotencyKey::Length(0))
        );
        for (bad, place) in [(" a", 0), ("a ", 1), (" ", 0), ("a\nb", 1), ("aé", 1)] {
            assert_eq!(
                IdempotencyKey::of_any_form(bad),
                Err(InvalidIdempotencyKey::NotInAHeader(place)),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_external_id_counts_only_when_it_says_something() {
        assert!(names_external_id(
            br#"{"external_id":"b-1","legal_name":"x"}"#
        ));
        for without in [
            &br#"{"external_id":""}"#[..],
            br#"{"external_id":null}"#,
            b"{}",
            b"[]",
            b"",
        ] {
            assert!(!names_external_id(without));
        }
    }
}
