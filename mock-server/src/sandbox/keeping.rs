//! Keeping snapshots, which spare the next start the rows before them.

use std::{sync::Arc, time::Duration};

use super::{Broken, Sandbox, lock, turn::Intent};
use crate::journal::Snapshot;

/// How long the end of the server waits for deliveries that are on their way. A receiver that answers at all mostly does
/// so sooner, and what it has does not come a second time.
const LANDING: Duration = Duration::from_secs(1);

impl Sandbox {
    /// Sets about keeping a snapshot, once the journal has grown so much that it is worth its price. Nothing while one
    /// is being kept, or while nothing can be written.
    pub(crate) fn tend_journal(self: &Arc<Self>) {
        if !self.journal.wants_snapshot() || self.keeping.try_lock().is_err() {
            return;
        }
        if lock(&self.core).takes_nothing() {
            return;
        }
        let sandbox = Arc::clone(self);
        tokio::spawn(async move {
            // Many may have come here before the first of them runs.
            let Ok(_one_at_a_time) = sandbox.keeping.try_lock() else {
                return;
            };
            if let Err(error) = sandbox.take_snapshot().await {
                tracing::warn!(sandbox = sandbox.name(), %error, "no snapshot could be kept");
            }
        });
    }

    /// Has the dispatcher send nothing from here on, and waits a moment for what is on its way.
    pub(crate) async fn end_sending(&self) {
        self.close();
        let landed = async {
            loop {
                // Registered before the look, so that no change is missed.
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if lock(&self.core).in_flight.len() == 0 {
                    return;
                }
                changed.await;
            }
        };
        // What takes longer is told of by whoever sent it.
        let _ = tokio::time::timeout(LANDING, landed).await;
    }

    /// Writes nothing from here on: whoever comes is told to come again.
    pub(crate) fn end_writing(&self) {
        lock(&self.core).end_writing();
    }

    /// Keeps a snapshot of the state, if there are rows that the next start would have to carry out. Waits for one that
    /// is being kept, and for what is being written: those rows come after it.
    pub(crate) async fn keep_snapshot(&self) -> Result<(), Broken> {
        let _one_at_a_time = self.keeping.lock().await;
        self.turn(Intent::Read, |_| ()).await?;
        self.take_snapshot().await
    }

    async fn take_snapshot(&self) -> Result<(), Broken> {
        if !self.journal.outgrows_snapshot() {
            return Ok(());
        }
        // A copy is made under the lock and written down beside it, as the copy takes a fraction of the time.
        let (world, mut snapshot) = self
            .turn(Intent::Read, |core| {
                let place = core.position();
                let snapshot = Snapshot {
                    generation: place.generation,
                    seq: place.seq,
                    text: String::new(),
                };
                (core.world.clone(), snapshot)
            })
            .await?;
        let written = tokio::task::spawn_blocking(move || world.snapshot()).await;
        let text = written.ok().and_then(Result::ok);
        snapshot.text = text.ok_or(Broken::Defect)?;
        let kept = self.journal.snapshot(snapshot).await;
        kept.map_err(|error| self.told(&error))
    }
}
