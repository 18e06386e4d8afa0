//! Keys in a file of one machine.
//!
//! The file is JSON, mode 0600, and written whole: beside its place first, synced, then renamed over it, and the folder
//! synced. A crash leaves the old file or the new one, and after `put` the new one. A file that others may read or write
//! is refused.
//!
//! Tasks of one process take turns, and a turn lasts as long as its work on the disk: a caller that goes away before the
//! end leaves work behind that is done all the same, and the next one waits for it. Several processes need a store that
//! they share.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::credentials::BoxError;
use crate::files::part::Part;
use crate::files::part::on_disk;
use crate::webhook::key_store::KeyStore;
use crate::webhook::key_store::StoredKey;

/// Form of the file, so that a later one is refused and not misread.
const FORM: u32 = 1;

/// Longest file that is read, and so that is written: some ten thousand keys.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Keeps keys in a file that only its owner may read.
#[derive(Clone, Debug)]
pub struct FileKeyStore {
    path: Arc<Path>,
    turn: Arc<Mutex<()>>,
}

impl FileKeyStore {
    /// A store in this file, which the first key makes. Its folder must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into().into(),
            turn: Arc::default(),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, KeyFileError> + Send + 'static,
    ) -> Result<T, BoxError> {
        // The turn goes with the work: whoever waits here may be dropped while the work is still being done.
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let path = Arc::clone(&self.path);
        let done = on_disk(move || {
            let done = work(&path);
            drop(turn);
            Ok(done)
        });
        Ok(done.await??)
    }
}

#[async_trait]
impl KeyStore for FileKeyStore {
    async fn keys(&self) -> Result<Vec<StoredKey>, BoxError> {
        self.run(read).await
    }

    async fn put(&self, key: StoredKey) -> Result<(), BoxError> {
        self.run(move |path| {
            let mut keys = read(path)?;
            keys.retain(|kept| kept.subscription_id != key.subscription_id);
            keys.push(key);
            write(path, keys)
        })
        .await
    }

    async fn remove(&self, subscription_id: &SubscriptionId) -> Result<(), BoxError> {
        let id = subscription_id.clone();
        self.run(move |path| {
            let mut keys = read(path)?;
            let before = keys.len();
            keys.retain(|kept| kept.subscription_id != id);
            if keys.len() == before {
                return Ok(());
            }
            write(path, keys)
        })
        .await
    }
}

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file is not in the form that this version writes.
    #[error(
        "{} is no file of webhook keys that this version reads: name another file, or move this one away to begin anew",
        path.display()
    )]
    #[non_exhaustive]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// With one more key the file would be longer than what is read. It stays as it is.
    #[error(
        "{} is full: with this key it would be longer than the {FILE_BYTES_MAX} bytes that are read; remove the keys of \
         subscriptions that are gone, or keep these in another file",
        path.display()
    )]
    #[non_exhaustive]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error(
        "{} cannot be read or written: its folder must be there, and both must be open to this process",
        path.display()
    )]
    #[non_exhaustive]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read or write the file.
    #[error(
        "{} has the mode {mode:03o}: whoever can write to it decides whose webhooks are believed; `chmod 600` it, and \
         subscribe anew if you do not know who had access",
        path.display()
    )]
    #[non_exhaustive]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Content {
    form: u32,
    keys: Vec<StoredKey>,
}

fn read(path: &Path) -> Result<Vec<StoredKey>, KeyFileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(path, error)),
    };
    refuse_if_open(path, &file)?;
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(|error| failed(path, error))?;
    match serde_json::from_slice(&text) {
        Ok(Content { form: FORM, keys }) => Ok(keys),
        _ => Err(KeyFileError::Form {
            path: path.to_owned(),
        }),
    }
}

fn write(path: &Path, keys: Vec<StoredKey>) -> Result<(), KeyFileError> {
    let content = Content { form: FORM, keys };
    let text = serde_json::to_vec_pretty(&content).map_err(|error| failed(path, error.into()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(KeyFileError::Full {
            path: path.to_owned(),
        });
    }
    let written = (|| {
        let part = Part::beside(path)?;
        part.file().write_all(&text)?;
        part.take(path)?;
        sync_folder_of(path)
    })();
    written.map_err(|error| failed(path, error))
}

/// The rename is an entry of the folder: until that is on the disk too, a power cut can bring the old file back, and the
/// key of a subscription that was just made is told only once.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Other systems open no folders as files, and keep a rename by themselves.
#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn refuse_if_open(path: &Path, file: &File) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = file.metadata().map_err(|error| failed(path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(KeyFileError::Open {
        path: path.to_owned(),
        mode,
    })
}

/// Other systems have no such mode; the folder's access list is what protects the file there.
#[cfg(not(unix))]
fn refuse_if_open(_path: &Path, _file: &File) -> Result<(), KeyFileError> {
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    fn key(id: &str) -> StoredKey {
        StoredKey::new(
            id.parse().unwrap(),
            "CUSTOMER_ACTIVE".into(),
            "https://x",
            "key",
        )
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_work_and_not_as_its_caller() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileKeyStore::new(folder.path().join("keys.json"));
        let (says_read, has_read) = tokio::sync::oneshot::channel();
        let (may_write, waits) = std::sync::mpsc::channel::<()>();
        let mut slow = Box::pin(store.run(move |path| {
            let mut keys = read(path)?;
            says_read.send(()).unwrap();
            waits.recv().unwrap();
            keys.push(key("slow"));
            write(path, keys)
        }));
        assert!(poll!(slow.as_mut()).is_pending());
        has_read.await.unwrap();
        drop(slow);

        assert!(store.turn.try_lock().is_err(), "the work goes on");
        let mut next = Box::pin(store.put(key("next")));
        assert!(poll!(next.as_mut()).is_pending());
        may_write.send(()).unwrap();
        next.await.unwrap();
        assert_eq!(store.keys().await.unwrap(), [key("slow"), key("next")]);
    }
}
