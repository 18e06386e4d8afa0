//! Exchanges: an asset of one account changed into that of another.
//!
//! Requested at the market price or at a quoted one, accepted within a quarter of an hour, settled through the custodian
//! of the product. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Exchanges;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Exchanges for World {
    fn exchanges_create_market(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::ExchangeRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        not_built!(OperationId::ExchangesCreateMarket)
    }

    fn exchanges_create_quote(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::ExchangeRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        not_built!(OperationId::ExchangesCreateQuote)
    }

    fn exchanges_get(
        &self,
        _cx: &ReadContext<'_>,
        _exchange_id: payments::ExchangeId,
    ) -> Result<payments::ExchangeReply, Rejection> {
        not_built!(OperationId::ExchangesGet)
    }

    fn exchanges_accept(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _exchange_id: payments::ExchangeId,
        _body: payments::ExchangeAcceptRequest,
    ) -> Result<payments::ExchangeReply, Rejection> {
        not_built!(OperationId::ExchangesAccept)
    }
}
