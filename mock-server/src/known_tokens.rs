//! Tokens that were found to be genuine, so that their code is not computed again at each call.
//!
//! A client sends the same token with every call, and to read it and to compute its code costs more than many an
//! operation. What is remembered is what the token says and whose it is, nothing that can change: its end, its epoch and
//! its sandbox are looked at anew each time.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use super::{
    sandbox::Sandbox,
    tokens::{Claims, Scopes},
};

/// Tokens that are remembered; one more, and all are forgotten.
const MOST: usize = 256;

/// The tokens of one server.
#[derive(Default)]
pub(crate) struct KnownTokens {
    /// By their codes. The map hashes with a key of its own, so the time that a look takes tells nothing of a code.
    by_code: RwLock<HashMap<Box<str>, Arc<KnownToken>>>,
}

/// A token whose code was right.
pub(crate) struct KnownToken {
    /// What stands before the code.
    payload: Box<str>,
    /// The sandbox whose key made the code.
    sandbox: Weak<Sandbox>,
    pub(crate) claims: Claims,
    pub(crate) scopes: Arc<Scopes>,
}

impl KnownTokens {
    /// What is known of a token.
    pub(crate) fn find(&self, token: &str) -> Option<Arc<KnownToken>> {
        let (payload, code) = token.split_once('.')?;
        let by_code = self.by_code.read().unwrap_or_else(PoisonError::into_inner);
        let known = by_code.get(code)?;
        (*known.payload == *payload).then(|| Arc::clone(known))
    }

    /// Remembers a token that the key of a sandbox has made.
    pub(crate) fn remember(
        &self,
        token: &str,
        sandbox: &Arc<Sandbox>,
        claims: Claims,
    ) -> Arc<KnownToken> {
        let (payload, code) = token.split_once('.').unwrap_or_default();
        let known = Arc::new(KnownToken {
            payload: payload.into(),
            sandbox: Arc::downgrade(sandbox),
            scopes: Arc::new(claims.scopes()),
            claims,
        });
        let mut by_code = self.by_code.write().unwrap_or_else(PoisonError::into_inner);
        if by_code.len() >= MOST {
            by_code.clear();
        }
        by_code.insert(code.into(), Arc::clone(&known));
        known
    }
}

impl KnownToken {
    /// Whether it was this sandbox whose key made it: another one of the same name may have another key.
    pub(crate) fn is_of(&self, sandbox: &Arc<Sandbox>) -> bool {
        std::ptr::eq(self.sandbox.as_ptr(), Arc::as_ptr(sandbox))
    }
}

/// Tokens are secrets.
impl std::fmt::Debug for KnownTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownTokens(** redacted **)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clocks::ClockMode, tokens};

    #[tokio::test]
    async fn a_token_is_known_whole_and_for_its_sandbox_alone() {
        let sandbox = Arc::new(Sandbox::in_memory(ClockMode::Manual).await);
        let other = Arc::new(Sandbox::in_memory(ClockMode::Manual).await);
        let token = tokens::tests::issue(&sandbox.credentials.tokens, 0);
        let unverified = tokens::Unverified::parse(&token).expect("a token");
        let known_tokens = KnownTokens::default();
        assert!(known_tokens.find(&token).is_none());
        known_tokens.remember(&token, &sandbox, unverified.into_claims());
        let known = known_tokens.find(&token).expect("known");
        assert!(known.is_of(&sandbox) && !known.is_of(&other));
        assert!(known.scopes.contains("transfers:write"));

        let (payload, code) = token.split_once('.').expect("two parts");
        for changed in [
            format!("{payload}x.{code}"),
            format!("{payload}.{code}x"),
            format!("x{payload}.{code}"),
            format!(".{code}"),
            code.to_owned(),
        ] {
            assert!(known_tokens.find(&changed).is_none(), "{changed}");
        }
        assert!(!format!("{known_tokens:?}").contains(code));
    }

    #[tokio::test]
    async fn so_many_are_remembered_and_no_more() {
        let sandbox = Arc::new(Sandbox::in_memory(ClockMode::Manual).await);
        let key = &sandbox.credentials.tokens;
        let known_tokens = KnownTokens::default();
        for epoch in 0..=MOST as u64 {
            let token = tokens::tests::issue(key, epoch);
            let unverified = tokens::Unverified::parse(&token).expect("a token");
            known_tokens.remember(&token, &sandbox, unverified.into_claims());
            assert!(known_tokens.find(&token).is_some());
        }
        let first = tokens::tests::issue(key, 0);
        assert!(known_tokens.find(&first).is_none());
    }
}
