//! The server over real HTTP, by a client that knows nothing of the project.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod binary;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod broken;
mod concurrency;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod ended;
mod explain;
mod faults;
mod files;
mod images;
mod manners;
mod mistakes;
mod money;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod older;
mod paging;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod program;
mod refusals;
mod settings;
mod socket;
#[cfg(feature = "sqlite")]
mod stores;
mod support;
mod versions;
mod walk;
mod webhooks;
