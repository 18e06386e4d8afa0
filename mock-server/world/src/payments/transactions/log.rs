//! The rows of all accounts in the order in which they came, which is also that of their dates.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_ledger::MinorUnits;
use layer2_types::payments::AccountId;
use layer2_types::payments::CategoryId;
use layer2_types::payments::RailInformation;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransactionOriginator;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::packed::Id;
use crate::packed::Name;
use crate::packed::Spelled;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::table::Table;
use crate::table::named;

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

    /// The number of the newest row: how many were ever made.
    pub(super) const fn made(&self) -> u64 {
        self.rows.made()
    }

    pub(super) fn number(&self, id: &TransactionId) -> Option<u64> {
        self.rows.number(id)
    }

    pub(super) fn row_mut(&mut self, number: u64) -> Option<&mut TransactionRow> {
        self.rows.row_mut(number)
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
    pub(super) fn history(&self, account: Option<&AccountId>) -> History<'_> {
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
pub(super) struct History<'a> {
    rows: &'a Table<TransactionId, TransactionRow>,
    /// The numbers of the rows at the places; of all rows, in their order, where there are none.
    numbers: Option<&'a [u32]>,
}

impl<'a> History<'a> {
    pub(super) fn len(&self) -> usize {
        match self.numbers {
            Some(numbers) => numbers.len(),
            // Rows in memory are no more than a `usize` can tell.
            None => usize::try_from(self.rows.made()).unwrap_or(usize::MAX),
        }
    }

    pub(super) fn at(&self, place: usize) -> Option<(u64, &'a TransactionRow)> {
        let number = match self.numbers {
            Some(numbers) => u64::from(*numbers.get(place)?),
            None => place as u64 + 1,
        };
        Some((number, self.rows.row(number)?))
    }
}
