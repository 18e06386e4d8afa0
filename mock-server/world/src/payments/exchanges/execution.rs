//! What becomes of an exchange: it runs out, is traded, or is rejected and gives back what was held.

use jiff::Timestamp;
use layer2_ledger::MinorUnits;
use layer2_types::payments::ExchangeId;
use serde::Deserialize;
use serde::Serialize;

use super::Accepted;
use super::ExchangeRow;
use crate::context::WriteContext;
use crate::payments::assets;
use crate::payments::custodians::Fixes;
use crate::payments::funds::trade::Trade;
use crate::payments::machines::EXCHANGE;
use crate::payments::machines::ExchangeStage;
use crate::payments::machines::TransactionStage;
use crate::payments::market::Pair;
use crate::payments::orders::Side;
use crate::payments::orders::Trail;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::TransactionKind;
use crate::schedule::Work;
use crate::world::World;

/// What is done with an exchange later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExchangeJob {
    /// One that nobody accepted runs out.
    Expire(ExchangeId),
    /// An accepted one is traded.
    Execute(ExchangeId),
}

impl Work for ExchangeJob {
    fn name(&self) -> &'static str {
        match self {
            Self::Expire(_) => "expire_exchange",
            Self::Execute(_) => "execute_exchange",
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Expire(id) | Self::Execute(id) => id.as_str(),
        }
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        match self {
            Self::Expire(id) => world.expire_exchange(id),
            Self::Execute(id) => world.execute_exchange(cx, id),
        }
    }
}

/// What an exchange costs and gives at the price of its execution.
#[derive(Clone, Copy, Debug)]
struct Fill {
    debit: MinorUnits,
    credit: MinorUnits,
}

impl World {
    /// An exchange that nobody accepted runs out.
    fn expire_exchange(&mut self, id: &ExchangeId) {
        if let Some(row) = self.payments.exchanges.get_mut(id)
            && EXCHANGE.allows(row.stage, ExchangeStage::Expired)
        {
            row.stage = ExchangeStage::Expired;
        }
    }

    /// Trades an accepted exchange at the price of now, or gives the money back.
    fn execute_exchange(&mut self, cx: &mut WriteContext<'_>, id: &ExchangeId) {
        let Ok(exchange) = self.payments.exchange(id).cloned() else {
            return;
        };
        let Some(accepted) = &exchange.accepted else {
            return;
        };
        if !EXCHANGE.allows(exchange.stage, ExchangeStage::Executed) {
            return;
        }
        let fill = self.fill(cx.now(), &exchange, accepted);
        let traded = fill.and_then(|fill| self.trade(cx, &exchange, accepted, fill));
        match traded {
            Some(trade) => self.finish_exchange(cx, &exchange, accepted, trade),
            None => self.reject_exchange(cx, id, accepted),
        }
    }

    /// The amounts of now, if both accounts may transact and the amounts are within what was accepted.
    fn fill(&self, now: Timestamp, exchange: &ExchangeRow, accepted: &Accepted) -> Option<Fill> {
        let (source, destination) = (&exchange.source, &exchange.destination);
        for leg in [source, destination] {
            let account = self.payments.accounts.get(&leg.account)?;
            if !self.account_rights(account).transact {
                return None;
            }
        }
        let sold = assets::asset(source.asset.as_str())?;
        let bought = assets::asset(destination.asset.as_str())?;
        let pair = Pair::of(sold, bought)?;
        let price = self.payments.market.price(self.seed(), now, pair)?;
        let slippage = accepted.slippage;
        match exchange.order.fixes {
            Fixes::Source => {
                let debit = source.amount;
                let credit = price.credit_of(debit).ok()?;
                // A slippage below one leaves at least one unit of what was accepted, so this is never nothing.
                let fits = slippage.allows_credit(destination.amount, credit);
                fits.then_some(Fill { debit, credit })
            }
            Fixes::Destination => {
                let credit = destination.amount;
                let debit = price.debit_of(credit).ok()?;
                let fits = debit <= accepted.held && slippage.allows_debit(source.amount, debit);
                fits.then_some(Fill { debit, credit })
            }
        }
    }

    /// Posts the trade; gives what was posted, if the books took it.
    fn trade<'a>(
        &mut self,
        cx: &mut WriteContext<'_>,
        exchange: &'a ExchangeRow,
        accepted: &Accepted,
        fill: Fill,
    ) -> Option<Trade<'a>> {
        let trade = Trade {
            source: &exchange.source.account,
            held: accepted.held,
            cost: fill.debit,
            destination: &exchange.destination.account,
            credit: fill.credit,
        };
        let narrative = format!("exchange {}", exchange.id);
        self.payments
            .funds
            .trade(cx, accepted.hold, &trade, &narrative)
            .ok()?;
        Some(trade)
    }

    /// Notes and tells what was traded.
    fn finish_exchange(
        &mut self,
        cx: &mut WriteContext<'_>,
        exchange: &ExchangeRow,
        accepted: &Accepted,
        trade: Trade<'_>,
    ) {
        if let Some(row) = self.payments.exchanges.get_mut(&exchange.id) {
            row.stage = ExchangeStage::Executed;
            row.source.amount = trade.cost;
            row.destination.amount = trade.credit;
        }
        self.wake(cx, &exchange.source.account);
        self.wake(cx, &exchange.destination.account);
        self.payments
            .transactions
            .revalue(&accepted.credit, trade.credit);
        self.advance_transaction(cx, &accepted.debit, TransactionStage::Posted);
        self.advance_transaction(cx, &accepted.credit, TransactionStage::Posted);
        if trade.returned().is_positive() {
            self.tell_returned(cx, exchange, trade.returned());
        }
    }

    /// Writes the transaction of what was held too much.
    fn tell_returned(
        &mut self,
        cx: &mut WriteContext<'_>,
        exchange: &ExchangeRow,
        returned: MinorUnits,
    ) {
        let Some(account) = self.payments.accounts.get(&exchange.source.account) else {
            return;
        };
        let trail = Trail {
            description: Some(Private::new("Market adjustment")),
            ..exchange.trail()
        };
        let side = Side {
            account,
            value: returned,
            kind: TransactionKind::CreditCorrection,
            stage: TransactionStage::Posted,
        };
        if let Ok(mut row) = trail.transaction(cx, side) {
            row.posted_at = Some(cx.now());
            self.add_transaction(cx, row);
        }
    }

    /// Gives back what was held.
    fn reject_exchange(&mut self, cx: &mut WriteContext<'_>, id: &ExchangeId, accepted: &Accepted) {
        // An open hold can always be released.
        let _ = self.payments.funds.release(cx, accepted.hold);
        if let Some(row) = self.payments.exchanges.get_mut(id) {
            row.stage = ExchangeStage::Rejected;
        }
        self.advance_transaction(cx, &accepted.debit, TransactionStage::Cancelled);
        self.advance_transaction(cx, &accepted.credit, TransactionStage::Cancelled);
    }
}
