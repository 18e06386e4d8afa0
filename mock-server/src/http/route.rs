//! Which operation a request line names.
//!
//! The routes are the operation table of the documents, each path below the base of its API, plus the few paths that
//! are not in a document: the two token endpoints, `/healthz` and `/metrics`. A path that is not found is met with the
//! nearest one that is, and with a plain word when only the `/api` base is missing.

use layer2_types::{
    accounting, control,
    operation::{Api, HttpMethod, Operation},
    payments, plaid,
};
use layer2_world::request::OperationRef;

use super::{query, signature::method_name};
use crate::tokens::TokenApi;

/// Where the payments API lives on this server, as on the platform.
pub(crate) const PAYMENTS_BASE: &str = "/api";
/// Where the mock's own API lives.
pub(crate) const CONTROL_BASE: &str = "/_control/v1";
/// Token endpoint of the payments API; any server id is taken.
pub(crate) const PAYMENTS_TOKEN: &str = "/oauth2/{server_id}/v1/token";
/// Token endpoint of the accounting API.
pub(crate) const ACCOUNTING_TOKEN: &str = "/oauth2/token";

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Health,
    Metrics,
    Operation(OperationRef),
    Token(TokenApi),
}

/// A matched request line: the target and the decoded ids of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) target: Target,
    pub(crate) path: Vec<(String, String)>,
}

/// Why nothing matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoMatch {
    /// An id in the path is not well percent-encoded.
    Encoding,
    /// The path takes these methods.
    Method { allowed: Vec<&'static str> },
    /// The path needs the `/api` base in front.
    MissingBase { path: String },
    /// The path needs its version.
    MissingVersion { path: String },
    /// The path has the `/api` base twice.
    RepeatedBase { path: String },
    /// The path of the control API needs its sandbox.
    MissingSandbox { path: String },
    /// Nothing there; `nearest` is the path that looks most like it.
    Path { nearest: Option<String> },
    /// The path exists without the slash at its end.
    TrailingSlash { path: String },
}

/// The routes of the server.
pub(crate) struct Routes {
    router: matchit::Router<usize>,
    rows: Vec<Row>,
}

struct Row {
    template: String,
    methods: Vec<(HttpMethod, Target)>,
}

/// Two documents disagree about the parameter of a path; nothing can be served.
#[derive(Debug, thiserror::Error)]
#[error("the route {template} collides with another one: {reason}")]
pub struct RouteError {
    template: String,
    reason: String,
}

impl Routes {
    /// Builds the routes from the operation tables.
    pub(crate) fn new() -> Result<Routes, RouteError> {
        let mut routes = Routes {
            router: matchit::Router::new(),
            rows: Vec::new(),
        };
        for op in operations() {
            routes.add(
                &template(op.operation()),
                op.operation().method,
                Target::Operation(op),
            )?;
        }
        routes.add(
            PAYMENTS_TOKEN,
            HttpMethod::Post,
            Target::Token(TokenApi::Payments),
        )?;
        routes.add(
            ACCOUNTING_TOKEN,
            HttpMethod::Post,
            Target::Token(TokenApi::Accounting),
        )?;
        routes.add("/healthz", HttpMethod::Get, Target::Health)?;
        routes.add("/metrics", HttpMethod::Get, Target::Metrics)?;
        Ok(routes)
    }

    fn add(
        &mut self,
        template: &str,
        method: HttpMethod,
        target: Target,
    ) -> Result<(), RouteError> {
        if let Some(row) = self.rows.iter_mut().find(|row| row.template == template) {
            row.methods.push((method, target));
            return Ok(());
        }
        let index = self.rows.len();
        self.router
            .insert(template, index)
            .map_err(|error| RouteError {
                template: template.to_owned(),
                reason: error.to_string(),
            })?;
        self.rows.push(Row {
            template: template.to_owned(),
            methods: vec![(method, target)],
        });
        Ok(())
    }

    /// The target of a request line, or what to say instead.
    pub(crate) fn find(&self, method: &http::Method, path: &str) -> Result<Match, NoMatch> {
        let Ok(found) = self.router.at(path) else {
            return Err(self.nothing_at(path));
        };
        let Some(row) = self.rows.get(*found.value) else {
            return Err(self.nothing_at(path));
        };
        let Some((_, target)) = row
            .methods
            .iter()
            .find(|(candidate, _)| method_name(*candidate) == method.as_str())
        else {
            let allowed = row
                .methods
                .iter()
                .map(|(method, _)| method_name(*method))
                .collect();
            return Err(NoMatch::Method { allowed });
        };
        let ids = found
            .params
            .iter()
            .map(|(name, value)| Ok((name.to_owned(), query::decode(value)?)))
            .collect::<Result<_, query::EncodingError>>()
            .map_err(|_| NoMatch::Encoding)?;
        Ok(Match {
            target: target.clone(),
            path: ids,
        })
    }

    fn nothing_at(&self, path: &str) -> NoMatch {
        if let Some(shorter) = path.strip_suffix('/')
            && self.router.at(shorter).is_ok()
        {
            return NoMatch::TrailingSlash {
                path: shorter.to_owned(),
            };
        }
        let based = format!("{PAYMENTS_BASE}{path}");
        if path.starts_with("/v1/") && self.router.at(&based).is_ok() {
            return NoMatch::MissingBase { path: based };
        }
        if let Some(rest) = path.strip_prefix(PAYMENTS_BASE) {
            if rest.starts_with(PAYMENTS_BASE) && self.router.at(rest).is_ok() {
                return NoMatch::RepeatedBase {
                    path: rest.to_owned(),
                };
            }
            let versioned = format!("{PAYMENTS_BASE}/v1{rest}");
            if self.router.at(&versioned).is_ok() {
                return NoMatch::MissingVersion { path: versioned };
            }
        }
        if let Some(rest) = path.strip_prefix(CONTROL_BASE)
            && let Ok(found) = self.router.at(&format!("{SANDBOXES}/default{rest}"))
            && let Some(row) = self.rows.get(*found.value)
        {
            return NoMatch::MissingSandbox {
                path: row.template.clone(),
            };
        }
        let nearest = self
            .rows
            .iter()
            .map(|row| (distance(path, &row.template), &row.template))
            .filter(|(distance, _)| *distance <= MAX_DISTANCE)
            .min()
            .map(|(_, template)| template.clone());
        NoMatch::Path { nearest }
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes")
            .field("paths", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// Every operation of the documents.
pub(crate) fn operations() -> impl Iterator<Item = OperationRef> {
    let payments = payments::OperationId::ALL
        .iter()
        .copied()
        .map(OperationRef::Payments);
    let accounting = accounting::OperationId::ALL
        .iter()
        .copied()
        .map(OperationRef::Accounting);
    let plaid = plaid::OperationId::ALL
        .iter()
        .copied()
        .map(OperationRef::Plaid);
    let control = control::OperationId::ALL
        .iter()
        .copied()
        .map(OperationRef::Control);
    payments.chain(accounting).chain(plaid).chain(control)
}

/// The path of an operation on this server.
pub(crate) fn template(operation: &Operation) -> String {
    let base = match operation.api {
        Api::Payments => PAYMENTS_BASE,
        Api::Control => CONTROL_BASE,
        Api::Accounting | Api::Plaid => "",
    };
    format!("{base}{}", operation.path)
}

/// Where the control API has its sandboxes.
const SANDBOXES: &str = "/_control/v1/sandboxes";

/// A path this many edits away is no longer a slip of the pen.
const MAX_DISTANCE: usize = 4;

/// Edits between a path and a template: whole segments cost by their characters, a parameter matches anything.
fn distance(path: &str, template: &str) -> usize {
    let path: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let template: Vec<&str> = template
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    if path.len() != template.len() {
        return usize::MAX;
    }
    path.iter()
        .zip(&template)
        .map(|(segment, pattern)| {
            if pattern.starts_with('{') {
                0
            } else {
                edits(segment, pattern)
            }
        })
        .sum()
}

/// Levenshtein distance of two short texts.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &str, path: &str) -> Result<Match, NoMatch> {
        let method = http::Method::from_bytes(method.as_bytes()).expect("method");
        Routes::new().expect("routes").find(&method, path)
    }

    #[test]
    fn finds_operations_below_their_base_with_decoded_ids() {
        let found = find("POST", "/api/v1/transfers/a%20b/accept").expect("route");
        assert_eq!(
            found.target,
            Target::Operation(OperationRef::Payments(
                payments::OperationId::TransfersAccept
            ))
        );
        assert_eq!(found.path, [("transfer_id".to_owned(), "a b".to_owned())]);
        assert_eq!(
            find("POST", "/oauth2/anything/v1/token")
                .expect("route")
                .target,
            Target::Token(TokenApi::Payments)
        );
        assert_eq!(
            find("POST", "/oauth2/token").expect("route").target,
            Target::Token(TokenApi::Accounting)
        );
        assert_eq!(find("GET", "/api/v1/transfers/%zz"), Err(NoMatch::Encoding));
    }

    #[test]
    fn says_what_was_meant() {
        assert_eq!(
            find("GET", "/v1/customers"),
            Err(NoMatch::MissingBase {
                path: "/api/v1/customers".to_owned()
            })
        );
        assert_eq!(
            find("GET", "/api/api/v1/customers"),
            Err(NoMatch::RepeatedBase {
                path: "/api/v1/customers".to_owned()
            })
        );
        assert_eq!(
            find("GET", "/api/customers/x"),
            Err(NoMatch::MissingVersion {
                path: "/api/v1/customers/x".to_owned()
            })
        );
        assert_eq!(
            find("GET", "/api/v1/custmers"),
            Err(NoMatch::Path {
                nearest: Some("/api/v1/customers".to_owned())
            })
        );
        assert_eq!(
            find("POST", "/api/v1/transfers/x/acept"),
            Err(NoMatch::Path {
                nearest: Some("/api/v1/transfers/{transfer_id}/accept".to_owned())
            })
        );
        assert_eq!(
            find("POST", "/_control/v1/inbound"),
            Err(NoMatch::MissingSandbox {
                path: "/_control/v1/sandboxes/{sandbox}/inbound".to_owned()
            })
        );
        assert_eq!(
            find("POST", "/api/v1/transfers/x/accept/"),
            Err(NoMatch::TrailingSlash {
                path: "/api/v1/transfers/x/accept".to_owned()
            })
        );
        assert_eq!(
            find("GET", "/favicon.ico"),
            Err(NoMatch::Path { nearest: None })
        );
        assert_eq!(
            find("DELETE", "/api/v1/transfers"),
            Err(NoMatch::Method {
                allowed: vec!["POST"]
            })
        );
    }
}
