//! How often the tokens of a sandbox were expired. The number never goes back, not by a reset either, so a token that was
//! expired stays so.

use std::sync::atomic::Ordering;

use super::{Broken, Core, Intent, Sandbox};
use crate::journal::Head;

impl Sandbox {
    /// The number of times that tokens were expired.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Ends every token issued so far.
    pub(crate) async fn expire_tokens(&self) -> Result<u64, Broken> {
        let epoch = self.turn(Intent::Write, Core::expire_tokens).await?;
        self.note_epoch(epoch);
        Ok(epoch)
    }

    /// Learns how many times tokens were expired, by whomever: that number never goes back.
    pub(crate) fn note_epoch(&self, epoch: u64) {
        self.epoch.fetch_max(epoch, Ordering::AcqRel);
    }

    /// The head of a sandbox that takes the place of this one: it counts on from what the journal says, so that tokens that
    /// were expired stay so.
    pub(crate) async fn next_head(&self) -> Result<Head, Broken> {
        let told = self.journal.head().await;
        let (stored, _) = told.map_err(|error| self.told(&error))?;
        Ok(Head {
            generation: stored.generation + 1,
            epoch: stored.epoch.max(self.epoch()),
            ..Head::default()
        })
    }
}
