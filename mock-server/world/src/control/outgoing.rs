//! Money on its way out, as control orders it: what becomes of a withdrawal, and what withdrawals cost.

use layer2_types::control;
use layer2_types::control::WithdrawalOutcome;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::Rail;
use layer2_types::payments::WithdrawalId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::control::Outgoing;
use crate::payments::assets;
use crate::payments::funds;
use crate::payments::machines::WithdrawalStage;
use crate::payments::withdrawals::Fee;
use crate::payments::withdrawals::Fees;
use crate::payments::withdrawals::WithdrawalRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl Outgoing for World {
    fn outgoing_decide_withdrawal(
        &mut self,
        cx: &mut WriteContext<'_>,
        withdrawal_id: control::WithdrawalId,
        body: control::WithdrawalOutcomeRequest,
    ) -> Result<control::WithdrawalDecisionReply, Rejection> {
        let named = withdrawal_id.as_str();
        // A text that cannot be an id names no withdrawal.
        let id = WithdrawalId::new(named).map_err(|_| {
            Rejection::unknown_id("withdrawal", named, core::iter::empty::<&str>())
                .at("withdrawal_id")
        })?;
        let row = self.payments.withdrawal(&id)?;
        let from = row.status();
        must_be_possible(row, &body.outcome)?;

        let mut transaction = None;
        match body.outcome {
            WithdrawalOutcome::Settled => self.execute_withdrawal(cx, &id),
            WithdrawalOutcome::Failed => {
                self.end_withdrawal(cx, &id, WithdrawalStage::Rejected);
            }
            WithdrawalOutcome::Returned => transaction = Some(self.return_withdrawal(cx, &id)?),
            _ => self.waive_documents(cx, &id),
        }
        let to = self.payments.withdrawal(&id)?.status();
        let mut decision = control::WithdrawalDecision::new(
            withdrawal_id,
            body.outcome,
            control::WithdrawalStatus::from(from.as_str()),
            control::WithdrawalStatus::from(to.as_str()),
        );
        decision.transaction_id = transaction
            .map(|id| control::TransactionId::new(id.as_str()))
            .transpose()
            .map_err(|_| Rejection::bad_id())?;
        Ok(control::WithdrawalDecisionReply::new(decision))
    }

    fn outgoing_list_fees(
        &self,
        _cx: &ReadContext<'_>,
    ) -> Result<control::FeeTableReply, Rejection> {
        fees_on_wire(&self.payments.fees)
    }

    fn outgoing_set_fees(
        &mut self,
        _cx: &mut WriteContext<'_>,
        body: control::FeeTable,
    ) -> Result<control::FeeTableReply, Rejection> {
        let mut fees: Vec<Fee> = Vec::new();
        for (n, wanted) in body.withdrawal_fees.iter().enumerate() {
            let fee = read_fee(wanted, n)?;
            let twice = |other: &Fee| other.rail == fee.rail && other.asset == fee.asset;
            if fees.iter().any(twice) {
                return Err(named_twice(wanted, n));
            }
            fees.push(fee);
        }
        let fees = Fees::new(fees);
        let reply = fees_on_wire(&fees)?;

        self.payments.fees = fees;
        Ok(reply)
    }
}

/// Refuses an outcome that the withdrawal cannot have, or has.
fn must_be_possible(row: &WithdrawalRow, outcome: &WithdrawalOutcome) -> Result<(), Rejection> {
    let (possible, expected) = match outcome {
        WithdrawalOutcome::Settled | WithdrawalOutcome::Failed => (
            row.is_on_its_way(),
            "a withdrawal that was accepted and has no outcome yet",
        ),
        WithdrawalOutcome::Returned => (
            row.can_be_returned(),
            "a withdrawal that is EXECUTED and did not come back yet",
        ),
        WithdrawalOutcome::DocumentsReceived => (
            row.stage == WithdrawalStage::ChangesRequested,
            "a withdrawal that is CHANGES_REQUESTED",
        ),
        other => {
            return Err(
                Problem::new(code::VALIDATION_FAILED, "There is no such outcome.")
                    .at("/outcome")
                    .received(other.as_str())
                    .expected("SETTLED, FAILED, RETURNED or DOCUMENTS_RECEIVED")
                    .hint("Outcomes are spelt in capitals, as listed.")
                    .bad_request(),
            );
        }
    };
    if possible {
        return Ok(());
    }
    let status = row.status();
    Err(Problem::new(
        code::STATUS_CHANGE_NOT_ALLOWED,
        format!("The withdrawal is {status} and cannot become {outcome} now."),
    )
    .at("/outcome")
    .received(outcome.as_str())
    .expected(expected)
    .hint("Under the profile `fast` an accepted withdrawal is executed at once; `realistic` gives each step its time.")
    .bad_request())
}

fn read_fee(wanted: &control::WithdrawalFee, n: usize) -> Result<Fee, Rejection> {
    let place = |member: &str| format!("/withdrawal_fees/{n}/{member}");
    let rails = Fees::rails();
    if !rails.contains(&wanted.rail.as_str()) {
        return Err(
            Problem::new(code::RAIL_NOT_SUPPORTED, "No withdrawal goes by this rail.")
                .at(place("rail"))
                .received(&wanted.rail)
                .expected(rails.join(", "))
                .hint("Rails are spelt as in the `withdrawal_rail` of a withdrawal.")
                .bad_request(),
        );
    }
    let asset = assets::known(wanted.asset_type_id.as_str(), &place("asset_type_id"))?;
    Ok(Fee {
        rail: Rail::from(wanted.rail.as_str()),
        asset: AssetTypeId::new(asset.id).map_err(|_| Rejection::bad_id())?,
        decimals: asset.decimals,
        amount: funds::to_minor(wanted.amount, asset, &place("amount")).map_err(hint_of_no_fee)?,
    })
}

/// No fee is said otherwise than by an amount of zero.
fn hint_of_no_fee(mut rejection: Rejection) -> Rejection {
    for problem in &mut rejection.problems {
        if problem.code == code::AMOUNT_NOT_POSITIVE {
            problem.hint = Some("To take no fee on a rail, leave it out of the list.".to_owned());
        }
    }
    rejection
}

fn named_twice(fee: &control::WithdrawalFee, n: usize) -> Rejection {
    Problem::new(code::VALIDATION_FAILED, "A rail has one fee for an asset.")
        .at(format!("/withdrawal_fees/{n}"))
        .received(format!("{} and {} again", fee.rail, fee.asset_type_id))
        .expected("each pair of rail and asset at most once")
        .bad_request()
}

fn fees_on_wire(fees: &Fees) -> Result<control::FeeTableReply, Rejection> {
    let rows: Result<Vec<_>, Rejection> = fees
        .iter()
        .map(|fee| {
            let asset = control::AssetTypeId::new(fee.asset.as_str());
            Ok(control::WithdrawalFee::new(
                fee.rail.as_str().to_owned(),
                asset.map_err(|_| Rejection::bad_id())?,
                funds::to_wire(fee.amount, fee.decimals),
            ))
        })
        .collect();
    Ok(control::FeeTableReply::new(control::FeeTable::new(rows?)))
}
