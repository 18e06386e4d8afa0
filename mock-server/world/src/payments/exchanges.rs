//! Exchanges: an asset of one account changed into that of another.
//!
//! Requested at the market price or at a quoted one, accepted within a quarter of an hour, executed by a job. What is
//! requested stands in `terms`, what execution does in `execution`, how far the price may move between the two in
//! `slippage`. Acceptance holds the money of the source: the amount of a sale, and of a purchase one percent more than
//! its estimate.

mod execution;
mod slippage;
mod terms;

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_ledger::HoldId;
use layer2_ledger::MinorUnits;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::ExchangeId;
use layer2_types::payments::TransactionId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Exchanges;
use crate::ids::IdKind;
use crate::payments::custodians::Fixes;
use crate::payments::custodians::OrderType;
use crate::payments::custodians::Pricing;
use crate::payments::funds;
use crate::payments::machines::ExchangeStage;
use crate::payments::machines::TransactionStage;
use crate::payments::orders;
use crate::payments::orders::Kind;
use crate::payments::orders::Side;
use crate::payments::orders::Trail;
use crate::payments::orders::Wait;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::settings::TimestampStyle;
use crate::table::named;
use crate::world::World;

pub(crate) use execution::ExchangeJob;
use slippage::Slippage;

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExchangeRow {
    pub(crate) id: ExchangeId,
    pub(crate) order: OrderType,
    pub(crate) source: Leg,
    pub(crate) destination: Leg,
    description: Option<Private>,
    pub(crate) stage: ExchangeStage,
    created: Timestamp,
    /// Last instant at which it can be accepted.
    valid_until: Timestamp,
    /// Number of the job that lets it expire.
    expiry: u64,
    /// What acceptance has made.
    accepted: Option<Accepted>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(ExchangeRow: ExchangeId);

/// One side of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) account: AccountId,
    pub(crate) asset: AssetTypeId,
    pub(crate) decimals: u32,
    /// Fixed by the order, or an estimate until the exchange is executed.
    pub(crate) amount: MinorUnits,
}

/// What belongs to an exchange once it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    hold: HoldId,
    held: MinorUnits,
    slippage: Slippage,
    debit: TransactionId,
    credit: TransactionId,
}

/// How long an exchange waits for its acceptance.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(15);

const KIND: Kind = Kind {
    noun: "exchange",
    not_acceptable: code::EXCHANGE_NOT_ACCEPTABLE,
    expired: code::EXCHANGE_EXPIRED,
};

impl Exchanges for World {
    fn exchanges_create_market(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::ExchangeRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        self.request_exchange(cx, Pricing::Market, body)
    }

    fn exchanges_create_quote(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::ExchangeRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        self.request_exchange(cx, Pricing::Quote, body)
    }

    fn exchanges_get(
        &self,
        _cx: &ReadContext<'_>,
        exchange_id: ExchangeId,
    ) -> Result<payments::ExchangeReply, Rejection> {
        let row = self.payments.exchange(&exchange_id)?;
        Ok(payments::ExchangeReply::new(
            row.on_wire(self.settings().timestamps),
        ))
    }

    fn exchanges_accept(
        &mut self,
        cx: &mut WriteContext<'_>,
        exchange_id: ExchangeId,
        body: payments::ExchangeAcceptRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        let mut exchange = self.payments.exchange(&exchange_id)?.clone();
        let slippage = Slippage::new(body.maximum_slippage.fraction())?;
        KIND.must_be_acceptable(cx, exchange.wait(), &exchange.stage)?;
        let to_hold = terms::to_hold(exchange.order.fixes, exchange.source.amount)
            .ok_or_else(|| Rejection::internal("What is to be held cannot be counted."))?;
        let (held, coming) = self.legs(cx, &exchange, to_hold)?;
        let paying = self
            .payments
            .account(&exchange.source.account, "exchange_id")?
            .clone();
        let hold = self
            .payments
            .funds
            .hold(cx, &paying.id, to_hold)
            .map_err(|error| terms::not_covered(exchange.order.fixes, &paying, &error))?;

        exchange.stage = ExchangeStage::Accepted;
        exchange.accepted = Some(Accepted {
            hold,
            held: to_hold,
            slippage,
            debit: held.id.get(),
            credit: coming.id.get(),
        });
        self.add_transaction(cx, held);
        self.add_transaction(cx, coming);
        self.schedule
            .remove(orders::after(exchange.valid_until), exchange.expiry);
        let due = clock::later(cx.now(), self.delays().exchange_execution);
        self.schedule
            .add(due, ExchangeJob::Execute(exchange_id.clone()));
        let reply = payments::ExchangeReply::new(exchange.on_wire(cx.settings().timestamps));
        if let Some(row) = self.payments.exchanges.get_mut(&exchange_id) {
            *row = exchange;
        }
        Ok(reply)
    }
}

impl World {
    /// The transactions of an exchange that is accepted, if money of both its accounts may move.
    fn legs(
        &self,
        cx: &mut WriteContext<'_>,
        exchange: &ExchangeRow,
        to_hold: MinorUnits,
    ) -> Result<(TransactionRow, TransactionRow), Rejection> {
        let (source, destination) = (&exchange.source, &exchange.destination);
        let paying = self.payments.account(&source.account, "exchange_id")?;
        let receiving = self.payments.account(&destination.account, "exchange_id")?;
        self.must_transact(paying, "exchange_id")?;
        self.must_transact(receiving, "exchange_id")?;
        let trail = exchange.trail();
        let side = |account, value, stage| Side {
            account,
            value,
            kind: TransactionKind::Trade,
            stage,
        };
        let debit = MinorUnits::new(-to_hold.get());
        let held = side(paying, debit, TransactionStage::Authorized);
        let coming = side(receiving, destination.amount, TransactionStage::Pending);
        Ok((trail.transaction(cx, held)?, trail.transaction(cx, coming)?))
    }

    /// Notes what somebody wants to exchange, with the amounts that the price of now gives.
    fn request_exchange(
        &mut self,
        cx: &mut WriteContext<'_>,
        pricing: Pricing,
        body: payments::ExchangeRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        let terms = self.exchange_terms(cx, pricing, &body)?;
        let id = ExchangeId::new(cx.mint(IdKind::Exchange)).map_err(|_| Rejection::bad_id())?;

        let valid_until = clock::later(cx.now(), VALID_FOR);
        let expiry = self
            .schedule
            .add(orders::after(valid_until), ExchangeJob::Expire(id.clone()));
        let row = ExchangeRow {
            id,
            order: terms.order,
            source: terms.source,
            destination: terms.destination,
            description: body.description.map(Private::new),
            stage: ExchangeStage::Requested,
            created: cx.now(),
            valid_until,
            expiry,
            accepted: None,
            cause: cx.seq(),
        };
        let reply = payments::ExchangeReply::new(row.on_wire(cx.settings().timestamps));
        self.payments.exchanges.insert(row);
        Ok(reply)
    }
}

impl ExchangeRow {
    /// The hold of its money, once it is accepted.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        self.accepted.as_ref().map(|accepted| accepted.hold)
    }

    fn on_wire(&self, style: TimestampStyle) -> payments::Exchange {
        let mut source = payments::ExchangeSource::new()
            .with_source_account_id(self.source.account.clone())
            .with_asset_type_id(self.source.asset.clone());
        let mut destination = payments::ExchangeDestination::new()
            .with_destination_account_id(self.destination.account.clone())
            .with_asset_type_id(self.destination.asset.clone());
        source.amount_to_debit = self.told(&self.source, Fixes::Source);
        destination.amount_to_credit = self.told(&self.destination, Fixes::Destination);
        payments::Exchange::new(self.id.clone())
            .with_status(self.stage.status())
            .with_created_timestamp(clock::wire(self.created, style))
            .with_exchange_type(self.order.pricing.on_wire())
            .with_action(self.order.fixes.on_wire())
            .with_source_details(source)
            .with_destination_details(destination)
    }

    /// The amount of a side as it is told: from the acceptance on, an estimate no more.
    fn told(&self, leg: &Leg, side: Fixes) -> Option<layer2_types::Amount> {
        let is_open = matches!(
            self.stage,
            ExchangeStage::Accepted | ExchangeStage::Rejected
        );
        (self.order.fixes == side || !is_open).then(|| funds::to_wire(leg.amount, leg.decimals))
    }

    fn trail(&self) -> Trail<'_> {
        Trail {
            order: self.id.as_str(),
            category: Category::Exchange,
            description: self.description.clone(),
        }
    }

    fn wait(&self) -> Wait {
        Wait {
            is_open: self.stage == ExchangeStage::Requested,
            has_expired: self.stage == ExchangeStage::Expired,
            valid_until: self.valid_until,
        }
    }
}
