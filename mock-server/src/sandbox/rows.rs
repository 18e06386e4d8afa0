//! The journal of a sandbox as something to look through.

use super::{Broken, PAGE, Sandbox, core::Core, turn::Intent};
use crate::journal::Row;

impl Sandbox {
    /// All journal rows.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, Broken> {
        self.rows_that(0, |_| true).await
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
