//! What a withdrawal costs, by rail and asset. A new sandbox has no fees; control sets them.

use layer2_ledger::MinorUnits;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::Rail;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::withdrawals::model;

/// The fees of a sandbox, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fees(Vec<Fee>);

/// The fee of one rail for one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fee {
    pub(crate) rail: Rail,
    pub(crate) asset: AssetTypeId,
    /// Decimals of the asset.
    pub(crate) decimals: u32,
    pub(crate) amount: MinorUnits,
}

impl Fees {
    /// A table of fees, each rail once for an asset.
    pub(crate) const fn new(fees: Vec<Fee>) -> Self {
        Self(fees)
    }

    /// What a withdrawal costs; zero if it is free.
    pub(crate) fn of(&self, rail: &Rail, asset: &AssetTypeId) -> MinorUnits {
        let mut fees = self.0.iter();
        fees.find(|fee| fee.rail == *rail && fee.asset == *asset)
            .map_or(MinorUnits::new(0), |fee| fee.amount)
    }

    /// All fees.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fee> {
        self.0.iter()
    }

    /// The rails that can have one.
    pub(crate) const fn rails() -> &'static [&'static str] {
        model::RAILS
    }
}
