//! The client against servers that behave badly in a known way, on a clock, a sleep and dice that the test holds.
//!
//! No test waits: sleeping moves the clock. What is checked is what the server received and what the caller is told.

#![cfg(feature = "webhooks")]

mod attempts;
mod builder;
#[cfg(any(feature = "accounting", feature = "plaid", feature = "control"))]
mod other_apis;
mod paging;
mod replies;
mod stage;
mod token;
mod webhook;
