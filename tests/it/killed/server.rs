//! A server on a database, and the database.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use layer2_types::control::SandboxInfo;

use super::process::{self, Process};
use crate::tree::root;

/// A folder that is removed when the test ends.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let path = std::env::temp_dir().join(format!("layer2-tests-{name}-{process}-{number}"));
        std::fs::create_dir_all(&path).expect("folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A PostgreSQL server that ends with the test, whose one database is the test's.
#[derive(Debug)]
pub(super) struct Database {
    folder: Folder,
    url: String,
}

impl Database {
    pub(super) fn start() -> Database {
        let folder = Folder::new("postgres");
        let made = script("make", &folder.0);
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
        script("stop", &self.folder.0);
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
        let folder = Folder::new("ready");
        let program = env!("CARGO_BIN_EXE_layer2-tests-server");
        let command = process::command(program, &database.url, &folder.0);
        let process = Process::start(command, &folder.0);
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
