//! The real program in a process of its own, and who calls it.

mod process;

use std::{path::Path, process::Command};

use crate::{binary::BINARY, support::Caller};
use process::Process;

/// The program, and a caller of its default sandbox.
pub(crate) struct Running {
    process: Process,
    pub(crate) caller: Caller,
}

impl Running {
    /// Starts it on a store, in a folder for its ready file, and waits until it listens.
    pub(crate) async fn start(store: &str, folder: &Path) -> Running {
        Running::start_by(command(store, folder), folder).await
    }

    /// The same by a command that ends in running the program.
    pub(crate) async fn start_by(command: Command, folder: &Path) -> Running {
        let process = Process::start(command, folder);
        let info = serde_json::from_str(&process.info).expect("JSON");
        Running {
            caller: Caller::of(&info).await,
            process,
        }
    }

    /// Asks it to end in order, and waits for nothing.
    #[cfg(feature = "sqlite")]
    pub(crate) fn ask_to_end(&self) {
        let process = self.process.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status();
        assert!(asked.expect("kill").success());
    }

    /// Ends it at once (SIGKILL), wherever it is.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }
}

/// How it is started.
pub(crate) fn command(store: &str, folder: &Path) -> Command {
    process::command(BINARY, store, folder)
}
