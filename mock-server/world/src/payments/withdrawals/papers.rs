//! Documents that are asked for before a large withdrawal can be accepted.
//!
//! The threshold is not published; where the rule is on, it lies at 10,000 US dollars in value. What that is in other
//! assets is a fixed table: a rule of compliance does not move with the market, and a test can rely on it.

use layer2_ledger::MinorUnits;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::payments::DocumentStatus;
use layer2_types::payments::DocumentType;
use layer2_types::payments::EventPayload;
use layer2_types::payments::WithdrawalEventData;
use layer2_types::payments::WithdrawalId;

use crate::clock;
use crate::context::WriteContext;
use crate::payments::assets::Asset;
use crate::payments::documents::Asked;
use crate::payments::documents::DocumentRow;
use crate::payments::machines::WITHDRAWAL;
use crate::payments::machines::WithdrawalStage;
use crate::payments::orders;
use crate::payments::withdrawals::VALID_FOR;
use crate::payments::withdrawals::WithdrawalJob;
use crate::payments::withdrawals::WithdrawalRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// The documents that a withdrawal needs.
pub(super) fn asked_for(cx: &WriteContext<'_>, asset: &Asset, amount: MinorUnits) -> Vec<Asked> {
    let asks = cx.settings().information_requests && cx.platform() != Platform::Layer2V1_0_5;
    if !asks || threshold(asset).is_none_or(|threshold| amount <= threshold) {
        return Vec::new();
    }
    vec![(DocumentType::Invoice, true)]
}

impl World {
    /// The documents that a withdrawal was asked for.
    pub(super) fn papers<'a>(
        &'a self,
        row: &'a WithdrawalRow,
    ) -> impl Iterator<Item = &'a DocumentRow> {
        let documents = &self.payments.documents;
        row.papers.iter().filter_map(|id| documents.get(id))
    }

    /// Takes the documents that a withdrawal still misses as seen, as somebody at the platform may.
    pub(crate) fn waive_documents(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let row = self.payments.withdrawals.rows.get(id);
        let papers = row.map(|row| row.papers.clone()).unwrap_or_default();
        for paper in papers {
            if let Some(document) = self.payments.documents.get_mut(&paper)
                && document.is_awaited()
            {
                document.status = DocumentStatus::Approved;
            }
        }
        self.await_papers_or_acceptance(cx, id);
    }

    /// A withdrawal that nobody has accepted waits: for documents if it misses some, else to be accepted.
    pub(crate) fn await_papers_or_acceptance(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &WithdrawalId,
    ) {
        let Some(row) = self.payments.withdrawals.rows.get(id) else {
            return;
        };
        let misses_paper = self.papers(row).any(DocumentRow::is_awaited);
        let Some(row) = self.payments.withdrawals.rows.get_mut(id) else {
            return;
        };
        if misses_paper {
            if WITHDRAWAL.allows(row.stage, WithdrawalStage::ChangesRequested) {
                row.stage = WithdrawalStage::ChangesRequested;
                self.emit_changes_requested(cx, id);
            }
            return;
        }
        let waits = matches!(
            row.stage,
            WithdrawalStage::Requested | WithdrawalStage::ChangesRequested
        );
        if waits && row.planned.is_none() {
            row.stage = WithdrawalStage::Requested;
            row.valid_until = clock::later(cx.now(), VALID_FOR);
            let due = orders::after(row.valid_until);
            self.plan_withdrawal(id, due, WithdrawalJob::Expire(id.clone()));
        }
    }

    fn emit_changes_requested(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let status = WithdrawalStage::ChangesRequested.status(cx.platform());
        let state = payments::WithdrawalState::new(id.clone()).with_status(status);
        let data = WithdrawalEventData::new(state);
        self.emit(cx, EventPayload::WithdrawalChangesRequested(data));
    }
}

impl World {
    /// Refuses the acceptance of a withdrawal that waits for documents.
    pub(super) fn must_miss_no_paper(&self, row: &WithdrawalRow) -> Result<(), Rejection> {
        if row.stage != WithdrawalStage::ChangesRequested {
            return Ok(());
        }
        let missing = self.papers(row).filter(|paper| paper.is_awaited());
        let ids: Vec<&str> = missing.map(|paper| paper.id.as_str()).collect();
        Err(Problem::new(
            code::WITHDRAWAL_NOT_ACCEPTABLE,
            "The withdrawal is CHANGES_REQUESTED: it waits for a document.",
        )
        .at("withdrawal_id")
        .received("CHANGES_REQUESTED")
        .expected("REQUESTED")
        .hint(format!(
            "Upload the file with `POST /v1/documents/{}`; the status call of the withdrawal says what is asked for.",
            ids.join(", ")
        ))
        .bad_request())
    }
}

/// A document as the status call shows it.
pub(super) fn on_wire(document: &DocumentRow) -> payments::WithdrawalDocumentError {
    payments::WithdrawalDocumentError::new()
        .with_id(document.id.clone())
        .with_document_id(document.id.clone())
        .with_document(document.kind.clone())
        .with_status(document.status.clone())
        .with_description("An invoice over the amount is needed.".to_owned())
}

/// What 10,000 US dollars are, in the smallest unit of an asset. An asset that is not listed is never asked about.
fn threshold(asset: &Asset) -> Option<MinorUnits> {
    let currency = asset.id.rsplit('_').next()?;
    let (_, units) = THRESHOLDS.iter().find(|(listed, _)| *listed == currency)?;
    Some(MinorUnits::new(*units))
}

const THRESHOLDS: &[(&str, i128)] = &[
    ("USD", 1_000_000),
    ("EUR", 900_000),
    ("CAD", 1_400_000),
    ("USDC", 10_000_000_000),
    ("BTC", 10_000_000),
    ("ETH", 3_000_000_000_000_000_000),
    ("SOL", 60_000_000_000),
];

#[cfg(test)]
mod tests {
    use crate::payments::assets::ASSETS;

    use super::*;

    #[test]
    fn every_asset_has_a_threshold() {
        for asset in ASSETS {
            assert!(
                threshold(asset).is_some_and(MinorUnits::is_positive),
                "{}",
                asset.id
            );
        }
    }
}
