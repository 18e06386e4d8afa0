#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
// The documentation tells which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(
        feature = "payments",
        feature = "accounting",
        feature = "plaid",
        feature = "control"
    )),
    allow(dead_code, reason = "without an API nothing enters the layers")
)]

mod auth;
#[cfg(feature = "blocking")]
pub mod blocking;
mod body;
mod budget;
mod builder;
mod call;
mod client;
mod credentials;
mod decode;
mod draft;
mod environment;
pub mod error;
#[cfg(any(feature = "payments", feature = "control"))]
mod files;
mod from_env;
mod guard;
#[cfg(all(feature = "mock", feature = "axum"))]
pub mod guides;
mod idempotency;
#[cfg(feature = "mock")]
pub mod mock;
mod options;
#[cfg(any(feature = "payments", feature = "control"))]
mod page;
mod pipeline;
mod reply;
mod retry;
mod rotation;
pub mod runtime;
mod signing;
mod signing_scheme;
mod skew;
mod telemetry;
mod token;
pub mod transport;
mod verdict;
#[cfg(feature = "webhooks")]
pub mod webhook;

#[allow(
    unreachable_pub,
    reason = "the generator of the clients writes `pub`; only the facades are re-exported"
)]
mod generated;

/// The resources of the APIs, as the client hands them out.
pub mod resources {
    #[cfg(feature = "accounting")]
    pub use crate::generated::accounting::facade as accounting;
    #[cfg(feature = "control")]
    pub use crate::generated::control::facade as control;
    #[cfg(feature = "payments")]
    pub use crate::generated::payments::facade as payments;
    #[cfg(feature = "plaid")]
    pub use crate::generated::plaid::facade as plaid;
}

pub use layer2_types as types;
#[cfg(feature = "accounting")]
pub use layer2_types::accounting;
#[cfg(feature = "control")]
pub use layer2_types::control;
#[cfg(feature = "payments")]
pub use layer2_types::payments;
#[cfg(feature = "plaid")]
pub use layer2_types::plaid;
pub use layer2_types::{
    Amount, Api, Date, Operation, Patch, Platform, Rounding, Slippage, Timestamp, UnknownValue,
};
#[cfg(feature = "payments")]
pub use layer2_types::{Money, MoneyError, Priced, Ratio};

pub use crate::builder::{AccountingAccess, ClientBuilder};
pub use crate::client::Client;
pub use crate::credentials::{BoxError, Credentials, CredentialsProvider, StaticCredentials};
pub use crate::environment::Environment;
pub use crate::error::{Error, ErrorDetail, ErrorKind, GaveUp, Outcome};
#[cfg(any(feature = "payments", feature = "control"))]
pub use crate::files::{Download, DownloadStream, FileNames, Upload, UploadBody, UploadRules};
pub use crate::idempotency::{IDEMPOTENCY_HEADER, IdempotencyKey, InvalidIdempotencyKey};
pub use crate::options::CallOptions;
#[cfg(any(feature = "payments", feature = "control"))]
pub use crate::page::{Items, Page, PageLinks, Pages};
pub use crate::pipeline::REQUEST_ID_HEADER;
pub use crate::reply::Reply;
pub use crate::retry::RetryPolicy;
pub use crate::rotation::{RotatingCredentials, RotatingSigner};
pub use crate::signing::{
    Ed25519Signer, InvalidSigningKey, SIGNATURE_HEADER, SignRequests, Signer, TIMESTAMP_HEADER,
};
pub use crate::signing_scheme::{SignatureEncoding, SignedPart, SigningScheme};
pub use crate::token::TokenStyle;
pub use crate::transport::ConnectionPolicy;
