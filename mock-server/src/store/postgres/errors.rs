//! What errors of the database mean to a store.

use tokio_postgres::{Error, error::SqlState};

use crate::store::StoreError;

/// An error of an answer while the server runs: it may pass.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
pub(super) fn unavailable(error: Error) -> StoreError {
    let told = told(&error);
    if error.code() == Some(&SqlState::DISK_FULL) {
        return StoreError::Full(told);
    }
    StoreError::Unavailable(told)
}

/// The error in one line. What the database tells holds no password, and no value that was written.
fn told(error: &Error) -> String {
    match error.as_db_error() {
        Some(told) => format!(
            "the database says `{}` (SQLSTATE {})",
            told.message(),
            told.code().code()
        ),
        None => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        }
    }
}
