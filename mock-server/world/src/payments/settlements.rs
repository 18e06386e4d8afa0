//! Settlements: payouts of what came into payment accounts.
//!
//! The platform makes them; a client reads which transactions one holds. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::generated::payments::Settlements;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Settlements for World {
    fn settlements_get(
        &self,
        _cx: &ReadContext<'_>,
        _settlement_id: payments::SettlementId,
        _params: payments::SettlementsGetParams,
    ) -> Result<payments::SettlementReply, Rejection> {
        not_built!(OperationId::SettlementsGet)
    }
}
