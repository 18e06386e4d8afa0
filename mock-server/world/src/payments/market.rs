//! What assets are worth, and what an exchange gives.
//!
//! Every currency has a value in dollars that wanders around a fixed one, as a function of the sandbox's seed and of
//! business time alone: asking twice at one instant gives the same answer, and asking never changes anything. Dollars
//! and coins that are worth a dollar do not wander. An exchange costs one percent on top, as was observed between USD
//! and USDC (1 USD gave 0.990099 USDC). Control may pin the rate of a pair instead.
//!
//! Which pairs can be exchanged is published nowhere but in prose: crypto to fiat and the other way round.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_ledger::ConvertError;
use layer2_ledger::MinorUnits;
use layer2_ledger::Rounding;
use layer2_ledger::mul_div;
use layer2_ledger::pow10;
use layer2_types::Amount;
use layer2_types::payments::AssetTypeId;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::assets::ASSETS;
use crate::payments::assets::Asset;
use crate::rejection::Problem;
use crate::rejection::code;
use crate::seed::Seed;

/// Rates that control has pinned, by the asset that is sold and the one that is bought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Market {
    #[serde(with = "crate::snapshot::pairs")]
    pinned: BTreeMap<(AssetTypeId, AssetTypeId), PinnedRate>,
}

/// A pinned rate: units of the asset that is bought for one unit of the one that is sold, all costs included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinnedRate(Amount);

/// Two assets that can be exchanged for each other, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// What is sold.
    pub(crate) source: &'static Asset,
    /// What is bought.
    pub(crate) destination: &'static Asset,
}

/// The price of a pair at one instant, as a fraction: destination over source, both in their smallest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    numerator: u128,
    denominator: u128,
}

impl Market {
    /// Pins the rate of a pair.
    pub(crate) fn pin(&mut self, pair: Pair, rate: PinnedRate) {
        if let Some(key) = pair.key() {
            self.pinned.insert(key, rate);
        }
    }

    /// Gives the rate of a pair back to the market.
    pub(crate) fn unpin(&mut self, pair: Pair) {
        if let Some(key) = pair.key() {
            self.pinned.remove(&key);
        }
    }

    /// The pinned rate of a pair.
    pub(crate) fn pinned(&self, pair: Pair) -> Option<PinnedRate> {
        self.pinned.get(&pair.key()?).copied()
    }

    /// The price of a pair at an instant; none for a currency without a value.
    pub(crate) fn price(&self, seed: &Seed, at: Timestamp, pair: Pair) -> Option<Price> {
        match self.pinned(pair) {
            Some(rate) => rate.price(pair),
            None => wandering(seed, at, pair),
        }
    }
}

impl PinnedRate {
    /// A rate to pin, if it is one that every amount can be multiplied with.
    pub(crate) fn new(rate: Amount) -> Option<Self> {
        let most = Amount::from(RATE_MAX);
        (rate.is_positive() && rate <= most && rate.scale() <= RATE_DECIMALS).then_some(Self(rate))
    }

    /// The rate as it was pinned.
    pub(crate) const fn get(self) -> Amount {
        self.0
    }

    fn price(self, pair: Pair) -> Option<Price> {
        let scale = self.0.scale();
        let digits = u128::try_from(self.0.to_minor(scale).ok()?).ok()?;
        // 10^(destination - source - scale), on the side of the fraction where it is a whole number. The digits have
        // at most 12 + scale places and the power at most 18 - scale, so the product fits.
        let (up, down) = (
            pair.destination.decimals,
            pair.source.decimals.checked_add(scale)?,
        );
        Price::new(
            digits.checked_mul(pow10(up.saturating_sub(down)).ok()?)?,
            pow10(down.saturating_sub(up)).ok()?,
        )
    }
}

/// What a pinned rate must be, for an error message.
pub(crate) fn rate_limits() -> String {
    format!("a number above 0 and up to {RATE_MAX}, with at most {RATE_DECIMALS} decimals")
}

impl Pair {
    /// The pair, if its assets can be exchanged for each other.
    pub(crate) fn of(source: &'static Asset, destination: &'static Asset) -> Option<Self> {
        (source.kind != destination.kind).then_some(Self {
            source,
            destination,
        })
    }

    /// All pairs, in both directions.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ASSETS.iter().flat_map(|source| {
            ASSETS
                .iter()
                .filter_map(move |destination| Self::of(source, destination))
        })
    }

    // Ids of the table are always valid (a test opens an account in each).
    fn key(self) -> Option<(AssetTypeId, AssetTypeId)> {
        let source = AssetTypeId::new(self.source.id).ok()?;
        let destination = AssetTypeId::new(self.destination.id).ok()?;
        Some((source, destination))
    }
}

/// The problem of two assets that cannot be exchanged for each other.
pub(crate) fn no_pair(sold: &'static Asset, bought: &'static Asset) -> Problem {
    let problem = Problem::new(
        code::PAIR_NOT_SUPPORTED,
        format!("{} cannot be exchanged for {}.", sold.id, bought.id),
    )
    .received(bought.id)
    .expected(counterparts(sold));
    if sold == bought {
        problem.hint("A transfer moves one asset between two accounts.")
    } else {
        problem.hint("An exchange leads from fiat to crypto or back; change twice to go further.")
    }
}

/// The ids of the assets that an asset can be exchanged for, for an error message.
fn counterparts(source: &'static Asset) -> String {
    let ids: Vec<&str> = ASSETS
        .iter()
        .filter(|destination| Pair::of(source, destination).is_some())
        .map(|destination| destination.id)
        .collect();
    ids.join(", ")
}

impl Price {
    fn new(numerator: u128, denominator: u128) -> Option<Self> {
        (numerator > 0 && denominator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// What a debit gives; the rest below the smallest unit is cut.
    pub(crate) fn credit_of(self, debit: MinorUnits) -> Result<MinorUnits, ConvertError> {
        let credit = mul_div(
            debit.get(),
            self.numerator,
            self.denominator,
            Rounding::Down,
        );
        credit.map(MinorUnits::new)
    }

    /// What a credit costs; a part of the smallest unit is paid as a whole one.
    pub(crate) fn debit_of(self, credit: MinorUnits) -> Result<MinorUnits, ConvertError> {
        let debit = mul_div(credit.get(), self.denominator, self.numerator, Rounding::Up);
        debit.map(MinorUnits::new)
    }

    /// The price as a rate of whole units, cut to as many decimals as a pinned one can have.
    pub(crate) fn rate(self, pair: Pair) -> Option<Amount> {
        let shift =
            (RATE_DECIMALS + pair.source.decimals).checked_sub(pair.destination.decimals)?;
        let unit = i128::try_from(pow10(shift).ok()?).ok()?;
        let digits = mul_div(unit, self.numerator, self.denominator, Rounding::Down).ok()?;
        Amount::from_minor(digits, RATE_DECIMALS).ok()
    }
}

/// The price that the values of the currencies give, the cost of the exchange included.
fn wandering(seed: &Seed, at: Timestamp, pair: Pair) -> Option<Price> {
    let unit = |asset: &Asset| pow10(asset.decimals).ok();
    let (paid, got) = COST;
    Price::new(
        value(seed, at, pair.source)?
            .checked_mul(unit(pair.destination)?)?
            .checked_mul(got)?,
        value(seed, at, pair.destination)?
            .checked_mul(unit(pair.source)?)?
            .checked_mul(paid)?,
    )
}

/// The value of one unit of an asset at an instant, in a unit that all assets share.
fn value(seed: &Seed, at: Timestamp, asset: &Asset) -> Option<u128> {
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

/// The cost of an exchange: 101 is paid for what is worth 100.
const COST: (u128, u128) = (101, 100);

/// Largest rate that can be pinned.
const RATE_MAX: u64 = 1_000_000_000_000;

/// Most decimals of a rate.
const RATE_DECIMALS: u32 = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::assets::asset;

    fn pair(source: &str, destination: &str) -> Pair {
        Pair::of(asset(source).unwrap(), asset(destination).unwrap()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn price(seed: u8, second: i64, pair: Pair) -> Price {
        let seed = Seed::new([seed; 32]);
        Market::default().price(&seed, at(second), pair).unwrap()
    }

    fn units(units: i128) -> MinorUnits {
        MinorUnits::new(units)
    }

    #[test]
    fn dollars_and_their_coin_cost_one_percent_as_observed() {
        let buy = price(1, 0, pair("FIAT_TESTNET_USD", "ETHEREUM_SEPOLIA_USDC"));
        assert_eq!(buy.credit_of(units(100)), Ok(units(990_099)));
        assert_eq!(buy.credit_of(units(73_000)), Ok(units(722_772_277)));
        let sell = price(1, 0, pair("ETHEREUM_SEPOLIA_USDC", "FIAT_TESTNET_USD"));
        assert_eq!(sell.credit_of(units(500_000)), Ok(units(49)));
        assert_eq!(sell.debit_of(units(49)), Ok(units(494_900)));
    }

    #[test]
    fn values_wander_with_time_and_seed_but_not_far() {
        let bitcoin = pair("BITCOIN_TESTNET_BTC", "FIAT_TESTNET_USD");
        let credit = |seed, second| {
            let price = price(seed, second, bitcoin);
            price.credit_of(units(100_000_000)).unwrap().get()
        };
        assert_eq!(credit(1, 0), credit(1, 0));
        assert_ne!(credit(1, 0), credit(2, 0));
        let course: Vec<i128> = (0..500).map(|step| credit(1, step * 40)).collect();
        let moves = course.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moves > 450, "{moves} of 499");
        let middle = 6_425_000 * 100 / 101;
        assert!(
            course
                .iter()
                .all(|value| (value - middle).abs() <= middle / 100),
            "{course:?}"
        );
    }

    #[test]
    fn every_pair_has_a_price_and_leads_from_fiat_to_crypto_or_back() {
        let pairs: Vec<Pair> = Pair::all().collect();
        assert_eq!(pairs.len(), 24, "two fiat and six crypto assets, both ways");
        for pair in pairs {
            let rate = price(5, 99, pair).rate(pair).unwrap();
            assert!(rate.is_positive(), "{pair:?}");
            assert!(PinnedRate::new(rate).is_some(), "{pair:?}: {rate}");
        }
        let dollar = asset("FIAT_TESTNET_USD").unwrap();
        assert!(Pair::of(dollar, dollar).is_none());
        assert!(!counterparts(dollar).contains("EUR"));
    }

    #[test]
    fn a_round_trip_always_costs() {
        for there in Pair::all() {
            let back = Pair::of(there.destination, there.source).unwrap();
            for debit in [1, 7, 100, 12_345, 10_i128.pow(20) + 1] {
                let bought = price(9, 5, there).credit_of(units(debit)).unwrap();
                let returned = price(9, 5, back).credit_of(bought).unwrap();
                assert!(returned.get() < debit, "{there:?}: {debit}");
            }
        }
    }

    #[test]
    fn control_pins_a_pair_in_one_direction() {
        let there = pair("FIAT_TESTNET_USD", "BITCOIN_TESTNET_BTC");
        let back = pair("BITCOIN_TESTNET_BTC", "FIAT_TESTNET_USD");
        let seed = Seed::new([4; 32]);
        let mut market = Market::default();
        market.pin(there, PinnedRate::new("0.00002".parse().unwrap()).unwrap());
        let pinned = market.price(&seed, at(0), there).unwrap();
        assert_eq!(pinned.credit_of(units(10_000)), Ok(units(200_000)));
        assert_eq!(pinned.rate(there), Some("0.00002".parse().unwrap()));
        assert_eq!(
            market.price(&seed, at(0), back),
            Market::default().price(&seed, at(0), back)
        );
        let text = serde_json::to_string(&market).unwrap();
        assert_eq!(serde_json::from_str::<Market>(&text).unwrap(), market);
        market.unpin(there);
        assert_eq!(market, Market::default());
    }

    #[test]
    fn every_rate_within_the_limits_gives_a_price() {
        for text in [
            "1000000000000",
            "0.000000000000000001",
            "999999999.123456789012345678",
        ] {
            let rate = PinnedRate::new(text.parse().unwrap()).unwrap();
            for pair in Pair::all() {
                assert!(rate.price(pair).is_some(), "{text} {pair:?}");
            }
        }
        for text in ["0", "-1", "1000000000001", "1e-19"] {
            assert!(PinnedRate::new(text.parse().unwrap()).is_none(), "{text}");
        }
    }
}
