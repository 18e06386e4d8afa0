//! A progress bar of plain text, on standard error so that the report stays clean.

use std::io::{IsTerminal as _, Write as _};

const CELLS: usize = 40;

/// How far a run has come.
#[derive(Debug)]
pub struct Progress {
    done: usize,
    all: usize,
    /// A bar that nobody watches would fill a log file.
    is_watched: bool,
}

impl Progress {
    /// A bar with so much of it filled already.
    #[must_use]
    pub fn new(done: usize, all: usize) -> Self {
        let progress = Self {
            done,
            all,
            is_watched: std::io::stderr().is_terminal(),
        };
        progress.draw();
        progress
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.done += 1;
        self.draw();
    }

    /// How many are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    fn draw(&self) {
        if !self.is_watched {
            return;
        }
        let filled = CELLS * self.done / self.all.max(1);
        let (full, empty) = ("#".repeat(filled), "-".repeat(CELLS - filled));
        let end = if self.done == self.all { "\n" } else { "" };
        // A bar that cannot be drawn is no reason to stop paying.
        let _ = write!(
            std::io::stderr(),
            "\r[{full}{empty}] {}/{}{end}",
            self.done,
            self.all
        );
    }
}
