//! What stands in the columns of the tables, as the types of the server.

use tokio_postgres::{
    Row as Columns,
    types::{FromSql, Type},
};

use crate::{blobs::BlobId, journal::Position, store::StoreError};

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
