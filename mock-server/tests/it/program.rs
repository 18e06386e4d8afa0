//! The real program in a process of its own, which can be killed.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{binary::BINARY, support::Caller};

/// The program, and a caller of its default sandbox.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) caller: Caller,
}

impl Running {
    /// Starts it on a store, in a folder for its ready file, and waits until it listens.
    pub(crate) async fn start(store: &str, folder: &Path) -> Running {
        Running::start_by(command(store, folder), folder).await
    }

    /// The same by a command that ends in running the program.
    pub(crate) async fn start_by(mut command: Command, folder: &Path) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("start");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout"))
            .read_line(&mut line)
            .expect("banner");
        assert!(line.contains("listens at"), "it does not start: {line}");
        let info = std::fs::read(folder.join("ready.json")).expect("ready file");
        let info: Value = serde_json::from_slice(&info).expect("JSON");
        Running {
            caller: Caller::of(&info).await,
            child,
        }
    }

    /// Asks it to end in order, and waits for nothing.
    pub(crate) fn ask_to_end(&self) {
        let process = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status();
        assert!(asked.expect("kill").success());
    }

    /// Ends it at once (SIGKILL), wherever it is.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How it is started.
pub(crate) fn command(store: &str, folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args(["--listen", "127.0.0.1:0", "--clock", "manual"])
        .args(["--store", store, "--ready-file"])
        .arg(folder.join("ready.json"));
    command
}
