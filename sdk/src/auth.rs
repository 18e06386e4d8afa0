//! How a request says who sends it: one strategy per API.
//!
//! Payments and accounting want an OAuth2 token, Plaid wants the id and the secret themselves in two headers, the
//! mock's control API wants a fixed token. The pipeline asks for a [`Grant`] before each attempt and reports a 401.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest::Url;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::credentials::ask;
use crate::error::Error;
use crate::runtime::Runtime;
use crate::token::Token;
use crate::token::TokenStore;
use crate::token::Tools;
use crate::token::sensitive;

const PLAID_CLIENT_ID: HeaderName = HeaderName::from_static("plaid-client-id");
const PLAID_SECRET: HeaderName = HeaderName::from_static("plaid-secret");

/// The strategy of one API.
pub(crate) enum Auth {
    /// A fixed bearer token.
    Bearer(SecretString),
    /// Id and secret in headers of their own.
    Headers(Arc<dyn CredentialsProvider>),
    /// OAuth2 client credentials.
    Token(Box<TokenStore>),
}

/// What one attempt is sent with.
pub(crate) struct Grant {
    header: (HeaderName, HeaderValue),
    second: Option<(HeaderName, HeaderValue)>,
    origin: Origin,
}

/// Where a grant came from, for when it is refused.
pub(crate) enum Origin {
    Fixed,
    Credentials(Credentials),
    Token(u64),
}

impl Auth {
    /// Where its tokens come from, if it has any.
    pub(crate) fn token_url(&self) -> Option<&Url> {
        match self {
            Self::Token(store) => Some(store.url()),
            Self::Bearer(_) | Self::Headers(_) => None,
        }
    }

    /// What can be sent without waiting for anything, as it is nearly always: a token that is not due to be renewed.
    pub(crate) fn at_hand(&self, runtime: &Runtime) -> Option<Grant> {
        match self {
            Self::Token(store) => store.at_hand(runtime).map(|token| Grant::of(&token)),
            Self::Bearer(_) | Self::Headers(_) => None,
        }
    }

    /// What to send now.
    pub(crate) async fn grant(&self, tools: Tools<'_>) -> Result<Grant, Error> {
        match self {
            Self::Bearer(token) => Ok(Grant {
                header: (
                    AUTHORIZATION,
                    sensitive(&format!("Bearer {}", token.expose_secret()))?,
                ),
                second: None,
                origin: Origin::Fixed,
            }),
            Self::Headers(provider) => {
                let credentials = ask(provider.as_ref()).await?;
                Ok(Grant {
                    header: (PLAID_CLIENT_ID, sensitive(credentials.client_id())?),
                    second: Some((PLAID_SECRET, sensitive(credentials.expose_secret())?)),
                    origin: Origin::Credentials(credentials),
                })
            }
            Self::Token(store) => Ok(Grant::of(&*store.token(tools).await?)),
        }
    }

    /// What a last 401 means here.
    pub(crate) fn said_no(&self) -> &'static str {
        match self {
            Self::Bearer(_) => {
                "the server refused the token that the client was given: give the builder the one that the \
                 server prints when it starts"
            }
            Self::Headers(_) => {
                "the platform refused the client id and secret: check that they belong to this environment"
            }
            Self::Token(_) => {
                "the platform refused the token, also after it was renewed: check that the token URL and the \
                 base URL belong to the same environment"
            }
        }
    }

    /// The server refused a grant of this origin. Says whether another one can be had.
    pub(crate) async fn refused(&self, origin: &Origin) -> bool {
        match (self, origin) {
            (Self::Token(store), Origin::Token(generation)) => {
                store.forget(*generation);
                true
            }
            (Self::Headers(provider), Origin::Credentials(old)) => {
                provider.refused(old).await;
                ask(provider.as_ref())
                    .await
                    .is_ok_and(|new| !new.is_same(old))
            }
            _ => false,
        }
    }
}

impl Grant {
    fn of(token: &Token) -> Self {
        Self {
            header: (AUTHORIZATION, token.authorization.clone()),
            second: None,
            origin: Origin::Token(token.generation),
        }
    }

    /// Puts the grant on a request, in place of an older one. What is kept of it is where it came from.
    pub(crate) fn dress(self, headers: &mut HeaderMap) -> Origin {
        for (name, value) in [Some(self.header), self.second].into_iter().flatten() {
            headers.insert(name, value);
        }
        self.origin
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer(** redacted **)"),
            Self::Headers(provider) => f.debug_tuple("Headers").field(provider).finish(),
            Self::Token(store) => f.debug_tuple("Token").field(store).finish(),
        }
    }
}
