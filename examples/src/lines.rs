//! A file of lines that are only ever added, each on the disk before the program goes on.
//!
//! What a program writes here before a call is known after a kill at any moment. A last line that was cut by the kill is
//! taken away when the file is opened: what it announces was never done. One program has the file at a time, since two
//! would each do what the other one has begun.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file of lines, or none: what a sandbox that ends with the program was asked for need not outlive it.
#[derive(Debug)]
pub struct Lines {
    file: Option<(File, PathBuf)>,
    role: Role,
}

/// What a file is to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// What it is called in a sentence, as `journal of payouts`.
    pub what: &'static str,
    /// The flag that names it.
    pub flag: &'static str,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// It is a folder.
    #[error(
        "{} {} is a folder, and a {} is a file: name one in it, as {}",
        role.flag, path.display(), role.what, path.join(role.flag.trim_start_matches('-')).display()
    )]
    Folder {
        /// What it was to be.
        role: Role,
        /// The folder.
        path: PathBuf,
    },
    /// It has a line that the program did not write.
    #[error(
        "{} {} is no {}, it has the line {line:?}: name another file",
        role.flag, path.display(), role.what
    )]
    Foreign {
        /// What it was to be.
        role: Role,
        /// The file.
        path: PathBuf,
        /// The first such line.
        line: String,
    },
    /// It cannot be read or written.
    #[error(
        "{} {} cannot be read or written: its folder has to be there, and both open to this program",
        role.flag, path.display()
    )]
    Io {
        /// What it was to be.
        role: Role,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program has it.
    #[error(
        "{} {}: another program writes to it; wait until that one ends, or name another file",
        role.flag, path.display()
    )]
    Taken {
        /// What it was to be.
        role: Role,
        /// The file.
        path: PathBuf,
    },
}

impl Lines {
    /// Opens a file, which is made if it is not there, and reads its lines.
    pub fn open(path: &Path, role: Role) -> Result<(Self, Vec<String>), LinesError> {
        let (folder, taken) = (path.to_owned(), path.to_owned());
        if path.is_dir() {
            return Err(LinesError::Folder { role, path: folder });
        }
        let failed = |source| role.failed(path, source);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        let file = options.open(path).map_err(failed)?;
        file.try_lock().map_err(|why| match why {
            TryLockError::Error(source) => failed(source),
            TryLockError::WouldBlock => LinesError::Taken { role, path: taken },
        })?;
        let lines = read(&file, path, is_new).map_err(failed)?;
        let file = Some((file, path.to_owned()));
        Ok((Self { file, role }, lines))
    }

    /// Lines that are forgotten.
    #[must_use]
    pub fn nowhere(role: Role) -> Self {
        Self { file: None, role }
    }

    /// Adds a line. It is on the disk when this returns.
    pub fn add(&mut self, line: &str) -> Result<(), LinesError> {
        let Some((file, path)) = &mut self.file else {
            return Ok(());
        };
        let added = file.write_all(format!("{line}\n").as_bytes());
        added
            .and_then(|()| file.sync_data())
            .map_err(|source| self.role.failed(path, source))
    }
}

impl Role {
    /// A line that the program did not write.
    #[must_use]
    pub fn misread(self, path: &Path, line: &str) -> LinesError {
        LinesError::Foreign {
            role: self,
            path: path.to_owned(),
            line: line.to_owned(),
        }
    }

    fn failed(self, path: &Path, source: io::Error) -> LinesError {
        LinesError::Io {
            role: self,
            path: path.to_owned(),
            source,
        }
    }
}

/// The whole lines of a file. What is behind them is taken away.
fn read(file: &File, path: &Path, is_new: bool) -> io::Result<Vec<String>> {
    if is_new {
        sync_folder(path)?;
    }
    let text = io::read_to_string(file)?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    file.set_len(whole as u64)?;
    Ok(text[..whole].lines().map(str::to_owned).collect())
}

/// Makes the name of a new file last, as its lines do. Where a folder cannot be opened, the system keeps names by itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: Role = Role {
        what: "list",
        flag: "--list",
    };

    #[test]
    fn a_cut_line_is_taken_away_and_a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        let (mut lines, known) = Lines::open(&path, ROLE).unwrap();
        assert_eq!(known, ["one", "two"]);

        let error = Lines::open(&path, ROLE).unwrap_err();
        assert!(matches!(error, LinesError::Taken { .. }), "{error}");

        lines.add("three").unwrap();
        drop(lines);
        let (_, known) = Lines::open(&path, ROLE).unwrap();
        assert_eq!(known, ["one", "two", "three"]);
    }

    #[test]
    fn what_cannot_be_such_a_file_is_told_with_its_flag_and_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let error = Lines::open(path, ROLE).unwrap_err().to_string();
        let wanted = format!(
            "--list {0} is a folder, and a list is a file: name one in it, as {0}/list",
            path.display()
        );
        assert_eq!(error, wanted);

        let nowhere = path.join("missing").join("lines");
        let error = Lines::open(&nowhere, ROLE).unwrap_err();
        assert!(matches!(error, LinesError::Io { .. }), "{error}");
        let named = format!("--list {}", nowhere.display());
        assert!(error.to_string().starts_with(&named), "{error}");
    }
}
