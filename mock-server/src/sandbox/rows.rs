//! The journal of a sandbox as something to look through.

use layer2_world::command::{ClientCommand, Command};

use super::{Broken, PAGE, Sandbox, core::Core, turn::Intent};
use crate::journal::Row;

/// Pages that are looked through for one command, the newest first: no more is worth it for a hint.
const PAGES_FOR_A_HINT: usize = 10;

impl Sandbox {
    /// All journal rows.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, Broken> {
        self.rows_that(0, |_| true).await
    }

    /// The newest command of a client that is so, among the newest rows of the journal; none where they cannot be read,
    /// which is for others to tell.
    pub(crate) async fn newest_command(
        &self,
        is_so: impl Fn(&ClientCommand) -> bool,
    ) -> Option<ClientCommand> {
        let mut before = self.accepted();
        for _ in 0..PAGES_FOR_A_HINT {
            let after = before.saturating_sub(PAGE as u64);
            let rows = self.journal.rows(after, PAGE).await.ok()?;
            let found = rows.into_iter().rev().find_map(|row| match row.command {
                Command::Client(command) if is_so(&command) => Some(command),
                Command::Client(_) | Command::Internal(_) => None,
            });
            if found.is_some() || after == 0 {
                return found;
            }
            before = after;
        }
        None
    }

    /// The rows after a position that are wanted. No more than a page of the others is in memory at a time.
    pub(super) async fn rows_that(
        &self,
        after: u64,
        is_wanted: impl Fn(&Row) -> bool,
    ) -> Result<Vec<Row>, Broken> {
        let generation = |core: &mut Core| core.head.generation;
        // What was handed over before is there, and a failure has been noticed.
        let mut before = self.turn(Intent::Read, generation).await?;
        loop {
            let rows = self.pages(after, &is_wanted).await?;
            let now = self.turn(Intent::Read, generation).await?;
            // A reset in between leaves the end of one journal behind the beginning of another.
            if now == before {
                return Ok(rows);
            }
            before = now;
        }
    }

    /// The same, page by page.
    async fn pages(
        &self,
        mut after: u64,
        is_wanted: impl Fn(&Row) -> bool,
    ) -> Result<Vec<Row>, Broken> {
        let mut wanted = Vec::new();
        loop {
            let page = self.journal.rows(after, PAGE).await;
            let page = page.map_err(|error| self.told(&error))?;
            let Some(last) = page.last() else {
                return Ok(wanted);
            };
            after = last.seq;
            wanted.extend(page.into_iter().filter(&is_wanted));
        }
    }
}
