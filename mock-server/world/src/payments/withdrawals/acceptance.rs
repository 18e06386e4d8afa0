//! The acceptance of a withdrawal: its money is held, with what it costs, and its transactions are written.

use layer2_ledger::MinorUnits;
use layer2_types::payments::RailInformation;

use crate::clock;
use crate::context::WriteContext;
use crate::payments::machines::TransactionStage;
use crate::payments::machines::WithdrawalStage;
use crate::payments::orders::Side;
use crate::payments::orders::Trail;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::payments::withdrawals::Accepted;
use crate::payments::withdrawals::KIND;
use crate::payments::withdrawals::WithdrawalJob;
use crate::payments::withdrawals::WithdrawalRow;
use crate::payments::withdrawals::model;
use crate::rejection::Rejection;
use crate::world::World;

impl World {
    /// Accepts a withdrawal. All about it has been checked but whether the account covers it.
    pub(super) fn accept_withdrawal(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: &WithdrawalRow,
    ) -> Result<(), Rejection> {
        let source = self.payments.account(&row.source, "withdrawal_id")?.clone();
        let fee = self.payments.fees.of(&row.rail, &row.asset);
        let total = row.amount.checked_add(fee).map_err(|_| {
            Rejection::internal("An amount and its fee are more than the books count.")
        })?;
        let debit = |kind, amount: MinorUnits| Side {
            account: &source,
            value: MinorUnits::new(-amount.get()),
            kind,
            stage: TransactionStage::Authorized,
        };
        let sent = row.transaction(cx, debit(TransactionKind::TransferOut, row.amount))?;
        let charged = if fee.is_positive() {
            Some(row.transaction(cx, debit(TransactionKind::Fee, fee))?)
        } else {
            None
        };
        let hold = self
            .payments
            .funds
            .hold(cx, &source.id, total)
            .map_err(|error| KIND.not_covered(&source, &error))?;

        let accepted = Accepted {
            hold,
            fee,
            debit: sent.id.get(),
            fee_debit: charged.as_ref().map(|charged| charged.id.get()),
        };
        self.add_transaction(cx, sent);
        if let Some(charged) = charged {
            self.add_transaction(cx, charged);
        }
        self.unplan_withdrawal(&row.id);
        if let Some(row) = self.payments.withdrawals.rows.get_mut(&row.id) {
            row.stage = WithdrawalStage::Accepted;
            row.accepted = Some(accepted);
        }
        let due = clock::later(cx.now(), self.delays().withdrawal_step);
        self.plan_withdrawal(&row.id, due, WithdrawalJob::Advance(row.id.clone()));
        Ok(())
    }
}

impl WithdrawalRow {
    /// A transaction of the withdrawal, with a new id.
    pub(super) fn transaction(
        &self,
        cx: &mut WriteContext<'_>,
        side: Side<'_>,
    ) -> Result<TransactionRow, Rejection> {
        let trail = Trail {
            order: self.id.as_str(),
            category: Category::Withdrawal,
            description: self.details.description().map(Private::new),
        };
        let mut transaction = trail.transaction(cx, side)?;
        let mut information = RailInformation::new()
            .with_rail(self.rail.as_str().to_owned())
            .with_reference(self.id.as_str().to_owned());
        information.memo = model::memo(&self.details).cloned();
        transaction.rail = Some(Box::new(information));
        Ok(transaction)
    }
}
