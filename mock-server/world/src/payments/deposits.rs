//! Deposits: money that comes from outside, sent by others or fetched.
//!
//! A deposit that pushes gives instructions for the sender; one that pulls is accepted first. Nothing of it is built yet;
//! money arrives through the control API (`arrivals`).

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Deposits;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Deposits for World {
    fn deposits_create(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::DepositRequest,
    ) -> Result<payments::DepositReply, Rejection> {
        not_built!(OperationId::DepositsCreate)
    }

    fn deposits_get(
        &self,
        _cx: &ReadContext<'_>,
        _deposit_id: payments::DepositId,
    ) -> Result<payments::DepositReply, Rejection> {
        not_built!(OperationId::DepositsGet)
    }

    fn deposits_accept(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _deposit_id: payments::DepositId,
    ) -> Result<payments::DepositAcceptedReply, Rejection> {
        not_built!(OperationId::DepositsAccept)
    }
}
