//! Where sandboxes are kept: in memory, in a file, in a database.
//!
//! A store keeps of each sandbox what it began with ([`Charter`]), what moves beside its commands ([`Head`]), the
//! journal of its commands, snapshots that spare a start the replay, and the bytes of its files. There is no second
//! model of the data: the state is what the journal leads to, whatever the store.
//!
//! What decides how a store behaves is [`Journal`]; which one it is, is decided by [`open`] and nowhere else.
//!
//! [`Head`]: crate::journal::Head

pub(crate) mod fresh;
mod identity;
mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod parts;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod record;
#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(
        dead_code,
        reason = "without a durable store only exported files are sealed"
    )
)]
pub(crate) mod seal;
#[cfg(feature = "sqlite")]
mod sqlite;
mod url;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use jiff::Timestamp;
use layer2_world::{Genesis, seed::Seed, settings::Settings};
use serde::{Deserialize, Serialize};

use super::{
    clocks::ClockMode,
    journal::{Base, Journal},
};
#[cfg(feature = "postgres")]
use fresh::Fresh;
pub(crate) use identity::Identity;
pub(crate) use memory::MemoryStore;
pub use url::{InvalidStoreUrl, StoreUrl};

/// An answer of a store that may have to wait for a disk or a network.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where the sandboxes of one server are kept.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// All sandboxes that are there, by name.
    fn sandboxes(&self) -> Pending<'_, Vec<Kept>>;

    /// Keeps a new sandbox; [`StoreError::Taken`] if there is one of this name.
    fn create<'a>(&'a self, charter: &'a Charter) -> Pending<'a, Arc<dyn Journal>>;

    /// Keeps a sandbox that begins with a base, in place of the one of its name if that is asked for: all at once, so that
    /// a crash leaves either the old one or the new one. Otherwise [`StoreError::Taken`] if there is one of this name.
    /// The caller sees to it that tokens stay expired; of what other servers of a shared store have expired meanwhile the
    /// store keeps count.
    fn begin<'a>(
        &'a self,
        charter: &'a Charter,
        base: &'a Base,
        replace: bool,
    ) -> Pending<'a, Arc<dyn Journal>>;

    /// Forgets a sandbox with all that is kept of it; one that is not there is no error.
    fn delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()>;

    /// Lets go of what it holds, after what was handed over is safe. Nothing is asked of it afterwards.
    fn close(&self) -> Pending<'_, ()>;

    /// The store as one that several servers use, if it is one.
    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }
}

/// A store that several servers use: sandboxes come and go without the doing of this one.
pub(crate) trait SharedStore: Send + Sync {
    /// A number that is another one whenever another server has made or deleted a sandbox, or any has expired the tokens
    /// of one.
    fn changes(&self) -> Pending<'_, i64>;

    /// All sandboxes that are there, by name; of those that are known no more than that they are there.
    fn list<'a>(&'a self, known: &'a [i64]) -> Pending<'a, Vec<Listed>>;
}

/// A sandbox of a shared store.
#[derive(Debug)]
pub(crate) struct Listed {
    /// A number that no other sandbox of the store has ever had ([`Journal::identity`]).
    pub(crate) id: i64,
    /// How many times its tokens were expired.
    pub(crate) epoch: u64,
    /// What it is, unless that is known.
    pub(crate) kept: Option<Kept>,
}

/// A sandbox that a store keeps.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) name: String,
    /// What it was made from, or why that cannot be read.
    pub(crate) charter: Result<Charter, StoreError>,
    pub(crate) journal: Arc<dyn Journal>,
}

/// What a sandbox is made from: with the seed of the server it is the genesis, and it never changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charter {
    pub(crate) name: String,
    /// Text of the client's that makes another sandbox of the same name. A secret, as all credentials follow from it.
    pub(crate) seed: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) clock: ClockMode,
    /// Business time at the beginning.
    pub(crate) start: Timestamp,
    /// The seed of its world, where that does not follow from its name: it began with the state of another sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inherited: Option<Seed>,
    /// Set by a store that binds what it keeps to the sandbox and not only to its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Identity>,
}

impl Charter {
    /// What the state machine begins with, below this server's seed.
    pub(crate) fn genesis(&self, server: &Seed) -> Genesis {
        let own = self.seed.as_deref().unwrap_or_default();
        let seed = match &self.inherited {
            Some(seed) => seed.clone(),
            None => server.child("sandbox", &[self.name.as_bytes(), own.as_bytes()]),
        };
        Genesis {
            name: self.name.clone(),
            seed,
            settings: self.settings.clone(),
            start: self.start,
        }
    }
}

impl fmt::Debug for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charter")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Why a store does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// The store takes no more.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store cannot be reached, or cannot be written for now.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// There is a sandbox of this name.
    #[error("a sandbox with this name is kept already")]
    Taken,
    /// What is there is not what was written, or not for this server. Says where, and what to do.
    #[error("{0}")]
    Unusable(String),
}

/// Opens the store of a URL. What it holds is sealed under keys that follow from the seed of the server.
pub(crate) async fn open(url: &StoreUrl, seed: &Seed) -> Result<Arc<dyn Store>, StoreError> {
    match url {
        StoreUrl::Memory => Ok(Arc::new(MemoryStore)),
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite {
            path,
            max_mib,
            snapshot_kib,
        } => {
            let store = sqlite::SqliteStore::open(path, *max_mib, seed)?;
            Ok(Arc::new(store.with_snapshot_kib(*snapshot_kib)))
        }
        #[cfg(not(feature = "sqlite"))]
        StoreUrl::Sqlite { .. } => Err(not_built("sqlite")),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres { url } => Ok(Arc::new(postgres::PostgresStore::open(url, seed).await?)),
        #[cfg(not(feature = "postgres"))]
        StoreUrl::Postgres { .. } => Err(not_built("postgres")),
    }
}

/// The store is not part of this build.
#[cfg(not(all(feature = "postgres", feature = "sqlite")))]
fn not_built(feature: &str) -> StoreError {
    StoreError::Unusable(format!(
        "this build keeps nothing in {feature}: build layer2-mock with the cargo feature `{feature}`, which its binary has by default"
    ))
}
