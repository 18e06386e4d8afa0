//! The operation table: what the documents say about each call, as data.
//!
//! One table, many readers. The client decides from it whether a call is signed, repeated or
//! keyed; the mock server decides whether it is a command or a query, which scopes it needs and how
//! long its body may be; docs and tests walk it. The table is generated from `openapi/` with the
//! models; this module gives its shape and the way to search it.

use std::fmt;

mod rules;

pub use self::rules::{
    Api, Effect, HttpMethod, IdempotencyRule, PagingRule, Platform, PlatformVersion, RetryRule,
    RunsIn, SignatureRule, UnknownName,
};

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
