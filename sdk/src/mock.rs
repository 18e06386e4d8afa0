//! The mock server in this process, and what a test wants to do with it.
//!
//! [`Sandbox`] is one isolated world with a client for it. It does what a bank, a reviewer or the course of time does on
//! the platform: money arrives, an application is approved, a month passes, a reply gets lost. It waits for webhooks
//! without sleeping, because the mock server knows when nothing is left to do.
//!
//! ```
//! use layer2_sdk::mock::{Fault, Sandbox};
//! use layer2_sdk::payments::{OperationId, TransferRequest};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start().await?;
//! let client = sandbox.client();
//! let from = sandbox.account("FIAT_TESTNET_USD")?;
//! let to = sandbox.open_account(&from, "SAVINGS").await?;
//! sandbox.fund(&from, "1000".parse()?).await?;
//!
//! // The money moves, and nobody hears of it: the client asks again, with the same key.
//! sandbox.order(Fault::reply_lost().on(OperationId::TransfersAccept)).await?;
//! let order = TransferRequest::new(from.clone(), to.clone(), "250.25".parse()?);
//! let transfer = client.transfers().create(&order).await?;
//! let accepted = client.transfers().accept(&transfer.id).await?;
//! assert_eq!(accepted.attempts(), 2);
//!
//! sandbox.settle().await?;
//! let savings = client.accounts().get(&to).await?;
//! assert_eq!(savings.available_balance, Some("250.25".parse()?));
//! sandbox.trial_balance().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server for each test is the simplest: it starts in milliseconds and stops when it is dropped. Many tests can share
//! one as well, each with a sandbox of its own: [`Sandbox::on`].

mod error;
mod fault;
mod sandbox;
mod webhooks;

pub use layer2_mock::SandboxServer;
pub use layer2_mock::SandboxServerBuilder;
use layer2_types::control::SandboxInfo;

pub use self::error::SandboxError;
pub use self::fault::Fault;
pub use self::sandbox::Sandbox;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::error::Error;

/// A client with access to all four APIs of a sandbox and with its signing key.
pub fn client(info: &SandboxInfo) -> Result<Client, Error> {
    builder(info)?.build()
}

/// The builder of that client, to set something else before it is built.
pub fn builder(info: &SandboxInfo) -> Result<ClientBuilder, Error> {
    ClientBuilder::from_lookup(|name| info.env.get(name).cloned())
}
