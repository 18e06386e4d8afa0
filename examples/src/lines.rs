//! A file of lines that are only ever added, each on the disk before the program goes on.
//!
//! What a program writes here before a call is known after a kill at any moment. A last line that was cut by the kill is
//! taken away when the file is opened: what it announces was never done. One program has the file at a time, since two
//! would each do what the other one has begun.
//!
//! A file that the program did not begin may be anybody's, a private key for one. It is left as it is, and no error shows
//! what is in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// A file of lines, or none: what a sandbox that ends with the program was asked for need not outlive it.
#[derive(Debug)]
pub struct Lines {
    place: Place,
    role: Role,
    /// Lines that go to the disk with the next one.
    held: String,
}

#[derive(Debug)]
enum Place {
    Nowhere,
    /// A file that the first line makes: a program that does nothing leaves none behind.
    New(PathBuf),
    File(File, PathBuf),
}

/// What a file is to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// What it is called in a sentence, as `journal of payouts`.
    pub what: &'static str,
    /// The flag that names it.
    pub flag: &'static str,
    /// What its first line begins with.
    pub begins: &'static str,
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
        "{} {} is no {}: its line {line} is not of this program, and the file is left as it is; name another file",
        role.flag, path.display(), role.what
    )]
    Foreign {
        /// What it was to be.
        role: Role,
        /// The file.
        path: PathBuf,
        /// The number of the first such line. Its text may be a secret.
        line: usize,
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
    /// Opens a file and reads its lines. One that is not there is made by the first line.
    pub fn open(path: &Path, role: Role) -> Result<(Self, Vec<String>), LinesError> {
        if path.is_dir() {
            let path = path.to_owned();
            return Err(LinesError::Folder { role, path });
        }
        let mut options = OpenOptions::new();
        let (place, lines) = match options.read(true).append(true).open(path) {
            Ok(file) => {
                let file = role.alone(path, file)?;
                let lines = role.read(path, &file)?;
                (Place::File(file, path.to_owned()), lines)
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound && folder_of(path).is_dir() => {
                (Place::New(path.to_owned()), Vec::new())
            }
            Err(why) => return Err(role.failed(path, why)),
        };
        let held = String::new();
        Ok((Self { place, role, held }, lines))
    }

    /// Lines that are forgotten.
    #[must_use]
    pub fn nowhere(role: Role) -> Self {
        Self {
            place: Place::Nowhere,
            role,
            held: String::new(),
        }
    }

    /// Adds a line that says nothing without the next one. Both are on the disk when that one is.
    pub fn hold(&mut self, line: &str) {
        self.held.push_str(line);
        self.held.push('\n');
    }

    /// Adds a line. It is on the disk when this returns, with those that were held back for it.
    pub fn add(&mut self, line: &str) -> Result<(), LinesError> {
        self.hold(line);
        if let Place::New(path) = &self.place {
            let path = path.clone();
            self.place = Place::File(self.role.make(&path)?, path);
        }
        let text = std::mem::take(&mut self.held);
        let Place::File(file, path) = &mut self.place else {
            return Ok(());
        };
        let added = file.write_all(text.as_bytes());
        added
            .and_then(|()| file.sync_data())
            .map_err(|source| self.role.failed(path, source))
    }
}

impl Role {
    /// A line that the program did not write, by its number, which begins with 1.
    #[must_use]
    pub fn misread(self, path: &Path, line: usize) -> LinesError {
        LinesError::Foreign {
            role: self,
            path: path.to_owned(),
            line,
        }
    }

    /// Makes a file. Two programs that begin one at the same time do not share it.
    fn make(self, path: &Path) -> Result<File, LinesError> {
        let mut options = OpenOptions::new();
        let made = options.create_new(true).append(true).open(path);
        let file = match made {
            Ok(file) => self.alone(path, file)?,
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => return Err(self.taken(path)),
            Err(why) => return Err(self.failed(path, why)),
        };
        sync_folder(path).map_err(|source| self.failed(path, source))?;
        Ok(file)
    }

    /// Has the file for this program alone.
    fn alone(self, path: &Path, file: File) -> Result<File, LinesError> {
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::Error(source)) => Err(self.failed(path, source)),
            Err(TryLockError::WouldBlock) => Err(self.taken(path)),
        }
    }

    /// The whole lines of a file. What is behind them is taken away, if the file is of this program.
    fn read(self, path: &Path, file: &File) -> Result<Vec<String>, LinesError> {
        let failed = |source| self.failed(path, source);
        let mut bytes = Vec::new();
        (&mut &*file).read_to_end(&mut bytes).map_err(failed)?;
        let begins = self.begins.as_bytes();
        // A file that was cut within its first word is of this program as well, and so is an empty one.
        if !bytes.starts_with(begins) && !begins.starts_with(&bytes) {
            return Err(self.misread(path, 1));
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = &bytes[..end.map_or(0, |end| end + 1)];
        let text = std::str::from_utf8(whole).map_err(|why| {
            let before = &whole[..why.valid_up_to()];
            let ends = before.iter().filter(|byte| **byte == b'\n');
            self.misread(path, ends.count() + 1)
        })?;
        file.set_len(whole.len() as u64).map_err(failed)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn taken(self, path: &Path) -> LinesError {
        LinesError::Taken {
            role: self,
            path: path.to_owned(),
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

/// Makes the name of a new file last, as its lines do. Where a folder cannot be opened, the system keeps names by itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: Role = Role {
        what: "list",
        flag: "--list",
        begins: "one",
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

    #[test]
    fn a_file_of_somebody_else_is_left_as_it_is_and_its_text_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        for text in [&b"5ec2e7"[..], b"5ec2e7\nmore", b"\x7fELF\xff\n"] {
            std::fs::write(&path, text).unwrap();
            let told = Lines::open(&path, ROLE).unwrap_err().to_string();
            assert!(told.contains("is no list: its line 1 is"), "{told}");
            assert!(!told.contains("5ec2e7"), "{told}");
            assert_eq!(std::fs::read(&path).unwrap(), text);
        }
        std::fs::write(&path, b"one\ntwo\n\xff\n").unwrap();
        let error = Lines::open(&path, ROLE).unwrap_err();
        assert!(
            matches!(error, LinesError::Foreign { line: 3, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_file_is_made_by_its_first_line_with_what_was_held_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let (mut lines, _) = Lines::open(&path, ROLE).unwrap();
        let (mut late, _) = Lines::open(&path, ROLE).unwrap();
        lines.hold("one");
        assert!(!path.exists());
        lines.add("two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");

        let error = late.add("one").unwrap_err();
        assert!(matches!(error, LinesError::Taken { .. }), "{error}");
    }
}
