//! Counterparties: bank accounts and wallets outside the platform, with their owners.
//!
//! Money leaves to a counterparty and may be fetched from one. Some are registered with their numbers, others are linked
//! through a widget: details for the widget, the accounts it found, the one that is connected. Nothing of it is built
//! yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Counterparties;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Counterparties for World {
    fn counterparties_list(
        &self,
        _cx: &ReadContext<'_>,
        _params: payments::CounterpartiesListParams,
    ) -> Result<payments::CounterpartyListReply, Rejection> {
        not_built!(OperationId::CounterpartiesList)
    }

    fn counterparties_create(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::CounterpartyRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        not_built!(OperationId::CounterpartiesCreate)
    }

    fn counterparties_get(
        &self,
        _cx: &ReadContext<'_>,
        _counterparty_id: payments::CounterpartyId,
    ) -> Result<payments::CounterpartyReply, Rejection> {
        not_built!(OperationId::CounterpartiesGet)
    }

    fn counterparties_update(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: payments::CounterpartyId,
        _body: payments::CounterpartyUpdateRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        not_built!(OperationId::CounterpartiesUpdate)
    }

    fn counterparties_link_details(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: payments::CounterpartyId,
        _body: payments::LinkDetailsRequest,
    ) -> Result<payments::LinkDetails, Rejection> {
        not_built!(OperationId::CounterpartiesLinkDetails)
    }

    fn counterparties_link_accounts(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: payments::CounterpartyId,
        _body: payments::LinkAccountsRequest,
    ) -> Result<payments::LinkAccounts, Rejection> {
        not_built!(OperationId::CounterpartiesLinkAccounts)
    }

    fn counterparties_link_connect(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: payments::CounterpartyId,
        _body: payments::LinkConnectRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        not_built!(OperationId::CounterpartiesLinkConnect)
    }
}
