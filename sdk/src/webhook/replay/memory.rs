//! The claims of one process, in memory.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;

use super::Claim;
use super::ClaimOwner;
use super::ReplayStore;
use crate::credentials::BoxError;
use crate::runtime::Clock;
use crate::runtime::SystemClock;

/// Remembers the last events of this process.
#[derive(Debug)]
pub struct InMemoryReplayStore {
    capacity: usize,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

impl InMemoryReplayStore {
    /// Remembers this many handled events and forgets the oldest beyond.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            clock: Arc::new(SystemClock::new()),
            seen: Mutex::default(),
        }
    }

    /// Sets the clock that ends leases, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
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
    async fn claim(
        &self,
        event_id: &str,
        owner: ClaimOwner,
        lease: Duration,
    ) -> Result<Claim, BoxError> {
        let now = self.clock.monotonic();
        let mut seen = self.seen();
        match seen.claims.get(event_id) {
            Some(Standing::Confirmed) => return Ok(Claim::Done),
            Some(Standing::Claimed { until, .. }) if now < *until => return Ok(Claim::InProgress),
            _ => {}
        }
        let until = now.saturating_add(lease);
        seen.claims
            .insert(event_id.to_owned(), Standing::Claimed { owner, until });
        Ok(Claim::New)
    }

    async fn confirm(&self, event_id: &str) -> Result<(), BoxError> {
        let mut seen = self.seen();
        let before = seen.claims.insert(event_id.to_owned(), Standing::Confirmed);
        if before == Some(Standing::Confirmed) {
            return Ok(());
        }
        seen.confirmed.push_back(event_id.to_owned());
        if seen.confirmed.len() > self.capacity
            && let Some(oldest) = seen.confirmed.pop_front()
        {
            seen.claims.remove(&oldest);
        }
        Ok(())
    }

    async fn release(&self, event_id: &str, owner: ClaimOwner) -> Result<(), BoxError> {
        self.abandon(event_id, owner);
        Ok(())
    }

    fn abandon(&self, event_id: &str, owner: ClaimOwner) {
        let mut seen = self.seen();
        let held = matches!(
            seen.claims.get(event_id),
            Some(Standing::Claimed { owner: holder, .. }) if *holder == owner
        );
        if held {
            seen.claims.remove(event_id);
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    claims: HashMap<String, Standing>,
    /// Confirmed ids, the oldest first.
    confirmed: VecDeque<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Claimed {
        owner: ClaimOwner,
        /// When the lease ends, on the monotonic clock.
        until: Duration,
    },
    Confirmed,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::webhook::replay::LEASE;

    const A: ClaimOwner = ClaimOwner(Uuid::from_u128(1));
    const B: ClaimOwner = ClaimOwner(Uuid::from_u128(2));

    async fn claim(store: &InMemoryReplayStore, event_id: &str, owner: ClaimOwner) -> Claim {
        store.claim(event_id, owner, LEASE).await.unwrap()
    }

    #[tokio::test]
    async fn one_claim_wins_and_a_released_one_is_free_again() {
        let store = InMemoryReplayStore::default();
        assert_eq!(claim(&store, "e", A).await, Claim::New);
        assert_eq!(claim(&store, "e", B).await, Claim::InProgress);
        store.release("e", A).await.unwrap();
        assert_eq!(claim(&store, "e", B).await, Claim::New);
        store.confirm("e").await.unwrap();
        assert_eq!(claim(&store, "e", A).await, Claim::Done);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_keeps_the_newest() {
        let store = InMemoryReplayStore::with_capacity(2);
        for id in ["a", "b", "c"] {
            claim(&store, id, A).await;
            store.confirm(id).await.unwrap();
        }
        assert_eq!(claim(&store, "c", A).await, Claim::Done);
        assert_eq!(claim(&store, "b", A).await, Claim::Done);
        assert_eq!(claim(&store, "a", A).await, Claim::New);
    }

    #[derive(Clone, Debug, Default)]
    struct Hand(Arc<Mutex<Duration>>);

    impl Clock for Hand {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    #[tokio::test]
    async fn a_claim_that_nobody_ends_ends_by_itself() {
        let hand = Hand::default();
        let store = InMemoryReplayStore::default().clock(hand.clone());
        assert_eq!(claim(&store, "e", A).await, Claim::New);
        *hand.0.lock().unwrap() = LEASE - Duration::from_millis(1);
        assert_eq!(claim(&store, "e", B).await, Claim::InProgress);
        *hand.0.lock().unwrap() = LEASE;
        assert_eq!(claim(&store, "e", B).await, Claim::New);
    }

    #[tokio::test]
    async fn nobody_gives_back_what_another_one_holds() {
        let hand = Hand::default();
        let store = InMemoryReplayStore::default().clock(hand.clone());
        assert_eq!(claim(&store, "e", A).await, Claim::New);
        *hand.0.lock().unwrap() = LEASE;
        assert_eq!(claim(&store, "e", B).await, Claim::New);
        // A comes to its end at last and has failed.
        store.release("e", A).await.unwrap();
        store.abandon("e", A);
        assert_eq!(claim(&store, "e", A).await, Claim::InProgress);
        store.release("e", B).await.unwrap();
        assert_eq!(claim(&store, "e", A).await, Claim::New);
    }

    #[tokio::test]
    async fn what_was_handled_stays_so() {
        let store = InMemoryReplayStore::default();
        claim(&store, "e", A).await;
        store.confirm("e").await.unwrap();
        // A handler of the same event that was slower than its lease, and was dropped.
        store.abandon("e", B);
        store.abandon("e", A);
        assert_eq!(claim(&store, "e", B).await, Claim::Done);
    }
}
