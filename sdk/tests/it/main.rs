//! The client against servers that behave badly in a known way, on a clock, a sleep and dice that the test holds.
//!
//! No test waits: sleeping moves the clock. What is checked is what the server received and what the caller is told.

#![cfg(feature = "payments")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on shall say where"
)]

mod attempts;
#[cfg(feature = "blocking")]
mod blocking;
mod builder;
mod cancellation;
mod files;
mod folder;
mod guesses;
mod middleware;
#[cfg(feature = "mock")]
mod mock;
#[cfg(any(feature = "accounting", feature = "plaid", feature = "control"))]
mod other_apis;
mod paging;
mod replies;
mod reply_limit;
mod rotation;
#[cfg(feature = "mock")]
mod sandbox;
mod signatures;
mod simulator;
mod stage;
mod telemetry;
mod token;
mod upload_time;
#[cfg(feature = "webhooks")]
mod webhook;
#[cfg(feature = "webhooks")]
mod webhook_keys;
#[cfg(feature = "webhooks")]
mod webhook_replay;
#[cfg(feature = "webhooks")]
mod webhook_vectors;
