//! Handling each event once.
//!
//! The platform repeats a delivery until it gets a 2xx, and `event_id` stays the same (platform facts, webhooks). So an
//! event can come twice: because the first answer was lost, or while the first one is still being worked on. The guard
//! claims an event before it is handled and confirms it after; if handling fails the claim is given back, and the next
//! delivery tries again. Marking an event *before* the work alone would lose it when the work fails.
//!
//! A handler may also never come to its end: a web server drops it when the sender hangs up, or it panics, or the
//! process dies. So a claim is a lease, and ends by itself. A handler that outlives its lease may find that another one
//! has claimed the event meanwhile; each claim has an [owner](ClaimOwner), and nobody gives back what another one holds.
//!
//! [`InMemoryReplayStore`] serves one process. With several, put the claims into a database that they share.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::credentials::BoxError;
use crate::runtime::Dice;
use crate::runtime::NoEntropy;
use crate::runtime::SystemDice;
use crate::webhook::Event;

mod memory;

pub use self::memory::InMemoryReplayStore;

/// Handles each event once, by its id.
#[derive(Clone, Debug)]
pub struct ReplayGuard {
    store: Arc<dyn ReplayStore>,
    lease: Duration,
    dice: Arc<dyn Dice>,
}

impl ReplayGuard {
    /// A guard that remembers in this process only.
    pub fn in_memory() -> Self {
        Self::with_store(InMemoryReplayStore::default())
    }

    /// A guard over a store of your own.
    pub fn with_store(store: impl ReplayStore) -> Self {
        Self::with_shared(Arc::new(store))
    }

    /// A guard over a store that others use too.
    pub fn with_shared(store: Arc<dyn ReplayStore>) -> Self {
        Self {
            store,
            lease: LEASE,
            dice: Arc::new(SystemDice),
        }
    }

    /// Sets how long a handler may take, five minutes if not set. One that takes longer may run beside another of the
    /// same event.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Takes the numbers of claims from elsewhere. They must never repeat.
    #[must_use]
    pub fn dice(mut self, dice: impl Dice) -> Self {
        self.dice = Arc::new(dice);
        self
    }

    /// Runs `handler` unless the event was handled before.
    ///
    /// The event is free again for the next delivery if the handler fails, if its future is dropped, and if it panics.
    ///
    /// # Errors
    /// What the handler says, or the store. After a failed confirmation the event counts as not handled. A store that
    /// fails to take a claim back hides no error of the handler; the claim then ends with its lease.
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
        let owner = self.owner().map_err(GuardError::NoEntropy)?;
        let claim = self.store.claim(&id, owner, self.lease).await;
        match claim.map_err(GuardError::Store)? {
            Claim::New => {}
            Claim::InProgress => return Ok(Handled::InProgress),
            Claim::Done => return Ok(Handled::Before),
        }
        let claimed = Claimed {
            store: self.store.as_ref(),
            event_id: &id,
            owner,
            open: true,
        };
        match handler(event).await {
            Ok(value) => {
                self.store.confirm(&id).await.map_err(GuardError::Store)?;
                claimed.close();
                Ok(Handled::Now(value))
            }
            Err(error) => {
                match self.store.release(&id, owner).await {
                    Ok(()) => claimed.close(),
                    // Stays open, so that it is abandoned; beyond that the lease ends it.
                    Err(store) => {
                        tracing::warn!(event_id = %id, error = %store, "claim not given back");
                    }
                }
                Err(GuardError::Handler(error))
            }
        }
    }

    fn owner(&self) -> Result<ClaimOwner, NoEntropy> {
        let mut bytes = [0; 16];
        self.dice.fill(&mut bytes)?;
        Ok(ClaimOwner(
            uuid::Builder::from_random_bytes(bytes).into_uuid(),
        ))
    }
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
    /// The handler failed. The claim was given back, or ends with its lease where the store failed as well.
    #[error(
        "the event was not handled, its source says why: answer with 500, and the platform sends it again"
    )]
    Handler(#[source] E),
    /// The operating system gave no random bytes to name the claim with.
    #[error(
        "the claim could not be named, without random numbers no event is handled: answer with 500, and the platform sends \
         it again"
    )]
    NoEntropy(#[source] NoEntropy),
    /// The store failed.
    #[error(
        "the store of handled events failed, its source says why: answer with 500, and the platform sends it again"
    )]
    Store(#[source] BoxError),
}

/// Keeps which events were handled.
#[async_trait]
pub trait ReplayStore: fmt::Debug + Send + Sync + 'static {
    /// Claims an event for handling, for `owner`. One caller at a time gets [`Claim::New`]; another one may get it once
    /// `lease` has passed without a confirmation.
    async fn claim(
        &self,
        event_id: &str,
        owner: ClaimOwner,
        lease: Duration,
    ) -> Result<Claim, BoxError>;

    /// The event was handled and stays so, whoever holds the claim by now.
    async fn confirm(&self, event_id: &str) -> Result<(), BoxError>;

    /// `owner` has not handled the event; the next delivery may claim it. Does nothing unless the claim is still of this
    /// owner and not confirmed.
    async fn release(&self, event_id: &str, owner: ClaimOwner) -> Result<(), BoxError>;

    /// The handler was dropped or has panicked. As [`release`](Self::release), from where nothing can wait; a store that
    /// must wait leaves it to the lease, which is what this does unless it is overridden.
    fn abandon(&self, event_id: &str, owner: ClaimOwner) {
        let _ = (event_id, owner);
    }
}

/// Who has claimed an event: a number that no other claim has, on this machine or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimOwner(Uuid);

impl ClaimOwner {
    /// Takes the number from a store that keeps it.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The number, for a store that keeps it.
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
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

/// A claim that is given back wherever its handler ends.
struct Claimed<'a> {
    store: &'a dyn ReplayStore,
    event_id: &'a str,
    owner: ClaimOwner,
    open: bool,
}

impl Claimed<'_> {
    fn close(mut self) {
        self.open = false;
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if self.open {
            self.store.abandon(self.event_id, self.owner);
        }
    }
}

/// How long a handler may take before its event counts as given up. The platform waits seconds for an answer.
const LEASE: Duration = Duration::from_secs(300);
