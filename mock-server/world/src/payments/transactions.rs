//! Transactions: the rows of an account's history.
//!
//! They are written by what moves money and read here. The order is that in which they came, which is also that of their
//! dates: a client command is always later than the one before it.

use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::TransactionId;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Transactions;
use crate::page::Cut;
use crate::page::Page;
use crate::payments::funds;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::payments::private::Private;
use crate::rejection::Rejection;
use crate::world::World;

mod listing;
mod log;

use listing::Days;
use listing::Listing;
pub(crate) use log::TransactionLog;
pub(crate) use log::TransactionRow;

impl Transactions for World {
    fn transactions_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::TransactionsListParams,
    ) -> Result<payments::TransactionListReply, Rejection> {
        let listing = Listing {
            page: Page::of(params.page, params.page_size)?.as_of(cx)?,
            made: self.payments.transactions.made(),
            days: Days {
                first: params.start_date,
                last: params.end_date,
            },
            order: params.order.clone(),
        };
        let is_narrowed = params.category_id.is_some()
            || params.category_type.is_some()
            || params.transaction_status.is_some();
        let wanted = |row: &TransactionRow| {
            params
                .category_id
                .as_ref()
                .is_none_or(|id| row.order.is(id.as_str()))
                && params
                    .category_type
                    .as_ref()
                    .is_none_or(|kind| row.category.on_wire() == *kind)
                && params
                    .transaction_status
                    .as_ref()
                    .is_none_or(|status| row.stage.status() == *status)
        };
        let history = self
            .payments
            .transactions
            .history(params.account_id.as_ref());
        let cut = listing.cut(
            history.len(),
            |place| history.at(place),
            self.settings().timestamps,
            is_narrowed.then_some(wanted),
        );
        Ok(self.list(cut, "/v1/transactions", &params.to_pairs()))
    }

    fn transactions_get(
        &self,
        _cx: &ReadContext<'_>,
        transaction_id: TransactionId,
    ) -> Result<payments::TransactionReply, Rejection> {
        let row = self.payments.transaction(&transaction_id)?;
        Ok(payments::TransactionReply::new(
            self.transaction_on_wire(row),
        ))
    }

    fn transactions_list_for_account(
        &self,
        cx: &ReadContext<'_>,
        account_id: AccountId,
        params: payments::TransactionsListForAccountParams,
    ) -> Result<payments::TransactionListReply, Rejection> {
        let listing = Listing {
            page: Page::of(params.page, params.page_size)?.as_of(cx)?,
            made: self.payments.transactions.made(),
            days: Days {
                first: params.start_date,
                last: params.end_date,
            },
            order: params.order.clone(),
        };
        self.payments.account(&account_id, "account_id")?;
        let history = self.payments.transactions.history(Some(&account_id));
        let all = None::<fn(&TransactionRow) -> bool>;
        let style = self.settings().timestamps;
        let cut = listing.cut(history.len(), |place| history.at(place), style, all);
        let path = format!("/v1/accounts/deposits/{account_id}/transactions");
        Ok(self.list(cut, &path, &params.to_pairs()))
    }

    fn transactions_get_for_account(
        &self,
        _cx: &ReadContext<'_>,
        account_id: AccountId,
        transaction_id: TransactionId,
    ) -> Result<payments::TransactionReply, Rejection> {
        self.payments.account(&account_id, "account_id")?;
        let log = &self.payments.transactions;
        let row = log
            .get(&transaction_id)
            .filter(|row| row.account == account_id);
        let row = row.ok_or_else(|| {
            let known = log.of_account(&account_id).map(|(_, row)| row.id.spelled());
            Rejection::unknown_id(
                "transaction of this account",
                transaction_id.as_str(),
                known,
            )
            .at("transaction_id")
        })?;
        Ok(payments::TransactionReply::new(
            self.transaction_on_wire(row),
        ))
    }
}

impl World {
    /// Writes a transaction, tells of it, and says which number it has.
    pub(crate) fn add_transaction(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: TransactionRow,
    ) -> u64 {
        self.payments.transactions.add(row);
        let number = self.payments.transactions.made();
        self.emit_transaction(cx, number);
        number
    }

    /// Moves a transaction on and tells of it.
    pub(crate) fn advance_transaction(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &TransactionId,
        to: TransactionStage,
    ) {
        if let Some(number) = self.payments.transactions.number(id) {
            self.advance_numbered_transaction(cx, number, to);
        }
    }

    /// The same, of the transaction with a number.
    pub(crate) fn advance_numbered_transaction(
        &mut self,
        cx: &mut WriteContext<'_>,
        number: u64,
        to: TransactionStage,
    ) {
        let Some(row) = self.payments.transactions.row_mut(number) else {
            return;
        };
        debug_assert!(TRANSACTION.allows(row.stage, to), "{} to {to}", row.stage);
        row.stage = to;
        row.posted_at = (to == TransactionStage::Posted).then_some(cx.now());
        self.emit_transaction(cx, number);
    }

    fn list(
        &self,
        cut: Cut<&TransactionRow>,
        path: &str,
        query: &[(&str, String)],
    ) -> payments::TransactionListReply {
        let links = cut.links(path, query);
        let rows = cut.rows.into_iter();
        let transactions = rows.map(|row| self.transaction_on_wire(row)).collect();
        payments::TransactionListReply::new(
            payments::TransactionList::new().with_transactions(transactions),
        )
        .with_links(links.into_payments())
    }

    fn transaction_on_wire(&self, row: &TransactionRow) -> payments::Transaction {
        let style = self.settings().timestamps;
        let mut transaction = payments::Transaction::new(row.id.get())
            .with_value(funds::to_wire(row.value, row.decimals))
            .with_transaction_date(clock::wire(row.at, style))
            .with_transaction_status(row.stage.status())
            .with_transaction_type(row.kind.on_wire())
            .with_category_type(row.category.on_wire());
        transaction.category_id = row.category_id();
        transaction.transaction_posted_date = row.posted_at.map(|at| clock::wire(at, style));
        transaction.description = row.description.as_ref().map(Private::reveal);
        transaction.originator = row.originator.as_deref().cloned();
        transaction.rail_information = row.rail.as_deref().cloned();
        transaction
    }
}
