//! The rules that a row of the operation table is made of, each a closed enum with one text per value.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// A closed enum with one text per value. These are the rules of this project's documents, which
/// change with this crate: a reader shall not compile until it handles a new one.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(clippy::exhaustive_enums, reason = "a reader of the rules handles them all")]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as the documents spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownName::new(stringify!($name), &[$($text),+])),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameVisitor;

                impl Visitor<'_> for NameVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("the name of a value of ", stringify!($name)))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(NameVisitor)
            }
        }
    };
}

named! {
    /// The APIs of the project.
    pub enum Api {
        /// The Layer2 payments platform.
        Payments = "payments",
        /// Layer's embedded accounting.
        Accounting = "accounting",
        /// The slice of Plaid that feeds both.
        Plaid = "plaid",
        /// The mock server's own API.
        Control = "control",
    }
}

named! {
    /// The HTTP methods that the documents use.
    pub enum HttpMethod {
        /// GET
        Get = "GET",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// PATCH
        Patch = "PATCH",
        /// DELETE
        Delete = "DELETE",
    }
}

named! {
    /// `x-signature`: whether an operation takes a request signature.
    pub enum SignatureRule {
        /// A signature is demanded.
        Required = "required",
        /// A signature is verified if it is there.
        Optional = "optional",
        /// The operation has no signature headers.
        None = "none",
    }
}

named! {
    /// `x-retry`: whether a call may be repeated when its outcome is not known.
    pub enum RetryRule {
        /// As often as one likes.
        Safe = "safe",
        /// With the same idempotency key.
        Keyed = "keyed",
        /// Not once a byte has left.
        Never = "never",
    }
}

named! {
    /// `x-effect`: whether an operation changes anything.
    pub enum Effect {
        /// It changes nothing, whatever its method.
        Read = "read",
        /// It changes something.
        Write = "write",
    }
}

named! {
    /// `x-idempotency`: what makes two calls the same call.
    pub enum IdempotencyRule {
        /// The idempotency header.
        Header = "header",
        /// An id in the body that the client chose.
        ExternalId = "external_id",
        /// Nothing.
        None = "none",
    }
}

named! {
    /// `x-paging`: how a list goes on.
    pub enum PagingRule {
        /// By page number and links.
        Page = "page",
        /// By links alone; no page parameters are published for it.
        Links = "links",
        /// By an opaque cursor.
        Cursor = "cursor",
        /// By a cursor that also tells what changed since.
        Sync = "sync",
        /// The operation gives no list, or all of it.
        None = "none",
    }
}

named! {
    /// `x-runs-in`: which part of the mock server answers.
    pub enum RunsIn {
        /// The state machine of one sandbox: journaled and replayed.
        World = "world",
        /// The process around the sandboxes.
        Server = "server",
    }
}

named! {
    /// `x-versions`: the published versions of the payments platform.
    pub enum PlatformVersion {
        /// Layer2 1.0.5.
        Layer2V1_0_5 = "layer2-1.0.5",
        /// Rail 1.1.2.
        RailV1_1_2 = "rail-1.1.2",
    }
}

named! {
    /// The platform that a sandbox plays or a client expects.
    #[derive(Default)]
    pub enum Platform {
        /// Both versions at once; old and new names stand side by side.
        #[default]
        Union = "union",
        /// Rail 1.1.2 alone.
        RailV1_1_2 = "rail-1.1.2",
        /// Layer2 1.0.5 alone.
        Layer2V1_0_5 = "layer2-1.0.5",
    }
}

impl Platform {
    /// True if the platform has what exists in `versions`. No versions means every version.
    #[must_use]
    pub fn includes(self, versions: &[PlatformVersion]) -> bool {
        let version = match self {
            Self::Union => return true,
            Self::RailV1_1_2 => PlatformVersion::RailV1_1_2,
            Self::Layer2V1_0_5 => PlatformVersion::Layer2V1_0_5,
        };
        versions.is_empty() || versions.contains(&version)
    }
}

/// A text that names no value of a closed enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    of: &'static str,
    expected: &'static [&'static str],
}

impl UnknownName {
    pub(crate) const fn new(of: &'static str, expected: &'static [&'static str]) -> Self {
        Self { of, expected }
    }

    /// The names that would have been accepted.
    #[must_use]
    pub fn expected(&self) -> &'static [&'static str] {
        self.expected
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a value of {}; use one of: {}",
            self.of,
            self.expected.join(", ")
        )
    }
}

impl std::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        fn round<T>(all: &[T])
        where
            T: Copy
                + PartialEq
                + fmt::Debug
                + fmt::Display
                + FromStr
                + Serialize
                + de::DeserializeOwned,
            T::Err: fmt::Debug + PartialEq,
        {
            for value in all {
                assert_eq!(value.to_string().parse(), Ok(*value));
                let json = serde_json::to_string(value).expect("serializes");
                assert_eq!(
                    serde_json::from_str::<T>(&json).expect("its own text"),
                    *value
                );
            }
        }
        round(Api::ALL);
        round(HttpMethod::ALL);
        round(SignatureRule::ALL);
        round(RetryRule::ALL);
        round(Effect::ALL);
        round(IdempotencyRule::ALL);
        round(PagingRule::ALL);
        round(RunsIn::ALL);
        round(PlatformVersion::ALL);
        round(Platform::ALL);
    }

    #[test]
    fn a_wrong_name_is_told_with_the_right_ones() {
        let error = "rail".parse::<Platform>().expect_err("no version");
        assert_eq!(error.expected(), ["union", "rail-1.1.2", "layer2-1.0.5"]);
        assert_eq!(
            error.to_string(),
            "not a value of Platform; use one of: union, rail-1.1.2, layer2-1.0.5"
        );
        assert!(serde_json::from_str::<Platform>("\"rail\"").is_err());
    }
}
