//! Typed ids: text that names one thing and cannot be taken for the name of another.
//!
//! Customers and accounts are named by the client, nearly everything else by the platform. Which
//! characters the platform accepts is not documented, so ids that are *read* are kept as they came,
//! and ids that are *made* here refuse only what would change the meaning of a URL path. The check
//! is there again as `is_path_safe` for ids that were read and are about to be put in a path.
//!
//! The macro [`id!`](crate::id!) makes such a type:
//!
//! ```
//! layer2_types::id! {
//!     /// Names a warehouse.
//!     pub struct WarehouseId;
//! }
//!
//! let id = WarehouseId::new("WH_007")?;
//! assert_eq!(id.as_str(), "WH_007");
//! assert!(WarehouseId::new("../admin").is_err());
//! # Ok::<(), layer2_types::InvalidId>(())
//! ```
//!
//! An id of one kind is not an id of another:
//!
//! ```compile_fail,E0308
//! layer2_types::id! {
//!     /// Names a warehouse.
//!     pub struct WarehouseId;
//! }
//! layer2_types::id! {
//!     /// Names a shelf.
//!     pub struct ShelfId;
//! }
//!
//! fn count_boxes(warehouse: &WarehouseId) {}
//!
//! if let Ok(shelf) = ShelfId::new("A3") {
//!     count_boxes(&shelf);
//! }
//! ```

use std::fmt;

use serde::de::{self, Deserializer, Unexpected, Visitor};

/// Makes an id type.
///
/// The type has `new`, `as_str`, `into_string`, `is_path_safe`, `FromStr`, `TryFrom<&str>`,
/// `TryFrom<String>`, `AsRef<str>`, `Borrow<str>`, comparison with `str`, order, hash, `Display`,
/// `Debug`, and serde as text, where reading keeps any text.
///
/// With `#[sensitive]` before or after its doc comment the type is a secret that travels in bodies: its
/// `Debug` is redacted, it has no `Display`, and `new` refuses only empty text and control
/// characters.
#[macro_export]
macro_rules! id {
    ($(#[doc = $doc:literal])* #[sensitive] $(#[$meta:meta])* $vis:vis struct $name:ident;) => {
        $crate::__id_common! {
            $(#[doc = $doc])* $(#[$meta])* $vis struct $name; check_secret
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(::std::stringify!($name))
                    .field(&$crate::redact::Redacted::required(&self.0))
                    .finish()
            }
        }

        impl $crate::query::QueryValue for $name {
            const EXPECTED: &'static str = "an id";
            const SENSITIVE: bool = true;

            fn to_query(&self) -> ::std::string::String {
                ::std::string::String::from(self.as_str())
            }

            fn from_query(text: &str) -> ::std::option::Option<Self> {
                Self::new(text).ok()
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident;) => {
        $crate::__id_common! { $(#[$meta])* $vis struct $name; check_path_segment }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(::std::stringify!($name)).field(&self.0).finish()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl $crate::query::QueryValue for $name {
            const EXPECTED: &'static str = "an id without \"/\", \"?\", \"#\" or \"%\"";

            fn to_query(&self) -> ::std::string::String {
                ::std::string::String::from(self.as_str())
            }

            fn from_query(text: &str) -> ::std::option::Option<Self> {
                Self::new(text).ok()
            }
        }
    };
}

/// What ordinary and sensitive ids have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __id_common {
    ($(#[$meta:meta])* $vis:vis struct $name:ident; $check:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(::std::boxed::Box<str>);

        #[allow(unreachable_pub, reason = "the type may be private to its crate")]
        impl $name {
            /// Takes the text as an id.
            ///
            /// # Errors
            ///
            /// If the text cannot be such an id; see [`InvalidIdKind`](
            #[doc = ::std::concat!(::std::stringify!($crate), "::InvalidIdKind).")]
            pub fn new(
                text: impl ::std::convert::Into<::std::string::String>,
            ) -> ::std::result::Result<Self, $crate::id::InvalidId> {
                let text = text.into();
                match $crate::id::$check(&text) {
                    ::std::result::Result::Ok(()) => {
                        ::std::result::Result::Ok(Self(text.into_boxed_str()))
                    }
                    ::std::result::Result::Err(kind) => ::std::result::Result::Err(
                        $crate::id::InvalidId::__new(::std::stringify!($name), kind),
                    ),
                }
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text of the id, by value.
            #[must_use]
            pub fn into_string(self) -> ::std::string::String {
                self.0.into_string()
            }

            /// True if the id can stand as one segment of a URL path without changing the path.
            /// Ids made with `new` always can, unless they are secrets; ids that were read may not.
            #[must_use]
            pub fn is_path_safe(&self) -> bool {
                $crate::id::check_path_segment(&self.0).is_ok()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::id::InvalidId> {
                Self::new(text)
            }
        }

        impl ::std::convert::TryFrom<&str> for $name {
            type Error = $crate::id::InvalidId;

            fn try_from(text: &str) -> ::std::result::Result<Self, $crate::id::InvalidId> {
                Self::new(text)
            }
        }

        impl ::std::convert::TryFrom<::std::string::String> for $name {
            type Error = $crate::id::InvalidId;

            fn try_from(
                text: ::std::string::String,
            ) -> ::std::result::Result<Self, $crate::id::InvalidId> {
                Self::new(text)
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::cmp::PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                *self.0 == *text
            }
        }

        impl ::std::cmp::PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                *self.0 == **text
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::id::__read_text(deserializer, ::std::stringify!($name)).map(Self)
            }
        }

        impl $crate::project::Project for $name {}
    };
}

/// Why a text cannot be an id. Never holds the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    id_type: &'static str,
    kind: InvalidIdKind,
}

impl InvalidId {
    /// What is wrong with the text.
    #[must_use]
    pub fn kind(&self) -> InvalidIdKind {
        self.kind
    }

    /// The name of the id type, such as `AccountId`.
    #[must_use]
    pub fn id_type(&self) -> &'static str {
        self.id_type
    }

    /// For the macro.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(id_type: &'static str, kind: InvalidIdKind) -> Self {
        Self { id_type, kind }
    }
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.kind {
            InvalidIdKind::ControlCharacter => "must not contain control characters",
            InvalidIdKind::DotSegment => {
                "must not be \".\" or \"..\", which mean a folder in a path"
            }
            InvalidIdKind::Empty => "must not be empty",
            InvalidIdKind::ReservedCharacter => {
                "must not contain any of / \\ ? # %, which have a meaning in a path"
            }
        };
        write!(f, "the text of {} {rule}", self.id_type)
    }
}

impl std::error::Error for InvalidId {}

/// The ways in which a text can fail to be an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidIdKind {
    /// It holds a control character, such as a line end.
    ControlCharacter,
    /// It is `.` or `..`.
    DotSegment,
    /// It is empty.
    Empty,
    /// It holds `/`, `\`, `?`, `#` or `%`.
    ReservedCharacter,
}

/// Accepts a text that can stand as one segment of a URL path.
///
/// # Errors
///
/// What is wrong with the text.
pub fn check_path_segment(text: &str) -> Result<(), InvalidIdKind> {
    check_secret(text)?;
    if matches!(text, "." | "..") {
        return Err(InvalidIdKind::DotSegment);
    }
    if text.contains(['/', '\\', '?', '#', '%']) {
        return Err(InvalidIdKind::ReservedCharacter);
    }
    Ok(())
}

/// Accepts a text that can stand as a secret in a body: tokens may be Base64 and hold a `/`.
///
/// # Errors
///
/// What is wrong with the text.
pub fn check_secret(text: &str) -> Result<(), InvalidIdKind> {
    if text.is_empty() {
        return Err(InvalidIdKind::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidIdKind::ControlCharacter);
    }
    Ok(())
}

/// Reads any text, for the macro. The error never repeats what came instead.
#[doc(hidden)]
pub fn __read_text<'de, D: Deserializer<'de>>(
    deserializer: D,
    id_type: &'static str,
) -> Result<Box<str>, D::Error> {
    // Not `deserialize_string`: `serde_json` would quote a number in its own error.
    deserializer.deserialize_any(TextVisitor { id_type })
}

struct TextVisitor {
    id_type: &'static str,
}

impl Visitor<'_> for TextVisitor {
    type Value = Box<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text of {}", self.id_type)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Box<str>, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Box<str>, E> {
        Ok(text.into_boxed_str())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Box<str>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Box<str>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Box<str>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::query;

    crate::id! {
        /// Names a box.
        pub(crate) struct BoxId;
    }

    crate::id! {
        /// Opens a box.
        #[sensitive]
        pub(crate) struct BoxToken;
    }

    #[test]
    fn ids_of_the_field_are_accepted() {
        for text in [
            "DANIELLEE002_USD",
            "cust-002",
            "c30415d0-0285-442b-9b7c-1dcf423951b2",
            "a b",
            "...",
            "é",
        ] {
            let id = BoxId::new(text).expect(text);
            assert_eq!(id.as_str(), text);
            assert!(id.is_path_safe());
            assert_eq!(id, *text);
            assert_eq!(text.parse(), Ok(id.clone()));
            assert_eq!(BoxId::try_from(text), Ok(id.clone()));
            assert_eq!(id.into_string(), text);
        }
    }

    #[test]
    fn what_would_change_a_path_is_refused() {
        for (text, kind) in [
            ("", InvalidIdKind::Empty),
            (".", InvalidIdKind::DotSegment),
            ("..", InvalidIdKind::DotSegment),
            ("a/b", InvalidIdKind::ReservedCharacter),
            ("..\\b", InvalidIdKind::ReservedCharacter),
            ("a?b=c", InvalidIdKind::ReservedCharacter),
            ("a#b", InvalidIdKind::ReservedCharacter),
            ("%2e%2e", InvalidIdKind::ReservedCharacter),
            ("a\nb", InvalidIdKind::ControlCharacter),
            ("a\u{85}b", InvalidIdKind::ControlCharacter),
        ] {
            let error = BoxId::new(text).expect_err(text);
            assert_eq!((error.kind(), error.id_type()), (kind, "BoxId"), "{text:?}");
            assert!(
                error.to_string().starts_with("the text of BoxId must not"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_reply_is_kept_as_sent() {
        for json in ["\"\"", "\"../x\"", "\"ACME\""] {
            let id: BoxId = serde_json::from_str(json).expect(json);
            assert_eq!(serde_json::to_string(&id).expect("serializes"), json);
            assert_eq!(id.is_path_safe(), json == "\"ACME\"");
        }
        for json in ["null", "true", "{}"] {
            assert!(serde_json::from_str::<BoxId>(json).is_err(), "{json}");
        }
        for json in ["123456789", "-123456789", "1234.56789"] {
            let error = serde_json::from_str::<BoxId>(json)
                .expect_err(json)
                .to_string();
            assert!(
                error.contains("the text of BoxId") && !error.contains("1234"),
                "{error}"
            );
        }
    }

    #[test]
    fn ids_are_found_by_their_text() {
        let ids = BTreeSet::from([
            BoxId::new("b").expect("valid"),
            BoxId::new("a").expect("valid"),
        ]);
        assert!(ids.contains("a") && !ids.contains("c"));
        assert_eq!(
            ids.iter().map(BoxId::as_str).collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(format!("{:?}", ids.first()), "Some(BoxId(\"a\"))");
        assert_eq!(ids.first().map(ToString::to_string).as_deref(), Some("a"));
    }

    #[test]
    fn a_secret_does_not_show() {
        let token = BoxToken::new("access/sandbox+9f86==").expect("Base64 is fine in a body");
        assert_eq!(format!("{token:?}"), "BoxToken(** redacted **)");
        assert_eq!(
            serde_json::to_string(&token).expect("serializes"),
            "\"access/sandbox+9f86==\""
        );
        assert!(!token.is_path_safe());
        assert_eq!(token.into_string(), "access/sandbox+9f86==");
        assert_eq!(
            BoxToken::new("hunter2\n")
                .expect_err("a line end")
                .to_string()
                .matches("hunter2")
                .count(),
            0
        );
        let pairs = [("token".to_owned(), "hunter2\n".to_owned())];
        let error = query::read::<BoxToken>(&pairs, "token").expect_err("a line end");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let pairs = [("box".to_owned(), "a/b".to_owned())];
        assert_eq!(
            query::read::<BoxId>(&pairs, "box")
                .expect_err("a slash")
                .received(),
            "a/b"
        );
    }

    proptest! {
        #[test]
        fn an_accepted_id_stays_one_segment(text in "\\PC{1,12}") {
            if let Ok(id) = BoxId::new(text.clone()) {
                let path = format!("/v1/boxes/{id}/lid");
                prop_assert_eq!(path.split('/').collect::<Vec<_>>(), ["", "v1", "boxes", text.as_str(), "lid"]);
            }
        }
    }
}
