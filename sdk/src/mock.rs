//! Clients for sandboxes of the mock server, and the server itself for tests in this process.
//!
//! ```no_run
//! use layer2_sdk::mock::SandboxServer;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let server = SandboxServer::start().await?;
//! let client = layer2_sdk::mock::client(&server.info())?;
//! let customers = client.customers().list(&Default::default()).await?;
//! # Ok(())
//! # }
//! ```

pub use layer2_mock::SandboxServer;
use layer2_types::control::SandboxInfo;

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
