//! Finds the sandbox of a call by its bearer token.

use std::sync::Arc;

use http::{HeaderMap, header};
use layer2_world::rejection::Problem;

use crate::{
    api::{ApiProfile, refuse_with},
    credentials::is_same_secret,
    errors::{Failure, Refusal, sentence},
    known_tokens::KnownToken,
    sandbox::Sandbox,
    server::Server,
    tokens::{Scopes, TokenApi, TokenError, Unverified},
};

/// What to do about a token that is missing or not good.
const HOW_TO_GET_A_TOKEN: &str = "The ready file has the token endpoint of each API and what to send there, and so has the start of the server; a token is good for many calls.";

/// The sandbox that issued the token, and the scopes of the token.
pub(crate) fn by_token(
    profile: &dyn ApiProfile,
    server: &Server,
    headers: &HeaderMap,
    api: TokenApi,
) -> Result<(Arc<Sandbox>, Arc<Scopes>), Failure> {
    let token = bearer(profile, headers)?;
    if is_same_secret(&server.config.control_token, token) {
        return Err(challenge(
            profile,
            Refusal::TokenInvalid,
            "this is the control token, which opens /_control alone; ask the token endpoint of this API for a token",
            r#"Bearer error="invalid_token""#,
        ));
    }
    let found = verified(server, token).and_then(|(sandbox, known)| {
        let now = jiff::Timestamp::now();
        known.claims.check(api, now, sandbox.epoch())?;
        Ok((sandbox, Arc::clone(&known.scopes)))
    });
    found.map_err(|error| {
        let refusal = match error {
            TokenError::Expired { .. } | TokenError::Revoked => Refusal::TokenExpired,
            _ => Refusal::TokenInvalid,
        };
        challenge(
            profile,
            refusal,
            &error.to_string(),
            r#"Bearer error="invalid_token""#,
        )
    })
}

/// The sandbox that made a token, and what the token says; it may be past its end.
fn verified(server: &Server, token: &str) -> Result<(Arc<Sandbox>, Arc<KnownToken>), TokenError> {
    let named = |name: &str| server.directory.named(name).ok_or(TokenError::NoSandbox);
    if let Some(known) = server.known_tokens.find(token) {
        let sandbox = named(known.claims.sandbox())?;
        if known.is_of(&sandbox) {
            return Ok((sandbox, known));
        }
    }
    let unverified = Unverified::parse(token)?;
    let sandbox = named(unverified.sandbox())?;
    let claims = sandbox.credentials.tokens.open(unverified)?;
    let known = server.known_tokens.remember(token, &sandbox, claims);
    Ok((sandbox, known))
}

/// The sandbox that a token names, without a look at whether the token is good.
pub(crate) fn named_by_token(server: &Server, headers: &HeaderMap) -> Option<Arc<Sandbox>> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let token = scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Unverified::parse(token.trim()).ok())??;
    server.directory.named(token.sandbox())
}

/// The bearer token of a request.
pub(crate) fn bearer<'h>(
    profile: &dyn ApiProfile,
    headers: &'h HeaderMap,
) -> Result<&'h str, Failure> {
    let missing = |text: &str| challenge(profile, Refusal::Unauthorized, text, "Bearer");
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| {
            missing("the header Authorization is missing; send `Authorization: Bearer <token>`")
        })?
        .to_str()
        .map_err(|_| missing("the header Authorization holds characters that no token has"))?;
    match value.split_once(' ') {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() =>
        {
            Ok(token.trim())
        }
        _ => Err(missing(
            "the header Authorization is not `Bearer <token>`; client id and secret go to the token endpoint alone",
        )),
    }
}

fn challenge(
    profile: &dyn ApiProfile,
    refusal: Refusal,
    description: &str,
    challenge: &str,
) -> Failure {
    refuse_with(profile, refusal, |code| {
        Problem::new(code, sentence(description))
            .at("authorization")
            .hint(HOW_TO_GET_A_TOKEN)
    })
    .with_header(header::WWW_AUTHENTICATE, challenge)
}
