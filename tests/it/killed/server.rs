//! A server on a database, and the database.

use std::{net::SocketAddr, path::Path, process::Command};

use layer2_types::control::SandboxInfo;
use tempfile::TempDir;

use super::process::{self, Process};
use crate::tree::root;

/// A PostgreSQL server that ends with the test, whose one database is the test's.
#[derive(Debug)]
pub(super) struct Database {
    folder: TempDir,
    url: String,
}

impl Database {
    pub(super) fn start() -> Database {
        let folder = tempfile::tempdir().expect("folder");
        let made = script("make", folder.path());
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let url = String::from_utf8(made.stdout).expect("text");
        Database {
            folder,
            url: url.trim().to_owned(),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        script("stop", self.folder.path());
    }
}

fn script(command: &str, folder: &Path) -> std::process::Output {
    let script = Command::new(root().join("scripts/postgres.sh"))
        .arg(command)
        .arg(folder)
        .output();
    script.expect("scripts/postgres.sh runs")
}

/// A server on the database.
#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it serves.
    pub(super) fn start(database: &Database) -> Server {
        let folder = tempfile::tempdir().expect("folder");
        let program = env!("CARGO_BIN_EXE_layer2-tests-server");
        let command = process::command(program, &database.url, folder.path());
        let process = Process::start(command, folder.path());
        let url = read(&process.info).url;
        let address = url.strip_prefix("http://").expect("plain http");
        Server {
            address: address.parse().expect("an address"),
            process,
        }
    }

    pub(super) fn info(&self) -> SandboxInfo {
        read(&self.process.info)
    }

    /// The same for a client that reaches it at another address.
    pub(super) fn info_at(&self, url: &str) -> SandboxInfo {
        let own = format!("http://{}", self.address);
        read(&self.process.info.replace(&own, url))
    }

    /// Ends it at once (SIGKILL).
    pub(super) fn kill(&mut self) {
        self.process.kill();
    }
}

fn read(info: &str) -> SandboxInfo {
    serde_json::from_str(info).expect("a ready file")
}
