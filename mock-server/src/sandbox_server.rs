//! A server inside a program: one line in a test, as many side by side as one likes.
//!
//! The server has a thread and a runtime of its own, so the caller's runtime cannot starve it: a test may pause tokio's
//! time, block its only thread or have no runtime at all. It listens on a free port of the loopback address and stops
//! when the handle is dropped.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use layer2_types::control::SandboxInfo;
use layer2_world::Genesis;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    journal::Row, request_log::RequestRecord, sandbox::lock, server::Server,
    start_error::StartError,
};

mod binding;
mod builder;
mod thread;

pub use self::builder::SandboxServerBuilder;
pub(crate) use self::{binding::Opened, thread::serve};

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct SandboxServer {
    server: Arc<Server>,
    info: SandboxInfo,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxServer {
    /// Starts a server with default settings on a free port.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had.
    pub async fn start() -> Result<SandboxServer, StartError> {
        SandboxServer::builder().start().await
    }

    /// Starts a server with default settings on a free port, without a runtime.
    ///
    /// ```
    /// let server = layer2_mock::SandboxServer::start_blocking()?;
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), layer2_mock::StartError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had.
    pub fn start_blocking() -> Result<SandboxServer, StartError> {
        SandboxServer::builder().start_blocking()
    }

    /// Starts with other settings.
    pub fn builder() -> SandboxServerBuilder {
        SandboxServerBuilder::default()
    }

    /// Base URL of the server; that of the payments API is this and `/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.server.config.url
    }

    /// Everything that a client needs to reach the default sandbox.
    #[must_use]
    pub fn info(&self) -> SandboxInfo {
        self.info.clone()
    }

    /// Bearer token of the control API.
    #[must_use]
    pub fn control_token(&self) -> &str {
        &self.server.config.control_token
    }

    /// The journal of a sandbox, or nothing if there is no such sandbox or a defect has broken it.
    #[must_use]
    pub fn journal(&self, sandbox: &str) -> Option<Vec<Row>> {
        let sandbox = self.server.directory.named(sandbox)?;
        self.ask(async move { sandbox.rows().await.ok() })
    }

    /// What a sandbox was made from; with its journal it makes the same world again.
    #[must_use]
    pub fn genesis(&self, sandbox: &str) -> Option<Genesis> {
        Some(self.server.directory.named(sandbox)?.genesis().clone())
    }

    /// The state of a sandbox as text, for comparison.
    #[must_use]
    pub fn snapshot(&self, sandbox: &str) -> Option<String> {
        let sandbox = self.server.directory.named(sandbox)?;
        self.ask(async move { sandbox.snapshot().await.ok() })
    }

    /// The last requests of a sandbox, oldest first.
    #[must_use]
    pub fn requests(&self, sandbox: &str) -> Option<Vec<RequestRecord>> {
        let sandbox = self.server.directory.named(sandbox)?;
        let records = lock(&sandbox.requests).records();
        Some(records)
    }

    /// Differences between what the server sent and what the documents say; looked for in debug builds alone.
    #[must_use]
    pub fn contract_violations(&self) -> Vec<String> {
        self.server.contract.violations()
    }

    /// Has a question answered on the server's own runtime, whatever the caller runs on.
    fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = mpsc::channel();
        self.runtime.spawn(async move {
            // The caller waits for it.
            let _ = answer.send(question.await);
        });
        answered.recv().ok().flatten()
    }
}

impl Drop for SandboxServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the server was reported when it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_server_holds_no_secret() {
        let server = SandboxServer::start_blocking().expect("start");
        let shown = format!("{server:?}");
        let info = server.info();
        for secret in [
            server.control_token(),
            &info.payments.client_secret,
            &info.payments.signing_key,
            &info.accounting.client_secret,
            &info.plaid.secret,
        ] {
            assert!(!shown.contains(secret), "a secret is in Debug");
        }
    }
}
