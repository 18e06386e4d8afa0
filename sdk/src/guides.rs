//! Guides, one for each layer. Each ends in a whole program, which is run with the tests of this crate.
//!
//! They lean on the mock server and on axum, and so are there with the features `mock` and `axum`.

#[doc = include_str!("../guides/authentication.md")]
pub mod authentication {}

#[doc = include_str!("../guides/errors-and-unknown-outcomes.md")]
pub mod errors_and_unknown_outcomes {}

#[doc = include_str!("../guides/files.md")]
pub mod files {}

#[doc = include_str!("../guides/go-live.md")]
pub mod go_live {}

#[doc = include_str!("../guides/idempotency-and-retries.md")]
pub mod idempotency_and_retries {}

#[doc = include_str!("../guides/money.md")]
pub mod money {}

#[doc = include_str!("../guides/paging.md")]
pub mod paging {}

#[doc = include_str!("../guides/signing.md")]
pub mod signing {}

#[doc = include_str!("../guides/testing.md")]
pub mod testing {}

#[doc = include_str!("../guides/webhooks.md")]
pub mod webhooks {}
