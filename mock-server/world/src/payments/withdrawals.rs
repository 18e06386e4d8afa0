//! Withdrawals: money that is sent to a counterparty.
//!
//! Requested, perhaps asked for papers, accepted, held, handed to a rail, and done, failed or returned; with a receipt at
//! the end. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::file::Download;
use crate::generated::payments::Withdrawals;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Withdrawals for World {
    fn withdrawals_create(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::WithdrawalRequest,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        not_built!(OperationId::WithdrawalsCreate)
    }

    fn withdrawals_get(
        &self,
        _cx: &ReadContext<'_>,
        _withdrawal_id: payments::WithdrawalId,
    ) -> Result<payments::WithdrawalReply, Rejection> {
        not_built!(OperationId::WithdrawalsGet)
    }

    fn withdrawals_get_status(
        &self,
        _cx: &ReadContext<'_>,
        _withdrawal_id: payments::WithdrawalId,
    ) -> Result<payments::WithdrawalStatusReply, Rejection> {
        not_built!(OperationId::WithdrawalsGetStatus)
    }

    fn withdrawals_accept(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _withdrawal_id: payments::WithdrawalId,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        not_built!(OperationId::WithdrawalsAccept)
    }

    fn withdrawals_cancel(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _withdrawal_id: payments::WithdrawalId,
    ) -> Result<payments::WithdrawalStateReply, Rejection> {
        not_built!(OperationId::WithdrawalsCancel)
    }

    fn withdrawals_get_receipt(
        &self,
        _cx: &ReadContext<'_>,
        _withdrawal_id: payments::WithdrawalId,
    ) -> Result<Download, Rejection> {
        not_built!(OperationId::WithdrawalsGetReceipt)
    }
}
