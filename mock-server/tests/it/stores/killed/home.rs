//! Where the sandboxes of a play are kept: in a file, or in a database of PostgreSQL's.

use std::path::Path;

#[cfg(feature = "postgres")]
use tempfile::TempDir;

use crate::stores::{Kept, in_file};
#[cfg(feature = "postgres")]
use crate::{postgres::database::Database, support::folder};

/// What dies in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dies {
    /// The server: whoever asks it gets no answer.
    Server,
    /// The database below it: whoever asks the server is told to come again.
    #[cfg(feature = "postgres")]
    Database,
}

/// A store that outlives its servers, with a folder for their ready files.
pub(super) enum Home {
    File(Kept),
    #[cfg(feature = "postgres")]
    Database {
        database: Database,
        folder: TempDir,
    },
}

impl Home {
    /// The one that `TEST_STORE` names, or a file.
    pub(super) async fn new() -> Home {
        #[cfg(feature = "postgres")]
        if std::env::var("TEST_STORE").as_deref() == Ok("postgres") {
            return Home::over(Database::new().await);
        }
        Home::File(Kept::new())
    }

    #[cfg(feature = "postgres")]
    pub(super) fn over(database: Database) -> Home {
        let folder = folder();
        Home::Database { database, folder }
    }

    /// The URL of the store. In a file snapshots are taken after a few commands each.
    pub(super) fn store(&self) -> String {
        match self {
            Home::File(kept) => in_file(&kept.path(), "?snapshot-kib=8").to_string(),
            #[cfg(feature = "postgres")]
            Home::Database { database, .. } => database.url(),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        match self {
            Home::File(kept) => kept.folder.path(),
            #[cfg(feature = "postgres")]
            Home::Database { folder, .. } => folder.path(),
        }
    }

    /// Waits until whatever a dead server had begun is done or not done. A file is let go of with the process, a database
    /// learns of it by and by.
    pub(super) async fn settled(&self) {
        match self {
            Home::File(_) => {}
            #[cfg(feature = "postgres")]
            Home::Database { database, .. } => database.left_alone().await,
        }
    }

    /// Ends the database at once, as a crash would, or starts it again. It is one of this play alone.
    #[cfg(feature = "postgres")]
    pub(super) fn change(&self, change: impl FnOnce(&crate::postgres::database::Cluster)) {
        let Home::Database { database, .. } = self else {
            panic!("a file has no server");
        };
        let cluster = database.cluster.as_ref().expect("of this play alone");
        // It runs a program and waits for it, while the clients go on.
        tokio::task::block_in_place(|| change(cluster));
    }
}
