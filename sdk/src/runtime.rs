//! Time, waiting and chance, as things that are handed in.
//!
//! Expiry of tokens, timestamps of signatures, backoff and keys all depend on a clock or a die. They are traits here so
//! that a test moves time instead of waiting for it and knows every number in advance. Nothing else in the crate reads
//! a clock or asks for randomness. Time limits are the one exception: how long a reply, a token, a signer or a provider
//! of credentials may take is kept on Tokio's timer, since a [`Sleep`] that moves its clock by itself would end what it
//! is to limit. How much of a call's time is left, and so how long such a limit is, follows from the [`Clock`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use async_trait::async_trait;
use uuid::Uuid;

/// Tells the time, in two ways that must not be mixed up.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall clock, as signatures and `Retry-After` dates need it. It may jump.
    fn now(&self) -> jiff::Timestamp;

    /// Time since some fixed point, for lives and deadlines. It never goes back.
    fn monotonic(&self) -> Duration;
}

/// Waits between two attempts.
#[async_trait]
pub trait Sleep: fmt::Debug + Send + Sync + 'static {
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// Source of random bytes, for idempotency keys, request ids and jitter.
pub trait Dice: fmt::Debug + Send + Sync + 'static {
    /// Fills `bytes`. Keys must never repeat between processes, so a source that fails says so.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoEntropy;

/// The machine's own clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic side starts now.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Waits on Tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleep;

#[async_trait]
impl Sleep for TokioSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

/// The three together, as the layers carry them.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) dice: Arc<dyn Dice>,
}

impl Runtime {
    pub(crate) fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            sleep: Arc::new(TokioSleep),
            dice: Arc::new(SystemDice),
        }
    }

    /// Random version 4 UUIDs, as many as are wanted, for one question to the dice.
    pub(crate) fn uuids<const N: usize>(&self) -> Result<[Uuid; N], NoEntropy> {
        let mut bytes = [[0; 16]; N];
        self.dice.fill(bytes.as_flattened_mut())?;
        Ok(bytes.map(version_four))
    }

    /// An evenly drawn duration between zero and `most`, to the microsecond. Without entropy it is `most`: jitter is a
    /// courtesy, its absence is no reason to fail a call.
    pub(crate) fn jitter(&self, most: Duration) -> Duration {
        let mut bytes = [0; 8];
        if self.dice.fill(&mut bytes).is_err() {
            return most;
        }
        let steps = u64::try_from(most.as_micros())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        // The high half of the product is a fair scaling of the draw into 0..steps.
        let scaled = (u128::from(u64::from_le_bytes(bytes)) * u128::from(steps)) >> 64;
        Duration::from_micros(u64::try_from(scaled).unwrap_or(u64::MAX))
    }
}

fn version_four(random: [u8; 16]) -> Uuid {
    uuid::Builder::from_random_bytes(random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(Result<u8, NoEntropy>);

    impl Dice for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(self.0?);
            Ok(())
        }
    }

    fn runtime(dice: Fixed) -> Runtime {
        Runtime {
            dice: Arc::new(dice),
            ..Runtime::system()
        }
    }

    #[test]
    fn jitter_covers_the_whole_range_and_not_more() {
        let most = Duration::from_millis(250);
        assert_eq!(runtime(Fixed(Ok(0))).jitter(most), Duration::ZERO);
        assert_eq!(runtime(Fixed(Ok(0xff))).jitter(most), most);
        assert_eq!(runtime(Fixed(Err(NoEntropy))).jitter(most), most);
    }

    #[test]
    fn keys_are_version_four_uuids_and_need_entropy() {
        let [key] = runtime(Fixed(Ok(0xff))).uuids().unwrap();
        assert_eq!(key.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(runtime(Fixed(Err(NoEntropy))).uuids::<2>(), Err(NoEntropy));
    }
}
