//! The attempts that are on their way, each of which has an owner.
//!
//! What is on its way is not handed out again, and it takes the room of others. So it must come back whatever becomes of
//! whoever sends it: its outcome is recorded, the store fails, the client of an advance hangs up, the clock is lost to
//! another server. Whoever drops an attempt gives it back, and it is made again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use layer2_world::outbox::DeliveryId;
use tokio::sync::Notify;

use super::lock;

/// A delivery and which attempt at it.
pub(super) type AttemptKey = (DeliveryId, u32);

/// The attempts of one generation that were handed out and have not come back. A reset begins with another one, as the
/// same ids are given again.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    attempts: Mutex<BTreeSet<AttemptKey>>,
    /// Told when an attempt comes back without an outcome.
    changed: Arc<Notify>,
}

impl InFlight {
    /// The one of a new generation.
    pub(super) fn begun_again(&self) -> Arc<InFlight> {
        Arc::new(InFlight {
            attempts: Mutex::default(),
            changed: self.changed(),
        })
    }

    /// Who is told when an attempt comes back.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Notes that an attempt is on its way, for as long as its flight lives.
    pub(super) fn begin(self: &Arc<InFlight>, attempt: AttemptKey) -> Flight {
        lock(&self.attempts).insert(attempt.clone());
        Flight {
            attempt: Some(attempt),
            among: Arc::clone(self),
        }
    }

    pub(super) fn has(&self, attempt: &AttemptKey) -> bool {
        lock(&self.attempts).contains(attempt)
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.attempts).len()
    }
}

/// The way of one attempt, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Flight {
    /// Until it has ended.
    attempt: Option<AttemptKey>,
    among: Arc<InFlight>,
}

impl Flight {
    /// Ends it. Who ends it with an outcome tells of that, once it is recorded.
    pub(super) fn end(&mut self) -> bool {
        let attempt = self.attempt.take();
        attempt.is_some_and(|attempt| lock(&self.among.attempts).remove(&attempt))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.end() {
            self.among.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn attempt(number: u32) -> AttemptKey {
        (DeliveryId::new("delivery"), number)
    }

    #[test]
    fn whoever_drops_an_attempt_gives_it_back_and_tells_of_it() {
        let among = Arc::new(InFlight::default());
        let (first, mut second) = (among.begin(attempt(1)), among.begin(attempt(2)));
        let changed = among.changed();
        let told = changed.notified();
        tokio::pin!(told);
        told.as_mut().enable();

        assert!(second.end());
        drop(second);
        assert!(!among.has(&attempt(2)) && among.has(&attempt(1)));
        assert!(
            told.as_mut().now_or_never().is_none(),
            "its outcome is told"
        );
        drop(first);
        assert_eq!(among.len(), 0);
        assert!(told.now_or_never().is_some());
    }

    #[test]
    fn an_attempt_of_before_is_none_of_the_generation_that_follows() {
        let before = Arc::new(InFlight::default());
        let old = before.begin(attempt(1));
        let after = before.begun_again();
        assert!(!after.has(&attempt(1)));
        let _new = after.begin(attempt(1));
        drop(old);
        assert!(after.has(&attempt(1)));
    }
}
