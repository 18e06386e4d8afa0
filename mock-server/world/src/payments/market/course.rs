//! The course of the values of currencies.
//!
//! Every currency has a value in dollars that wanders around a fixed one, as a function of the sandbox's seed and of
//! business time alone: asking twice at one instant gives the same answer, and asking never changes anything. Dollars
//! and coins that are worth a dollar do not wander.

use jiff::Timestamp;

use crate::payments::assets::Asset;
use crate::seed::Seed;

/// The value of one unit of an asset at an instant, in a unit that all assets share; none for a currency without one.
pub(super) fn value(seed: &Seed, at: Timestamp, asset: &Asset) -> Option<u128> {
    // Ids have the form blockchain, network, currency.
    let currency = asset.id.rsplit('_').next()?;
    let quoted = VALUES.iter().find(|quoted| quoted.currency == currency)?;
    let deviation = if quoted.wanders {
        deviation(seed, at, currency)
    } else {
        0
    };
    let factor = u128::try_from(MILLION.checked_add(deviation)?).ok()?;
    quoted.value.checked_mul(factor)
}

/// How far a value is from where it started, in millionths: waves of chance laid over each other. Between two corners
/// of a wave it moves in a straight line.
fn deviation(seed: &Seed, at: Timestamp, currency: &str) -> i64 {
    let now_ms = at.as_millisecond();
    WAVES
        .iter()
        .map(|wave| {
            let length_ms = wave.length_s * 1000;
            let corner = now_ms.div_euclid(length_ms);
            let from = corner_height(seed, currency, wave, corner);
            let to = corner_height(seed, currency, wave, corner + 1);
            from + (to - from) * now_ms.rem_euclid(length_ms) / length_ms
        })
        .sum()
}

/// A height between minus and plus that of the wave, by chance.
fn corner_height(seed: &Seed, currency: &str, wave: &Wave, corner: i64) -> i64 {
    let parts: [&[u8]; 3] = [
        currency.as_bytes(),
        &wave.length_s.to_le_bytes(),
        &corner.to_le_bytes(),
    ];
    let hash = seed.derive("market", &parts);
    let throw = i64::from(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]));
    // A throw of 32 bits times a height of at most a million fits 63 bits.
    throw * (2 * wave.height) / i64::from(u32::MAX) - wave.height
}

/// What one unit of a currency is worth.
struct Quoted {
    currency: &'static str,
    /// In ten-thousandths of a dollar.
    value: u128,
    wanders: bool,
}

/// Values to start from. They are made up: what a sandbox needs is that they are plausible and stay.
const VALUES: &[Quoted] = &[
    Quoted {
        currency: "USD",
        value: 10_000,
        wanders: false,
    },
    Quoted {
        currency: "USDC",
        value: 10_000,
        wanders: false,
    },
    Quoted {
        currency: "EUR",
        value: 10_850,
        wanders: true,
    },
    Quoted {
        currency: "CAD",
        value: 7_250,
        wanders: true,
    },
    Quoted {
        currency: "BTC",
        value: 642_500_000,
        wanders: true,
    },
    Quoted {
        currency: "ETH",
        value: 31_250_000,
        wanders: true,
    },
    Quoted {
        currency: "SOL",
        value: 1_485_000,
        wanders: true,
    },
];

/// A wave of chance.
struct Wave {
    /// From one corner to the next, in seconds.
    length_s: i64,
    /// Height at most, in millionths of the value.
    height: i64,
}

/// Together they stay within one percent.
const WAVES: &[Wave] = &[
    Wave {
        length_s: 3600,
        height: 8_000,
    },
    Wave {
        length_s: 300,
        height: 1_500,
    },
    Wave {
        length_s: 20,
        height: 300,
    },
];

/// Deviations are told in millionths.
const MILLION: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::assets::ASSETS;
    use crate::payments::assets::asset;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn values_wander_with_time_and_seed_but_not_far() {
        let bitcoin = asset("BITCOIN_TESTNET_BTC").unwrap();
        let now = |seed, second| value(&Seed::new([seed; 32]), at(second), bitcoin).unwrap();
        assert_eq!(now(1, 0), now(1, 0));
        assert_ne!(now(1, 0), now(2, 0));
        let course: Vec<u128> = (0..500).map(|step| now(1, step * 40)).collect();
        let moves = course.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moves > 450, "{moves} of 499");
        let middle = 642_500_000 * 1_000_000;
        let is_near = |value: &u128| value.abs_diff(middle) <= middle / 100;
        assert!(course.iter().all(is_near), "{course:?}");
        assert!(course.iter().any(|value| *value > middle));
        assert!(course.iter().any(|value| *value < middle));
    }

    #[test]
    fn a_value_does_not_jump() {
        let bitcoin = asset("BITCOIN_TESTNET_BTC").unwrap();
        let seed = Seed::new([3; 32]);
        let course: Vec<u128> = (0..8_000)
            .map(|second| value(&seed, at(second), bitcoin).unwrap())
            .collect();
        for pair in course.windows(2) {
            // The steepest wave rises 600 millionths in 20 seconds, the others 10 and 5 a second.
            assert!(pair[0].abs_diff(pair[1]) <= 642_500_000 * 50, "{pair:?}");
        }
    }

    #[test]
    fn every_asset_has_a_value_and_a_dollar_stays_one() {
        let seed = Seed::new([9; 32]);
        for asset in ASSETS {
            assert!(value(&seed, at(0), asset).is_some(), "{}", asset.id);
        }
        let dollar = asset("FIAT_TESTNET_USD").unwrap();
        assert_eq!(
            value(&seed, at(0), dollar),
            value(&seed, at(99_999), dollar)
        );
    }
}
