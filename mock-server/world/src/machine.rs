//! Status machines as tables.
//!
//! A machine is data: one row per status, with the statuses that may follow. Handlers ask it, the reference prints it,
//! and a test compares the print with the platform's page.

use core::fmt;
use core::fmt::Write as _;

/// The machine of one resource.
#[derive(Debug)]
pub struct Machine<S: 'static> {
    /// What it is the machine of.
    pub name: &'static str,
    /// One row per status.
    pub rows: &'static [Row<S>],
}

/// One status and what may follow it.
#[derive(Debug)]
pub struct Row<S: 'static> {
    /// The status.
    pub from: S,
    /// What may follow; empty for a final status.
    pub next: &'static [S],
}

impl<S: Copy + PartialEq + fmt::Display> Machine<S> {
    /// What may follow `from`.
    pub fn next(&self, from: S) -> &'static [S] {
        self.rows
            .iter()
            .find(|row| row.from == from)
            .map_or(&[], |row| row.next)
    }

    /// Whether `to` may follow `from`.
    pub fn allows(&self, from: S, to: S) -> bool {
        self.next(from).contains(&to)
    }

    /// Whether nothing may follow.
    pub fn is_final(&self, status: S) -> bool {
        self.next(status).is_empty()
    }

    /// What may follow `from`, for an error message.
    pub fn next_text(&self, from: S) -> String {
        let next = self.next(from);
        if next.is_empty() {
            return "nothing: the status is final".to_owned();
        }
        let names: Vec<String> = next.iter().map(ToString::to_string).collect();
        names.join(", ")
    }

    /// The machine as a Markdown table.
    pub fn to_table(&self) -> String {
        let mut table = format!("| {} | may become |\n|---|---|\n", self.name);
        for row in self.rows {
            // Writing to a `String` cannot fail.
            let _ = writeln!(table, "| {} | {} |", row.from, self.next_text(row.from));
        }
        table
    }
}
