//! Chance without a generator: each throw is a hash of the seed and of what the throw is for.
//!
//! A throw has no state, so asking for it twice, or never, disturbs no other throw.

use core::time::Duration;

use crate::ids::Origin;
use crate::seed::Seed;

/// The dice of one origin.
#[derive(Clone, Debug)]
pub struct Dice<'a> {
    seed: &'a Seed,
    origin: Origin,
}

impl<'a> Dice<'a> {
    /// Dice for what `origin` decides.
    pub const fn new(seed: &'a Seed, origin: Origin) -> Self {
        Self { seed, origin }
    }

    /// A whole number below `bound` (zero when `bound` is zero), for one purpose and one count.
    pub fn below(&self, bound: u64, purpose: &str, parts: &[&[u8]]) -> u64 {
        let origin = self.origin.to_bytes();
        let mut all: Vec<&[u8]> = vec![&origin, purpose.as_bytes()];
        all.extend_from_slice(parts);
        let hash = self.seed.derive("dice", &all);
        let mut head = [0; 8];
        head.copy_from_slice(&hash[..8]);
        // Multiply and take the high half: even enough for any bound far below 2^64, and exact in integers.
        let wide = u128::from(u64::from_le_bytes(head)) * u128::from(bound);
        // The high half of a product of two 64-bit numbers fits 64 bits.
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
    }

    /// A duration of up to `part` hundredths of `whole`, in whole milliseconds.
    pub fn jitter(&self, whole: Duration, part: u32, purpose: &str, parts: &[&[u8]]) -> Duration {
        let whole_ms = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
        let most = whole_ms / 100 * u64::from(part);
        Duration::from_millis(self.below(most + 1, purpose, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_repeat_and_stay_below_their_bound() {
        let seed = Seed::new([3; 32]);
        let dice = Dice::new(&seed, Origin::Client(5));
        let throws: Vec<u64> = (0_u32..200)
            .map(|n| dice.below(6, "test", &[&n.to_le_bytes()]))
            .collect();
        assert!(throws.iter().all(|throw| *throw < 6));
        for face in 0..6 {
            assert!(throws.contains(&face), "200 throws never showed {face}");
        }
        assert_eq!(dice.below(6, "test", &[&7_u32.to_le_bytes()]), throws[7]);
        assert_eq!(dice.below(0, "test", &[]), 0);
    }

    #[test]
    fn jitter_is_a_share_of_the_whole() {
        let seed = Seed::new([4; 32]);
        let dice = Dice::new(&seed, Origin::Genesis);
        for n in 0_u32..50 {
            let jitter = dice.jitter(Duration::from_secs(60), 10, "test", &[&n.to_le_bytes()]);
            assert!(jitter <= Duration::from_secs(6));
        }
        assert_eq!(dice.jitter(Duration::ZERO, 10, "test", &[]), Duration::ZERO);
    }
}
