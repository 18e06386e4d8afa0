//! Payment accounts: accounts on which a customer is paid in crypto assets, with who paid what (Layer2 1.0.5).
//!
//! Beside what an account can do, each gives addresses for one payor and one amount, and its rows say who paid. Nothing
//! of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::PaymentAccounts;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl PaymentAccounts for World {
    fn payment_accounts_list(
        &self,
        _cx: &ReadContext<'_>,
        _params: payments::PaymentAccountsListParams,
    ) -> Result<payments::AccountListReply, Rejection> {
        not_built!(OperationId::PaymentAccountsList)
    }

    fn payment_accounts_open(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::AccountOpenRequest,
    ) -> Result<payments::AccountRefReply, Rejection> {
        not_built!(OperationId::PaymentAccountsOpen)
    }

    fn payment_accounts_get(
        &self,
        _cx: &ReadContext<'_>,
        _account_id: payments::AccountId,
    ) -> Result<payments::AccountReply, Rejection> {
        not_built!(OperationId::PaymentAccountsGet)
    }

    fn payment_accounts_update(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _account_id: payments::AccountId,
        _body: payments::AccountUpdateRequest,
    ) -> Result<payments::AccountRefReply, Rejection> {
        not_built!(OperationId::PaymentAccountsUpdate)
    }

    fn payment_accounts_request_address(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _account_id: payments::AccountId,
        _body: payments::PaymentAddressRequest,
    ) -> Result<payments::AddressLeaseReply, Rejection> {
        not_built!(OperationId::PaymentAccountsRequestAddress)
    }

    fn payment_accounts_list_transactions(
        &self,
        _cx: &ReadContext<'_>,
        _account_id: payments::AccountId,
        _params: payments::PaymentAccountsListTransactionsParams,
    ) -> Result<payments::PaymentTransactionListReply, Rejection> {
        not_built!(OperationId::PaymentAccountsListTransactions)
    }

    fn payment_accounts_get_transaction(
        &self,
        _cx: &ReadContext<'_>,
        _account_id: payments::AccountId,
        _transaction_id: payments::TransactionId,
    ) -> Result<payments::TransactionReply, Rejection> {
        not_built!(OperationId::PaymentAccountsGetTransaction)
    }
}
