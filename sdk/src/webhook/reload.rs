//! Keys that another process changed.
//!
//! One process rotates the keys of a subscription, and those beside it still have the old ones. A delivery that no key
//! matches is therefore a reason to look into the store, but a rare one: anybody can send such a delivery, so the store is
//! asked at most once in ten seconds, and by one delivery while the others wait for what comes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::webhook::key_store::KeyStore;
use crate::webhook::key_store::KeyStoreError;
use crate::webhook::verify::Verifier;

/// Least time between two looks into the store.
const PAUSE: Duration = Duration::from_secs(10);

/// Where the keys of a verifier come from, and when they were read last.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    callback_url: String,
    store: Arc<dyn KeyStore>,
    /// By the monotonic clock of the verifier. Held while the store is asked.
    read_at: Arc<Mutex<Option<Duration>>>,
}

impl Source {
    pub(crate) fn new(callback_url: String, store: impl KeyStore) -> Self {
        Self {
            callback_url,
            store: Arc::new(store),
            read_at: Arc::default(),
        }
    }

    pub(crate) async fn load(&self, verifier: &Verifier) -> Result<usize, KeyStoreError> {
        verifier
            .load_keys(&self.callback_url, self.store.as_ref())
            .await
    }

    /// Reads the keys anew, unless that was done a moment ago. A store that fails leaves them as they were: the delivery
    /// is refused, the platform sends it again, and the log says why.
    pub(crate) async fn refresh(&self, verifier: &Verifier, now: Duration) {
        let mut read_at = self.read_at.lock().await;
        if read_at.is_some_and(|read_at| now.saturating_sub(read_at) < PAUSE) {
            return;
        }
        let loaded = self.load(verifier).await;
        *read_at = Some(now);
        if let Err(error) = loaded {
            tracing::warn!(%error, "the keys of webhooks could not be read anew");
        }
    }
}
