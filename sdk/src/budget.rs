//! A limit on how much one client retries altogether.
//!
//! When a server is down, every call of every task wants its three attempts, and the load trebles just when it hurts.
//! The bucket starts full; each retry takes some tokens out, each call that succeeds puts some back. An empty bucket
//! means: report the failure now. The numbers are those that the AWS SDKs settled on: 500 tokens, 5 for a retry, 10 for
//! one after a time-out, 1 back for a success without a retry. A hundred retries in a row empty it, which
//! is fifty calls of three attempts.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// Shared by all clones of a client.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    capacity: u32,
    tokens: AtomicU32,
}

/// What the next attempt is for; a wait that ran out costs more, as it holds resources longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryCost {
    Failure,
    Timeout,
}

impl RetryCost {
    const fn tokens(self) -> u32 {
        match self {
            Self::Failure => 5,
            Self::Timeout => 10,
        }
    }
}

impl RetryBudget {
    pub(crate) const DEFAULT_CAPACITY: u32 = 500;

    pub(crate) fn new(capacity: u32) -> Self {
        Self {
            capacity,
            tokens: AtomicU32::new(capacity),
        }
    }

    /// Pays for one retry, or says that there is nothing left to pay with.
    pub(crate) fn pay(&self, cost: RetryCost) -> Option<Payment<'_>> {
        let less = |tokens: u32| tokens.checked_sub(cost.tokens());
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .ok()?;
        Some(Payment {
            budget: self,
            cost,
            spent: false,
        })
    }

    /// A call ended well: what its last retry cost comes back, or one token if it needed none.
    pub(crate) fn reward(&self, last_retry: Option<RetryCost>) {
        self.put_back(last_retry.map_or(1, RetryCost::tokens));
    }

    fn put_back(&self, reward: u32) {
        // A full bucket is only looked at: every call that succeeds comes here, and nearly always it is full.
        let more = |tokens: u32| {
            (tokens < self.capacity).then(|| tokens.saturating_add(reward).min(self.capacity))
        };
        let _ = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

/// The price of a retry that is waited for. A call that is dropped in its wait gets it back: nothing was sent for it.
#[derive(Debug)]
pub(crate) struct Payment<'b> {
    budget: &'b RetryBudget,
    cost: RetryCost,
    spent: bool,
}

impl Payment<'_> {
    /// The wait is over and the request leaves.
    pub(crate) fn spend(mut self) -> RetryCost {
        self.spent = true;
        self.cost
    }
}

impl Drop for Payment<'_> {
    fn drop(&mut self) {
        if !self.spent {
            self.budget.put_back(self.cost.tokens());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pays(budget: &RetryBudget, cost: RetryCost) -> bool {
        budget.pay(cost).map(Payment::spend).is_some()
    }

    #[test]
    fn failures_drain_the_bucket_and_success_refills_it() {
        let budget = RetryBudget::new(12);
        assert!(pays(&budget, RetryCost::Failure));
        assert!(
            !pays(&budget, RetryCost::Timeout),
            "seven tokens are left, a timeout costs ten"
        );
        assert!(pays(&budget, RetryCost::Failure));
        assert!(!pays(&budget, RetryCost::Failure));
        budget.reward(Some(RetryCost::Failure));
        assert!(pays(&budget, RetryCost::Failure));
        for _ in 0..100 {
            budget.reward(None);
        }
        assert!(pays(&budget, RetryCost::Timeout));
        assert!(
            !pays(&budget, RetryCost::Failure),
            "the bucket never holds more than its capacity"
        );
    }

    #[test]
    fn what_is_paid_for_a_retry_that_never_leaves_comes_back() {
        let budget = RetryBudget::new(5);
        let waiting = budget.pay(RetryCost::Failure);
        assert!(waiting.is_some() && budget.pay(RetryCost::Failure).is_none());
        drop(waiting);
        assert!(pays(&budget, RetryCost::Failure));
    }
}
