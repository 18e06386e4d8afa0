//! Statements: what happened on an account in a month, with the balances at both ends.
//!
//! They follow from the books and the business clock alone. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::generated::payments::Statements;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Statements for World {
    fn statements_list(
        &self,
        _cx: &ReadContext<'_>,
        _account_id: payments::AccountId,
        _params: payments::StatementsListParams,
    ) -> Result<payments::StatementListReply, Rejection> {
        not_built!(OperationId::StatementsList)
    }

    fn statements_get(
        &self,
        _cx: &ReadContext<'_>,
        _account_id: payments::AccountId,
        _statement_id: payments::StatementId,
    ) -> Result<payments::StatementReply, Rejection> {
        not_built!(OperationId::StatementsGet)
    }
}
