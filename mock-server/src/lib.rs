#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! The state machine of a sandbox is the pure crate `layer2-world`; this crate is the shell around it. `http` leads a
//! request from the socket to an operation, `api` holds what differs between the APIs, `sandbox` the lock, `journal` what
//! was accepted, `store` where that is kept, `webhooks` what goes out. It never names the SDK.

#![forbid(unsafe_code)]
// The documentation tells which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(
        dead_code,
        unused_variables,
        reason = "where sandboxes live in memory alone, half of what a store is told goes unread"
    )
)]

#[macro_use]
mod interface;

mod api;
mod blobs;
mod cli;
mod clocks;
mod credentials;
mod directory;
mod errors;
mod faults;
mod generated;
mod http;
mod image;
mod journal;
mod known_tokens;
mod metrics;
mod ready_file;
mod request_log;
mod sandbox;
mod sandbox_server;
mod server;
mod start_error;
mod store;
mod tokens;
mod webhooks;

#[doc(hidden)]
pub use self::cli::run;
pub use self::{
    clocks::{ClockMode, MANUAL_START},
    http::route::RouteError,
    journal::{ReplayError, Row, replay},
    request_log::RequestRecord,
    sandbox_server::{SandboxServer, SandboxServerBuilder},
    start_error::{StartError, StartErrorKind},
    store::{InvalidStoreUrl, StoreUrl},
    webhooks::guard::CallbackPolicy,
};
pub use layer2_types::operation::Platform;
pub use layer2_world::{
    Genesis, RULES_VERSION, World,
    settings::{ErrorStyle, Profile, SignaturePolicy, TimestampStyle},
};
