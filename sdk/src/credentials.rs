//! Who the client is: ids and secrets, and where they come from.
//!
//! A [`CredentialsProvider`] is asked each time a token is fetched (for Plaid, which has no tokens, each time a request is
//! sent), so a secret that was rotated in a vault takes effect without a restart: the old one is refused, the provider is
//! told so and asked again.
//!
//! Secrets are never printed, and [`Credentials`] wipe theirs from memory when dropped. What is sent is not wiped: the
//! header or the form that carries a secret belongs to the HTTP client once it is made, and is freed as it is.

use std::fmt;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::error::Error;
use crate::error::ErrorKind;

/// Any error of a caller's own implementation.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An id with its secret.
#[derive(Clone)]
pub struct Credentials {
    client_id: String,
    secret: SecretString,
}

impl Credentials {
    /// Pairs an id with its secret.
    pub fn new(client_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self {
            client_id: client_id.into(),
            secret: secret.into(),
        }
    }

    /// The public half.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.client_id == other.client_id && self.expose_secret() == other.expose_secret()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &self.client_id)
            .field("secret", &"** redacted **")
            .finish()
    }
}

/// Hands out credentials.
#[async_trait]
pub trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// The credentials to use now. Called for every token, and for Plaid before every request, so keep them if fetching
    /// them is slow.
    async fn credentials(&self) -> Result<Credentials, BoxError>;

    /// The server refused these. A provider that keeps credentials drops them here; it is asked once more afterwards.
    async fn refused(&self, credentials: &Credentials) {
        let _ = credentials;
    }
}

/// Asks a provider. A vault that is down may be up later, and nothing has left.
pub(crate) async fn ask(provider: &dyn CredentialsProvider) -> Result<Credentials, Error> {
    provider.credentials().await.map_err(|source| {
        let message = "the credentials provider failed, its source says why: mend or wait for it, then call again";
        Error::before_sending(ErrorKind::Credentials, message)
            .with_source(source)
            .with_retryable(true)
    })
}

/// Credentials that are given once and stay.
#[derive(Clone, Debug)]
pub struct StaticCredentials(Credentials);

impl StaticCredentials {
    /// Always hands out these.
    pub fn new(credentials: Credentials) -> Self {
        Self(credentials)
    }
}

#[async_trait]
impl CredentialsProvider for StaticCredentials {
    async fn credentials(&self) -> Result<Credentials, BoxError> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_keeps_the_secret() {
        let provider = StaticCredentials::new(Credentials::new("client-1", "s3cr3t"));
        let printed = format!("{provider:?} {provider:#?}");
        assert!(
            printed.contains("client-1") && !printed.contains("s3cr3t"),
            "{printed}"
        );
    }
}
