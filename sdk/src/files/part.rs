//! A file that is in its place whole, or not at all.
//!
//! What is written goes to a new file beside the place, whose name ends in `.part`. It is synced and takes the place of
//! what is there when it is complete; until then it is gone with its owner. On Unix it is for the owner of the process
//! alone (0600) from its first moment on: what is kept so are scans of passports, statements and keys.
//!
//! Everything here waits for the disk. Asynchronous callers go through [`on_disk`]: a [`Part`] that is the result of such
//! work is dropped, and its file removed, where nobody waits for it any more.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// A file that is not whole yet, gone with its owner unless it takes its place.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    /// Empty once the file is in its place.
    path: PathBuf,
}

/// Most names that are tried for one file, should others be taken by what a process with our id has left.
const NAMES_MAX: u32 = 100;

impl Part {
    /// Makes a new file beside `place`; one that is there, or a link, is never written to.
    pub(crate) fn beside(place: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..NAMES_MAX {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let mut name = place.as_os_str().to_owned();
            name.push(format!(".{}-{count}.part", std::process::id()));
            let path = PathBuf::from(name);
            match for_its_owner().open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|file| Self { file, path }),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Where to write to.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The file is complete: it takes the place of what is there. In its own right it is on the disk then; that it is
    /// found under the name `place` after a power cut is a matter of the folder.
    pub(crate) fn take(mut self, place: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, place)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What went wrong before is the error that matters.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Does work that waits for the disk where it stops no other task. It is done to its end, also if nobody waits for it.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// Makes a file with its mode from the start: there is no moment at which others can open it.
fn for_its_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_part_is_whole_in_its_place_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        let names = || {
            let entries = std::fs::read_dir(&folder).unwrap();
            let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
            entries.map(name).collect::<Vec<_>>()
        };
        std::fs::write(&place, "what was there").unwrap();

        let given_up = Part::beside(&place).unwrap();
        given_up.file().write_all(b"half").unwrap();
        assert_eq!(names().len(), 2);
        drop(given_up);
        assert_eq!(names(), ["a"]);
        assert_eq!(std::fs::read(&place).unwrap(), b"what was there");

        let (one, other) = (Part::beside(&place).unwrap(), Part::beside(&place).unwrap());
        one.file().write_all(b"one").unwrap();
        other.file().write_all(b"other").unwrap();
        other.take(&place).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"other");
        one.take(&place).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"one");
        assert_eq!(names(), ["a"]);
    }
}
