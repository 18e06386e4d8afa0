//! Transactions: the rows of an account's history.
//!
//! They are written by what moves money and read here. The order is that in which they came, which is also that of their
//! dates: a client command is always later than the one before it.

use core::ops::Range;
use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_ledger::MinorUnits;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::CategoryId;
use layer2_types::payments::RailInformation;
use layer2_types::payments::SortOrder;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransactionOriginator;
use layer2_types::query::QueryParams as _;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Transactions;
use crate::packed::Id;
use crate::packed::Name;
use crate::packed::Spelled;
use crate::page;
use crate::page::Cut;
use crate::page::Page;
use crate::page::RowOrder;
use crate::payments::funds;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::rejection::Rejection;
use crate::settings::TimestampStyle;
use crate::table::Table;
use crate::table::named;
use crate::world::World;

/// A row of an account's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TransactionRow {
    pub(crate) id: Id<TransactionId>,
    pub(crate) account: AccountId,
    /// Decimals of the account's asset.
    pub(crate) decimals: u32,
    /// Negative when it lowers the balance.
    pub(crate) value: MinorUnits,
    pub(crate) stage: TransactionStage,
    pub(crate) kind: TransactionKind,
    pub(crate) category: Category,
    /// What it belongs to.
    #[serde(rename = "category_id")]
    pub(crate) order: Name,
    pub(crate) description: Option<Private>,
    /// What the rail told, of money from outside.
    pub(crate) originator: Option<Box<TransactionOriginator>>,
    pub(crate) rail: Option<Box<RailInformation>>,
    pub(crate) at: Timestamp,
    pub(crate) posted_at: Option<Timestamp>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(TransactionRow: Id<TransactionId>);

impl TransactionRow {
    /// What it belongs to, as the wire names it.
    pub(crate) fn category_id(&self) -> Option<CategoryId> {
        // It came from an id.
        CategoryId::new(self.order.text()).ok()
    }
}

/// All transactions of a sandbox, oldest first, and so in the order of their dates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TransactionLog {
    rows: Table<TransactionId, TransactionRow>,
    /// The numbers of the rows of each account, oldest first.
    by_account: BTreeMap<AccountId, Vec<u32>>,
}

impl TransactionLog {
    /// Adds a row. The order of the log is that of the dates, so a row is never dated before the one before it.
    pub(crate) fn add(&mut self, mut row: TransactionRow) {
        let newest = self.rows.row(self.rows.made());
        debug_assert!(newest.is_none_or(|newest| newest.at <= row.at), "{row:?}");
        row.at = newest.map_or(row.at, |newest| newest.at.max(row.at));
        self.note(&row.account, self.rows.made() + 1);
        self.rows.insert(row);
    }

    pub(crate) fn get(&self, id: &TransactionId) -> Option<&TransactionRow> {
        self.rows.get(id)
    }

    /// The row with a number.
    pub(crate) fn row(&self, number: u64) -> Option<&TransactionRow> {
        self.rows.row(number)
    }

    /// Makes an estimate final. Only a transaction that is on its way has one.
    pub(crate) fn revalue(&mut self, id: &TransactionId, value: MinorUnits) {
        if let Some(row) = self.rows.get_mut(id) {
            debug_assert!(!TRANSACTION.is_final(row.stage), "{} is final", row.stage);
            row.value = value;
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Spelled<'_>> {
        self.rows.ids()
    }

    /// All rows with their numbers, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &TransactionRow)> {
        self.rows.numbered()
    }

    /// The rows of one account with their numbers, oldest first.
    pub(crate) fn of_account(
        &self,
        account: &AccountId,
    ) -> impl DoubleEndedIterator<Item = (u64, &TransactionRow)> {
        let history = self.history(Some(account));
        (0..history.len()).filter_map(move |place| history.at(place))
    }

    /// The history of an account, or of all.
    fn history(&self, account: Option<&AccountId>) -> History<'_> {
        let of = |account| self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        History {
            rows: &self.rows,
            numbers: account.map(of),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "so many rows take hundreds of gigabytes, and a broken sandbox is better than a row that is never found again"
    )]
    fn note(&mut self, account: &AccountId, number: u64) {
        let number = u32::try_from(number).expect("a log has fewer than 2^32 rows");
        match self.by_account.get_mut(account) {
            Some(numbers) => numbers.push(number),
            None => {
                self.by_account.insert(account.clone(), vec![number]);
            }
        }
    }
}

/// The rows; whose they are follows from them.
impl Serialize for TransactionLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TransactionLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut log = Self::default();
        let rows = Table::<TransactionId, TransactionRow>::deserialize(deserializer)?;
        for (number, row) in rows.numbered() {
            log.note(&row.account, number);
        }
        log.rows = rows;
        Ok(log)
    }
}

/// Transactions in their order, each at a place: 0, 1, 2.
#[derive(Clone, Copy)]
struct History<'a> {
    rows: &'a Table<TransactionId, TransactionRow>,
    /// The numbers of the rows at the places; of all rows, in their order, where there are none.
    numbers: Option<&'a [u32]>,
}

impl<'a> History<'a> {
    fn len(&self) -> usize {
        match self.numbers {
            Some(numbers) => numbers.len(),
            // Rows in memory are no more than a `usize` can tell.
            None => usize::try_from(self.rows.made()).unwrap_or(usize::MAX),
        }
    }

    fn at(&self, place: usize) -> Option<(u64, &'a TransactionRow)> {
        let number = match self.numbers {
            Some(numbers) => u64::from(*numbers.get(place)?),
            None => place as u64 + 1,
        };
        Some((number, self.rows.row(number)?))
    }
}

impl Transactions for World {
    fn transactions_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::TransactionsListParams,
    ) -> Result<payments::TransactionListReply, Rejection> {
        let listing = Listing {
            page: Page::of(params.page, params.page_size)?.as_of(cx)?,
            made: self.payments.transactions.rows.made(),
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
            made: self.payments.transactions.rows.made(),
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

/// Which rows of a list to show, in which direction.
struct Listing {
    page: Page,
    /// The newest transaction that there is.
    made: u64,
    days: Days,
    order: Option<SortOrder>,
}

/// The days between which a transaction has to be dated, both included.
struct Days {
    first: Option<layer2_types::Date>,
    last: Option<layer2_types::Date>,
}

impl Days {
    /// The places of a history that fall in these days. Dates rise with the places, so their ends are searched for, and
    /// no date is worked out where no day was given.
    fn places<'a>(
        &self,
        len: usize,
        at: impl Fn(usize) -> Option<(u64, &'a TransactionRow)>,
        style: TimestampStyle,
    ) -> Range<usize> {
        let day_of = |place| at(place).map(|(_, row)| clock::day(row.at, style));
        let start = self.first.map_or(0, |first| {
            page::first_without(0..len, |place| {
                day_of(place).is_some_and(|day| day < first.civil())
            })
        });
        let end = self.last.map_or(len, |last| {
            page::first_without(start..len, |place| {
                day_of(place).is_some_and(|day| day <= last.civil())
            })
        });
        start..end
    }
}

impl Listing {
    /// The page of a history, with a filter or of all that is in the days; then no more rows are looked at than the
    /// page shows and binary searches need.
    fn cut<'a>(
        &self,
        len: usize,
        at: impl Fn(usize) -> Option<(u64, &'a TransactionRow)>,
        style: TimestampStyle,
        filter: Option<impl Fn(&TransactionRow) -> bool>,
    ) -> Cut<&'a TransactionRow> {
        let places = self.days.places(len, &at, style);
        let order = match self.order {
            Some(SortOrder::Desc) => RowOrder::NewestFirst,
            _ => RowOrder::OldestFirst,
        };
        let Some(filter) = filter else {
            return self.page.pick(places, at, order, self.made);
        };
        let matching = |place| at(place).filter(|(_, row)| filter(row));
        match order {
            RowOrder::NewestFirst => {
                let rows = places.rev().filter_map(matching);
                self.page.cut(rows, order, self.made)
            }
            _ => self.page.cut(places.filter_map(matching), order, self.made),
        }
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
        let number = self.payments.transactions.rows.made();
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
        if let Some(number) = self.payments.transactions.rows.number(id) {
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
        let Some(row) = self.payments.transactions.rows.row_mut(number) else {
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

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use jiff::SignedDuration;

    use super::*;

    const ROWS: usize = 100_000;

    /// A transaction each minute.
    fn rows() -> Vec<TransactionRow> {
        let start: Timestamp = "2026-01-05T14:00:00Z".parse().unwrap();
        let row = |n: usize| TransactionRow {
            id: Id::of(&format!("transaction-{n}").parse().unwrap()),
            account: "ACME_MAIN".parse().unwrap(),
            decimals: 2,
            value: MinorUnits::new(1),
            stage: TransactionStage::Posted,
            kind: TransactionKind::InternalTransfer,
            category: Category::Transfer,
            order: Name::new("transfer"),
            description: None,
            originator: None,
            rail: None,
            at: start + SignedDuration::from_mins(i64::try_from(n).unwrap()),
            posted_at: None,
            cause: 1,
        };
        (0..ROWS).map(row).collect()
    }

    /// Goal: a page of a long history costs what a page of a short one does, with days and without. Method: rows are
    /// counted when they are looked at.
    #[test]
    fn a_page_of_a_long_history_looks_at_few_rows() {
        let rows = rows();
        let day = |text: &str| Some(text.parse().unwrap());
        let style = TimestampStyle::NewYork;
        for (first, last, total) in [
            (None, None, ROWS),
            (day("2026-02-01"), None, ROWS - (26 * 24 + 15) * 60),
            (None, day("2026-01-05"), 15 * 60),
            (day("2026-02-01"), day("2026-02-02"), 2 * 24 * 60),
            (day("2027-01-01"), None, 0),
        ] {
            for order in [SortOrder::Asc, SortOrder::Desc] {
                let listing = Listing {
                    page: Page::of(Some(1), None).unwrap(),
                    made: ROWS as u64,
                    days: Days { first, last },
                    order: Some(order),
                };
                let looked_at = Cell::new(0_usize);
                let at = |place: usize| {
                    looked_at.set(looked_at.get() + 1);
                    Some((place as u64 + 1, rows.get(place)?))
                };
                let all = None::<fn(&TransactionRow) -> bool>;
                let picked = listing.cut(ROWS, at, style, all);
                // A page, and four binary searches of seventeen steps at the most.
                assert!(looked_at.get() <= 20 + 4 * 17, "{}", looked_at.get());

                let every = listing.cut(ROWS, at, style, Some(|_: &TransactionRow| true));
                assert_eq!(picked, every, "{first:?} to {last:?}");
                assert_eq!(picked.total(), total, "{first:?} to {last:?}");
            }
        }
    }
}
