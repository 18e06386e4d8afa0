//! What a sandbox has still to do by itself.

use jiff::Timestamp;

use super::{Broken, Core, Sandbox};

/// Work that waits: a job, or a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingWork {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) due: Timestamp,
}

impl Sandbox {
    /// All work that waits, by its instant.
    pub(crate) async fn pending_work(&self) -> Result<Vec<PendingWork>, Broken> {
        self.read(|core| pending_work(core)).await
    }
}

fn pending_work(core: &Core) -> Vec<PendingWork> {
    let jobs = core.world.pending_jobs().map(|job| PendingWork {
        kind: job.name,
        subject: job.subject,
        due: job.due,
    });
    let deliveries = core
        .world
        .pending_deliveries()
        .map(|(id, _, due)| PendingWork {
            kind: "delivery",
            subject: id.as_str().to_owned(),
            due,
        });
    let mut pending: Vec<PendingWork> = jobs.chain(deliveries).collect();
    pending.sort_by_key(|work| work.due);
    pending
}
