//! A progress bar of plain text, on standard error so that the report stays clean.

use std::io::{IsTerminal as _, Write};

const CELLS: usize = 40;

/// How far a run has come.
#[derive(Debug)]
pub struct Progress<W> {
    done: usize,
    all: usize,
    /// Where the bar is drawn.
    screen: Option<W>,
}

impl Progress<std::io::Stderr> {
    /// A bar with so much of it filled already. It is drawn for those who watch; otherwise it would fill a log file.
    #[must_use]
    pub fn new(done: usize, all: usize) -> Self {
        let screen = std::io::stderr();
        Self::on(screen.is_terminal().then_some(screen), done, all)
    }
}

impl<W: Write> Progress<W> {
    /// A bar on a screen, if there is one.
    pub fn on(screen: Option<W>, done: usize, all: usize) -> Self {
        let mut progress = Self { done, all, screen };
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

    fn draw(&mut self) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        let (done, all) = (self.done, self.all);
        let filled = CELLS * done.min(all) / all.max(1);
        let (full, empty) = ("#".repeat(filled), "-".repeat(CELLS - filled));
        let end = if done == all { "\n" } else { "" };
        // A bar that cannot be drawn is no reason to stop paying.
        let _ = write!(screen, "\r[{full}{empty}] {done}/{all}{end}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_drawn_over_itself_until_it_is_full() {
        let mut screen = Vec::new();
        let mut progress = Progress::on(Some(&mut screen), 1, 4);
        for _ in 0..3 {
            progress.step();
        }
        assert_eq!(progress.done(), 4);
        let drawn = String::from_utf8(screen).unwrap();
        let bars: Vec<_> = drawn.trim_start_matches('\r').split('\r').collect();
        assert_eq!(
            bars,
            [
                "[##########------------------------------] 1/4",
                "[####################--------------------] 2/4",
                "[##############################----------] 3/4",
                "[########################################] 4/4\n",
            ]
        );
    }
}
