//! The sandboxes of a server, found by name or by a client's id.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use layer2_types::operation::Api;

use super::{http::limits, sandbox::Sandbox};

/// Name of the sandbox that every server begins with.
pub(crate) const DEFAULT: &str = "default";

/// All sandboxes. Who adds or removes one does so alone (`Server::make`, `Server::delete`).
#[derive(Debug, Default)]
pub(crate) struct Directory {
    rows: RwLock<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    by_name: BTreeMap<String, Arc<Sandbox>>,
    /// Client ids of all three APIs with clients; they differ, as each starts with its API's part.
    by_client: BTreeMap<String, Arc<Sandbox>>,
}

/// Why a sandbox is not added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DirectoryError {
    #[error("the default sandbox stays; reset it instead")]
    Default,
    #[error(
        "the store keeps {} sandboxes and more; delete some that are not needed",
        limits::SANDBOXES
    )]
    Full,
    #[error("a sandbox with this name exists; choose another name, or delete that one")]
    Taken,
    #[error("there is no sandbox with this name")]
    Unknown,
}

impl Directory {
    /// Puts a sandbox that is kept where it belongs, in the place of the one of its name, which is closed. The limit is one
    /// on what is made: what is there is never left out.
    pub(crate) fn put(&self, sandbox: Arc<Sandbox>) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = rows.by_name.get(sandbox.name()).cloned() {
            // Another state may have other credentials.
            for id in client_ids(&old) {
                rows.by_client.remove(&id);
            }
            old.close();
        }
        for id in client_ids(&sandbox) {
            rows.by_client.insert(id, Arc::clone(&sandbox));
        }
        rows.by_name.insert(sandbox.name().to_owned(), sandbox);
        let (sandboxes, limit) = (rows.by_name.len(), limits::SANDBOXES);
        if sandboxes > limit {
            tracing::warn!(
                sandboxes,
                limit,
                "more sandboxes are kept than a server makes; none is made until some are deleted"
            );
        }
    }

    /// Whether a sandbox of this name could be added.
    pub(crate) fn may_add(&self, name: &str) -> Result<(), DirectoryError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        if rows.by_name.contains_key(name) {
            return Err(DirectoryError::Taken);
        }
        if rows.by_name.len() >= limits::SANDBOXES {
            return Err(DirectoryError::Full);
        }
        Ok(())
    }

    /// Whether a sandbox could be taken out: the default one stays.
    pub(crate) fn may_remove(&self, name: &str) -> Result<(), DirectoryError> {
        match self.named(name) {
            _ if name == DEFAULT => Err(DirectoryError::Default),
            Some(_) => Ok(()),
            None => Err(DirectoryError::Unknown),
        }
    }

    /// Takes a sandbox out and closes it; the default one stays.
    pub(crate) fn remove(&self, name: &str) -> Result<(), DirectoryError> {
        self.may_remove(name)?;
        self.forget(name);
        Ok(())
    }

    /// Takes out and closes a sandbox that another server has deleted.
    pub(crate) fn forget(&self, name: &str) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = rows.by_name.remove(name) {
            for id in client_ids(&sandbox) {
                rows.by_client.remove(&id);
            }
            sandbox.close();
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Sandbox>> {
        self.rows
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_name
            .get(name)
            .cloned()
    }

    /// The sandbox whose client of this API has the id.
    pub(crate) fn of_client(&self, api: Api, id: &str) -> Option<Arc<Sandbox>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let sandbox = rows.by_client.get(id)?;
        let credentials = &sandbox.credentials;
        let own = match api {
            Api::Payments => credentials.payments.id(),
            Api::Accounting => credentials.accounting.id(),
            Api::Plaid => credentials.plaid.id(),
            Api::Control => return None,
        };
        (own == id).then(|| Arc::clone(sandbox))
    }

    /// All sandboxes by name.
    pub(crate) fn all(&self) -> Vec<Arc<Sandbox>> {
        self.rows
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_name
            .values()
            .cloned()
            .collect()
    }
}

fn client_ids(sandbox: &Sandbox) -> [String; 3] {
    let credentials = &sandbox.credentials;
    [
        &credentials.payments,
        &credentials.accounting,
        &credentials.plaid,
    ]
    .map(|client| client.id().to_owned())
}

#[cfg(test)]
mod tests {
    use layer2_world::{Genesis, seed::Seed, settings::Settings};

    use super::*;
    use crate::{
        clocks::{ClockMode, MANUAL_START},
        journal::memory::MemoryJournal,
    };

    async fn sandbox(name: String) -> Arc<Sandbox> {
        let genesis = Genesis {
            name,
            seed: Seed::new([1; 32]),
            settings: Settings::default(),
            start: MANUAL_START,
        };
        let journal = Arc::new(MemoryJournal::default());
        Arc::new(Sandbox::open(genesis, ClockMode::Manual, journal).await)
    }

    #[tokio::test]
    async fn what_is_kept_is_there_beyond_the_number_up_to_which_more_are_made() {
        let directory = Directory::default();
        for number in 0..=limits::SANDBOXES {
            directory.put(sandbox(format!("s-{number}")).await);
        }
        assert_eq!(directory.all().len(), limits::SANDBOXES + 1);
        assert_eq!(directory.may_add("one-more"), Err(DirectoryError::Full));
        for number in 0..2 {
            directory.forget(&format!("s-{number}"));
        }
        assert_eq!(directory.may_add("one-more"), Ok(()));
    }
}
