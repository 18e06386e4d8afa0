//! What assets are worth, and what an exchange gives.
//!
//! Every currency has a value that moves with time (`course`). An exchange costs one percent on top, as was observed
//! between USD and USDC (1 USD gave 0.990099 USDC). Control may pin the rate of a pair instead.
//!
//! Which pairs can be exchanged is published nowhere but in prose: crypto to fiat and the other way round.

mod course;

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
        course::value(seed, at, pair.source)?
            .checked_mul(unit(pair.destination)?)?
            .checked_mul(got)?,
        course::value(seed, at, pair.destination)?
            .checked_mul(unit(pair.source)?)?
            .checked_mul(paid)?,
    )
}

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
    fn every_pair_has_a_price_and_leads_from_fiat_to_crypto_or_back() {
        let pairs: Vec<Pair> = Pair::all().collect();
        assert_eq!(
            pairs.len(),
            36,
            "three fiat and six crypto assets, both ways"
        );
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
