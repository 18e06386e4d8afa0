//! Money that was sent and came back.
//!
//! The withdrawal stays EXECUTED, which is final: a new entry and a correction of their own give the money back. What it
//! cost is not given back.

use layer2_ledger::LedgerError;
use layer2_types::payments::TransactionId;
use layer2_types::payments::WithdrawalId;

use crate::context::WriteContext;
use crate::payments::funds;
use crate::payments::funds::Back;
use crate::payments::machines::TransactionStage;
use crate::payments::orders::Side;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::withdrawals::WithdrawalRow;
use crate::rejection::Rejection;
use crate::world::World;

impl WithdrawalRow {
    /// Whether its money can come back: it has left, and has not come back yet.
    pub(crate) fn can_be_returned(&self) -> bool {
        self.sent
            .as_ref()
            .is_some_and(|sent| sent.returned.is_none())
    }
}

impl World {
    /// Gives the money of an executed withdrawal back and tells the transaction.
    pub(crate) fn return_withdrawal(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &WithdrawalId,
    ) -> Result<TransactionId, Rejection> {
        let row = self.payments.withdrawal(id)?.clone();
        let Some(sent) = row.sent.as_ref().filter(|sent| sent.returned.is_none()) else {
            return Err(Rejection::internal(
                "A withdrawal without money to return was returned.",
            ));
        };
        let source = self.payments.account(&row.source, "withdrawal_id")?;
        self.must_transact(source, "withdrawal_id")?;
        let side = Side {
            account: source,
            value: row.amount,
            kind: TransactionKind::CreditCorrection,
            stage: TransactionStage::Posted,
        };
        let mut credit = row.transaction(cx, side)?;
        credit.posted_at = Some(cx.now());
        let back = Back {
            account: &row.source,
            amount: row.amount,
            rail_was_paid: sent.rail_paid,
        };
        let narrative = format!("return of withdrawal {id}");
        self.payments
            .funds
            .take_back(cx, sent.entry, &back, &narrative)
            .map_err(|error| match error {
                LedgerError::Full => funds::too_large().at("withdrawal_id").bad_request(),
                _ => Rejection::internal("The books refused the money."),
            })?;

        let transaction = credit.id.get();
        self.add_transaction(cx, credit);
        self.wake(cx, &row.source);
        if let Some(row) = self.payments.withdrawals.rows.get_mut(id)
            && let Some(sent) = &mut row.sent
        {
            sent.returned = Some(transaction.clone());
        }
        Ok(transaction)
    }
}
