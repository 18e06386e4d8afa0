//! What stands in the columns of the tables, as the types of the server.

use jiff::SignedDuration;
use tokio_postgres::{
    Row as Columns,
    types::{FromSql, ToSql, Type},
};

use crate::{
    blobs::BlobId,
    journal::{Head, Position},
    store::StoreError,
};

/// A head with the position of the last row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) head: Head,
    pub(super) seq: u64,
}

/// Columns of a head; others follow them.
pub(super) const HEAD: usize = 5;

impl Stored {
    pub(super) fn of(row: &Columns) -> Result<Stored, StoreError> {
        Ok(Stored {
            seq: number(get(row, 1)?)?,
            head: Head {
                generation: number(get(row, 0)?)?,
                epoch: number(get(row, 2)?)?,
                advanced: SignedDuration::new(get(row, 3)?, get(row, 4)?),
            },
        })
    }
}

/// A head as the statement that sets it takes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadColumns {
    pub(super) generation: i64,
    seq: i64,
    epoch: i64,
    seconds: i64,
    nanoseconds: i32,
}

impl HeadColumns {
    pub(super) fn of(Stored { head, seq }: Stored) -> HeadColumns {
        HeadColumns {
            generation: column(head.generation),
            seq: column(seq),
            epoch: column(head.epoch),
            seconds: head.advanced.as_secs(),
            nanoseconds: head.advanced.subsec_nanos(),
        }
    }

    /// The parameters for the sandbox of this number.
    pub(super) fn parameters<'p>(&'p self, sandbox: &'p i64) -> Vec<&'p (dyn ToSql + Sync)> {
        let HeadColumns {
            generation,
            seq,
            epoch,
            seconds,
            nanoseconds,
        } = self;
        vec![sandbox, generation, seq, epoch, seconds, nanoseconds]
    }
}

impl Position {
    pub(super) fn columns(self) -> (i64, i64) {
        (column(self.generation), column(self.seq))
    }
}

pub(super) fn file(row: &Columns) -> Result<(BlobId, u64), StoreError> {
    let digest: &[u8] = get(row, 0)?;
    let digest = digest.try_into().map_err(|_| unreadable(&Type::BYTEA))?;
    Ok((BlobId::from_bytes(digest), number(get(row, 1)?)?))
}

/// A position or a number as the database keeps it: no journal gets to the end of its numbers.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn number(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(|_| unreadable(&Type::INT8))
}

/// A column, which is of another type only if somebody has changed the tables.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Columns, at: usize) -> Result<T, StoreError> {
    row.try_get(at)
        .map_err(|_| unreadable(row.columns()[at].type_()))
}

fn unreadable(found: &Type) -> StoreError {
    StoreError::Unusable(format!(
        "the tables of the store hold something of type {found} that does not belong there; restore the database from a copy"
    ))
}
