//! Where the keys of subscriptions are kept.
//!
//! The platform gives one key per subscription and promises to show it only when the subscription is made, so it is kept
//! from then on. [`MemoryKeyStore`] is for tests and for programs that subscribe at every start; [`FileKeyStore`] is for
//! one machine. With several machines behind one URL, put the keys into what they share: a [`KeyStore`] has three
//! functions.
//!
//! Whoever can write to the store decides whose deliveries are believed, and the secrets of Standard Webhooks can be in
//! it too. So the file is for its owner alone.

mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use async_trait::async_trait;
use layer2_types::payments::EventType;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;

pub use self::file::FileKeyStore;
pub use self::file::KeyFileError;
use crate::credentials::BoxError;
use crate::webhook::key::InvalidVerifyKey;
use crate::webhook::key::VerifyKey;

/// Keeps the keys of subscriptions.
#[async_trait]
pub trait KeyStore: fmt::Debug + Send + Sync + 'static {
    /// All keys.
    async fn keys(&self) -> Result<Vec<StoredKey>, BoxError>;

    /// Keeps a key, in place of the one that the subscription has. When this returns, the key is safe. A caller that goes
    /// away before it returns may find it kept or not; the keys of others are kept either way.
    async fn put(&self, key: StoredKey) -> Result<(), BoxError>;

    /// Forgets the key of a subscription, if there is one.
    async fn remove(&self, subscription_id: &SubscriptionId) -> Result<(), BoxError>;
}

/// A store that several parts of a program share.
#[async_trait]
impl<S: KeyStore + ?Sized> KeyStore for Arc<S> {
    async fn keys(&self) -> Result<Vec<StoredKey>, BoxError> {
        self.as_ref().keys().await
    }

    async fn put(&self, key: StoredKey) -> Result<(), BoxError> {
        self.as_ref().put(key).await
    }

    async fn remove(&self, subscription_id: &SubscriptionId) -> Result<(), BoxError> {
        self.as_ref().remove(subscription_id).await
    }
}

/// The key of a subscription, and what it is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredKey {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The event type that it sends.
    pub event_type: EventType,
    /// Where it sends.
    pub callback_url: String,
    /// The key as text, as [`VerifyKey::parse`] reads it.
    pub key: String,
}

impl StoredKey {
    /// The key of a subscription.
    pub fn new(
        subscription_id: SubscriptionId,
        event_type: EventType,
        callback_url: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        Self {
            subscription_id,
            event_type,
            callback_url: callback_url.into(),
            key: key.into(),
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// If the text is no key; the error names the subscription.
    pub fn verify_key(&self) -> Result<VerifyKey, KeyStoreError> {
        VerifyKey::parse(&self.key).map_err(|source| KeyStoreError::Key {
            subscription_id: self.subscription_id.clone(),
            source,
        })
    }

    /// What to call the key in a message.
    pub(crate) fn label(&self) -> String {
        format!(
            "the subscription {} to {} at {}",
            self.subscription_id, self.event_type, self.callback_url
        )
    }
}

/// Without the key, which may be a shared secret.
impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("subscription_id", &self.subscription_id)
            .field("event_type", &self.event_type)
            .field("callback_url", &self.callback_url)
            .finish_non_exhaustive()
    }
}

/// Why there are no keys to check with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// What is stored for a subscription is no key.
    #[error(
        "what is stored for the subscription {subscription_id} is no key: remove it, and subscribe anew"
    )]
    #[non_exhaustive]
    Key {
        /// The subscription.
        subscription_id: SubscriptionId,
        /// Why.
        #[source]
        source: InvalidVerifyKey,
    },
    /// The store failed.
    #[error(
        "the store of webhook keys failed, its source says why: mend it and load the keys again"
    )]
    Store(#[source] BoxError),
}

/// Keeps keys as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryKeyStore {
    keys: Mutex<BTreeMap<SubscriptionId, StoredKey>>,
}

impl MemoryKeyStore {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<SubscriptionId, StoredKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for MemoryKeyStore {
    async fn keys(&self) -> Result<Vec<StoredKey>, BoxError> {
        Ok(self.locked().values().cloned().collect())
    }

    async fn put(&self, key: StoredKey) -> Result<(), BoxError> {
        self.locked().insert(key.subscription_id.clone(), key);
        Ok(())
    }

    async fn remove(&self, subscription_id: &SubscriptionId) -> Result<(), BoxError> {
        self.locked().remove(subscription_id);
        Ok(())
    }
}
