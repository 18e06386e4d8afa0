//! Subscribing to what is not subscribed to yet, and keeping the keys.
//!
//! A subscription is of one event type and has a key of its own, which the platform promises to show when the
//! subscription is made and not later (platform facts, subscriptions). So a receiver of everything has some forty keys
//! that must be kept at the moment they appear. The functions here may be called at every start of a program: what is
//! there stays, what is missing is made, and each key is in the store before the next subscription is made, so that a run
//! that breaks off is completed by the next one.
//!
//! What is there is read first, to its last page if the platform gives several, so no key is needed to begin again. Each
//! call below has a key and a request id of its own; those that the client carries are for one call and are left out.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use layer2_types::payments::EventType;
use layer2_types::payments::Subscription;
use layer2_types::payments::SubscriptionId;
use layer2_types::payments::SubscriptionRequest;

use crate::client::Client;
use crate::credentials::BoxError;
use crate::error::Error;
use crate::page::paginate;
use crate::resources::payments::Subscriptions;
use crate::webhook::key_store::KeyStore;
use crate::webhook::key_store::StoredKey;

impl Subscriptions<'_> {
    /// Subscribes a callback URL to every event type that the client's version of the platform sends, where it is not
    /// subscribed yet, and puts the keys into `store`.
    ///
    /// Existing subscriptions of this URL stay. One whose key is neither in the store nor told by the platform is
    /// replaced, since nobody can verify its deliveries: a new one is made first and the old one deleted then, so that no
    /// event is missed. For the same reason all receivers behind one URL must share one store.
    ///
    /// While two programs do this at the same time for the first time, both may subscribe. An event then comes twice
    /// with one `event_id`, of which the [`ReplayGuard`](crate::webhook::ReplayGuard) handles one.
    ///
    /// ```
    /// use layer2_sdk::webhook::{Verifier, key_store::MemoryKeyStore};
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = layer2_sdk::mock::SandboxServer::start().await?;
    /// # let client = layer2_sdk::mock::client(&server.info())?;
    /// let url = "http://127.0.0.1:9000/webhooks/layer2";
    /// let keys = MemoryKeyStore::default();
    ///
    /// let first = client.subscriptions().ensure_all(url, &keys).await?;
    /// let second = client.subscriptions().ensure_all(url, &keys).await?;
    /// assert_eq!(first.created, second.kept);
    ///
    /// let verifier = Verifier::for_callback(url, &keys).await?;
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// The first call or store operation that fails. Call again: what is done is not repeated.
    pub async fn ensure_all(
        &self,
        callback_url: &str,
        store: &dyn KeyStore,
    ) -> Result<Ensured, EnsureError> {
        let platform = self.client.shared().platform;
        let sent = EventType::ALL
            .iter()
            .filter(|event_type| event_type.is_sent_by(platform));
        self.ensure(callback_url, sent.cloned(), store).await
    }

    /// As [`ensure_all`](Self::ensure_all), for these event types. Subscriptions to others stay as they are.
    ///
    /// # Errors
    /// The first call or store operation that fails. Call again: what is done is not repeated.
    pub async fn ensure(
        &self,
        callback_url: &str,
        event_types: impl IntoIterator<Item = EventType>,
        store: &dyn KeyStore,
    ) -> Result<Ensured, EnsureError> {
        let client = self.client.for_several_calls();
        let calls = client.subscriptions();
        let listed = calls.of_url(callback_url).await?;
        let stored = store.keys().await.map_err(EnsureError::Store)?;
        let stored: Vec<_> = stored
            .into_iter()
            .filter(|key| key.callback_url == callback_url)
            .collect();
        let mut ensured = Ensured {
            stale: stale(&stored, &listed),
            ..Ensured::default()
        };
        let known: HashSet<_> = stored.iter().map(|key| &key.subscription_id).collect();
        let mut asked = HashSet::new();
        for event_type in event_types {
            if !asked.insert(event_type.clone()) {
                continue;
            }
            let mut verifiable = false;
            let mut lost = Vec::new();
            for subscription in of_type(&listed, &event_type) {
                let has_key = known.contains(&subscription.id)
                    || keep(store, callback_url, &event_type, subscription).await?;
                match has_key {
                    true => verifiable = true,
                    false => lost.push(&subscription.id),
                }
            }
            if !verifiable {
                calls.subscribe(callback_url, &event_type, store).await?;
            }
            for id in &lost {
                calls.delete(id).await.map_err(EnsureError::Delete)?;
            }
            match (verifiable, lost.is_empty()) {
                (true, _) => ensured.kept.push(event_type),
                (false, true) => ensured.created.push(event_type),
                (false, false) => ensured.replaced.push(event_type),
            }
        }
        Ok(ensured)
    }

    /// Gives every subscription of a callback URL a new key: makes a new one, keeps its key, and deletes the old one.
    ///
    /// The old keys stay in the store, since a delivery that was on its way may still come; they are reported as stale by
    /// the next [`ensure_all`](Self::ensure_all). For a moment there are two subscriptions of a type, and an event may
    /// come twice with one `event_id`. Have the verifier [load its keys](crate::webhook::Verifier::load_keys) afterwards,
    /// or before each delivery that no key matches.
    ///
    /// # Errors
    /// The first call or store operation that fails. What was rotated until then stays so; call again, and one
    /// subscription of each type is left.
    pub async fn rotate_keys(
        &self,
        callback_url: &str,
        store: &dyn KeyStore,
    ) -> Result<Ensured, EnsureError> {
        let client = self.client.for_several_calls();
        let calls = client.subscriptions();
        let mut ensured = Ensured::default();
        for old in calls.of_url(callback_url).await? {
            let Some(event_type) = old.event_type else {
                continue;
            };
            // A run that broke off may have left two of a type; one new one stands for both.
            if !ensured.replaced.contains(&event_type) {
                calls.subscribe(callback_url, &event_type, store).await?;
                ensured.replaced.push(event_type);
            }
            calls.delete(&old.id).await.map_err(EnsureError::Delete)?;
            ensured.stale.push(old.id);
        }
        Ok(ensured)
    }

    async fn of_url(&self, callback_url: &str) -> Result<Vec<Subscription>, EnsureError> {
        // No page parameters are published for this list. What came on a later page and was not read would be made again.
        let list = async |client: Client| client.subscriptions().list().await;
        let id = |listed: &Subscription| listed.id.to_string();
        let all = paginate(self.client, (), move |client, ()| list(client), id);
        let of_url = all.try_filter(|listed| {
            std::future::ready(listed.callback_url.as_deref() == Some(callback_url))
        });
        of_url.try_collect().await.map_err(EnsureError::List)
    }

    /// Makes a subscription and keeps its key.
    async fn subscribe(
        &self,
        callback_url: &str,
        event_type: &EventType,
        store: &dyn KeyStore,
    ) -> Result<(), EnsureError> {
        let request = SubscriptionRequest::new(event_type.clone(), callback_url.to_owned());
        let made = self.create(&request).await;
        let made = made.map_err(|source| EnsureError::Create {
            event_type: event_type.clone(),
            source,
        })?;
        if keep(store, callback_url, event_type, &made).await? {
            Ok(())
        } else {
            Err(EnsureError::NoKey {
                subscription_id: made.id.clone(),
            })
        }
    }
}

/// What [`ensure_all`](Subscriptions::ensure_all) found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured {
    /// Event types that a subscription was made for.
    pub created: Vec<EventType>,
    /// Event types whose subscription was there, with its key.
    pub kept: Vec<EventType>,
    /// Event types whose subscription was made anew, because its key was lost or was to be rotated.
    pub replaced: Vec<EventType>,
    /// Subscriptions of the URL whose keys are in the store and which the platform does not list. Remove their keys once
    /// nothing of them can be on its way; they are not removed by themselves, because another client's subscriptions
    /// would look the same.
    pub stale: Vec<SubscriptionId>,
}

/// Why not everything is subscribed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnsureError {
    /// A subscription could not be made, or nobody knows whether it was: the next run will see.
    #[error("the subscription to {event_type} could not be made: mend the cause and call again")]
    #[non_exhaustive]
    Create {
        /// The event type.
        event_type: EventType,
        /// Why.
        #[source]
        source: Error,
    },
    /// A subscription could not be deleted.
    #[error(
        "a subscription that is replaced could not be deleted: call again, or delete it by hand"
    )]
    Delete(#[source] Error),
    /// The subscriptions could not be listed.
    #[error(
        "the subscriptions could not be listed, and nothing was changed: mend the cause and call again"
    )]
    List(#[source] Error),
    /// A subscription was made and came without its key. The next run replaces it.
    #[error(
        "the subscription {subscription_id} was made and came without its key: call again and it is replaced"
    )]
    #[non_exhaustive]
    NoKey {
        /// The subscription.
        subscription_id: SubscriptionId,
    },
    /// The store failed.
    #[error("the store of webhook keys failed, its source says why: mend it and call again")]
    Store(#[source] BoxError),
}

/// Puts the key of a subscription into the store, if the platform tells it.
async fn keep(
    store: &dyn KeyStore,
    callback_url: &str,
    event_type: &EventType,
    subscription: &Subscription,
) -> Result<bool, EnsureError> {
    let Some(key) = &subscription.signature_verification_key else {
        return Ok(false);
    };
    let key = StoredKey::new(
        subscription.id.clone(),
        event_type.clone(),
        callback_url,
        key,
    );
    store.put(key).await.map_err(EnsureError::Store)?;
    Ok(true)
}

fn of_type<'l>(
    listed: &'l [Subscription],
    event_type: &'l EventType,
) -> impl Iterator<Item = &'l Subscription> {
    listed
        .iter()
        .filter(move |listed| listed.event_type.as_ref() == Some(event_type))
}

fn stale(stored: &[StoredKey], listed: &[Subscription]) -> Vec<SubscriptionId> {
    let listed: HashSet<_> = listed.iter().map(|listed| &listed.id).collect();
    stored
        .iter()
        .filter(|key| !listed.contains(&key.subscription_id))
        .map(|key| key.subscription_id.clone())
        .collect()
}
