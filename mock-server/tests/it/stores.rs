//! Sandboxes that outlive their server.

mod broken;
mod ended;
mod full;
mod kept;
mod killed;
mod older;
mod refused;

use std::path::Path;

use layer2_mock::{ClockMode, SandboxServer, SandboxServerBuilder, StoreUrl};
use tempfile::TempDir;

use crate::support::{Caller, TestServer, Watched as _, folder};

/// A store in a file of its own.
struct Kept {
    folder: TempDir,
}

impl Kept {
    fn new() -> Kept {
        Kept { folder: folder() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("sandboxes.db")
    }

    /// A server on the file, whose clock stands still.
    fn builder(&self) -> SandboxServerBuilder {
        SandboxServer::builder()
            .clock(ClockMode::Manual)
            .store(in_file(&self.path(), ""))
    }

    /// A server that is watched until it is dropped.
    async fn start(&self) -> (TestServer, Caller) {
        let server = self.builder().watched().await;
        let caller = Caller::new(&server).await;
        (server, caller)
    }
}

/// The URL of a store, with what stands behind its path.
fn in_file(path: &Path, query: &str) -> StoreUrl {
    let url = format!("sqlite:{}{query}", path.display());
    url.parse().expect("a store")
}
