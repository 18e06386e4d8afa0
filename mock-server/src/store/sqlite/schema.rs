//! The tables of the file, and every statement on them.
//!
//! A row of the journal lies under one number made of its sandbox and its position, so that rows lie in their order and
//! need no second index. All bodies are sealed; what is in clear is positions, sizes, the digests of files, and the names
//! of sandboxes, which stand in the paths of the control API too.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, params};

use super::super::StoreError;

/// Marks a file as a store: `L2mk` in letters.
pub(super) const APPLICATION: i32 = 0x4c32_6d6b;

/// The version of the tables.
pub(super) const FORMAT: i32 = 1;

/// Bits of a row's number that hold its position.
const SEQ_BITS: u32 = 40;

/// The number of a sandbox in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sandbox(i64);

impl Sandbox {
    /// The number itself, for a test.
    #[cfg(test)]
    pub(super) fn numbered(number: i64) -> Sandbox {
        Sandbox(number)
    }
}

/// Makes the tables in an empty file.
pub(super) fn make(connection: &mut Connection, check: &[u8]) -> Result<(), StoreError> {
    let transaction = connection.transaction().map_err(failed)?;
    transaction
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {FORMAT};
             CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
             CREATE TABLE sandboxes (
                 id INTEGER PRIMARY KEY AUTOINCREMENT,
                 name TEXT NOT NULL UNIQUE,
                 charter BLOB NOT NULL,
                 head BLOB NOT NULL,
                 generation INTEGER NOT NULL,
                 snapshot_seq INTEGER,
                 snapshot_parts INTEGER,
                 snapshot_bytes INTEGER NOT NULL DEFAULT 0,
                 journal_bytes INTEGER NOT NULL DEFAULT 0
             );
             CREATE TABLE rows (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
             CREATE TABLE snapshots (
                 sandbox INTEGER NOT NULL,
                 seq INTEGER NOT NULL,
                 part INTEGER NOT NULL,
                 body BLOB NOT NULL,
                 PRIMARY KEY (sandbox, seq, part)
             );
             CREATE TABLE blobs (
                 sandbox INTEGER NOT NULL,
                 digest BLOB NOT NULL,
                 length INTEGER NOT NULL,
                 body BLOB NOT NULL,
                 PRIMARY KEY (sandbox, digest)
             );
             CREATE TABLE room (filler BLOB NOT NULL);",
        ))
        .map_err(failed)?;
    transaction
        .execute("INSERT INTO meta VALUES ('check', ?1)", params![check])
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// The record that shows under which seed the file was made.
pub(super) fn check(connection: &Connection) -> Result<Vec<u8>, StoreError> {
    connection
        .query_row("SELECT value FROM meta WHERE name = 'check'", [], |row| {
            row.get(0)
        })
        .map_err(failed)
}

/// All sandboxes by name, with their sealed charters.
pub(super) fn sandboxes(
    connection: &Connection,
) -> Result<Vec<(Sandbox, String, Vec<u8>)>, StoreError> {
    let mut statement = connection
        .prepare("SELECT id, name, charter FROM sandboxes ORDER BY name")
        .map_err(failed)?;
    let rows = statement
        .query_map([], |row| {
            Ok((Sandbox(row.get(0)?), row.get(1)?, row.get(2)?))
        })
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn create(
    connection: &Connection,
    name: &str,
    charter: &[u8],
    head: &[u8],
) -> Result<Sandbox, StoreError> {
    let made = connection.execute(
        "INSERT INTO sandboxes (name, charter, head, generation) VALUES (?1, ?2, ?3, 0)",
        params![name, charter, head],
    );
    match made {
        Ok(_) => Ok(Sandbox(connection.last_insert_rowid())),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == ErrorCode::ConstraintViolation =>
        {
            Err(StoreError::Taken)
        }
        Err(error) => Err(failed(error)),
    }
}

/// What a sandbox begins with that does not begin anew; all of it is sealed.
pub(super) struct Begun {
    pub(super) charter: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) generation: u64,
    /// The last row that the snapshot holds.
    pub(super) seq: u64,
    pub(super) parts: Vec<Vec<u8>>,
    /// Digest, length, content.
    pub(super) files: Vec<([u8; 32], u64, Vec<u8>)>,
}

/// Makes a sandbox that begins with a snapshot, in place of the one of its name if that is asked for.
pub(super) fn begin(
    connection: &mut Connection,
    name: &str,
    begun: &Begun,
    replace: bool,
) -> Result<Sandbox, StoreError> {
    let transaction = connection.transaction().map_err(failed)?;
    if replace {
        remove(&transaction, name)?;
    }
    let sandbox = create(&transaction, name, &begun.charter, &begun.head)?;
    let mut bytes = 0;
    for (part, body) in (0..).zip(&begun.parts) {
        add_snapshot_part(&transaction, sandbox, begun.seq, part, body)?;
        bytes += body.len() as u64;
    }
    for (digest, length, body) in &begun.files {
        add_blob(&transaction, sandbox, digest, *length, body)?;
    }
    transaction
        .execute(
            "UPDATE sandboxes SET generation = ?2, snapshot_seq = ?3, snapshot_parts = ?4,
                    snapshot_bytes = ?5 WHERE id = ?1",
            params![
                sandbox.0,
                integer(begun.generation)?,
                integer(begun.seq)?,
                integer(begun.parts.len() as u64)?,
                integer(bytes)?
            ],
        )
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(sandbox)
}

/// Whether a sandbox is still there.
pub(super) fn is_there(connection: &Connection, sandbox: Sandbox) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM sandboxes WHERE id = ?1")
        .and_then(|mut statement| statement.exists([sandbox.0]))
        .map_err(failed)
}

pub(super) fn delete(connection: &mut Connection, name: &str) -> Result<(), StoreError> {
    let transaction = connection.transaction().map_err(failed)?;
    remove(&transaction, name)?;
    transaction.commit().map_err(failed)
}

fn remove(transaction: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    let found = transaction
        .query_row("SELECT id FROM sandboxes WHERE name = ?1", [name], |row| {
            row.get(0).map(Sandbox)
        })
        .optional()
        .map_err(failed)?;
    if let Some(sandbox) = found {
        forget(transaction, sandbox)?;
        transaction
            .execute("DELETE FROM sandboxes WHERE id = ?1", [sandbox.0])
            .map_err(failed)?;
    }
    Ok(())
}

/// What the file has of a sandbox beside its rows.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) generation: u64,
    pub(super) head: Vec<u8>,
    /// The last row that the snapshot holds, and in how many parts it lies.
    pub(super) snapshot: Option<(u64, u64)>,
    pub(super) snapshot_bytes: u64,
    pub(super) journal_bytes: u64,
}

pub(super) fn stored(connection: &Connection, sandbox: Sandbox) -> Result<Stored, StoreError> {
    connection
        .query_row(
            "SELECT generation, head, snapshot_seq, snapshot_parts, snapshot_bytes, journal_bytes
             FROM sandboxes WHERE id = ?1",
            [sandbox.0],
            |row| {
                let snapshot: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                Ok(Stored {
                    generation: natural(row.get(0)?),
                    head: row.get(1)?,
                    snapshot: snapshot
                        .0
                        .zip(snapshot.1)
                        .map(|(seq, parts)| (natural(seq), natural(parts))),
                    snapshot_bytes: natural(row.get(4)?),
                    journal_bytes: natural(row.get(5)?),
                })
            },
        )
        .map_err(failed)
}

/// The parts of a snapshot in their order.
pub(super) fn snapshot_parts(
    connection: &Connection,
    sandbox: Sandbox,
    seq: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection
        .prepare("SELECT body FROM snapshots WHERE sandbox = ?1 AND seq = ?2 ORDER BY part")
        .map_err(failed)?;
    let parts = statement
        .query_map(params![sandbox.0, integer(seq)?], |row| row.get(0))
        .map_err(failed)?;
    parts.collect::<Result<_, _>>().map_err(failed)
}

/// The files that rows name: digest and length.
pub(super) fn blobs(
    connection: &Connection,
    sandbox: Sandbox,
) -> Result<Vec<([u8; 32], u64)>, StoreError> {
    let mut statement = connection
        .prepare("SELECT digest, length FROM blobs WHERE sandbox = ?1 ORDER BY digest")
        .map_err(failed)?;
    let rows = statement
        .query_map([sandbox.0], |row| Ok((row.get(0)?, natural(row.get(1)?))))
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn blob(
    connection: &Connection,
    sandbox: Sandbox,
    digest: &[u8; 32],
) -> Result<Option<Vec<u8>>, StoreError> {
    connection
        .query_row(
            "SELECT body FROM blobs WHERE sandbox = ?1 AND digest = ?2",
            params![sandbox.0, digest],
            |row| row.get(0),
        )
        .optional()
        .map_err(failed)
}

/// At most so many rows after a position: position and body.
pub(super) fn rows(
    connection: &Connection,
    sandbox: Sandbox,
    after: u64,
    most: usize,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT place, body FROM rows WHERE place > ?1 AND place < ?2 ORDER BY place LIMIT ?3",
        )
        .map_err(failed)?;
    let first = place(sandbox, 0)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(
            params![place(sandbox, after)?, end(sandbox)?, most],
            |row| {
                let place: i64 = row.get(0)?;
                Ok((natural(place - first), row.get(1)?))
            },
        )
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn add_row(
    connection: &Connection,
    sandbox: Sandbox,
    seq: u64,
    body: &[u8],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO rows VALUES (?1, ?2)")
        .and_then(|mut statement| {
            statement.execute(params![
                place(sandbox, seq).map_err(|_| rusqlite::Error::InvalidQuery)?,
                body
            ])
        })
        .map_err(failed)?;
    Ok(())
}

/// Counts what rows have added to a journal, once for all rows of a transaction.
pub(super) fn count_bytes(
    connection: &Connection,
    sandbox: Sandbox,
    bytes: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE sandboxes SET journal_bytes = journal_bytes + ?2 WHERE id = ?1")
        .and_then(|mut statement| {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            statement.execute(params![sandbox.0, bytes])
        })
        .map_err(failed)?;
    Ok(())
}

pub(super) fn add_blob(
    connection: &Connection,
    sandbox: Sandbox,
    digest: &[u8; 32],
    length: u64,
    body: &[u8],
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO blobs VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![sandbox.0, digest, integer(length)?, body],
        )
        .map_err(failed)?;
    Ok(())
}

pub(super) fn set_head(
    connection: &Connection,
    sandbox: Sandbox,
    generation: u64,
    head: &[u8],
) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE sandboxes SET head = ?2, generation = ?3 WHERE id = ?1",
            params![sandbox.0, head, integer(generation)?],
        )
        .map_err(failed)?;
    Ok(())
}

/// Forgets rows, snapshots and files.
pub(super) fn forget(connection: &Connection, sandbox: Sandbox) -> Result<(), StoreError> {
    connection
        .execute(
            "DELETE FROM rows WHERE place > ?1 AND place < ?2",
            params![place(sandbox, 0)?, end(sandbox)?],
        )
        .and_then(|_| connection.execute("DELETE FROM snapshots WHERE sandbox = ?1", [sandbox.0]))
        .and_then(|_| connection.execute("DELETE FROM blobs WHERE sandbox = ?1", [sandbox.0]))
        .and_then(|_| {
            connection.execute(
                "UPDATE sandboxes SET snapshot_seq = NULL, snapshot_parts = NULL,
                        snapshot_bytes = 0, journal_bytes = 0 WHERE id = ?1",
                [sandbox.0],
            )
        })
        .map_err(failed)?;
    Ok(())
}

pub(super) fn add_snapshot_part(
    connection: &Connection,
    sandbox: Sandbox,
    seq: u64,
    part: u64,
    body: &[u8],
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT OR REPLACE INTO snapshots VALUES (?1, ?2, ?3, ?4)",
            params![sandbox.0, integer(seq)?, integer(part)?, body],
        )
        .map_err(failed)?;
    Ok(())
}

/// Makes a snapshot, whose parts are there, the one of its sandbox, if that has not begun again meanwhile.
pub(super) fn finish_snapshot(
    connection: &Connection,
    sandbox: Sandbox,
    generation: u64,
    seq: u64,
    parts: u64,
    bytes: u64,
) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE sandboxes SET snapshot_seq = ?3, snapshot_parts = ?4, snapshot_bytes = ?5,
                    journal_bytes = (SELECT coalesce(sum(length(body)), 0) FROM rows
                                     WHERE place > ?6 AND place < ?7)
             WHERE id = ?1 AND generation = ?2",
            params![
                sandbox.0,
                integer(generation)?,
                integer(seq)?,
                integer(parts)?,
                integer(bytes)?,
                place(sandbox, seq)?,
                end(sandbox)?
            ],
        )
        .map(|_| ())
        .map_err(failed)
}

/// Drops a part of a snapshot that no sandbox points at, of the one before or of what a crash or a reset has left, and
/// says whether there was any. One at a time, as there may be some hundred, and commands wait meanwhile.
pub(super) fn drop_stale_part(
    connection: &Connection,
    sandbox: Sandbox,
) -> Result<bool, StoreError> {
    let dropped = connection.execute(
        "DELETE FROM snapshots WHERE rowid =
                (SELECT rowid FROM snapshots WHERE sandbox = ?1 AND seq IS NOT
                        (SELECT snapshot_seq FROM sandboxes WHERE id = ?1) LIMIT 1)",
        [sandbox.0],
    );
    dropped.map(|parts| parts > 0).map_err(failed)
}

/// Finds out whether there is room, by taking some and giving it back.
pub(super) fn probe(connection: &Connection) -> Result<(), StoreError> {
    const BYTES: u32 = 256 * 1024;
    connection
        .execute("INSERT INTO room VALUES (zeroblob(?1))", [BYTES])
        .map_err(failed)?;
    connection
        .execute("DELETE FROM room", [])
        .map(|_| ())
        .map_err(failed)
}

/// The number that the row of this position lies under.
fn place(sandbox: Sandbox, seq: u64) -> Result<i64, StoreError> {
    let first = sandbox.0.checked_mul(1 << SEQ_BITS);
    let seq = integer(seq)?;
    first
        .filter(|_| seq < 1 << SEQ_BITS)
        .and_then(|first| first.checked_add(seq))
        .ok_or_else(|| {
            StoreError::Full("the file has no number for another row; use a new file".to_owned())
        })
}

/// The number before which all rows of the sandbox lie.
fn end(sandbox: Sandbox) -> Result<i64, StoreError> {
    place(Sandbox(sandbox.0.saturating_add(1)), 0)
}

/// A number as SQLite holds it.
fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::Full("a number is too large for the file".to_owned()))
}

/// A number that was written by [`integer`]; the file may hold anything.
fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What an error of SQLite's means.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            StoreError::Full("the disk, or the size that `max-mib` allows, is used up".to_owned())
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unusable(
            "another server has the file open; stop that one, or use another file for this one"
                .to_owned(),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Unusable(format!(
                "the file is damaged ({error}); restore it from a copy, with the -wal file that belongs to it; nothing was changed"
            ))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => StoreError::Unavailable(format!(
            "{error}; the user that runs the server needs the right to read and to write the file and the -wal file beside it, and to make files in their folder"
        )),
        Some(ErrorCode::SystemIoFailure) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Unusable(error.to_string()),
    }
}
