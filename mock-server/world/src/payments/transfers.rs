//! Transfers: a move of one asset between two accounts of the platform.
//!
//! Requested, then accepted, then executed by a job. Acceptance holds the money of the source; execution posts it. What
//! becomes impossible in between is rejected and the hold released.

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_ledger::HoldId;
use layer2_ledger::MinorUnits;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::TransferId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Transfers;
use crate::ids::IdKind;
use crate::packed::Id;
use crate::payments::accounts::AccountRow;
use crate::payments::funds;
use crate::payments::funds::Movement;
use crate::payments::machines::TRANSFER;
use crate::payments::machines::TransactionStage;
use crate::payments::machines::TransferStage;
use crate::payments::orders;
use crate::payments::orders::Kind;
use crate::payments::orders::Side;
use crate::payments::orders::Trail;
use crate::payments::orders::Wait;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::schedule::Work;
use crate::settings::TimestampStyle;
use crate::table::named;
use crate::world::World;

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransferRow {
    pub(crate) id: Id<TransferId>,
    pub(crate) source: AccountId,
    pub(crate) destination: AccountId,
    pub(crate) asset: AssetTypeId,
    pub(crate) decimals: u32,
    pub(crate) amount: MinorUnits,
    description: Option<Private>,
    pub(crate) stage: TransferStage,
    pub(crate) created: Timestamp,
    /// Last instant at which it can be accepted.
    pub(crate) valid_until: Timestamp,
    /// Number of the job that lets it expire.
    expiry: u64,
    /// What acceptance has made.
    pub(crate) accepted: Option<Accepted>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(TransferRow: Id<TransferId>);

/// What belongs to a transfer once it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted {
    hold: HoldId,
    /// The numbers of its transactions.
    debit: u64,
    credit: u64,
}

/// What is done with a transfer later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TransferJob {
    /// One that nobody accepted runs out.
    Expire(TransferId),
    /// An accepted one is posted.
    Execute(TransferId),
}

impl Work for TransferJob {
    fn name(&self) -> &'static str {
        match self {
            Self::Expire(_) => "expire_transfer",
            Self::Execute(_) => "execute_transfer",
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Expire(id) | Self::Execute(id) => id.as_str(),
        }
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        match self {
            Self::Expire(id) => world.expire_transfer(id),
            Self::Execute(id) => world.execute_transfer(cx, id),
        }
    }
}

/// How long a transfer waits for its acceptance.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(60);

const KIND: Kind = Kind {
    noun: "transfer",
    not_acceptable: code::TRANSFER_NOT_ACCEPTABLE,
    expired: code::TRANSFER_EXPIRED,
};

impl Transfers for World {
    fn transfers_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::TransferRequest,
    ) -> Result<payments::TransferReply, Rejection> {
        let source = self
            .payments
            .account(&body.source_account_id, "/source_account_id")?;
        let destination = self
            .payments
            .account(&body.destination_account_id, "/destination_account_id")?;
        orders::must_differ(&source.id, &destination.id)?;
        must_match(source, destination)?;
        let asset = source.known_asset()?;
        let amount = funds::to_minor(body.amount, asset, "/amount")?;
        self.must_transact(source, "/source_account_id")?;
        self.must_transact(destination, "/destination_account_id")?;

        let id = mint_transfer(cx)?;

        let valid_until = clock::later(cx.now(), VALID_FOR);
        let expiry = self
            .schedule
            .add(orders::after(valid_until), TransferJob::Expire(id.clone()));
        let row = TransferRow {
            id: Id::of(&id),
            source: source.id.clone(),
            destination: destination.id.clone(),
            asset: source.asset.clone(),
            decimals: source.decimals,
            amount,
            description: body.description.map(Private::new),
            stage: TransferStage::Requested,
            created: cx.now(),
            valid_until,
            expiry,
            accepted: None,
            cause: cx.seq(),
        };
        let reply = payments::TransferReply::new(row.on_wire(cx.settings().timestamps));
        self.payments.transfers.insert(row);
        Ok(reply)
    }

    fn transfers_get(
        &self,
        _cx: &ReadContext<'_>,
        transfer_id: TransferId,
    ) -> Result<payments::TransferReply, Rejection> {
        let row = self.payments.transfer(&transfer_id)?;
        Ok(payments::TransferReply::new(
            row.on_wire(self.settings().timestamps),
        ))
    }

    fn transfers_accept(
        &mut self,
        cx: &mut WriteContext<'_>,
        transfer_id: TransferId,
    ) -> Result<payments::TransferAcceptedReply, Rejection> {
        let transfer = self.payments.transfer(&transfer_id)?.clone();
        KIND.must_be_acceptable(cx, transfer.wait(), &transfer.stage)?;
        let (held, coming) = self.transfer_legs(cx, &transfer)?;
        let source = self
            .payments
            .account(&transfer.source, "transfer_id")?
            .clone();
        let hold = self
            .payments
            .funds
            .hold(cx, &source.id, transfer.amount)
            .map_err(|error| KIND.not_covered(&source, &error))?;

        let debit = self.add_transaction(cx, held);
        let credit = self.add_transaction(cx, coming);
        let state = payments::TransferState::new(transfer_id.clone())
            .with_status(TransferStage::Accepted.status());
        if let Some(row) = self.payments.transfers.get_mut(&transfer_id) {
            row.stage = TransferStage::Accepted;
            row.accepted = Some(Accepted {
                hold,
                debit,
                credit,
            });
        }
        self.schedule
            .remove(orders::after(transfer.valid_until), transfer.expiry);
        let due = clock::later(cx.now(), self.delays().transfer_execution);
        self.schedule.add(due, TransferJob::Execute(transfer_id));
        Ok(payments::TransferAcceptedReply::new(state))
    }
}

impl World {
    /// The transactions of a transfer that is accepted, if money of both its accounts may move.
    fn transfer_legs(
        &self,
        cx: &mut WriteContext<'_>,
        transfer: &TransferRow,
    ) -> Result<(TransactionRow, TransactionRow), Rejection> {
        let source = self.payments.account(&transfer.source, "transfer_id")?;
        let destination = self
            .payments
            .account(&transfer.destination, "transfer_id")?;
        self.must_transact(source, "transfer_id")?;
        self.must_transact(destination, "transfer_id")?;
        let id = transfer.id.get();
        let trail = Trail {
            order: id.as_str(),
            category: Category::Transfer,
            description: transfer.description.clone(),
        };
        let side = |account, value, stage| Side {
            account,
            value,
            kind: TransactionKind::InternalTransfer,
            stage,
        };
        let negative = MinorUnits::new(-transfer.amount.get());
        let held = trail.transaction(cx, side(source, negative, TransactionStage::Authorized))?;
        let coming = trail.transaction(
            cx,
            side(destination, transfer.amount, TransactionStage::Pending),
        )?;
        Ok((held, coming))
    }

    /// A transfer that nobody accepted runs out.
    fn expire_transfer(&mut self, id: &TransferId) {
        if let Some(row) = self.payments.transfers.get_mut(id)
            && TRANSFER.allows(row.stage, TransferStage::Expired)
        {
            row.stage = TransferStage::Expired;
        }
    }

    /// Posts an accepted transfer, or gives the money back if an account can no longer be used.
    fn execute_transfer(&mut self, cx: &mut WriteContext<'_>, id: &TransferId) {
        let Ok(transfer) = self.payments.transfer(id).cloned() else {
            return;
        };
        let Some(accepted) = transfer.accepted.clone() else {
            return;
        };
        if !TRANSFER.allows(transfer.stage, TransferStage::Executed) {
            return;
        }
        let usable = [&transfer.source, &transfer.destination]
            .into_iter()
            .all(|account| {
                let row = self.payments.accounts.get(account);
                row.is_some_and(|row| self.account_rights(row).transact)
            });
        let movement = Movement {
            source: &transfer.source,
            destination: &transfer.destination,
            amount: transfer.amount,
        };
        let narrative = format!("transfer {id}");
        let settled = usable
            && self
                .payments
                .funds
                .settle(cx, accepted.hold, &movement, &narrative)
                .is_ok();
        let (stage, transactions) = if settled {
            self.wake(cx, &transfer.source);
            self.wake(cx, &transfer.destination);
            (TransferStage::Executed, TransactionStage::Posted)
        } else {
            // An open hold can always be released.
            let _ = self.payments.funds.release(cx, accepted.hold);
            (TransferStage::Rejected, TransactionStage::Cancelled)
        };
        if let Some(row) = self.payments.transfers.get_mut(id) {
            row.stage = stage;
        }
        for number in [accepted.debit, accepted.credit] {
            self.advance_numbered_transaction(cx, number, transactions);
        }
    }
}

impl TransferRow {
    /// The hold of its money, once it is accepted.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        self.accepted.as_ref().map(|accepted| accepted.hold)
    }

    fn on_wire(&self, style: TimestampStyle) -> payments::Transfer {
        let amount = funds::to_wire(self.amount, self.decimals);
        payments::Transfer::new(self.id.get())
            .with_status(self.stage.status())
            .with_created_timestamp(clock::wire(self.created, style))
            .with_valid_until(clock::wire(self.valid_until, style))
            .with_source_details(
                payments::TransferSource::new()
                    .with_source_account_id(self.source.clone())
                    .with_asset_type_id(self.asset.clone())
                    .with_amount_to_debit(amount),
            )
            .with_destination_details(
                payments::TransferDestination::new()
                    .with_destination_account_id(self.destination.clone())
                    .with_asset_type_id(self.asset.clone())
                    .with_amount_to_credit(amount),
            )
    }

    fn wait(&self) -> Wait {
        Wait {
            is_open: self.stage == TransferStage::Requested,
            has_expired: self.stage == TransferStage::Expired,
            valid_until: self.valid_until,
        }
    }
}

fn must_match(source: &AccountRow, destination: &AccountRow) -> Result<(), Rejection> {
    if source.asset == destination.asset {
        return Ok(());
    }
    Err(Problem::new(
        code::ASSET_MISMATCH,
        format!(
            "Account `{}` holds {} and account `{}` holds {}.",
            source.id, source.asset, destination.id, destination.asset
        ),
    )
    .at("/destination_account_id")
    .received(destination.asset.as_str())
    .expected(source.asset.as_str())
    .hint("A transfer moves one asset; an exchange changes one into another.")
    .bad_request())
}

fn mint_transfer(cx: &mut WriteContext<'_>) -> Result<TransferId, Rejection> {
    TransferId::new(cx.mint(IdKind::Transfer)).map_err(|_| Rejection::bad_id())
}
