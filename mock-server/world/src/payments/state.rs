//! All rows of the payments API.

use layer2_types::payments::AccountId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::SubscriptionId;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransferId;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::accounts::AccountRow;
use crate::payments::customers::CustomerRow;
use crate::payments::funds::Funds;
use crate::payments::subscriptions::SubscriptionRow;
use crate::payments::transactions::TransactionLog;
use crate::payments::transfers::TransferRow;
use crate::rejection::Rejection;
use crate::table::Table;

/// The state of the payments API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) customers: Table<CustomerId, CustomerRow>,
    pub(crate) accounts: Table<AccountId, AccountRow>,
    pub(crate) transactions: TransactionLog,
    pub(crate) transfers: Table<TransferId, TransferRow>,
    pub(crate) subscriptions: Table<SubscriptionId, SubscriptionRow>,
    pub(crate) funds: Funds,
}

impl State {
    pub(crate) fn customer(&self, id: &CustomerId) -> Result<&CustomerRow, Rejection> {
        let known = || self.customers.ids().map(CustomerId::as_str);
        self.customers
            .get(id)
            .ok_or_else(|| Rejection::unknown_id("customer", id.as_str(), known()))
    }

    pub(crate) fn account(&self, id: &AccountId) -> Result<&AccountRow, Rejection> {
        let known = || self.accounts.ids().map(AccountId::as_str);
        self.accounts
            .get(id)
            .ok_or_else(|| Rejection::unknown_id("account", id.as_str(), known()))
    }

    pub(crate) fn transfer(&self, id: &TransferId) -> Result<&TransferRow, Rejection> {
        let known = || self.transfers.ids().map(TransferId::as_str);
        self.transfers
            .get(id)
            .ok_or_else(|| Rejection::unknown_id("transfer", id.as_str(), known()))
    }

    pub(crate) fn transaction(
        &self,
        id: &TransactionId,
    ) -> Result<&crate::payments::transactions::TransactionRow, Rejection> {
        let known = || self.transactions.ids().map(TransactionId::as_str);
        self.transactions
            .get(id)
            .ok_or_else(|| Rejection::unknown_id("transaction", id.as_str(), known()))
    }

    pub(crate) fn subscription(&self, id: &SubscriptionId) -> Result<&SubscriptionRow, Rejection> {
        let known = || self.subscriptions.ids().map(SubscriptionId::as_str);
        self.subscriptions
            .get(id)
            .ok_or_else(|| Rejection::unknown_id("subscription", id.as_str(), known()))
    }
}
