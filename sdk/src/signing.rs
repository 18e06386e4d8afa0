//! Ed25519 signatures over requests.
//!
//! The string to sign is `timestamp + METHOD + path + body`, exactly as sent, the path with the API's base (`/api`) and
//! the query if there is one; the signature travels as lower-case hex in `x-signature`, the second in `x-timestamp`
//! (platform facts, request signing). The form of the string lives in `layer2-types`, so that whoever checks it reads
//! the same function; [`SigningScheme`](crate::SigningScheme) has the other positions of what is guessed about it.
//!
//! A [`Signer`] is asynchronous, since the key may live in a key service. The one in memory takes the two forms that are
//! met in the wild, a seed of 64 hex digits and PKCS#8 (hex or PEM), and refuses a public key with the reason.

use std::fmt;

use async_trait::async_trait;
use layer2_types::operation::SignatureRule;

use crate::credentials::BoxError;

mod key;

pub use self::key::Ed25519Signer;
pub use self::key::InvalidSigningKey;

/// Header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-signature";
/// Header that carries the second at which the signature was made.
pub const TIMESTAMP_HEADER: &str = "x-timestamp";

#[async_trait]
/// Makes Ed25519 signatures with the client's private key.
pub trait Signer: fmt::Debug + Send + Sync + 'static {
    /// Signs exactly these bytes (RFC 8032, pure Ed25519).
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], BoxError>;
}

/// Which requests a client signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignRequests {
    /// Those whose operation takes a signature in the documents.
    #[default]
    WhereTaken,
    /// Those whose operation demands one in the documents: the accepts.
    WhereRequired,
    /// None, unless a call asks for it with [`CallOptions::sign`](crate::CallOptions::sign).
    Never,
    /// All requests to the payments API. It verifies any signature that it is sent.
    All,
}

impl SignRequests {
    /// What the rule of an operation and the wish of a call come to.
    pub(crate) fn decide(self, rule: SignatureRule, wish: Option<bool>) -> SignDecision {
        match (wish, rule) {
            (Some(false), _) => SignDecision::No,
            (Some(true), _) => SignDecision::Must,
            (None, _) if self == Self::Never => SignDecision::No,
            (None, SignatureRule::Required) => SignDecision::Must,
            (None, SignatureRule::Optional) if self != Self::WhereRequired => {
                SignDecision::IfPossible
            }
            (None, _) if self == Self::All => SignDecision::IfPossible,
            (None, _) => SignDecision::No,
        }
    }
}

/// Outcome of [`SignRequests::decide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignDecision {
    /// A missing signer is an error.
    Must,
    /// Sign when there is a signer.
    IfPossible,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_may_overrule_the_documents() {
        use SignDecision::IfPossible;
        use SignDecision::Must;
        use SignDecision::No;
        let cases = [
            (
                SignRequests::WhereTaken,
                SignatureRule::Required,
                None,
                Must,
            ),
            (
                SignRequests::WhereTaken,
                SignatureRule::Optional,
                None,
                IfPossible,
            ),
            (SignRequests::WhereTaken, SignatureRule::None, None, No),
            (
                SignRequests::WhereTaken,
                SignatureRule::None,
                Some(true),
                Must,
            ),
            (
                SignRequests::WhereTaken,
                SignatureRule::Required,
                Some(false),
                No,
            ),
            (
                SignRequests::WhereRequired,
                SignatureRule::Required,
                None,
                Must,
            ),
            (
                SignRequests::WhereRequired,
                SignatureRule::Optional,
                None,
                No,
            ),
            (SignRequests::Never, SignatureRule::Required, None, No),
            (
                SignRequests::Never,
                SignatureRule::Required,
                Some(true),
                Must,
            ),
            (SignRequests::All, SignatureRule::None, None, IfPossible),
            (SignRequests::All, SignatureRule::Required, Some(false), No),
        ];
        for (policy, rule, wish, decision) in cases {
            assert_eq!(
                policy.decide(rule, wish),
                decision,
                "{policy:?} {rule:?} {wish:?}"
            );
        }
    }
}
