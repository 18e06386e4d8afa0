//! The accounting API: one file per resource.

pub(crate) mod businesses;
pub(crate) mod state;
