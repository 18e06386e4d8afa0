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

/// What a file of SQLite's begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Length of the header of such a file.
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
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => return Err(is_folder(path)),
        Ok(about) if !about.is_file() => {
            return Err(StoreError::Unusable(
                "it is no file; choose another path".to_owned(),
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(unopened(path, &error)),
    }
    // Also to write, although nothing is written here: what may only be read is no store.
    let file = OpenOptions::new().read(true).write(true).open(path);
    let (header, length) = file
        .and_then(read_header)
        .map_err(|error| unopened(path, &error))?;
    if length == 0 && !has_log(path) {
        return Ok(Found::Empty);
    }
    let begun = header.len().min(MAGIC.len());
    if header[..begun] != MAGIC[..begun] {
        return Err(StoreError::Unusable(
            "the file is not one of SQLite's, or its beginning is damaged; choose another path, or restore it from a copy; nothing was changed"
                .to_owned(),
        ));
    }
    let header = header
        .first_chunk::<HEADER>()
        .ok_or_else(|| cut_off(length, HEADER as u64))?;
    check_header(header)?;
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let whole = page * u64::from(number(header, 28));
    // While there is a log, the file itself may be behind.
    if length < whole && !has_log(path) {
        return Err(cut_off(length, whole));
    }
    Ok(Found::Store)
}

/// The header of a file, or as much as there is of it, and the length of the file.
fn read_header(file: File) -> io::Result<(Vec<u8>, u64)> {
    let length = file.metadata()?.len();
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut header)?;
    Ok((header, length))
}

/// A number of the header; where which one stands is said by <https://sqlite.org/fileformat.html#the_database_header>.
fn number(header: &[u8; HEADER], at: usize) -> u32 {
    header[at..]
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Refuses a file of SQLite's that is no store of this version.
fn check_header(header: &[u8; HEADER]) -> Result<(), StoreError> {
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
        .map_err(|error| unmade(path, &error))
}

/// Whether a crash has left a log beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

fn is_folder(path: &Path) -> StoreError {
    let within = path.join("sandboxes.db");
    StoreError::Unusable(format!(
        "it is a folder, and the store is a file: name one in it, such as sqlite:{}",
        within.display()
    ))
}

/// Why a file that is there does not open, and what to do about it.
fn unopened(path: &Path, error: &io::Error) -> StoreError {
    let advice = match error.kind() {
        io::ErrorKind::NotADirectory => NO_FOLDER.to_owned(),
        io::ErrorKind::PermissionDenied => format!(
            "give the user that runs the server the right to read and to write it (its owner does so by `chmod u+rw {}`), or choose another path",
            path.display()
        ),
        _ => OTHER_PATH.to_owned(),
    };
    StoreError::Unusable(format!("the file cannot be opened ({error}): {advice}"))
}

/// Why there is no new file, and what to do about it.
fn unmade(path: &Path, error: &io::Error) -> StoreError {
    // A path of one part lies in the folder in which the server was started.
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).display();
    let advice = match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "its folder is not there; make it by `mkdir -p {folder}`, or choose another path"
            )
        }
        io::ErrorKind::NotADirectory => NO_FOLDER.to_owned(),
        io::ErrorKind::PermissionDenied => format!(
            "give the user that runs the server the right to make files in the folder {folder}, or choose another path"
        ),
        _ => OTHER_PATH.to_owned(),
    };
    StoreError::Unusable(format!("the file cannot be made ({error}): {advice}"))
}

/// What to do about a path that leads through a file.
const NO_FOLDER: &str = "a part of its path is a file and no folder; choose another path";

const OTHER_PATH: &str = "choose another path";

fn cut_off(length: u64, whole: u64) -> StoreError {
    StoreError::Unusable(format!(
        "the file is cut off: {length} bytes are there of {whole}; restore it from a copy; nothing was changed"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rights bind no superuser, as whom the tests may run: so what the system says is put in.
    #[test]
    fn what_the_system_refuses_is_told_with_what_to_do() {
        use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};

        type Told = fn(&Path, &io::Error) -> StoreError;
        let rows: [(Told, io::ErrorKind, &str); 6] = [
            (unopened, PermissionDenied, "`chmod u+rw data/mock.db`"),
            (unopened, NotADirectory, "is a file and no folder"),
            (unopened, ReadOnlyFilesystem, "choose another path"),
            (unmade, PermissionDenied, "make files in the folder data"),
            (unmade, NotADirectory, "is a file and no folder"),
            (unmade, ReadOnlyFilesystem, "choose another path"),
        ];
        for (told, kind, advice) in rows {
            let error = io::Error::from(kind);
            let told = told(Path::new("data/mock.db"), &error).to_string();
            assert!(told.contains(&error.to_string()), "{told}");
            assert!(told.contains(advice), "{told}");
            assert!(told.contains("choose another path"), "{told}");
        }
        let here = unmade(Path::new("mock.db"), &PermissionDenied.into()).to_string();
        assert!(here.contains("the folder ."), "{here}");
    }
}
