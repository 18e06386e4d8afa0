//! Money from outside that goes back: out of suspense, before it was credited, or after.
//!
//! A bank that takes money back does not ask what the account still has. What is there is taken from it; the rest stands
//! in suspense against the platform, so that the books still balance and no account falls below zero.

use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::control::InboundId;

use crate::context::WriteContext;
use crate::packed::Id;
use crate::packed::Name;
use crate::payments::arrivals::Claim;
use crate::payments::arrivals::InboundRow;
use crate::payments::assets;
use crate::payments::deposit_stages::INBOUND;
use crate::payments::deposit_stages::InboundStage;
use crate::payments::machines::TransactionStage;
use crate::payments::orders::mint_transaction;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl World {
    /// Sends money back to where it came from.
    pub(crate) fn return_inbound(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: &InboundRow,
        reason: Option<String>,
    ) -> Result<(), Rejection> {
        if !INBOUND.allows(row.stage, InboundStage::Returned) {
            return Err(returned_already());
        }
        let returned = match (&row.claim, row.stage) {
            (Some(claim), InboundStage::Posted) => {
                return self.take_back(cx, row, claim, reason);
            }
            (Some(claim), _) => self.cancel_inbound(cx, &row.id, claim, row.amount),
            (None, _) => self.return_suspended(cx, row),
        };
        returned.map_err(|_| gone_from_custody())
    }

    /// Sends back what was not credited yet.
    pub(crate) fn cancel_inbound(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &InboundId,
        claim: &Claim,
        amount: MinorUnits,
    ) -> Result<(), LedgerError> {
        let narrative = format!("return of inbound {id}");
        self.payments
            .funds
            .return_arrived(cx, &claim.account, amount, &narrative)?;
        self.mark_returned(id);
        self.advance_transaction(cx, &claim.transaction, TransactionStage::Cancelled);
        self.deposit_failed(&claim.deposit);
        Ok(())
    }

    fn return_suspended(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: &InboundRow,
    ) -> Result<(), LedgerError> {
        let narrative = format!("return of inbound {}", row.id);
        if let Some(asset) = assets::asset(row.asset.as_str()) {
            self.payments
                .funds
                .return_suspended(cx, asset, row.amount, &narrative)?;
            self.mark_returned(&row.id);
        }
        Ok(())
    }

    /// Takes back what was credited, as far as the account has it.
    fn take_back(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: &InboundRow,
        claim: &Claim,
        reason: Option<String>,
    ) -> Result<(), Rejection> {
        let account = &claim.account;
        let balances = self.payments.funds.balances(account);
        let available = balances.map_or(MinorUnits::ZERO, |balances| balances.available);
        let covered = row.amount.min(available);
        let uncovered = MinorUnits::new(row.amount.get() - covered.get());
        let correction = TransactionRow {
            id: Id::of(&mint_transaction(cx)?),
            account: account.clone(),
            decimals: row.decimals,
            value: MinorUnits::new(-covered.get()),
            stage: TransactionStage::Posted,
            kind: TransactionKind::DebitCorrection,
            category: Category::Deposit,
            order: Name::new(claim.deposit.as_str()),
            description: reason.map(Private::new),
            originator: None,
            rail: Some(Box::new(
                row.sender.rail_information(&row.rail, row.id.as_str()),
            )),
            at: cx.now(),
            posted_at: Some(cx.now()),
            cause: cx.seq(),
        };
        let narrative = format!("return of inbound {}", row.id);
        self.payments
            .funds
            .claw_back(cx, account, covered, uncovered, &narrative)
            .map_err(|_| gone_from_custody())?;

        let is_debited = covered.is_positive();
        if let Some(row) = self.payments.inbound.get_mut(&row.id) {
            row.stage = InboundStage::Returned;
            row.uncovered = uncovered;
            row.correction = is_debited.then(|| correction.id.get());
        }
        if is_debited {
            self.add_transaction(cx, correction);
        }
        self.deposit_taken_back(&claim.deposit);
        Ok(())
    }

    fn mark_returned(&mut self, id: &InboundId) {
        if let Some(row) = self.payments.inbound.get_mut(id) {
            row.stage = InboundStage::Returned;
        }
    }
}

fn returned_already() -> Rejection {
    Problem::new(
        code::INBOUND_NOT_RETURNABLE,
        "The money was returned already.",
    )
    .at("inbound_id")
    .received(InboundStage::Returned.to_string())
    .expected("UNASSIGNED, PENDING, POSTED")
    .hint("Money goes back once; let it arrive again if it has to.")
    .bad_request()
}

/// The custodian has paid out, for others, what would have to go back.
fn gone_from_custody() -> Rejection {
    Problem::new(
        code::INBOUND_NOT_RETURNABLE,
        "The platform has not as much of the asset at its custodian any more.",
    )
    .at("inbound_id")
    .expected("an amount that is still in custody, see the trial balance")
    .hint("Let more of the asset arrive, then return this money.")
    .bad_request()
}
