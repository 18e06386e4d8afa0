//! What several measurements of this package share.

pub mod calls;
pub mod platform;
