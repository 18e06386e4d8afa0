//! The server as a process, and a database for it.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use layer2_types::control::SandboxInfo;

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
pub(super) struct Process {
    child: Child,
    pub(super) address: SocketAddr,
    /// What its ready file says.
    info: String,
}

impl Process {
    /// Starts it and waits until it serves.
    pub(super) fn start(database: &Database) -> Process {
        let folder = Folder::new("ready");
        let ready = folder.0.join("ready.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_layer2-tests-server"))
            .args(["--listen", "127.0.0.1:0", "--clock", "manual", "--store"])
            .arg(&database.url)
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::piped())
            .spawn()
            .expect("start");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout"))
            .read_line(&mut line)
            .expect("banner");
        assert!(line.contains("listens at"), "it does not start: {line}");
        let info = std::fs::read_to_string(&ready).expect("ready file");
        let url = read(&info).url;
        let address = url.strip_prefix("http://").expect("plain http");
        Process {
            child,
            address: address.parse().expect("an address"),
            info,
        }
    }

    pub(super) fn info(&self) -> SandboxInfo {
        read(&self.info)
    }

    /// The same for a client that reaches it at another address.
    pub(super) fn info_at(&self, url: &str) -> SandboxInfo {
        let own = format!("http://{}", self.address);
        read(&self.info.replace(&own, url))
    }

    /// Ends it at once (SIGKILL).
    pub(super) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(info: &str) -> SandboxInfo {
    serde_json::from_str(info).expect("a ready file")
}
