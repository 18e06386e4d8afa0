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
use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::error::Error;
use crate::error::ErrorKind;
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

enum Origin {
    Fixed,
    Credentials(Credentials),
    Token(u64),
}

impl Auth {
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
            Self::Token(store) => {
                let token = store.token(tools).await?;
                Ok(Grant {
                    header: (AUTHORIZATION, token.authorization.clone()),
                    second: None,
                    origin: Origin::Token(token.generation),
                })
            }
        }
    }

    /// What a last 401 means here.
    pub(crate) fn said_no(&self) -> &'static str {
        match self {
            Self::Bearer(_) => "the server refused the token that the client was given",
            Self::Headers(_) => "the platform refused the client id and secret",
            Self::Token(_) => "the platform refused the token, also after it was renewed",
        }
    }

    /// The server refused `grant`. Says whether another one can be had.
    pub(crate) async fn refused(&self, grant: &Grant) -> bool {
        match (self, &grant.origin) {
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

async fn ask(provider: &dyn CredentialsProvider) -> Result<Credentials, Error> {
    provider.credentials().await.map_err(|source| {
        Error::before_sending(ErrorKind::Credentials, "the credentials provider failed")
            .with_source(source)
            .with_retryable(true)
    })
}

impl Grant {
    /// Puts the grant on a request, in place of an older one.
    pub(crate) fn dress(&self, headers: &mut HeaderMap) {
        for (name, value) in [Some(&self.header), self.second.as_ref()]
            .into_iter()
            .flatten()
        {
            headers.insert(name.clone(), value.clone());
        }
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
