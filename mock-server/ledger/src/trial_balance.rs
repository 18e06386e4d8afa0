//! The trial balance: per asset, what the platform has against what it owes.
//!
//! Two equations must hold at every instant. Debits equal credits; and
//! custody + clearing + in flight = customers + fees + suspense. The second is the first read as a
//! balance sheet: the platform has exactly what it owes.

use serde::Serialize;

use crate::account::AccountKind;
use crate::asset::AssetCode;
use crate::book::Book;
use crate::minor::MinorUnits;

/// The totals of every asset of a book, ordered by asset code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialBalance {
    assets: Vec<AssetTotals>,
}

impl TrialBalance {
    /// Adds up the accounts of a book; one pass over the accounts, none over the entries.
    pub(crate) fn of(book: &Book) -> Self {
        let mut assets: Vec<AssetTotals> = book
            .assets
            .iter()
            .map(|asset| AssetTotals::nothing(asset.code().clone(), asset.scale()))
            .collect();
        for account in &book.accounts {
            let totals = &mut assets[account.asset.index()];
            // Every sum over accounts of an asset lies within the asset's turnover.
            totals.debits = totals.debits.add_bounded(account.debits());
            totals.credits = totals.credits.add_bounded(account.credits());
            if account.kind == AccountKind::Customer {
                totals.customers_held = totals.customers_held.add_bounded(account.held());
            }
            let of_kind = totals.of_kind_mut(account.kind);
            *of_kind = of_kind.add_bounded(account.current());
        }
        assets.sort_by(|left, right| left.asset.cmp(&right.asset));
        Self { assets }
    }

    /// The totals of each asset, ordered by code.
    #[must_use]
    pub fn assets(&self) -> &[AssetTotals] {
        &self.assets
    }

    /// The totals of one asset.
    #[must_use]
    pub fn asset(&self, code: &AssetCode) -> Option<&AssetTotals> {
        self.assets.iter().find(|totals| totals.asset == *code)
    }

    /// True if both equations hold for every asset.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.assets.iter().all(AssetTotals::balanced)
    }
}

/// The totals of one asset, in its smallest unit; each kind on its normal side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AssetTotals {
    /// The asset.
    pub asset: AssetCode,
    /// Decimals of its smallest unit.
    pub scale: u32,
    /// Everything ever debited.
    pub debits: MinorUnits,
    /// Everything ever credited.
    pub credits: MinorUnits,
    /// Owed to customers.
    pub customers_owed: MinorUnits,
    /// The part of it that open holds reserve.
    pub customers_held: MinorUnits,
    /// At custodians.
    pub custody: MinorUnits,
    /// Due from the market for conversions; negative if due to it.
    pub clearing: MinorUnits,
    /// On the way in; negative if on the way out.
    pub in_flight: MinorUnits,
    /// Earned by the platform.
    pub fees: MinorUnits,
    /// Without an owner so far.
    pub suspense: MinorUnits,
}

impl AssetTotals {
    /// What the platform has: custody + clearing + in flight.
    #[must_use]
    pub const fn has(&self) -> MinorUnits {
        self.custody
            .add_bounded(self.clearing)
            .add_bounded(self.in_flight)
    }

    /// What the platform owes: customers + fees + suspense.
    #[must_use]
    pub const fn owes(&self) -> MinorUnits {
        self.customers_owed
            .add_bounded(self.fees)
            .add_bounded(self.suspense)
    }

    /// `has - owes`; zero in a sound book.
    #[must_use]
    pub const fn difference(&self) -> MinorUnits {
        self.has().sub_bounded(self.owes())
    }

    /// True if debits equal credits and the platform has what it owes.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.debits == self.credits && self.difference().is_zero()
    }

    fn nothing(asset: AssetCode, scale: u32) -> Self {
        Self {
            asset,
            scale,
            debits: MinorUnits::ZERO,
            credits: MinorUnits::ZERO,
            customers_owed: MinorUnits::ZERO,
            customers_held: MinorUnits::ZERO,
            custody: MinorUnits::ZERO,
            clearing: MinorUnits::ZERO,
            in_flight: MinorUnits::ZERO,
            fees: MinorUnits::ZERO,
            suspense: MinorUnits::ZERO,
        }
    }

    const fn of_kind_mut(&mut self, kind: AccountKind) -> &mut MinorUnits {
        match kind {
            AccountKind::Clearing => &mut self.clearing,
            AccountKind::Custody => &mut self.custody,
            AccountKind::Customer => &mut self.customers_owed,
            AccountKind::Fees => &mut self.fees,
            AccountKind::InFlight => &mut self.in_flight,
            AccountKind::Suspense => &mut self.suspense,
        }
    }
}
