//! Who a client is to an API, before it is checked.

use std::sync::Arc;

use secrecy::SecretString;

use crate::client::config;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::credentials::StaticCredentials;
use crate::environment::Environment;
use crate::error::Error;
use crate::token::TokenStyle;

/// Access to the accounting API.
#[derive(Clone, Debug)]
pub struct AccountingAccess {
    pub(super) environment: Environment,
    pub(super) identity: Identity,
    pub(super) scopes: Vec<String>,
    pub(super) token_style: TokenStyle,
}

impl AccountingAccess {
    /// Access with fixed credentials and the environment's own scope.
    pub fn new(
        environment: Environment,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        let credentials = Credentials::new(client_id, client_secret);
        Self::with_identity(environment, Identity::Fixed(credentials))
    }

    /// Access with credentials from a provider.
    pub fn with_provider(environment: Environment, provider: impl CredentialsProvider) -> Self {
        Self::with_identity(environment, Identity::of(provider))
    }

    fn with_identity(environment: Environment, identity: Identity) -> Self {
        let scopes = environment
            .accounting_scope()
            .map(str::to_owned)
            .into_iter()
            .collect();
        Self {
            environment,
            identity,
            scopes,
            token_style: TokenStyle::BasicForm,
        }
    }

    /// Asks for these scopes instead.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for tokens in another style.
    #[must_use]
    pub fn token_style(mut self, style: TokenStyle) -> Self {
        self.token_style = style;
        self
    }
}

/// Credentials that can be looked at, or somebody who will be asked for them.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    Fixed(Credentials),
    Provider(Arc<dyn CredentialsProvider>),
}

impl Identity {
    pub(super) fn of(provider: impl CredentialsProvider) -> Self {
        Self::Provider(Arc::new(provider))
    }

    /// The one to ask. Credentials with an empty half never get a token, so they are refused before they are sent.
    pub(super) fn checked(&self, of_api: &str) -> Result<Arc<dyn CredentialsProvider>, Error> {
        let credentials = match self {
            Self::Provider(provider) => return Ok(Arc::clone(provider)),
            Self::Fixed(credentials) => credentials,
        };
        let halves = [
            ("id", credentials.client_id()),
            ("secret", credentials.expose_secret()),
        ];
        for (half, text) in halves {
            if text.trim().is_empty() {
                return Err(config(format!(
                    "the client {half} of the {of_api} API is empty: give the one that the platform has handed out"
                )));
            }
        }
        Ok(Arc::new(StaticCredentials::new(credentials.clone())))
    }
}
