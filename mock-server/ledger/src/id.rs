//! The two shapes of id in this crate, written once.
//!
//! *Text ids* name things that people read (assets, accounts); they are interned by the book, so a
//! clone is a reference count and no posting carries text. *Number ids* name things that programs
//! make (entries, holds); they have the 128 bits of a UUID and print as one. Neither is ever made
//! here: the caller brings every id, which keeps the ledger free of chance.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

/// The longest text id, in bytes.
pub(crate) const TEXT_ID_BYTES_MAX: usize = 255;

/// True for 1 to 255 visible ASCII characters: such a name can be printed, logged and put into a
/// path segment's escape without surprises.
pub(crate) fn is_text_id(text: &str) -> bool {
    (1..=TEXT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Reads a value from a text with its `FromStr`, without allocating when the format can lend.
pub(crate) fn deserialize_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct FromText<T>(PhantomData<T>);

    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for FromText<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(FromText(PhantomData))
}

/// The text is not a 128-bit id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 hexadecimal digits, with or without the hyphens of a UUID")]
#[non_exhaustive]
pub struct InvalidNumberId;

/// Reads 32 hexadecimal digits, plain or in the 8-4-4-4-12 form.
pub(crate) fn parse_number_id(text: &str) -> Result<u128, InvalidNumberId> {
    let hyphenated = text.len() == 36;
    if !hyphenated && text.len() != 32 {
        return Err(InvalidNumberId);
    }
    let mut value = 0_u128;
    for (position, character) in text.chars().enumerate() {
        if hyphenated && matches!(position, 8 | 13 | 18 | 23) {
            if character != '-' {
                return Err(InvalidNumberId);
            }
            continue;
        }
        let digit = character.to_digit(16).ok_or(InvalidNumberId)?;
        value = (value << 4) | u128::from(digit);
    }
    Ok(value)
}

/// Prints 128 bits in the 8-4-4-4-12 form of a UUID, lower case.
pub(crate) fn write_number_id(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        value >> 96,
        (value >> 80) & 0xffff,
        (value >> 64) & 0xffff,
        (value >> 48) & 0xffff,
        value & 0xffff_ffff_ffff,
    )
}

/// Declares an interned text id with its error.
macro_rules! text_id {
    ($(#[$doc:meta])* pub struct $name:ident, error $error:ident, what $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Takes 1 to 255 visible ASCII characters; anything else is refused.
            pub fn new(text: impl AsRef<str>) -> Result<Self, $error> {
                let text = text.as_ref();
                if crate::id::is_text_id(text) {
                    Ok(Self(text.into()))
                } else {
                    Err($error)
                }
            }

            /// The text as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        #[doc = concat!("The text is not ", $what, ": 1 to 255 visible ASCII characters are.")]
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("not {}: expected 1 to 255 visible ASCII characters", $what)]
        #[non_exhaustive]
        pub struct $error;

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Equality, order and hash of an `Arc<str>` are those of its text, so maps can be asked by text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::id::deserialize_text(deserializer)
            }
        }
    };
}

/// Declares a 128-bit id that the caller brings.
macro_rules! number_id {
    ($(#[$doc:meta])* pub struct $name:ident) => {
        $(#[$doc])*
        // As bytes it takes sixteen, wherever it stands; a `u128` would be rounded up to the next sixteen.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes any 128 bits; a UUID fits as it is.
            #[must_use]
            pub const fn new(bits: u128) -> Self {
                Self(bits.to_be_bytes())
            }

            /// The 128 bits as given.
            #[must_use]
            pub const fn get(self) -> u128 {
                u128::from_be_bytes(self.0)
            }
        }

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                state.write_u128(self.get());
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::id::write_number_id(self.get(), f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::id::InvalidNumberId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::id::parse_number_id(text).map(Self::new)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::id::deserialize_text(deserializer)
            }
        }
    };
}

pub(crate) use {number_id, text_id};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntryId, LedgerAccountId};

    #[test]
    fn a_number_id_prints_as_a_uuid_and_reads_both_forms() {
        let id = EntryId::new(0x0123_4567_89ab_cdef_0011_2233_4455_6677);
        assert_eq!(id.to_string(), "01234567-89ab-cdef-0011-223344556677");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("0123456789ABCDEF0011223344556677".parse(), Ok(id));
        for wrong in [
            "",
            "01",
            "01234567-89ab-cdef-0011x223344556677",
            "é123456789abcdef001122334455667",
        ] {
            assert_eq!(wrong.parse::<EntryId>(), Err(InvalidNumberId), "{wrong}");
        }
    }

    #[test]
    fn a_text_id_is_visible_ascii() {
        assert_eq!(
            LedgerAccountId::new("customer:ACME_USD").unwrap().as_str(),
            "customer:ACME_USD"
        );
        for wrong in ["", " ", "a b", "a\n", "é", &"x".repeat(256)] {
            assert!(LedgerAccountId::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(LedgerAccountId::new("x".repeat(255)).is_ok());
        assert!(serde_json::from_str::<LedgerAccountId>("\"a b\"").is_err());
    }
}
