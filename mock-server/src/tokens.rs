//! Access tokens that carry everything needed to check them.
//!
//! A token is `base64url(payload).base64url(HMAC-SHA256(payload))`. The payload names the sandbox, the API, the client,
//! the scopes, the second it expires and the sandbox's token epoch; the MAC key belongs to the sandbox. So a request is
//! authenticated without a table of tokens (those that were met are remembered for speed alone), and "expire all tokens"
//! is the next epoch. Life runs on the transport clock: moving the business clock ends no token.
//!
//! The payload is readable on purpose (it is a test server); its MAC is compared in constant time.

use std::{collections::BTreeSet, fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use layer2_types::operation::{Api, Operation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long a token of the platform's sandbox lives: twelve hours, as published.
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_secs(43_200);

/// The OAuth scopes of a token or of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a space-separated list (RFC 6749 section 3.3).
    pub(crate) fn parse(text: &str) -> Scopes {
        Scopes(text.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// The scopes that are in both.
    pub(crate) fn intersection(&self, other: &Scopes) -> Scopes {
        Scopes(self.0.intersection(&other.0).cloned().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// The needed scopes that are not here.
    pub(crate) fn missing<'n>(&self, needed: &[&'n str]) -> Vec<&'n str> {
        needed
            .iter()
            .copied()
            .filter(|scope| !self.contains(scope))
            .collect()
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " " })?;
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// The sets of scopes that open an operation; all of one of them are needed.
pub(crate) fn alternatives(
    operation: &Operation,
) -> impl Iterator<Item = &'static [&'static str]> + use<> {
    std::iter::once(operation.scopes).chain(operation.other_scopes.iter().copied())
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    sandbox: String,
    api: TokenApi,
    client: String,
    scope: String,
    expires: i64,
    epoch: u64,
}

impl Claims {
    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::parse(&self.scope)
    }

    /// The sandbox that it belongs to.
    pub(crate) fn sandbox(&self) -> &str {
        &self.sandbox
    }

    /// Accepts a token for this API that is not past its end or its epoch.
    pub(crate) fn check(
        &self,
        api: TokenApi,
        now: jiff::Timestamp,
        epoch: u64,
    ) -> Result<(), TokenError> {
        if self.api != api {
            return Err(TokenError::OtherApi { made_for: self.api });
        }
        if self.epoch != epoch {
            return Err(TokenError::Revoked);
        }
        if self.expires <= now.as_second() {
            return Err(TokenError::Expired {
                seconds_ago: now.as_second() - self.expires,
            });
        }
        Ok(())
    }
}

/// The APIs that have tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenApi {
    Accounting,
    Payments,
}

impl TokenApi {
    pub(crate) fn api(self) -> Api {
        match self {
            TokenApi::Accounting => Api::Accounting,
            TokenApi::Payments => Api::Payments,
        }
    }
}

/// What a token is asked for.
#[derive(Debug)]
pub(crate) struct Grant<'a> {
    pub(crate) sandbox: &'a str,
    pub(crate) api: TokenApi,
    pub(crate) client: &'a str,
    pub(crate) scopes: &'a Scopes,
    pub(crate) now: jiff::Timestamp,
    pub(crate) life: Duration,
    pub(crate) epoch: u64,
}

/// Issues and checks the tokens of one sandbox.
pub(crate) struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    pub(crate) fn new(key: &[u8; 32]) -> TokenKey {
        // HMAC fills a shorter key with zeros to its block of 64 bytes (RFC 2104 section 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        TokenKey(Hmac::new(&block.into()))
    }

    pub(crate) fn issue(&self, grant: &Grant<'_>) -> String {
        let life = i64::try_from(grant.life.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            sandbox: grant.sandbox.to_owned(),
            api: grant.api,
            client: grant.client.to_owned(),
            scope: grant.scopes.to_string(),
            expires: grant.now.as_second().saturating_add(life),
            epoch: grant.epoch,
        };
        // A struct of strings and integers always has a JSON form.
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let mac = self
            .0
            .clone()
            .chain_update(payload.as_bytes())
            .finalize()
            .into_bytes();
        format!("{payload}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// What a token says that this key made.
    pub(crate) fn open(&self, token: Unverified<'_>) -> Result<Claims, TokenError> {
        let genuine = self
            .0
            .clone()
            .chain_update(token.payload.as_bytes())
            .verify_slice(&token.mac)
            .is_ok();
        match genuine {
            true => Ok(token.claims),
            false => Err(TokenError::Forged),
        }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(** redacted **)")
    }
}

/// A token taken apart; its sandbox may be looked up, nothing in it may be believed yet.
pub(crate) struct Unverified<'t> {
    payload: &'t str,
    mac: Vec<u8>,
    claims: Claims,
}

impl<'t> Unverified<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Unverified<'t>, TokenError> {
        let (payload, mac) = token.split_once('.').ok_or(TokenError::NotOurs)?;
        let mac = URL_SAFE_NO_PAD
            .decode(mac)
            .map_err(|_| TokenError::NotOurs)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| TokenError::NotOurs)?;
        let claims = serde_json::from_slice(&bytes).map_err(|_| TokenError::NotOurs)?;
        Ok(Unverified {
            payload,
            mac,
            claims,
        })
    }

    /// The sandbox that the token claims to belong to.
    pub(crate) fn sandbox(&self) -> &str {
        self.claims.sandbox()
    }

    /// What it says, whoever made it.
    #[cfg(test)]
    pub(crate) fn into_claims(self) -> Claims {
        self.claims
    }
}

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "the access token expired {seconds_ago} s ago; ask for a new one at the token endpoint"
    )]
    Expired { seconds_ago: i64 },
    #[error(
        "the access token was not made by this server (its code does not match); a token from before a restart with another seed looks like this"
    )]
    Forged,
    #[error("the access token belongs to a sandbox that this server does not have")]
    NoSandbox,
    #[error("the access token was not made by this server; ask for one at the token endpoint")]
    NotOurs,
    #[error("the access token is for the {} API, not for this one; each API has its own token endpoint", match made_for { TokenApi::Accounting => "accounting", TokenApi::Payments => "payments" })]
    OtherApi { made_for: TokenApi },
    #[error("the access token was expired by control; ask for a new one at the token endpoint")]
    Revoked,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).expect("timestamp")
    }

    pub(crate) fn issue(key: &TokenKey, epoch: u64) -> String {
        key.issue(&Grant {
            sandbox: "default",
            api: TokenApi::Payments,
            client: "client",
            scopes: &Scopes::parse("transfers:write customers:read"),
            now: at(1_000),
            life: Duration::from_secs(60),
            epoch,
        })
    }

    fn check(
        key: &TokenKey,
        token: &str,
        api: TokenApi,
        now: i64,
        epoch: u64,
    ) -> Result<Claims, TokenError> {
        let claims = key.open(Unverified::parse(token)?)?;
        claims.check(api, at(now), epoch)?;
        Ok(claims)
    }

    #[test]
    fn a_token_is_good_for_its_api_its_life_and_its_epoch() {
        let key = TokenKey::new(&[7; 32]);
        let token = issue(&key, 3);
        let claims = check(&key, &token, TokenApi::Payments, 1_059, 3).expect("good");
        assert_eq!(
            claims.scopes().to_string(),
            "customers:read transfers:write"
        );
        assert_eq!(
            claims
                .scopes()
                .missing(&["customers:read", "accounts:read"]),
            ["accounts:read"]
        );
        assert_eq!(
            check(&key, &token, TokenApi::Payments, 1_060, 3),
            Err(TokenError::Expired { seconds_ago: 0 })
        );
        assert_eq!(
            check(&key, &token, TokenApi::Payments, 1_059, 4),
            Err(TokenError::Revoked)
        );
        assert_eq!(
            check(&key, &token, TokenApi::Accounting, 1_059, 3),
            Err(TokenError::OtherApi {
                made_for: TokenApi::Payments
            })
        );
    }

    #[test]
    fn a_changed_token_is_refused() {
        let key = TokenKey::new(&[7; 32]);
        let token = issue(&key, 0);
        assert_eq!(
            check(
                &TokenKey::new(&[8; 32]),
                &token,
                TokenApi::Payments,
                1_000,
                0
            ),
            Err(TokenError::Forged)
        );
        let (payload, mac) = token.split_once('.').expect("two parts");
        let text =
            String::from_utf8(URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("text");
        let wider = URL_SAFE_NO_PAD.encode(text.replace("customers:read", "customers:write"));
        assert_ne!(wider, payload);
        assert_eq!(
            check(
                &key,
                &format!("{wider}.{mac}"),
                TokenApi::Payments,
                1_000,
                0
            ),
            Err(TokenError::Forged)
        );
        for garbage in [
            "",
            ".",
            "abc",
            "a.b",
            &format!("{payload}."),
            &format!("{payload}x.{mac}"),
        ] {
            assert!(
                check(&key, garbage, TokenApi::Payments, 1_000, 0).is_err(),
                "{garbage}"
            );
        }
    }
}
