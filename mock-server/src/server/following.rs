//! What a server sees of others that share its store.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::MutexGuard;

use super::{ChangeError, Server};
use crate::{
    sandbox::{Broken, Outage, Sandbox, lock},
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

    /// Begins a change of this server's own to the sandbox of a name, unless the server is about to end: there is no other
    /// until it is dropped. However long it takes, what other servers do to other sandboxes is followed meanwhile.
    pub(super) async fn change_of(&self, name: &str) -> Result<OwnChange<'_>, ChangeError> {
        let one_at_a_time = self.changing.lock().await;
        if self.is_ending.load(Ordering::Acquire) {
            return Err(ChangeError::Broken(Broken::Outage(Outage::Ending)));
        }
        // Whoever follows the store at this moment knows nothing of it, and so ends first.
        let _following = self.following.lock().await;
        *lock(&self.in_change) = Some(name.to_owned());
        Ok(OwnChange {
            server: self,
            _one_at_a_time: one_at_a_time,
        })
    }

    /// Adds the sandboxes that others have made and removes those that they have deleted; gives the new ones.
    pub(super) async fn follow_store(&self) -> Result<Vec<Arc<Sandbox>>, StoreError> {
        let _one_at_a_time = self.following.lock().await;
        let Some(shared) = self.store.shared() else {
            return Ok(Vec::new());
        };
        if self.is_ending.load(Ordering::Acquire) {
            // One that is added now would be left without a snapshot.
            return Ok(Vec::new());
        }
        let in_change = lock(&self.in_change).clone();
        let is_in_change = |name: &str| in_change.as_deref() == Some(name);
        let mut is_all = true;
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
            if is_in_change(sandbox.name()) {
                is_all = false;
                continue;
            }
            self.directory.forget(sandbox.name());
        }
        let mut added = Vec::new();
        for kept in kept {
            if is_in_change(&kept.name) {
                is_all = false;
                continue;
            }
            let sandbox = Arc::new(self.load(kept).await);
            self.directory.put(Arc::clone(&sandbox));
            added.push(sandbox);
        }
        // What was left to the change is looked at again, as it may come to nothing.
        if is_all {
            self.seen_changes.store(changes, Ordering::Release);
        }
        Ok(added)
    }
}

/// A change of this server's own that is on its way.
#[derive(Debug)]
pub(super) struct OwnChange<'s> {
    server: &'s Server,
    _one_at_a_time: MutexGuard<'s, ()>,
}

impl Drop for OwnChange<'_> {
    fn drop(&mut self) {
        *lock(&self.server.in_change) = None;
    }
}
