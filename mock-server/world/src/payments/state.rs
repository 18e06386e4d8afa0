//! All rows of the payments API.

use layer2_types::control::InboundId;
use layer2_types::payments::AccountId;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::DepositId;
use layer2_types::payments::DocumentId;
use layer2_types::payments::ExchangeId;
use layer2_types::payments::SubscriptionId;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransferId;
use layer2_types::payments::WithdrawalId;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::accounts::AccountRow;
use crate::payments::accounts::SELF;
use crate::payments::applications::ApplicationRow;
use crate::payments::arrivals::InboundRow;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::customers::CustomerRow;
use crate::payments::deposits::DepositRow;
use crate::payments::deposits::Deposits;
use crate::payments::documents::DocumentRow;
use crate::payments::exchanges::ExchangeRow;
use crate::payments::funds::Funds;
use crate::payments::market::Market;
use crate::payments::routes::Routes;
use crate::payments::subscriptions::SubscriptionRow;
use crate::payments::transactions::TransactionLog;
use crate::payments::transactions::TransactionRow;
use crate::payments::transfers::TransferRow;
use crate::payments::withdrawals::Fees;
use crate::payments::withdrawals::WithdrawalRow;
use crate::payments::withdrawals::Withdrawn;
use crate::rejection::Rejection;
use crate::table::Named;
use crate::table::Table;

/// The state of the payments API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) customers: Table<CustomerId, CustomerRow>,
    pub(crate) accounts: Table<AccountId, AccountRow>,
    pub(crate) applications: Table<ApplicationId, ApplicationRow>,
    pub(crate) documents: Table<DocumentId, DocumentRow>,
    pub(crate) transactions: TransactionLog,
    pub(crate) transfers: Table<TransferId, TransferRow>,
    pub(crate) exchanges: Table<ExchangeId, ExchangeRow>,
    pub(crate) counterparties: Table<CounterpartyId, CounterpartyRow>,
    pub(crate) withdrawals: Withdrawn,
    pub(crate) fees: Fees,
    pub(crate) subscriptions: Table<SubscriptionId, SubscriptionRow>,
    pub(crate) deposits: Deposits,
    pub(crate) inbound: Table<InboundId, InboundRow>,
    pub(crate) routes: Routes,
    pub(crate) funds: Funds,
    pub(crate) market: Market,
}

impl State {
    /// The newest ids of the resource that a path parameter names, newest first; none where it names another.
    pub(crate) fn newest_ids(&self, parameter: &str, most: usize) -> Vec<String> {
        match parameter {
            "account_id" => newest(&self.accounts, most),
            "application_id" => newest(&self.applications, most),
            "counterparty_id" => newest(&self.counterparties, most),
            "customer_id" => newest(&self.customers, most),
            "deposit_id" => newest(self.deposits.table(), most),
            "document_id" => newest(&self.documents, most),
            "exchange_id" => newest(&self.exchanges, most),
            "subscription_id" => newest(&self.subscriptions, most),
            "transfer_id" => newest(&self.transfers, most),
            "withdrawal_id" => newest(&self.withdrawals.rows, most),
            _ => Vec::new(),
        }
    }
}

/// Look-ups for handlers. `place` says where the request named the id: a JSON pointer into the body, or the name of the
/// parameter.
impl State {
    pub(crate) fn customer(&self, id: &CustomerId, place: &str) -> Result<&CustomerRow, Rejection> {
        find(&self.customers, id, "customer", place).map_err(|mut rejection| {
            if id.as_str() == SELF {
                for problem in &mut rejection.problems {
                    problem.hint = Some(SELF_IS_NO_CUSTOMER.to_owned());
                }
            }
            rejection
        })
    }

    pub(crate) fn account(&self, id: &AccountId, place: &str) -> Result<&AccountRow, Rejection> {
        find(&self.accounts, id, "account", place)
    }

    pub(crate) fn application(&self, id: &ApplicationId) -> Result<&ApplicationRow, Rejection> {
        find(&self.applications, id, "application", "application_id")
    }

    pub(crate) fn document(&self, id: &DocumentId) -> Result<&DocumentRow, Rejection> {
        find(&self.documents, id, "document", "document_id")
    }

    pub(crate) fn transfer(&self, id: &TransferId) -> Result<&TransferRow, Rejection> {
        find(&self.transfers, id, "transfer", "transfer_id")
    }

    pub(crate) fn exchange(&self, id: &ExchangeId) -> Result<&ExchangeRow, Rejection> {
        find(&self.exchanges, id, "exchange", "exchange_id")
    }

    pub(crate) fn deposit(&self, id: &DepositId) -> Result<&DepositRow, Rejection> {
        find(self.deposits.table(), id, "deposit", "deposit_id")
    }

    pub(crate) fn inbound(&self, id: &InboundId) -> Result<&InboundRow, Rejection> {
        find(&self.inbound, id, "money from outside", "inbound_id")
    }

    pub(crate) fn counterparty(
        &self,
        id: &CounterpartyId,
        place: &str,
    ) -> Result<&CounterpartyRow, Rejection> {
        find(&self.counterparties, id, "counterparty", place)
    }

    pub(crate) fn withdrawal(&self, id: &WithdrawalId) -> Result<&WithdrawalRow, Rejection> {
        find(&self.withdrawals.rows, id, "withdrawal", "withdrawal_id")
    }

    pub(crate) fn transaction(&self, id: &TransactionId) -> Result<&TransactionRow, Rejection> {
        self.transactions.get(id).ok_or_else(|| {
            let known = self.transactions.ids();
            Rejection::unknown_id("transaction", id.as_str(), known).at("transaction_id")
        })
    }

    pub(crate) fn subscription(&self, id: &SubscriptionId) -> Result<&SubscriptionRow, Rejection> {
        find(&self.subscriptions, id, "subscription", "subscription_id")
    }
}

fn newest<K: AsRef<str>, V: Named<K>>(table: &Table<K, V>, most: usize) -> Vec<String> {
    let rows = table.rows().rev().take(most);
    rows.map(|row| row.id().as_ref().to_owned()).collect()
}

const SELF_IS_NO_CUSTOMER: &str = "SELF is you, the client: accounts of your treasury and your own counterparties carry it, but it is not a customer that could be read or changed.";

fn find<'a, K: AsRef<str>, V: Named<K>>(
    table: &'a Table<K, V>,
    id: &K,
    resource: &str,
    place: &str,
) -> Result<&'a V, Rejection> {
    table
        .get(id)
        .ok_or_else(|| Rejection::unknown_id(resource, id.as_ref(), table.ids()).at(place))
}
