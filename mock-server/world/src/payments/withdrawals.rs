//! Withdrawals: money that is sent to a counterparty.
//!
//! Requested, perhaps asked for papers, accepted and held, approved, handed to a rail, and executed, failed or returned;
//! with a receipt at the end. This file has the operations; `execution` has what happens between them.

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_ledger::EntryId;
use layer2_ledger::HoldId;
use layer2_ledger::MinorUnits;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::DocumentId;
use layer2_types::payments::Rail;
use layer2_types::payments::TransactionId;
use layer2_types::payments::Withdrawal;
use layer2_types::payments::WithdrawalId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::file::Download;
use crate::generated::payments::Withdrawals;
use crate::ids::IdKind;
use crate::payments::documents::DocumentOwner;
use crate::payments::funds;
use crate::payments::machines::WITHDRAWAL;
use crate::payments::machines::WithdrawalStage;
use crate::payments::orders::Kind;
use crate::payments::orders::Wait;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::Table;
use crate::table::named;
use crate::world::World;

mod acceptance;
mod checks;
mod execution;
mod fees;
mod model;
mod papers;
mod receipt;
mod returns;

pub(crate) use execution::WithdrawalJob;
pub(crate) use fees::Fee;
pub(crate) use fees::Fees;

/// All withdrawals of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Withdrawn {
    pub(crate) rows: Table<WithdrawalId, WithdrawalRow>,
}

/// A withdrawal. Its status is kept beside its details, which hold none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WithdrawalRow {
    pub(crate) id: WithdrawalId,
    pub(crate) source: AccountId,
    pub(crate) counterparty: CounterpartyId,
    pub(crate) asset: AssetTypeId,
    pub(crate) decimals: u32,
    pub(crate) amount: MinorUnits,
    pub(crate) rail: Rail,
    pub(crate) stage: WithdrawalStage,
    /// Last instant at which it can be accepted.
    pub(crate) valid_until: Timestamp,
    details: Withdrawal,
    /// The job that takes its next step.
    planned: Option<Planned>,
    /// The documents that were asked for.
    papers: Vec<DocumentId>,
    accepted: Option<Accepted>,
    sent: Option<Sent>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(WithdrawalRow: WithdrawalId);

/// A job on the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Planned {
    due: Timestamp,
    number: u64,
}

/// What belongs to a withdrawal once it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    hold: HoldId,
    /// Zero for none.
    fee: MinorUnits,
    debit: TransactionId,
    fee_debit: Option<TransactionId>,
}

/// What belongs to a withdrawal once it is executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    at: Timestamp,
    entry: EntryId,
    /// Whether custody has paid the rail.
    rail_paid: bool,
    /// The transaction that gave the money back, if it was returned.
    returned: Option<TransactionId>,
}

/// How long a withdrawal waits for its acceptance, from its request or from the last document that it needs.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(60);

const KIND: Kind = Kind {
    noun: "withdrawal",
    not_acceptable: code::WITHDRAWAL_NOT_ACCEPTABLE,
    expired: code::WITHDRAWAL_EXPIRED,
};

impl Withdrawals for World {
    fn withdrawals_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::WithdrawalRequest,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        let wanted = model::Wanted::read(&body, cx.platform())?;
        checks::must_be_of_version(&wanted.purpose, cx.platform())?;
        let source = self
            .payments
            .account(&wanted.source, "/source_account_id")?;
        let counterparty = self
            .payments
            .counterparty(&wanted.counterparty, "/destination_counterparty_id")?;
        let asset = source.known_asset()?;
        let amount = funds::to_minor(wanted.amount, asset, "/amount")?;
        self.must_transact(source, "/source_account_id")?;
        checks::must_be_usable(counterparty, source, "/destination_counterparty_id")?;
        checks::must_have_rail(counterparty, &wanted.rail)?;
        checks::must_match(counterparty, source, &wanted.rail)?;
        checks::must_fit_purpose(counterparty, &wanted.purpose, cx.platform())?;
        let id = WithdrawalId::new(cx.mint(IdKind::Withdrawal)).map_err(|_| Rejection::bad_id())?;
        let asked = papers::asked_for(cx, asset, amount);
        let details = model::kept(body, id.clone(), cx.wire(cx.now()))?;

        let mut row = WithdrawalRow {
            id: id.clone(),
            source: source.id.clone(),
            counterparty: counterparty.id.clone(),
            asset: source.asset.clone(),
            decimals: source.decimals,
            amount,
            rail: wanted.rail,
            stage: WithdrawalStage::Requested,
            valid_until: clock::later(cx.now(), VALID_FOR),
            details,
            planned: None,
            papers: Vec::new(),
            accepted: None,
            sent: None,
            cause: cx.seq(),
        };
        let owner = DocumentOwner::Withdrawal { id: id.clone() };
        row.papers = self.ask_for_documents(cx, &owner, &asked)?;
        self.payments.withdrawals.rows.insert(row);
        self.await_papers_or_acceptance(cx, &id);
        self.withdrawal_state(&id)
    }

    fn withdrawals_get(
        &self,
        cx: &ReadContext<'_>,
        withdrawal_id: WithdrawalId,
    ) -> Result<payments::WithdrawalReply, Rejection> {
        let row = self.payments.withdrawal(&withdrawal_id)?;
        let status = row.stage.status(cx.platform());
        let shown = model::with_status(row.details.clone(), status);
        Ok(payments::WithdrawalReply::new(shown))
    }

    fn withdrawals_get_status(
        &self,
        cx: &ReadContext<'_>,
        withdrawal_id: WithdrawalId,
    ) -> Result<payments::WithdrawalStatusReply, Rejection> {
        let row = self.payments.withdrawal(&withdrawal_id)?;
        let progress = payments::WithdrawalProgress::new(withdrawal_id)
            .with_status(row.stage.status(cx.platform()))
            .with_document_errors(self.papers(row).map(papers::on_wire).collect());
        Ok(payments::WithdrawalStatusReply::new(progress))
    }

    fn withdrawals_accept(
        &mut self,
        cx: &mut WriteContext<'_>,
        withdrawal_id: WithdrawalId,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        let row = self.payments.withdrawal(&withdrawal_id)?.clone();
        self.must_miss_no_paper(&row)?;
        KIND.must_be_acceptable(cx, row.wait(), &row.stage.status(cx.platform()))?;
        let source = self.payments.account(&row.source, "withdrawal_id")?;
        let counterparty = self
            .payments
            .counterparty(&row.counterparty, "withdrawal_id")?;
        self.must_transact(source, "withdrawal_id")?;
        checks::must_be_usable(counterparty, source, "withdrawal_id")?;

        self.accept_withdrawal(cx, &row)?;
        self.withdrawal_state(&withdrawal_id)
    }

    fn withdrawals_cancel(
        &mut self,
        cx: &mut WriteContext<'_>,
        withdrawal_id: WithdrawalId,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        let row = self.payments.withdrawal(&withdrawal_id)?;
        let stage = row.stage;
        if !WITHDRAWAL.allows(stage, WithdrawalStage::Cancelling) {
            return Err(not_cancellable(stage));
        }

        self.start_cancelling(cx, &withdrawal_id);
        self.withdrawal_state(&withdrawal_id)
    }

    fn withdrawals_get_receipt(
        &self,
        _cx: &ReadContext<'_>,
        withdrawal_id: WithdrawalId,
    ) -> Result<Download, Rejection> {
        let row = self.payments.withdrawal(&withdrawal_id)?;
        self.receipt(row)
    }
}

impl World {
    fn withdrawal_state(
        &self,
        id: &WithdrawalId,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        let row = self.payments.withdrawal(id)?;
        let status = row.stage.status(self.settings().platform);
        Ok(payments::WithdrawalStateReply::new(
            payments::WithdrawalState::new(id.clone()).with_status(status),
        ))
    }
}

impl WithdrawalRow {
    fn wait(&self) -> Wait {
        Wait {
            is_open: self.stage == WithdrawalStage::Requested,
            has_expired: self.stage == WithdrawalStage::Expired,
            valid_until: self.valid_until,
        }
    }

    /// The hold of its money, once it is accepted.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        self.accepted.as_ref().map(|accepted| accepted.hold)
    }

    /// Whether it was accepted and nothing final has become of it.
    pub(crate) fn is_on_its_way(&self) -> bool {
        self.accepted.is_some() && !WITHDRAWAL.is_final(self.stage)
    }

    /// Whether its documents can be uploaded, or replaced.
    pub(crate) const fn takes_papers(&self) -> bool {
        matches!(
            self.stage,
            WithdrawalStage::ChangesRequested | WithdrawalStage::Requested
        )
    }

    /// As control sees it, which knows every status.
    pub(crate) fn status(&self) -> payments::WithdrawalStatus {
        self.stage.status(Platform::Union)
    }
}

fn not_cancellable(stage: WithdrawalStage) -> Rejection {
    let cancellable: Vec<String> = WITHDRAWAL
        .rows
        .iter()
        .filter(|row| row.next.contains(&WithdrawalStage::Cancelling))
        .map(|row| row.from.to_string())
        .collect();
    let problem = Problem::new(
        code::WITHDRAWAL_NOT_CANCELLABLE,
        format!("A withdrawal that is {stage} cannot be cancelled."),
    )
    .at("withdrawal_id")
    .received(stage.to_string())
    .expected(cancellable.join(", "));
    match stage {
        WithdrawalStage::Cancelling => {
            problem.hint("Read the withdrawal until it is CANCELLED or EXECUTED.")
        }
        WithdrawalStage::Executed => problem.hint(
            "The money has left; it comes back only if its receiver, or the rail, returns it.",
        ),
        _ => problem.hint("Nothing was sent and nothing is held."),
    }
    .bad_request()
}
