//! The operations of the documents that are not built yet, each with what to do in its place.
//!
//! The shell asks here before it looks at a request's body: nobody shall fill one in to be told that nothing reads it.

use layer2_types::operation::Operation;
use layer2_types::payments::OperationId;

use crate::rejection::Rejection;

/// The refusal of an operation that is not built; none for one that is.
pub fn refusal(operation: &Operation) -> Option<Rejection> {
    instead_of(operation).map(|_| Rejection::not_built(operation))
}

/// What to do in place of an operation that is not built.
pub(crate) fn instead_of(operation: &Operation) -> Option<&'static str> {
    let mut all = UNBUILT.iter().flat_map(|(operations, instead)| {
        operations.iter().map(move |id| (id.operation(), *instead))
    });
    all.find(|(unbuilt, _)| unbuilt.api == operation.api && unbuilt.id == operation.id)
        .map(|(_, instead)| instead)
}

const UNBUILT: &[(&[OperationId], &str)] = &[
    (
        &[
            OperationId::CounterpartiesLinkAccounts,
            OperationId::CounterpartiesLinkConnect,
            OperationId::CounterpartiesLinkDetails,
        ],
        "Register the bank account with its numbers, as a counterparty of type FIAT_US or FIAT_CA, and bring money in by a PUSH deposit.",
    ),
    (
        &[
            OperationId::PaymentAccountsGet,
            OperationId::PaymentAccountsGetTransaction,
            OperationId::PaymentAccountsList,
            OperationId::PaymentAccountsListTransactions,
            OperationId::PaymentAccountsOpen,
            OperationId::PaymentAccountsRequestAddress,
            OperationId::PaymentAccountsUpdate,
        ],
        "Deposit accounts are built: /v1/accounts/deposits, with their instructions, addresses and transactions.",
    ),
    (
        &[
            OperationId::PaymentsAccept,
            OperationId::PaymentsCreate,
            OperationId::PaymentsGet,
            OperationId::PaymentsGetStatus,
            OperationId::SettlementsGet,
        ],
        "Deposits are built: ask for one at /v1/deposits and let its money arrive through the control API (POST /_control/v1/sandboxes/{sandbox}/inbound).",
    ),
];
