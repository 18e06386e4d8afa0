//! The payments API: one file per resource, the money in `funds`, the events in `events`.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod arrivals;
pub(crate) mod assets;
pub(crate) mod collections;
pub(crate) mod counterparties;
pub(crate) mod customer_fields;
pub(crate) mod customers;
pub(crate) mod deposits;
pub(crate) mod documents;
pub(crate) mod dormancy;
pub(crate) mod events;
pub(crate) mod exchanges;
pub(crate) mod external_id;
pub(crate) mod funds;
pub mod machines;
pub(crate) mod originator;
pub(crate) mod payment_accounts;
pub(crate) mod settlements;
pub(crate) mod standing;
pub(crate) mod state;
pub(crate) mod statements;
pub(crate) mod subscriptions;
pub(crate) mod transactions;
pub(crate) mod transfers;
pub(crate) mod withdrawals;
