//! The token endpoints of the payments and the accounting API (RFC 6749, client credentials).
//!
//! The payments server takes the grant's parameters in the query, as its guide shows, or in a form body, as public
//! clients send them; the accounting server takes a form body. Both authenticate the client by HTTP Basic. A token that
//! is asked for without `scope` gets all scopes of the client; scopes of old client programs that the platform no
//! longer knows are ignored. Errors have the form of RFC 6749 section 5.2, with the likely mistake in words.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use layer2_types::operation;
use layer2_world::rejection::{Problem, Rejection};
use serde::Serialize;

use super::{ApiProfile, Call, Caller, accounting, manner::Manner, refuse_with};
use crate::{
    credentials::ClientCredentials,
    errors::{Failure, Refusal},
    http::{headers::RequestId, query},
    sandbox::Sandbox,
    server::Server,
    tokens::{DEFAULT_LIFE, Grant, Scopes, TokenApi, alternatives},
};

/// Life of an accounting token: one hour, as in the vendor's example.
const ACCOUNTING_LIFE: Duration = Duration::from_secs(3_600);

/// What the codes of a token endpoint mean.
const ERROR_CODES: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-5.2";

/// The token endpoints.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    /// Nobody is located here: the client authenticates while it asks.
    fn locate(&self, _server: &Server, _call: &Call<'_>) -> Result<Caller, Failure> {
        Err(self.refuse(
            Refusal::UnknownPath,
            "there is nothing here but the token endpoint",
        ))
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        match refusal {
            Refusal::Internal | Refusal::StoreUnavailable => "server_error",
            Refusal::Scope => "invalid_scope",
            Refusal::TokenInvalid | Refusal::Unauthorized | Refusal::TokenExpired => {
                "invalid_client"
            }
            _ => "invalid_request",
        }
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, manner: Manner) -> String {
        let (error, mut error_description) = match rejection.problems.first() {
            Some(problem) => (problem.code, problem.description.clone()),
            None => ("server_error", String::new()),
        };
        let hint = rejection
            .problems
            .first()
            .and_then(|problem| problem.hint.as_deref());
        if let Some(hint) = hint.filter(|_| manner.is_helpful()) {
            error_description.push(' ');
            error_description.push_str(hint);
        }
        // Texts always have a JSON form.
        serde_json::to_string(&OAuthError {
            error,
            error_description,
            error_uri: manner.is_helpful().then_some(ERROR_CODES),
        })
        .unwrap_or_default()
    }

    /// RFC 6749 says the codes and the statuses; nothing of them is ours or a vendor's.
    fn published_statuses(&self) -> &'static [u16] {
        &[]
    }

    /// A bad scope is a bad request here, not a lack of rights.
    fn status(&self, refusal: Refusal) -> u16 {
        match refusal {
            Refusal::Scope => 400,
            other => other.status(),
        }
    }
}

#[derive(Serialize)]
struct OAuthError<'a> {
    error: &'a str,
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<&'a str>,
}

#[derive(Serialize)]
struct TokenReply<'a> {
    token_type: &'a str,
    expires_in: u64,
    access_token: String,
    scope: String,
}

/// A request for a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) api: TokenApi,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: &'a [u8],
}

/// A token that was issued: the reply's body and the sandbox it is for.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) body: String,
    pub(crate) sandbox: Arc<Sandbox>,
}

/// Issues a token.
pub(crate) fn issue(server: &Server, request: &TokenRequest<'_>) -> Result<Issued, Failure> {
    let parameters = parameters(request)?;
    let sandbox = authenticate(server, request)?;
    match parameters.one("grant_type")? {
        Some("client_credentials") => {}
        Some(other) => return Err(unsupported_grant(other)),
        None => {
            return Err(refuse_with(&Profile, Refusal::Validation, |code| {
                Problem::new(code, "grant_type is missing; send grant_type=client_credentials.")
                    .hint("Parameters go in the query string or in a form body (application/x-www-form-urlencoded).")
            }));
        }
    }
    let life = match request.api {
        TokenApi::Accounting => ACCOUNTING_LIFE,
        TokenApi::Payments => DEFAULT_LIFE,
    };
    let scopes = granted(request.api, parameters.one("scope")?)?;
    let access_token = sandbox.credentials.tokens.issue(&Grant {
        sandbox: sandbox.name(),
        api: request.api,
        client: client(&sandbox, request.api).id(),
        scopes: &scopes,
        now: jiff::Timestamp::now(),
        life,
        epoch: sandbox.epoch(),
    });
    let reply = TokenReply {
        token_type: "Bearer",
        expires_in: life.as_secs(),
        access_token,
        scope: scopes.to_string(),
    };
    // Texts and a number always have a JSON form.
    Ok(Issued {
        body: serde_json::to_string(&reply).unwrap_or_default(),
        sandbox,
    })
}

/// All scopes that a client of the API has: those that an operation asks for, in any of its alternatives. The accounting
/// API has one, which no operation names.
fn client_scopes(api: TokenApi) -> Scopes {
    let of_operations = operation::operations()
        .filter(|operation| operation.api == api.api())
        .flat_map(alternatives)
        .flatten()
        .copied();
    let unnamed = (api == TokenApi::Accounting).then_some(accounting::SCOPE);
    of_operations.chain(unnamed).collect()
}

fn granted(api: TokenApi, asked: Option<&str>) -> Result<Scopes, Failure> {
    let all = client_scopes(api);
    let Some(asked) = asked.map(Scopes::parse).filter(|asked| !asked.is_empty()) else {
        return Ok(all);
    };
    let granted = asked.intersection(&all);
    if granted.is_empty() {
        return Err(refuse_with(&Profile, Refusal::Scope, |code| {
            Problem::new(
                code,
                format!("none of the scopes asked for ({asked}) exists."),
            )
            .hint(format!("The client has: {all}."))
        }));
    }
    Ok(granted)
}

/// The parameters of a grant, from the query or from a form body.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter; RFC 6749 section 3.2 forbids to send one twice.
    fn one(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            let text = format!(
                "{name} is sent more than once; send it in the query or in the body, not in both."
            );
            return Err(Profile.refuse(Refusal::Validation, text));
        }
        Ok(first)
    }
}

fn parameters(request: &TokenRequest<'_>) -> Result<Parameters, Failure> {
    let mut pairs = request.query.to_vec();
    let media = request
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let looks_like_json = request.body.first() == Some(&b'{')
        || media.is_some_and(|media| media.to_ascii_lowercase().contains("json"));
    if !request.body.is_empty() && looks_like_json {
        return Err(refuse_with(&Profile, Refusal::Validation, |code| {
            Problem::new(code, "the body is JSON, and a token endpoint does not read JSON.")
                .hint("Send grant_type=client_credentials in the query string or as a form (application/x-www-form-urlencoded), and client id and secret by HTTP Basic.")
        }));
    }
    let text = std::str::from_utf8(request.body)
        .map_err(|_| Profile.refuse(Refusal::Validation, "the form body is not UTF-8."))?;
    let form = query::parse_pairs(text)
        .map_err(|error| Profile.refuse(Refusal::Validation, format!("the form body: {error}.")))?;
    pairs.extend(form);
    Ok(Parameters(pairs))
}

/// Finds the sandbox whose client of this API authenticates by HTTP Basic.
fn authenticate(server: &Server, request: &TokenRequest<'_>) -> Result<Arc<Sandbox>, Failure> {
    let value = request
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(value) = value else {
        return Err(unauthenticated(
            "the client did not authenticate; send client id and secret by HTTP Basic: `Authorization: Basic base64(id:secret)`.",
        ));
    };
    let (id, secret) = basic(value).ok_or_else(|| {
        unauthenticated(
            "the Authorization header is not HTTP Basic; it is `Basic ` and base64 of `id:secret`.",
        )
    })?;
    let found = server.directory.of_client(request.api.api(), &id);
    let sandbox = found.filter(|sandbox| client(sandbox, request.api).is_secret(&secret));
    sandbox.ok_or_else(|| {
        let other = match request.api {
            TokenApi::Accounting => "payments",
            TokenApi::Payments => "accounting",
        };
        unauthenticated(&format!("client id and secret do not belong together on this server; take both from the ready file, and mind that the {other} API has other ones."))
    })
}

/// The client of a sandbox for an API.
fn client(sandbox: &Sandbox, api: TokenApi) -> &ClientCredentials {
    match api {
        TokenApi::Accounting => &sandbox.credentials.accounting,
        TokenApi::Payments => &sandbox.credentials.payments,
    }
}

fn unauthenticated(description: &str) -> Failure {
    Profile
        .refuse(Refusal::Unauthorized, description)
        .with_header(header::WWW_AUTHENTICATE, r#"Basic realm="layer2-mock""#)
}

fn unsupported_grant(grant: &str) -> Failure {
    let grant: String = grant.chars().take(40).collect();
    Failure::new(
        400,
        vec![Problem::new(
            "unsupported_grant_type",
            format!("grant_type is `{grant}`; this server knows client_credentials alone."),
        )],
    )
}

/// Id and secret of a Basic header, form-decoded as RFC 6749 section 2.3.1 has them encoded.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((
        query::decode_form(id).ok()?,
        query::decode_form(secret).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_basic_credentials() {
        let header = format!("Basic {}", STANDARD.encode("id%3A1:s:e"));
        assert_eq!(basic(&header), Some(("id:1".to_owned(), "s:e".to_owned())));
        let header = format!("Basic {}", STANDARD.encode("id:a%2Bb+c%25"));
        assert_eq!(basic(&header), Some(("id".to_owned(), "a+b c%".to_owned())));
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic("Basic !!!"), None);
        assert_eq!(basic("Basic"), None);
    }

    #[test]
    fn scopes_are_those_asked_for_that_exist() {
        let all = granted(TokenApi::Payments, None).expect("all");
        let published = "accounts:read accounts:write applications:read applications:write customers:read \
             customers:write deposits:read deposits:write exchanges:read exchanges:write payments:read payments:write \
             settlements:read subscriptions:read subscriptions:write transfers:read transfers:write withdrawals:read \
             withdrawals:write";
        assert_eq!(all.to_string(), published);
        let some =
            granted(TokenApi::Payments, Some("adjustments:read transfers:write")).expect("some");
        assert_eq!(some.to_string(), "transfers:write");
        let none = granted(TokenApi::Payments, Some("adjustments:read")).expect_err("none");
        assert_eq!(none.codes(), ["invalid_scope"]);
        assert_eq!(none.rejection.status, 400);
        assert_eq!(
            granted(TokenApi::Accounting, Some(""))
                .expect("all")
                .to_string(),
            accounting::SCOPE
        );
    }
}
