//! A limit on how much one client retries altogether.
//!
//! When a server is down, every call of every task wants its three attempts, and the load trebles just when it hurts.
//! The bucket starts full; each retry takes some tokens out, each call that succeeds puts some back. An empty bucket
//! means: report the failure now. The numbers are those that the AWS SDKs settled on.

use std::sync::Mutex;
use std::sync::PoisonError;

/// Shared by all clones of a client.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    capacity: u32,
    tokens: Mutex<u32>,
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
            tokens: Mutex::new(capacity),
        }
    }

    /// Pays for one retry, or says that there is nothing left to pay with.
    pub(crate) fn pay(&self, cost: RetryCost) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens.checked_sub(cost.tokens()) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    /// A call ended well: what its last retry cost comes back, or one token if it needed none.
    pub(crate) fn reward(&self, last_retry: Option<RetryCost>) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let reward = last_retry.map_or(1, RetryCost::tokens);
        *tokens = tokens.saturating_add(reward).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_drain_the_bucket_and_success_refills_it() {
        let budget = RetryBudget::new(12);
        assert!(budget.pay(RetryCost::Failure));
        assert!(
            !budget.pay(RetryCost::Timeout),
            "seven tokens are left, a timeout costs ten"
        );
        assert!(budget.pay(RetryCost::Failure));
        assert!(!budget.pay(RetryCost::Failure));
        budget.reward(Some(RetryCost::Failure));
        assert!(budget.pay(RetryCost::Failure));
        for _ in 0..100 {
            budget.reward(None);
        }
        assert!(budget.pay(RetryCost::Timeout));
        assert!(
            !budget.pay(RetryCost::Failure),
            "the bucket never holds more than its capacity"
        );
    }
}
