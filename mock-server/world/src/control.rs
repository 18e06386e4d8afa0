//! The operations of the control API that read or change a sandbox's world.

mod applications;
mod decisions;
mod deliveries;
mod destinations;
pub(crate) mod explain;
mod inbound;
mod ledger;
mod outgoing;
mod rates;
