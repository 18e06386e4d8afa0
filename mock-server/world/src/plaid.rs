//! The slice of the Plaid API that feeds payments and accounting: one file per resource.

pub(crate) mod institutions;
pub(crate) mod items;
pub(crate) mod sandbox;
pub(crate) mod state;
