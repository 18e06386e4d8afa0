//! The operation table: what the documents say about each call, as data.
//!
//! One table, many readers. The client decides from it whether a call is signed, repeated or
//! keyed; the mock server decides whether it is a command or a query, which scopes it needs and how
//! long its body may be; docs and tests walk it. The table is generated from `openapi/` with the
//! models; this module gives its shape and the way to search it.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// One operation of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The API it belongs to.
    pub api: Api,
    /// Its id in the document: `transfers_create`. Unique within the API.
    pub id: &'static str,
    /// The resource it belongs to: `transfers`.
    pub resource: &'static str,
    /// The HTTP method.
    pub method: HttpMethod,
    /// The path below the base of the API, with parameters in braces:
    /// `/v1/transfers/{transfer_id}`.
    pub path: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The OAuth2 scopes that it needs, all of them.
    pub scopes: &'static [&'static str],
    /// Other sets of scopes; all of one of them do as well.
    pub other_scopes: &'static [&'static [&'static str]],
    /// Whether it takes a request signature.
    pub signature: SignatureRule,
    /// Whether it may be repeated.
    pub retry: RetryRule,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What makes two calls the same call.
    pub idempotency: IdempotencyRule,
    /// How its list goes on.
    pub paging: PagingRule,
    /// Which part of the mock server answers it.
    pub runs_in: RunsIn,
    /// Whether the platform advises against it.
    pub deprecated: bool,
    /// The error codes of its own that it is documented to answer with.
    pub errors: &'static [&'static str],
    /// The error codes that any operation of its API may answer with.
    pub common_errors: &'static [&'static str],
    /// The most bytes its body may have; 0 if it has none.
    pub body_limit: u64,
    /// The media types that its body may have, the one that a client sends first; empty without a body.
    pub request_media: &'static [&'static str],
    /// The HTTP statuses that mean success.
    pub success: &'static [u16],
    /// The media type of its success: JSON, or a file; none if it has no body.
    pub reply_media: Option<&'static str>,
    /// The versions of the platform that have it; all of them if empty.
    pub versions: &'static [PlatformVersion],
}

impl Operation {
    /// What a row of a generated table leaves out: a GET that is answered with JSON, reads, and asks for nothing.
    #[cfg(any(
        feature = "payments",
        feature = "accounting",
        feature = "plaid",
        feature = "control"
    ))]
    pub(crate) const BASE: Self = Self {
        api: Api::Payments,
        id: "",
        resource: "",
        method: HttpMethod::Get,
        path: "",
        summary: "",
        scopes: &[],
        other_scopes: &[],
        signature: SignatureRule::None,
        retry: RetryRule::Safe,
        effect: Effect::Read,
        idempotency: IdempotencyRule::None,
        paging: PagingRule::None,
        runs_in: RunsIn::World,
        deprecated: false,
        errors: &[],
        common_errors: &[],
        body_limit: 0,
        request_media: &[],
        success: &[200],
        reply_media: Some("application/json"),
        versions: &[],
    };

    /// The id with its API in front, unique in the whole table: `payments.transfers_create`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}", self.api, self.id)
    }

    /// True if the platform, at that version, has the operation.
    #[must_use]
    pub fn is_on(&self, platform: Platform) -> bool {
        platform.includes(self.versions)
    }

    /// True if a token whose scopes satisfy `has` may call it.
    pub fn is_open_to(&self, has: impl Fn(&str) -> bool) -> bool {
        let all = |scopes: &&[&str]| scopes.iter().all(|scope| has(scope));
        all(&self.scopes) || self.other_scopes.iter().any(all)
    }

    /// True if its request is a form that carries a file.
    #[must_use]
    pub fn is_upload(&self) -> bool {
        self.request_media.contains(&"multipart/form-data")
    }

    /// All error codes that it is documented to answer with, its own first.
    pub fn error_codes(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.errors.iter().chain(self.common_errors).copied()
    }

    /// True if its success is a file rather than JSON.
    #[must_use]
    pub fn is_download(&self) -> bool {
        self.reply_media
            .is_some_and(|media| media != "application/json")
    }

    /// The names of the path parameters, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.api, self.id)
    }
}

/// The operations of all APIs whose feature is on, API by API, in the order of their documents.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    let tables = std::iter::empty();
    #[cfg(feature = "payments")]
    let tables = tables.chain(
        crate::payments::OperationId::ALL
            .iter()
            .map(|id| id.operation()),
    );
    #[cfg(feature = "accounting")]
    let tables = tables.chain(
        crate::accounting::OperationId::ALL
            .iter()
            .map(|id| id.operation()),
    );
    #[cfg(feature = "plaid")]
    let tables = tables.chain(
        crate::plaid::OperationId::ALL
            .iter()
            .map(|id| id.operation()),
    );
    #[cfg(feature = "control")]
    let tables = tables.chain(
        crate::control::OperationId::ALL
            .iter()
            .map(|id| id.operation()),
    );
    tables
}

/// Finds an operation by its [key](Operation::key).
#[must_use]
pub fn find(key: &str) -> Option<&'static Operation> {
    let (api, id) = key.split_once('.')?;
    operations().find(|operation| operation.api.as_str() == api && operation.id == id)
}

/// A closed enum with one text per value. These are the rules of this project's documents, which
/// change with this crate: a reader shall not compile until it handles a new one.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(clippy::exhaustive_enums)]
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
    use std::collections::HashSet;

    use super::*;

    const ACCEPT: Operation = Operation {
        api: Api::Payments,
        id: "transfers_accept",
        resource: "transfers",
        method: HttpMethod::Post,
        path: "/v1/transfers/{transfer_id}/accept",
        summary: "Accept a transfer",
        scopes: &["transfers:write"],
        other_scopes: &[&["all:write", "all:read"]],
        signature: SignatureRule::Required,
        retry: RetryRule::Keyed,
        effect: Effect::Write,
        idempotency: IdempotencyRule::Header,
        paging: PagingRule::None,
        runs_in: RunsIn::World,
        deprecated: false,
        errors: &["NOT_FOUND"],
        common_errors: &["UNAUTHORIZED"],
        body_limit: 0,
        request_media: &[],
        success: &[200],
        reply_media: Some("application/json"),
        versions: &[PlatformVersion::RailV1_1_2],
    };

    #[test]
    fn an_operation_tells_its_key_and_its_parameters() {
        assert_eq!(ACCEPT.key(), "payments.transfers_accept");
        assert_eq!(ACCEPT.to_string(), ACCEPT.key());
        let codes: Vec<_> = ACCEPT.error_codes().collect();
        assert_eq!(codes, ["NOT_FOUND", "UNAUTHORIZED"]);
        assert_eq!(
            ACCEPT.path_parameters().collect::<Vec<_>>(),
            ["transfer_id"]
        );
    }

    #[test]
    fn one_whole_set_of_scopes_opens_an_operation() {
        let open_to = |scopes: &[&str]| ACCEPT.is_open_to(|scope| scopes.contains(&scope));
        assert!(open_to(&["transfers:write", "more"]));
        assert!(open_to(&["all:read", "all:write"]));
        assert!(!open_to(&["all:read", "more"]));
        assert!(!open_to(&[]));
    }

    #[test]
    fn files_are_told_by_their_media_types() {
        assert!(!ACCEPT.is_upload() && !ACCEPT.is_download());
        let upload = Operation {
            request_media: &["multipart/form-data"],
            ..ACCEPT
        };
        assert!(upload.is_upload() && !upload.is_download());
        let download = Operation {
            reply_media: Some("application/pdf"),
            ..ACCEPT
        };
        assert!(download.is_download() && !download.is_upload());
        let silent = Operation {
            reply_media: None,
            ..ACCEPT
        };
        assert!(!silent.is_download());
    }

    #[test]
    fn a_platform_has_what_its_version_has() {
        assert!(ACCEPT.is_on(Platform::Union) && ACCEPT.is_on(Platform::RailV1_1_2));
        assert!(!ACCEPT.is_on(Platform::Layer2V1_0_5));
        for platform in Platform::ALL {
            assert!(
                platform.includes(&[]),
                "{platform}: no versions means every version"
            );
            assert!(platform.includes(PlatformVersion::ALL));
        }
    }

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

    #[test]
    fn the_table_is_searched_by_key() {
        let keys: Vec<String> = operations().map(Operation::key).collect();
        assert_eq!(
            keys.iter().collect::<HashSet<_>>().len(),
            keys.len(),
            "keys are unique"
        );
        for key in &keys {
            assert_eq!(find(key).map(Operation::key).as_ref(), Some(key));
        }
        assert_eq!(find("payments"), None);
        assert_eq!(find("payments.nothing"), None);
        assert_eq!(find("nothing.transfers_accept"), None);
    }

    #[test]
    fn the_rules_of_the_table_agree_with_each_other() {
        for operation in operations() {
            let key = operation.key();
            assert!(operation.path.starts_with('/'), "{key}: {}", operation.path);
            assert!(!operation.success.is_empty(), "{key} can succeed");
            assert!(
                operation
                    .success
                    .iter()
                    .all(|status| (200..300).contains(status)),
                "{key}"
            );
            assert_eq!(
                operation.body_limit > 0,
                !operation.request_media.is_empty(),
                "{key}: a body has a limit"
            );
            if operation.retry == RetryRule::Keyed {
                assert_ne!(
                    operation.idempotency,
                    IdempotencyRule::None,
                    "{key} is repeated by key"
                );
            }
            if operation.method == HttpMethod::Get {
                assert_eq!(operation.effect, Effect::Read, "{key}");
            }
        }
    }
}
