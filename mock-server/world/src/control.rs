//! The operations of the control API that read or change a sandbox's world.

mod decisions;
mod deliveries;
pub(crate) mod explain;
mod inbound;
mod ledger;
