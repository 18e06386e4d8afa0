//! What differs between the APIs that one pipeline serves.
//!
//! Each API finds its sandbox by its own credentials and speaks its own language of errors; everything else (routing,
//! scopes, signatures, validation, the lock, the journal) is common. A profile is these differences and nothing more, so
//! a new API is a new profile.

pub(crate) mod accounting;
pub(crate) mod control;
pub(crate) mod manner;
pub(crate) mod oauth;
pub(crate) mod payments;
pub(crate) mod plaid;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use http::HeaderMap;
use layer2_types::operation::Api;
use layer2_world::{
    rejection::{Problem, Rejection},
    request::Actor,
    settings::Settings,
};

use manner::Manner;

use crate::{
    errors::{Failure, Refusal},
    http::{headers::RequestId, json::Json, route},
    sandbox::Sandbox,
    server::Server,
    tokens::Scopes,
};

/// The languages that the server speaks: the four APIs and the token endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Surface {
    Accounting,
    Control,
    OAuth,
    Payments,
    Plaid,
}

impl Surface {
    #[cfg(test)]
    pub(crate) const ALL: [Surface; 5] = [
        Surface::Accounting,
        Surface::Control,
        Surface::OAuth,
        Surface::Payments,
        Surface::Plaid,
    ];

    /// The surface that a request most likely means, also if it leads nowhere: the one whose paths begin like its path,
    /// or Plaid's where it has Plaid's headers. What nothing tells of is met in the language of payments.
    pub(crate) fn of_request(path: &str, headers: &HeaderMap) -> Surface {
        let is_plaid = || plaid::is_path(path) || plaid::has_headers(headers);
        Surface::of_path(path).unwrap_or(match is_plaid() {
            true => Surface::Plaid,
            false => Surface::Payments,
        })
    }

    /// The surface whose paths on this server begin like this one.
    fn of_path(path: &str) -> Option<Surface> {
        static BY_FIRST_SEGMENT: LazyLock<BTreeMap<String, Surface>> = LazyLock::new(|| {
            let operations = route::operations().map(|op| {
                let operation = op.operation();
                (route::template(operation), Surface::of_api(operation.api))
            });
            let tokens = [route::PAYMENTS_TOKEN, route::ACCOUNTING_TOKEN];
            operations
                .chain(tokens.map(|path| (path.to_owned(), Surface::OAuth)))
                .map(|(path, surface)| (first_segment(&path).to_owned(), surface))
                .collect()
        });
        BY_FIRST_SEGMENT.get(first_segment(path)).copied()
    }

    pub(crate) fn of_api(api: Api) -> Surface {
        match api {
            Api::Accounting => Surface::Accounting,
            Api::Control => Surface::Control,
            Api::Payments => Surface::Payments,
            Api::Plaid => Surface::Plaid,
        }
    }

    pub(crate) fn profile(self) -> &'static dyn ApiProfile {
        match self {
            Surface::Accounting => &accounting::Profile,
            Surface::Control => &control::Profile,
            Surface::OAuth => &oauth::Profile,
            Surface::Payments => &payments::Profile,
            Surface::Plaid => &plaid::Profile,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Surface::Accounting => "accounting",
            Surface::Control => "control",
            Surface::OAuth => "oauth",
            Surface::Payments => "payments",
            Surface::Plaid => "plaid",
        }
    }
}

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
}

/// What a profile may look at to find out who calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) path: &'a [(String, String)],
    /// The body, where it is JSON.
    pub(crate) body: Option<&'a Json>,
}

/// Who calls, and what it may do.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The sandbox; none for calls about the server itself.
    pub(crate) sandbox: Option<Arc<Sandbox>>,
    pub(crate) actor: Actor,
    /// The scopes of its token; none where the API knows no scopes.
    pub(crate) scopes: Option<Arc<Scopes>>,
}

/// The differences of one API.
pub(crate) trait ApiProfile: Sync {
    /// Finds the sandbox by the credentials of a call.
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure>;

    /// The code of a refusal in the language of the API.
    fn code(&self, refusal: Refusal) -> &'static str;

    /// The body of a refusal.
    fn render(&self, rejection: &Rejection, request_id: &RequestId, manner: Manner) -> String;

    /// The sandbox that a caller names, right or wrong: a refusal is told in its manner, also if the caller is not let
    /// in. Nothing else follows from it.
    fn addressee(&self, _server: &Server, _headers: &HeaderMap) -> Option<Arc<Sandbox>> {
        None
    }

    /// The manner of refusals to callers of a sandbox.
    fn manner(&self, settings: &Settings) -> Manner {
        Manner::of(settings)
    }

    /// The statuses of refusals that the vendor publishes; empty where the choice is not the vendor's.
    fn published_statuses(&self) -> &'static [u16];

    /// The status of a refusal.
    fn status(&self, refusal: Refusal) -> u16 {
        refusal.status()
    }

    /// Members of the body that are credentials: the state machine and the journal never see them.
    fn secret_members(&self) -> &'static [&'static str] {
        &[]
    }

    /// A refusal with one problem.
    fn refuse(&self, refusal: Refusal, description: impl Into<String>) -> Failure
    where
        Self: Sized,
    {
        refuse(self, refusal, description)
    }
}

/// A refusal with one problem, in the language of the profile.
pub(crate) fn refuse(
    profile: &dyn ApiProfile,
    refusal: Refusal,
    description: impl Into<String>,
) -> Failure {
    refuse_with(profile, refusal, |code| Problem::new(code, description))
}

/// A refusal with one problem that says more than its description.
pub(crate) fn refuse_with(
    profile: &dyn ApiProfile,
    refusal: Refusal,
    problem: impl FnOnce(&'static str) -> Problem,
) -> Failure {
    Failure::new(
        profile.status(refusal),
        vec![problem(profile.code(refusal))],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::headers;

    #[test]
    fn a_path_has_a_language_even_if_it_leads_nowhere() {
        let mut of_plaid = HeaderMap::new();
        of_plaid.insert(
            headers::PLAID_CLIENT_ID,
            http::HeaderValue::from_static("id"),
        );
        let rows = [
            ("/api/v1/customers", Surface::Payments),
            ("/apiary", Surface::Payments),
            ("/_control/v1/sandboxes", Surface::Control),
            ("/oauth2/token", Surface::OAuth),
            ("/v1/businesses", Surface::Accounting),
            ("/v10", Surface::Payments),
            ("/v1/businesses/b/invoices", Surface::Accounting),
            ("/v1/configure", Surface::Accounting),
            ("/item/public_token/exchange", Surface::Plaid),
            ("/item/get", Surface::Plaid),
            ("/link/token/create", Surface::Plaid),
            ("/accounts/get", Surface::Plaid),
            ("/accounts/balance/get", Surface::Plaid),
            ("/accounts/deposits", Surface::Payments),
            ("/transactions/sync", Surface::Plaid),
            ("/transactions/7", Surface::Payments),
            ("/", Surface::Payments),
        ];
        for (path, surface) in rows {
            let of = |headers: &HeaderMap| Surface::of_request(path, headers);
            assert_eq!(of(&HeaderMap::new()), surface, "{path}");
            // Its headers tell of Plaid where the path tells of nothing.
            let told = Surface::of_path(path).unwrap_or(Surface::Plaid);
            assert_eq!(of(&of_plaid), told, "{path}");
        }
    }

    #[test]
    fn every_operation_is_reached_in_its_own_language() {
        for op in route::operations() {
            let operation = op.operation();
            let path = route::template(operation);
            let own = Some(Surface::of_api(operation.api));
            assert_eq!(Surface::of_path(&path), own, "{path}");
            let (resource, _) = path.rsplit_once('/').expect("an absolute path");
            let beside = format!("{resource}/nothing-here");
            let beside = Surface::of_path(&beside);
            assert!(beside == own || resource.is_empty(), "{path}");
        }
    }

    /// The codes of each profile stand in the document of its API, with the status that is sent.
    #[test]
    fn the_codes_of_the_profiles_are_documented() {
        let tables = [
            (Surface::Payments, layer2_types::payments::ERROR_CODES),
            (Surface::Accounting, layer2_types::accounting::ERROR_CODES),
            (Surface::Control, layer2_types::control::ERROR_CODES),
            (Surface::Plaid, layer2_types::plaid::ERROR_CODES),
        ];
        for (surface, table) in tables {
            for refusal in Refusal::COMMON {
                let profile = surface.profile();
                let meets = match refusal {
                    Refusal::KeyInvalid
                    | Refusal::SignatureInvalid
                    | Refusal::SignatureRequired => surface == Surface::Payments,
                    Refusal::RateLimited => surface != Surface::Control,
                    Refusal::Scope | Refusal::TokenExpired => {
                        matches!(surface, Surface::Payments | Surface::Accounting)
                    }
                    _ => true,
                };
                if meets {
                    let code = profile.code(refusal);
                    let info = layer2_types::ErrorCodeInfo::find(table, code);
                    let status = info.map(|info| info.status);
                    assert_eq!(status, Some(profile.status(refusal)), "{surface:?} {code}");
                }
            }
        }
    }
}
