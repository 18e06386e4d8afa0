//! Transactions: the rows of an account's history.
//!
//! They are written by what moves money and read here. The order is that in which they came, which is also that of their
//! dates: a client command is always later than the one before it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_ledger::MinorUnits;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::CategoryId;
use layer2_types::payments::RailInformation;
use layer2_types::payments::SortOrder;
use layer2_types::payments::TransactionCategory;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransactionOriginator;
use layer2_types::payments::TransactionType;
use layer2_types::query::QueryParams as _;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Transactions;
use crate::page::Page;
use crate::page::RowOrder;
use crate::payments::funds;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::rejection::Rejection;
use crate::world::World;

/// A row of an account's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TransactionRow {
    pub(crate) id: TransactionId,
    pub(crate) account: AccountId,
    /// Decimals of the account's asset.
    pub(crate) decimals: u32,
    /// Negative when it lowers the balance.
    pub(crate) value: MinorUnits,
    pub(crate) stage: TransactionStage,
    pub(crate) kind: TransactionType,
    pub(crate) category: TransactionCategory,
    pub(crate) category_id: CategoryId,
    pub(crate) description: Option<String>,
    pub(crate) originator: Option<TransactionOriginator>,
    pub(crate) rail: Option<RailInformation>,
    pub(crate) at: Timestamp,
    pub(crate) posted_at: Option<Timestamp>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

/// All transactions of a sandbox, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TransactionLog {
    rows: Vec<TransactionRow>,
    by_id: BTreeMap<TransactionId, usize>,
    by_account: BTreeMap<AccountId, Vec<usize>>,
}

impl TransactionLog {
    pub(crate) fn add(&mut self, row: TransactionRow) {
        let place = self.rows.len();
        self.by_id.insert(row.id.clone(), place);
        self.by_account
            .entry(row.account.clone())
            .or_default()
            .push(place);
        self.rows.push(row);
    }

    pub(crate) fn get(&self, id: &TransactionId) -> Option<&TransactionRow> {
        self.rows.get(*self.by_id.get(id)?)
    }

    fn get_mut(&mut self, id: &TransactionId) -> Option<&mut TransactionRow> {
        self.rows.get_mut(*self.by_id.get(id)?)
    }

    /// Makes an estimate final. Only a transaction that is on its way has one.
    pub(crate) fn revalue(&mut self, id: &TransactionId, value: MinorUnits) {
        if let Some(row) = self.get_mut(id) {
            debug_assert!(!TRANSACTION.is_final(row.stage), "{} is final", row.stage);
            row.value = value;
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &TransactionId> {
        self.by_id.keys()
    }

    /// All rows with their numbers, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &TransactionRow)> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(place, row)| (place as u64 + 1, row))
    }

    /// How many rows there are: the number of the newest one.
    fn made(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The rows of one account with their numbers, oldest first.
    pub(crate) fn of_account(
        &self,
        account: &AccountId,
    ) -> impl DoubleEndedIterator<Item = (u64, &TransactionRow)> {
        let places = self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .filter_map(|place| Some((*place as u64 + 1, self.rows.get(*place)?)))
    }
}

impl Transactions for World {
    fn transactions_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::TransactionsListParams,
    ) -> Result<payments::TransactionListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let filter = |(_, row): &(u64, &TransactionRow)| {
            params
                .category_id
                .as_ref()
                .is_none_or(|id| row.category_id == *id)
                && params
                    .category_type
                    .as_ref()
                    .is_none_or(|kind| row.category == *kind)
                && params
                    .transaction_status
                    .as_ref()
                    .is_none_or(|status| row.stage.status() == *status)
        };
        let days = Days {
            first: params.start_date,
            last: params.end_date,
        };
        let listing = Listing {
            page,
            days,
            order: params.order.clone(),
        };
        let query = params.to_pairs();
        Ok(match &params.account_id {
            Some(account) => {
                let rows = self
                    .payments
                    .transactions
                    .of_account(account)
                    .filter(filter);
                self.list(rows, &listing, "/v1/transactions", &query)
            }
            None => {
                let rows = self.payments.transactions.numbered().filter(filter);
                self.list(rows, &listing, "/v1/transactions", &query)
            }
        })
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
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        self.payments.account(&account_id, "account_id")?;
        let days = Days {
            first: params.start_date,
            last: params.end_date,
        };
        let listing = Listing {
            page,
            days,
            order: params.order.clone(),
        };
        let path = format!("/v1/accounts/deposits/{account_id}/transactions");
        let rows = self.payments.transactions.of_account(&account_id);
        Ok(self.list(rows, &listing, &path, &params.to_pairs()))
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
            let known = log.of_account(&account_id).map(|(_, row)| row.id.as_str());
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

/// Which rows of a list to show, in which direction.
struct Listing {
    page: Page,
    days: Days,
    order: Option<SortOrder>,
}

/// The days between which a transaction has to be dated, both included.
struct Days {
    first: Option<layer2_types::Date>,
    last: Option<layer2_types::Date>,
}

impl Days {
    fn include(&self, day: jiff::civil::Date) -> bool {
        self.first.is_none_or(|first| first.civil() <= day)
            && self.last.is_none_or(|last| day <= last.civil())
    }
}

impl World {
    /// Writes a transaction and tells of it.
    pub(crate) fn add_transaction(&mut self, cx: &mut WriteContext<'_>, row: TransactionRow) {
        let id = row.id.clone();
        self.payments.transactions.add(row);
        self.emit_transaction(cx, &id);
    }

    /// Moves a transaction on and tells of it.
    pub(crate) fn advance_transaction(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &TransactionId,
        to: TransactionStage,
    ) {
        let Some(row) = self.payments.transactions.get_mut(id) else {
            return;
        };
        debug_assert!(TRANSACTION.allows(row.stage, to), "{} to {to}", row.stage);
        row.stage = to;
        row.posted_at = (to == TransactionStage::Posted).then_some(cx.now());
        self.emit_transaction(cx, id);
    }

    fn list<'a>(
        &self,
        rows: impl DoubleEndedIterator<Item = (u64, &'a TransactionRow)>,
        listing: &Listing,
        path: &str,
        query: &[(&str, String)],
    ) -> payments::TransactionListReply {
        let style = self.settings().timestamps;
        let made = self.payments.transactions.made();
        let rows = rows.filter(|(_, row)| listing.days.include(clock::day(row.at, style)));
        let cut = match listing.order {
            Some(SortOrder::Desc) => listing.page.cut(rows.rev(), RowOrder::NewestFirst, made),
            _ => listing.page.cut(rows, RowOrder::OldestFirst, made),
        };
        let links = cut.links(path, query);
        let transactions = cut
            .rows
            .into_iter()
            .map(|row| self.transaction_on_wire(row))
            .collect();
        payments::TransactionListReply::new(
            payments::TransactionList::new().with_transactions(transactions),
        )
        .with_links(links.into_payments())
    }

    fn transaction_on_wire(&self, row: &TransactionRow) -> payments::Transaction {
        let style = self.settings().timestamps;
        let mut transaction = payments::Transaction::new(row.id.clone())
            .with_value(funds::to_wire(row.value, row.decimals))
            .with_transaction_date(clock::wire(row.at, style))
            .with_transaction_status(row.stage.status())
            .with_transaction_type(row.kind.clone())
            .with_category_type(row.category.clone())
            .with_category_id(row.category_id.clone());
        transaction.transaction_posted_date = row.posted_at.map(|at| clock::wire(at, style));
        transaction.description.clone_from(&row.description);
        transaction.originator.clone_from(&row.originator);
        transaction.rail_information.clone_from(&row.rail);
        transaction
    }
}
