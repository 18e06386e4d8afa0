//! A server program in a process of its own, which can be killed.
//!
//! The tests across the crates read this file too, with a program of theirs: so it knows no caller.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A program that serves. It ends with the test.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) child: Child,
    /// What its ready file says.
    pub(crate) info: String,
}

impl Process {
    /// Starts it by a command that [`command`] made, or by one that ends in running such a one, and waits until it serves.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("start");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout"))
            .read_line(&mut line)
            .expect("banner");
        assert!(line.contains("listens at"), "it does not start: {line}");
        let info = std::fs::read_to_string(folder.join("ready.json")).expect("ready file");
        Process { child, info }
    }

    /// Ends it at once (SIGKILL), wherever it is.
    pub(crate) fn kill(&mut self) {
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

/// How a program is started on a store, with a folder for its ready file and a clock that stands still.
pub(crate) fn command(program: &str, store: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--listen", "127.0.0.1:0", "--clock", "manual"])
        .args(["--store", store, "--ready-file"])
        .arg(folder.join("ready.json"));
    command
}
