//! Keys and secrets that change while a client lives.
//!
//! A signer is asked for every attempt and a credentials provider for every token, so whatever they hand out next is
//! used next: a rotation needs no new client and no restart. The two holders here are for keys and secrets that an
//! application gets from its own configuration. One that asks a vault or a key service by itself implements
//! [`Signer`] or [`CredentialsProvider`] and needs neither.
//!
//! The order of a rotation without a refused call: give the platform the new public key or let it make the new secret,
//! replace it here, then withdraw the old one. A token that was had with the old secret serves until it ends.

use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use async_trait::async_trait;

use crate::credentials::BoxError;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::signing::Signer;

/// A signer that can be replaced. Clones share what they hold: keep one, give the other to the builder.
///
/// ```
/// use layer2_sdk::{Ed25519Signer, RotatingSigner};
///
/// let signer = RotatingSigner::new(Ed25519Signer::from_seed(&[1; 32]));
/// let builder = layer2_sdk::Client::builder().signer(signer.clone());
/// // Later, when the configuration is read anew:
/// signer.replace(Ed25519Signer::from_seed(&[2; 32]));
/// ```
#[derive(Clone)]
pub struct RotatingSigner(Arc<RwLock<Arc<dyn Signer>>>);

impl RotatingSigner {
    /// Signs with this one at first.
    pub fn new(signer: impl Signer) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(signer))))
    }

    /// Signs with this one from the next attempt on. A signature that is being made is finished with the old one.
    pub fn replace(&self, signer: impl Signer) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signer);
    }

    fn current(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Signer for RotatingSigner {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], BoxError> {
        self.current().sign(message).await
    }
}

impl fmt::Debug for RotatingSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotatingSigner")
            .field(&self.current())
            .finish()
    }
}

/// Credentials that can be replaced. Clones share what they hold.
#[derive(Clone, Debug)]
pub struct RotatingCredentials(Arc<RwLock<Credentials>>);

impl RotatingCredentials {
    /// Hands out these at first.
    pub fn new(credentials: Credentials) -> Self {
        Self(Arc::new(RwLock::new(credentials)))
    }

    /// Hands out these from the next token request on.
    pub fn replace(&self, credentials: Credentials) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = credentials;
    }
}

#[async_trait]
impl CredentialsProvider for RotatingCredentials {
    async fn credentials(&self) -> Result<Credentials, BoxError> {
        Ok(self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
}
