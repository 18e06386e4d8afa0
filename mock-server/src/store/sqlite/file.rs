//! Opens a file, or refuses it and leaves it as it is.
//!
//! What can be told from the first bytes is told from them, before SQLite touches anything. The lock is taken next, and
//! the seed is checked under it; until then a log that a crash has left beside the file is read and not folded in.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::schema::{self, APPLICATION, FORMAT, failed};
use crate::store::{
    StoreError,
    seal::{Place, Sealer},
};

/// What is sealed to be compared at the next start.
const CHECK: &[u8] = b"layer2-mock";

/// How long a server that is just ending may take to let go of the file.
const PATIENCE: Duration = Duration::from_millis(500);

/// Length of the header of a file of SQLite's.
const HEADER: usize = 100;

/// How large the log beside the file stays, once it was larger.
const LOG_BYTES: u32 = 64 * 1024 * 1024;

/// Opens the store in a file, or makes one.
pub(super) fn open(
    path: &Path,
    max_mib: Option<u32>,
    sealer: &Sealer,
) -> Result<Connection, StoreError> {
    let found = look_at(path)?;
    if found == Found::Nothing {
        create_private(path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    connection
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .map_err(failed)?;
    connection
        .execute_batch("BEGIN IMMEDIATE; ROLLBACK;")
        .map_err(failed)?;
    if found != Found::Store {
        schema::make(&mut connection, &sealer.seal(Place::Check, CHECK)?)?;
    }
    check_seed(&connection, sealer)?;
    configure(&connection, max_mib).map_err(failed)?;
    Ok(connection)
}

/// What is there at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A file without a byte, as somebody may have made it for the store.
    Empty,
    /// A whole store of this version.
    Store,
}

/// What is there, unless it has to be refused.
fn look_at(path: &Path) -> Result<Found, StoreError> {
    let mut header = [0; HEADER];
    let length = match File::open(path) {
        Ok(mut file) => {
            let about = file.metadata().map_err(unreadable)?;
            if !about.is_file() {
                return Err(unreadable(io::Error::other("it is no file")));
            }
            let length = about.len();
            if length == 0 && !has_log(path) {
                return Ok(Found::Empty);
            }
            file.read_exact(&mut header)
                .map_err(|_| cut_off(length, HEADER as u64))?;
            length
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(unreadable(error)),
    };
    check_header(&header)?;
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let whole = page * u64::from(number(&header, 28));
    // While there is a log, the file itself may be behind.
    if length < whole && !has_log(path) {
        return Err(cut_off(length, whole));
    }
    Ok(Found::Store)
}

/// A number of the header; where which one stands is said by <https://sqlite.org/fileformat.html#the_database_header>.
fn number(header: &[u8; HEADER], at: usize) -> u32 {
    header[at..]
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Refuses what is no store of this version.
fn check_header(header: &[u8; HEADER]) -> Result<(), StoreError> {
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(StoreError::Unusable(
            "the file is not one of SQLite's, or its beginning is damaged; choose another path, or restore it from a copy; nothing was changed"
                .to_owned(),
        ));
    }
    if number(header, 68).cast_signed() != APPLICATION {
        return Err(StoreError::Unusable(
            "the file belongs to another program; choose another path; nothing was changed"
                .to_owned(),
        ));
    }
    let format = number(header, 60).cast_signed();
    if format != FORMAT {
        let age = if format > FORMAT {
            "a newer"
        } else {
            "an older"
        };
        return Err(StoreError::Unusable(format!(
            "the file has format {format}, which {age} layer2-mock writes, and this one reads format {FORMAT}; start the version that wrote it, export the sandboxes there, and import the files into a new store; nothing was changed"
        )));
    }
    Ok(())
}

fn check_seed(connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let check = schema::check(connection)?;
    match sealer.open(Place::Check, &check) {
        Ok(opened) if opened == CHECK => Ok(()),
        _ => Err(StoreError::Unusable(
            "the store was made under another seed, and opens under that one alone: start with the --seed that it was made with, or with another file; nothing was changed"
                .to_owned(),
        )),
    }
}

/// How the file is written from here on.
fn configure(connection: &Connection, max_mib: Option<u32>) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Elsewhere than on macOS it means nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    connection.set_prepared_statement_cache_capacity(32);
    if let Some(max_mib) = max_mib {
        let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = u64::from(max_mib) * 1024 * 1024 / u64::from(page.max(1));
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

/// The file for its owner's eyes only; SQLite gives its log the same rights.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    // A file that has come in between is somebody else's.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(|_| ())
        .map_err(|error| StoreError::Unavailable(format!("the file cannot be made: {error}")))
}

/// Whether a crash has left a log beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn unreadable(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("the file cannot be read: {error}"))
}

fn cut_off(length: u64, whole: u64) -> StoreError {
    StoreError::Unusable(format!(
        "the file is cut off: {length} bytes are there of {whole}; restore it from a copy; nothing was changed"
    ))
}
