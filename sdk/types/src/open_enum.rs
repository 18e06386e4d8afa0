//! Enums that may grow: a value this crate does not know is kept, not refused.
//!
//! The platform adds statuses and event types between releases. An unknown value decodes into
//! `Unknown`, prints as it came, and goes back on the wire unchanged.
//!
//! ```
//! layer2_types::open_enum! {
//!     /// How a parcel is doing.
//!     pub enum ParcelStatus {
//!         /// It is on the shelf.
//!         Stored = "STORED",
//!         /// It is on the road.
//!         Sent = "SENT",
//!     }
//! }
//!
//! assert_eq!(ParcelStatus::from("SENT"), ParcelStatus::Sent);
//! let new = ParcelStatus::from("EATEN_BY_DOG");
//! assert!(!new.is_known());
//! assert_eq!(new.as_str(), "EATEN_BY_DOG");
//! ```
//!
//! Because the enums are `#[non_exhaustive]`, a `match` outside this crate needs a last arm, which
//! is where a value of tomorrow goes.
//!
//! The text of an unknown value cannot be matched on. Code that did would stop working, in silence,
//! with the release that gives the value a name:
//!
//! ```compile_fail,E0308
//! use layer2_types::payments::TransferStatus;
//! fn is_paused(status: &TransferStatus) -> bool {
//!     matches!(status, TransferStatus::Unknown("PAUSED"))
//! }
//! ```
//!
//! nor can an `Unknown` be made up, which might hide a value that is known:
//!
//! ```compile_fail,E0423
//! use layer2_types::UnknownValue;
//! let status = layer2_types::payments::TransferStatus::Unknown(UnknownValue("EXECUTED".into()));
//! ```

use std::fmt;

/// Makes an open enum over text.
///
/// The type has `as_str`, `ALL` (the known values), `is_known`, `From<&str>`, `From<String>`, an
/// infallible `FromStr`, `Display`, order, hash and serde as text.
///
/// A `project { Special of VERSIONS => Plain }` block behind the enum names values that only some versions of the
/// platform have, and what the others call them.
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
        }
        $(project { $($only:ident of $versions:expr => $other:ident),+ $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this version does not know.
            Unknown($crate::open_enum::UnknownValue),
        }

        #[allow(deprecated, reason = "a value that is no longer used is still read and written")]
        #[allow(unreachable_pub, reason = "the type may be private to its crate")]
        impl $name {
            /// The known values, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(value) => value.as_str(),
                }
            }

            /// False for a value that this version does not know.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !::std::matches!(self, Self::Unknown(_))
            }

            fn known(text: &str) -> ::std::option::Option<Self> {
                match text {
                    $($text => ::std::option::Option::Some(Self::$variant),)+
                    _ => ::std::option::Option::None,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| {
                    Self::Unknown($crate::open_enum::UnknownValue::__new(text.into()))
                })
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                Self::known(&text).unwrap_or_else(|| {
                    Self::Unknown($crate::open_enum::UnknownValue::__new(text.into_boxed_str()))
                })
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> ::std::result::Result<Self, ::std::convert::Infallible> {
                ::std::result::Result::Ok(Self::from(text))
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::id::__read_text(deserializer, ::std::stringify!($name))
                    .map(|text| Self::from(text.into_string()))
            }
        }

        impl $crate::update::Value for $name {
            fn to_text(&self) -> ::std::string::String {
                ::std::string::String::from(self.as_str())
            }
        }

        impl $crate::query::QueryValue for $name {
            const EXPECTED: &'static str = "text";

            fn to_query(&self) -> ::std::string::String {
                ::std::string::String::from(self.as_str())
            }

            fn from_query(text: &str) -> ::std::option::Option<Self> {
                ::std::option::Option::Some(Self::from(text))
            }
        }

        impl $crate::project::Project for $name {
            fn project(&mut self, platform: $crate::operation::Platform) {
                let _ = platform;
                $($(
                    if ::std::matches!(self, Self::$only) && !platform.includes($versions) {
                        *self = Self::$other;
                    }
                )+)?
            }
        }
    };
}

/// The text of an enum value that this version does not know.
///
/// Only reading makes one, so an `Unknown` never hides a value that is known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    /// The value as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the macro.
    #[doc(hidden)]
    #[must_use]
    pub fn __new(text: Box<str>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use crate::query;

    crate::open_enum! {
        /// How a door is.
        pub(crate) enum DoorStatus {
            /// One can go through.
            Open = "OPEN",
            /// One cannot.
            #[deprecated(note = "doors are never shut now")]
            Shut = "SHUT",
        }
    }

    #[test]
    #[allow(deprecated, reason = "the subject of the test")]
    fn known_values_are_variants() {
        assert_eq!(DoorStatus::ALL, [DoorStatus::Open, DoorStatus::Shut]);
        for status in DoorStatus::ALL {
            assert!(status.is_known());
            assert_eq!(DoorStatus::from(status.as_str()), *status);
            let json = serde_json::to_string(status).expect("serializes");
            assert_eq!(
                serde_json::from_str::<DoorStatus>(&json).expect("valid"),
                *status
            );
        }
        assert_eq!(DoorStatus::Open.to_string(), "OPEN");
        assert_eq!(format!("{:?}", DoorStatus::Open), "Open");
    }

    #[test]
    fn unknown_values_survive() {
        let ajar: DoorStatus = serde_json::from_str("\"AJAR\"").expect("any text is valid");
        assert!(!ajar.is_known());
        assert_eq!(format!("{ajar:?} {ajar}"), "Unknown(\"AJAR\") AJAR");
        assert_eq!(
            serde_json::to_string(&ajar).expect("serializes"),
            "\"AJAR\""
        );
        assert_eq!(
            HashSet::from([ajar.clone(), DoorStatus::from("AJAR".to_owned())]).len(),
            1
        );
        assert_ne!(ajar, DoorStatus::from("ajar"));
        assert!(
            serde_json::from_str::<DoorStatus>("1").is_err(),
            "a value is text"
        );
        let pairs = [("status".to_owned(), "AJAR".to_owned())];
        assert_eq!(query::read(&pairs, "status"), Ok(Some(ajar)));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".*") {
            let value = DoorStatus::from(text.as_str());
            prop_assert_eq!(value.as_str(), &text);
            prop_assert_eq!(value.is_known(), text == "OPEN" || text == "SHUT");
        }
    }
}
