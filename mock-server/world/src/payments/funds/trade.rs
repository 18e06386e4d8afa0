//! The books of an exchange: two assets, each balanced for itself through its clearing account.
//!
//! The customer trades with clearing, and clearing with the market, in one step: the custodian hands out what was sold
//! and takes in what was bought. So clearing stands at zero whenever anybody looks, and custody has every coin that a
//! customer can send away.

use layer2_ledger::AccountKind;
use layer2_ledger::HoldId;
use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_ledger::Step;
use layer2_types::payments::AccountId;

use super::CUSTODY_MAX;
use super::Funds;
use super::draft;
use crate::context::WriteContext;
use crate::packed::Packed;

/// What an exchange moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trade<'a> {
    pub(crate) source: &'a AccountId,
    /// What was held of the source, all of which is debited.
    pub(crate) held: MinorUnits,
    /// What the trade costs; the rest of what was held comes back.
    pub(crate) cost: MinorUnits,
    pub(crate) destination: &'a AccountId,
    pub(crate) credit: MinorUnits,
}

impl Trade<'_> {
    /// What comes back to the source.
    pub(crate) const fn returned(&self) -> MinorUnits {
        // Both are amounts of a customer, so the difference fits.
        MinorUnits::new(self.held.get() - self.cost.get())
    }
}

impl Funds {
    /// Trades held money of one asset for another, and gives back what was held too much. All of it or nothing is
    /// posted.
    pub(crate) fn trade(
        &mut self,
        cx: &mut WriteContext<'_>,
        hold: HoldId,
        trade: &Trade<'_>,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let source = self.handles(trade.source)?;
        let destination = self.handles(trade.destination)?;
        self.must_have_room(destination.custody, trade.credit)?;
        let sold = self.beside(source.own, AccountKind::Clearing)?;
        let bought = self.beside(destination.own, AccountKind::Clearing)?;

        let exchange = draft(cx)
            .debit(source.own, trade.held)
            .credit(sold, trade.held)
            .debit(bought, trade.credit)
            .credit(destination.own, trade.credit)
            .settling(hold);
        let settlement = draft(cx)
            .debit(sold, trade.cost)
            .credit(source.custody, trade.cost)
            .debit(destination.custody, trade.credit)
            .credit(bought, trade.credit);
        let corrected = exchange.id();
        let mut steps = vec![Step::Post(exchange)];
        let mut narratives = vec![narrative.to_owned()];
        if trade.returned().is_positive() {
            let adjustment = draft(cx)
                .debit(sold, trade.returned())
                .credit(source.own, trade.returned())
                .correcting(corrected);
            steps.push(Step::Post(adjustment));
            narratives.push(format!("market adjustment of {narrative}"));
        }
        steps.push(Step::Post(settlement));
        narratives.push(format!("settlement of {narrative}"));

        self.book
            .apply_all(&steps)
            .map_err(|refused| refused.error)?;
        let narratives = narratives.iter().map(|narrative| Packed::new(narrative));
        self.narratives.extend(narratives);
        Ok(())
    }
}

/// Whether an amount on the wire can tell that many of the smallest units.
pub(crate) fn is_printable(units: MinorUnits) -> bool {
    units <= CUSTODY_MAX
}
