//! What a client owes beside safety: another attempt where one may help, and no more of them than its budget pays for.
//!
//! Both are reckoned from what the platform saw, never from what the client says of itself, and always in the client's
//! favour: where the platform cannot be certain, nothing is owed.

use std::time::Duration;

use http::StatusCode;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::TransportError;

/// The price of a retry, and of one after a time-out (module docs of the budget).
const PRICE: u64 = 5;
const PRICE_AFTER_TIMEOUT: u64 = 10;

/// How an attempt ended, as the client saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With a whole reply of success, whatever it says.
    Well,
    /// With something that may be gone the next time.
    Passing {
        /// A byte of the request has left.
        left: bool,
        /// The price of the retry that follows.
        price: u64,
    },
    /// With something that will be the same the next time.
    ForGood,
}

impl Ended {
    pub(super) fn of(result: &Result<HttpReply, TransportError>) -> Self {
        let passing = |left, price| Self::Passing { left, price };
        match result {
            Ok(reply) if reply.status.is_success() => Self::Well,
            Err(TransportError::Cut { status, .. }) if status.is_success() => passing(true, PRICE),
            Ok(HttpReply { status, .. }) | Err(TransportError::Cut { status, .. }) => {
                match may_pass(*status) {
                    true => passing(true, PRICE),
                    false => Self::ForGood,
                }
            }
            Err(TransportError::NotSent(_)) => passing(false, PRICE),
            Err(TransportError::NoReply(_)) => passing(true, PRICE),
            Err(TransportError::TimedOut(_)) => passing(true, PRICE_AFTER_TIMEOUT),
            Err(_) => Self::ForGood,
        }
    }

    /// What the attempt that follows costs. One that follows a 401 is free.
    pub(super) fn price(self) -> u64 {
        match self {
            Self::Passing { price, .. } => price,
            Self::Well | Self::ForGood => 0,
        }
    }
}

fn may_pass(status: StatusCode) -> bool {
    [408, 429, 500, 502, 503, 504].contains(&status.as_u16())
}

/// What the retries of all callers have cost.
#[derive(Debug)]
pub(super) struct Purse {
    capacity: u64,
    spent: u64,
    given_back: u64,
}

impl Purse {
    pub(super) fn of(capacity: u32) -> Self {
        Self {
            capacity: capacity.into(),
            spent: 0,
            given_back: 0,
        }
    }

    /// An attempt has come that cost so much. Says whether it can have been paid.
    pub(super) fn spend(&mut self, price: u64) -> bool {
        self.spent += price;
        self.spent <= self.capacity + self.given_back
    }

    /// A call has succeeded: the price of its last retry comes back, one token if it had none.
    pub(super) fn reward(&mut self, last_price: u64) {
        self.given_back += last_price.max(1);
    }

    /// Whether one more retry can be paid for certain, though each of so many calls may have paid for one that was never
    /// seen: its caller still waits for it, or hung up, or it got no token.
    pub(super) fn holds_another(&self, calls: usize) -> bool {
        let unseen = u64::try_from(calls).unwrap() * PRICE_AFTER_TIMEOUT;
        self.spent + unseen <= self.capacity
    }
}

/// The longest wait that the policy draws after so many attempts; a part of a second for clocks of whole ones.
pub(super) fn longest_wait(
    base: Duration,
    cap: Duration,
    attempts: u32,
    told: Duration,
) -> Duration {
    let factor = 1_u32.checked_shl(attempts.saturating_sub(1));
    let drawn = base.saturating_mul(factor.unwrap_or(u32::MAX)).min(cap);
    drawn.max(told) + Duration::from_secs(1)
}
