//! Payments: collections of money from counterparties.
//!
//! The file is called after what they do, since the folder has the name of the API. A payment is requested, may ask for
//! papers, is accepted and carried out by the rail of its counterparty. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Payments;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Payments for World {
    fn payments_create(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::PaymentRequest,
    ) -> Result<payments::PaymentStateReply, Rejection> {
        not_built!(OperationId::PaymentsCreate)
    }

    fn payments_get(
        &self,
        _cx: &ReadContext<'_>,
        _payment_id: payments::PaymentId,
    ) -> Result<payments::PaymentReply, Rejection> {
        not_built!(OperationId::PaymentsGet)
    }

    fn payments_get_status(
        &self,
        _cx: &ReadContext<'_>,
        _payment_id: payments::PaymentId,
    ) -> Result<payments::PaymentStatusReply, Rejection> {
        not_built!(OperationId::PaymentsGetStatus)
    }

    fn payments_accept(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _payment_id: payments::PaymentId,
    ) -> Result<payments::PaymentStateReply, Rejection> {
        not_built!(OperationId::PaymentsAccept)
    }
}
