//! The operations of the control API that read or change a sandbox's world.

mod applications;
mod decisions;
mod deliveries;
mod destinations;
mod inbound;
mod ledger;
mod outgoing;
mod rates;
