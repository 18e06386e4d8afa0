//! The client for programs that are not asynchronous: the same methods, waited for.
//!
//! There is one implementation of every call, and this is a way to wait for it. A blocking client owns a small runtime
//! with one thread, on which connections live between calls; the call itself runs on the thread that waits for it.
//! Clones share both. Any number of threads may wait at once.
//!
//! ```no_run
//! use layer2_sdk::payments::{AccountId, TransactionsListParams, TransferRequest};
//! use layer2_sdk::{Client, Environment, blocking};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = blocking::Client::build(
//!     Client::builder()
//!         .environment(Environment::Sandbox)
//!         .credentials("client-id", "client-secret"),
//! )?;
//! let order = TransferRequest::new(
//!     AccountId::new("ACME_USD")?,
//!     AccountId::new("ACME_PAYROLL_USD")?,
//!     "125.50".parse()?,
//! );
//! let transfer = client.wait(async |client| client.transfers().create(&order).await)?;
//! println!("{}", transfer.id);
//!
//! for row in client.iter(|client| client.transactions().list_stream(TransactionsListParams::new())) {
//!     println!("{}", row?.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`run`](Client::run) waits for whatever is more than one call, or has an error of its own.
//!
//! Inside an asynchronous runtime a thread must not wait: a call from there is refused with
//! [`ErrorKind::Config`](crate::ErrorKind::Config) instead of a panic or a standstill. Use
//! [`async_client`](Client::async_client) there. Threads of `spawn_blocking` belong to a runtime as well and are refused
//! with the others, since nothing tells them apart; `std::thread::spawn` makes one that may wait.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::runtime::Runtime;

use crate::builder::ClientBuilder;
use crate::client::config;
use crate::error::Error;
use crate::options::CallOptions;
#[cfg(any(feature = "payments", feature = "control"))]
use crate::page::Items;
#[cfg(any(feature = "payments", feature = "control"))]
use crate::page::PageLinks;
#[cfg(any(feature = "payments", feature = "control"))]
use crate::reply::Reply;

/// A client whose calls are waited for.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    engine: Arc<Engine>,
}

impl Client {
    /// Builds the client and the runtime that it lives on.
    pub fn build(builder: ClientBuilder) -> Result<Self, Error> {
        let client = builder.build()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("layer2-sdk")
            .enable_all()
            .build()
            .map_err(|source| {
                let message = "no thread for the blocking client, its source says why: raise the limit of threads of \
                               this process";
                config(message).with_source(source)
            })?;
        Ok(Self {
            client,
            engine: Arc::new(Engine(Some(runtime))),
        })
    }

    /// Makes a call and waits for it: `client.wait(async |client| client.transfers().get(&id).await)`.
    ///
    /// # Errors
    /// What the call says; [`ErrorKind::Config`](crate::ErrorKind::Config) inside an asynchronous runtime, where nothing
    /// is sent.
    pub fn wait<T>(
        &self,
        call: impl AsyncFnOnce(&crate::Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(call)?
    }

    /// Waits for work of any kind: several calls, or what fails in a way of its own.
    ///
    /// ```no_run
    /// # #[cfg(feature = "webhooks")]
    /// # fn example(client: &layer2_sdk::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use layer2_sdk::webhook::key_store::FileKeyStore;
    ///
    /// let keys = FileKeyStore::new("webhook-keys.json");
    /// let url = "https://shop.example/hooks/layer2";
    /// let ensured = client.run(async |client| client.subscriptions().ensure_all(url, &keys).await)??;
    /// println!("{} subscriptions are new", ensured.created.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) inside an asynchronous runtime, where the work is not begun. What
    /// the work says is its value.
    pub fn run<T>(&self, work: impl AsyncFnOnce(&crate::Client) -> T) -> Result<T, Error> {
        self.engine.wait(work(&self.client))
    }

    /// Walks through a list, page after page: `client.iter(|client| client.transfers().list_stream(params))`. A page is
    /// waited for when its first item is.
    pub fn iter<S>(&self, list: impl FnOnce(&crate::Client) -> S) -> Iter<S> {
        Iter {
            items: Some(Box::pin(list(&self.client))),
            engine: Arc::clone(&self.engine),
        }
    }

    /// The same client, whose calls follow these options where they say something.
    #[must_use]
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            client: self.client.with(options),
            engine: Arc::clone(&self.engine),
        }
    }

    /// The client below, for the asynchronous part of a program. It shares tokens and connections with this one.
    pub fn async_client(&self) -> &crate::Client {
        &self.client
    }
}

/// The items of a list, waited for one by one. Ends after the first error.
pub struct Iter<S> {
    items: Option<Pin<Box<S>>>,
    engine: Arc<Engine>,
}

#[cfg(any(feature = "payments", feature = "control"))]
impl<T> Iter<Items<T>> {
    /// The reply that the last item came with; see [`Items::reply`]. None before the first item and where the thread may
    /// not wait.
    pub fn reply(&self) -> Option<&Reply<PageLinks>> {
        self.items.as_ref()?.reply()
    }
}

impl<T, S: Stream<Item = Result<T, Error>>> Iterator for Iter<S> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let items = self.items.as_mut()?;
        match self.engine.wait(items.next()) {
            Ok(item) => item,
            Err(refused) => {
                self.items = None;
                Some(Err(refused))
            }
        }
    }
}

impl<S> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

/// The runtime, in an option so that it can be taken out when it is dropped.
#[derive(Debug)]
struct Engine(Option<Runtime>);

impl Engine {
    fn wait<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        if Handle::try_current().is_ok() {
            return Err(config(
                "a blocking call was made inside an asynchronous runtime, whose thread it would stop; use \
                 `async_client()` there, or a thread of its own",
            ));
        }
        match &self.0 {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(config("the blocking client is being dropped")),
        }
    }
}

impl Drop for Engine {
    /// Without waiting, since the last clone may be dropped inside an asynchronous runtime, where waiting would panic.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
