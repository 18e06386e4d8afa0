//! Handling each event once.
//!
//! The platform repeats a delivery until it gets a 2xx, and `event_id` stays the same (platform facts, webhooks). So an
//! event can come twice: because the first answer was lost, or while the first one is still being worked on. The guard
//! claims an event before it is handled and confirms it after; if handling fails the claim is given back, and the next
//! delivery tries again. Marking an event *before* the work alone would lose it when the work fails.
//!
//! [`InMemoryReplayStore`] serves one process. With several, put the claims into a database that they share.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;

use crate::credentials::BoxError;
use crate::webhook::Event;

/// Keeps which events were handled.
#[async_trait]
pub trait ReplayStore: fmt::Debug + Send + Sync + 'static {
    /// Claims an event for handling. One caller at a time gets [`Claim::New`].
    async fn claim(&self, event_id: &str) -> Result<Claim, BoxError>;

    /// The event was handled and stays so.
    async fn confirm(&self, event_id: &str) -> Result<(), BoxError>;

    /// The event was not handled; the next delivery may claim it.
    async fn release(&self, event_id: &str) -> Result<(), BoxError>;
}

/// Answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// Nobody has handled it: handle it now.
    New,
    /// Somebody is handling it at this moment.
    InProgress,
    /// It was handled.
    Done,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handled<T> {
    /// Handled by this call.
    Now(T),
    /// Handled before: answer 2xx and do nothing.
    Before,
    /// Another delivery of it is being handled: answer an error, so that it comes again if that one fails.
    InProgress,
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError<E> {
    /// The handler failed. The claim was given back.
    #[error("the event was not handled")]
    Handler(#[source] E),
    /// The store failed.
    #[error("the store of handled events failed")]
    Store(#[source] BoxError),
}

/// Handles each event once, by its id.
#[derive(Clone, Debug)]
pub struct ReplayGuard {
    store: Arc<dyn ReplayStore>,
}

impl ReplayGuard {
    /// A guard that remembers in this process only.
    pub fn in_memory() -> Self {
        Self::with_store(InMemoryReplayStore::default())
    }

    /// A guard over a store of your own.
    pub fn with_store(store: impl ReplayStore) -> Self {
        Self {
            store: Arc::new(store),
        }
    }

    /// Runs `handler` unless the event was handled before.
    pub async fn handle<T, E, F, Handling>(
        &self,
        event: Event,
        handler: F,
    ) -> Result<Handled<T>, GuardError<E>>
    where
        F: FnOnce(Event) -> Handling,
        Handling: Future<Output = Result<T, E>>,
    {
        let id = event.event_id.as_str().to_owned();
        match self.store.claim(&id).await.map_err(GuardError::Store)? {
            Claim::New => {}
            Claim::InProgress => return Ok(Handled::InProgress),
            Claim::Done => return Ok(Handled::Before),
        }
        match handler(event).await {
            Ok(value) => {
                self.store.confirm(&id).await.map_err(GuardError::Store)?;
                Ok(Handled::Now(value))
            }
            Err(error) => {
                self.store.release(&id).await.map_err(GuardError::Store)?;
                Err(GuardError::Handler(error))
            }
        }
    }
}

/// Remembers the last events of this process.
#[derive(Debug)]
pub struct InMemoryReplayStore {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    claims: HashMap<String, Claim>,
    /// Confirmed ids, the oldest first.
    confirmed: VecDeque<String>,
}

impl InMemoryReplayStore {
    /// Remembers this many handled events and forgets the oldest beyond.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            seen: Mutex::default(),
        }
    }
}

impl Default for InMemoryReplayStore {
    /// Remembers 100,000 events.
    fn default() -> Self {
        Self::with_capacity(100_000)
    }
}

#[async_trait]
impl ReplayStore for InMemoryReplayStore {
    async fn claim(&self, event_id: &str) -> Result<Claim, BoxError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = seen.claims.get(event_id) {
            return Ok(*claim);
        }
        seen.claims.insert(event_id.to_owned(), Claim::InProgress);
        Ok(Claim::New)
    }

    async fn confirm(&self, event_id: &str) -> Result<(), BoxError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.claims.insert(event_id.to_owned(), Claim::Done);
        seen.confirmed.push_back(event_id.to_owned());
        if seen.confirmed.len() > self.capacity
            && let Some(oldest) = seen.confirmed.pop_front()
        {
            seen.claims.remove(&oldest);
        }
        Ok(())
    }

    async fn release(&self, event_id: &str) -> Result<(), BoxError> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .claims
            .remove(event_id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_claim_wins_and_a_released_one_is_free_again() {
        let store = InMemoryReplayStore::default();
        assert_eq!(store.claim("e").await.unwrap(), Claim::New);
        assert_eq!(store.claim("e").await.unwrap(), Claim::InProgress);
        store.release("e").await.unwrap();
        assert_eq!(store.claim("e").await.unwrap(), Claim::New);
        store.confirm("e").await.unwrap();
        assert_eq!(store.claim("e").await.unwrap(), Claim::Done);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_keeps_the_newest() {
        let store = InMemoryReplayStore::with_capacity(2);
        for id in ["a", "b", "c"] {
            store.claim(id).await.unwrap();
            store.confirm(id).await.unwrap();
        }
        assert_eq!(store.claim("c").await.unwrap(), Claim::Done);
        assert_eq!(store.claim("b").await.unwrap(), Claim::Done);
        assert_eq!(store.claim("a").await.unwrap(), Claim::New);
    }
}
