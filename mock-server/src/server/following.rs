//! What a server sees of others that share its store.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::Server;
use crate::{
    sandbox::{Outage, Sandbox},
    store::StoreError,
};

/// How long until a server that nobody calls looks again what others have done.
const WATCH: Duration = Duration::from_secs(1);

impl Server {
    /// Brings the directory up to what other servers have done before this call: sandboxes made and deleted, tokens
    /// expired. Nothing where no other server uses the store.
    pub(crate) async fn catch_up(&self) -> Result<(), Outage> {
        let Some(shared) = self.store.shared() else {
            return Ok(());
        };
        let outage = |error: StoreError| {
            tracing::error!(%error, "the sandboxes of the store cannot be had");
            match error {
                StoreError::Full(_) => Outage::Full,
                _ => Outage::Unavailable,
            }
        };
        let changes = shared.changes().await.map_err(outage)?;
        if self.seen_changes.load(Ordering::Acquire) == changes {
            return Ok(());
        }
        for sandbox in self.follow_store().await.map_err(outage)? {
            self.dispatch(&sandbox);
        }
        Ok(())
    }

    /// Looks now and then what other servers have done, for as long as it is polled: the webhooks of a sandbox are sent
    /// also by a server that nobody calls.
    pub(crate) async fn watch_store(&self) {
        if self.store.shared().is_none() {
            return std::future::pending().await;
        }
        loop {
            // What went wrong is in the log, and the next look may do better.
            let _ = self.catch_up().await;
            tokio::time::sleep(WATCH).await;
        }
    }

    /// Adds the sandboxes that others have made and removes those that they have deleted; gives the new ones.
    pub(super) async fn follow_store(&self) -> Result<Vec<Arc<Sandbox>>, StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let Some(shared) = self.store.shared() else {
            return Ok(Vec::new());
        };
        if self.is_ending.load(Ordering::Acquire) {
            // One that is added now would be left without a snapshot.
            return Ok(Vec::new());
        }
        // Asked before the list: what happens in between is seen next time.
        let changes = shared.changes().await?;
        let known: BTreeMap<i64, Arc<Sandbox>> = self
            .directory
            .all()
            .into_iter()
            .map(|sandbox| (sandbox.identity(), sandbox))
            .collect();
        let ids: Vec<i64> = known.keys().copied().collect();
        let listed = shared.list(&ids).await?;
        let mut gone = known.clone();
        let mut kept = Vec::new();
        for listed in listed {
            gone.remove(&listed.id);
            if let Some(sandbox) = known.get(&listed.id) {
                sandbox.note_epoch(listed.epoch);
            }
            kept.extend(listed.kept);
        }
        for sandbox in gone.values() {
            self.directory.forget(sandbox.name());
        }
        let mut added = Vec::new();
        for kept in kept {
            let sandbox = Arc::new(self.load(kept).await);
            self.directory.put(Arc::clone(&sandbox));
            added.push(sandbox);
        }
        self.seen_changes.store(changes, Ordering::Release);
        Ok(added)
    }
}
