//! Finds the sandbox of a call by its bearer token.

use std::sync::Arc;

use http::{HeaderMap, header};
use layer2_world::rejection::Problem;

use crate::{
    api::{ApiProfile, refuse_with},
    credentials::is_same_secret,
    errors::{Failure, Refusal, sentence},
    sandbox::Sandbox,
    server::Server,
    tokens::{Claims, TokenApi, TokenError, Unverified},
};

/// What to do about a token that is missing or not good.
const HOW_TO_GET_A_TOKEN: &str = "The ready file has the token endpoint of each API and what to send there, and so has the start of the server; a token is good for many calls.";

/// The sandbox that issued the token, and what the token says.
pub(crate) fn by_token(
    profile: &dyn ApiProfile,
    server: &Server,
    headers: &HeaderMap,
    api: TokenApi,
) -> Result<(Arc<Sandbox>, Claims), Failure> {
    let token = bearer(profile, headers)?;
    if is_same_secret(&server.config.control_token, token) {
        return Err(challenge(
            profile,
            Refusal::TokenInvalid,
            "this is the control token, which opens /_control alone; ask the token endpoint of this API for a token",
            r#"Bearer error="invalid_token""#,
        ));
    }
    let found = Unverified::parse(token).and_then(|unverified| {
        let sandbox = server
            .directory
            .named(unverified.sandbox())
            .ok_or(TokenError::NoSandbox)?;
        let claims = sandbox.credentials.tokens.check(
            &unverified,
            api,
            jiff::Timestamp::now(),
            sandbox.epoch(),
        )?;
        Ok((sandbox, claims))
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
