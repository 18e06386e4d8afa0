//! A file of lines that are only ever added, each on the disk before the program goes on.
//!
//! What a program writes here before a call is known after a kill at any moment. A last line that was cut by the kill is
//! taken away when the file is opened: what it announces was never done. One program has the file at a time, since two
//! would each do what the other one has begun.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

/// A file of lines, or none: what a sandbox that ends with the program was asked for need not outlive it.
#[derive(Debug)]
pub struct Lines {
    file: Option<File>,
}

impl Lines {
    /// Opens a file, which is made if it is not there, and reads its lines.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<String>)> {
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)?;
        file.try_lock().map_err(|why| taken(path, why))?;
        if is_new {
            sync_folder(path)?;
        }
        let text = io::read_to_string(&file)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        let lines = text[..whole].lines().map(str::to_owned).collect();
        Ok((Self { file: Some(file) }, lines))
    }

    /// Lines that are forgotten.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { file: None }
    }

    /// Adds a line. It is on the disk when this returns.
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}

/// A line that the program did not write.
#[must_use]
pub fn misread(path: &Path, what: &str, line: &str) -> io::Error {
    let message = format!(
        "{} is no {what}: it has the line {line:?}; name another file",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn taken(path: &Path, why: TryLockError) -> io::Error {
    match why {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => io::Error::new(
            io::ErrorKind::WouldBlock,
            format!(
                "another program writes to {}: wait until it ends, or name another file",
                path.display()
            ),
        ),
    }
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

    #[test]
    fn a_cut_line_is_taken_away_and_a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        let (mut lines, known) = Lines::open(&path).unwrap();
        assert_eq!(known, ["one", "two"]);

        let error = Lines::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);

        lines.add("three").unwrap();
        drop(lines);
        let (_, known) = Lines::open(&path).unwrap();
        assert_eq!(known, ["one", "two", "three"]);
    }
}
