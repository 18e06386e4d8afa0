//! What errors of the database mean to a store.

use std::io;

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

/// An error of the start: it is told once and ends the server.
pub(super) fn at_start(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(told) | StoreError::Full(told) => StoreError::Unusable(told),
        other => other,
    }
}

/// What a statement gives, and nothing where somebody else has the name that it gives away.
pub(super) async fn unless_taken<T>(
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<Option<T>, Error> {
    match answer.await {
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(None),
        answered => answered.map(Some),
    }
}

/// The error in one line, with what to do about it. What the database tells holds no password, and no value that was
/// written.
fn told(error: &Error) -> String {
    let told = what(error);
    match advice(error) {
        Some(advice) => format!("{told}; {advice}"),
        None => told,
    }
}

/// What to do about an error that somebody has to see to.
fn advice(error: &Error) -> Option<&'static str> {
    let Some(state) = error.code() else {
        return advice_without_answer(error);
    };
    Some(match *state {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the user and the password in the URL"
        }
        SqlState::INVALID_CATALOG_NAME => {
            "make it (CREATE DATABASE), or name another one in the URL"
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "let the user make tables there (GRANT CREATE ON SCHEMA … TO …), or let the one that owns the tables use them"
        }
        SqlState::INVALID_SCHEMA_NAME => {
            "make the schema, or set the search path of the user to one that is there"
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "it can only be read: name the one in the URL that can be written"
        }
        SqlState::TOO_MANY_CONNECTIONS => {
            "each server needs up to ten connections: raise max_connections, or start fewer servers"
        }
        SqlState::LOCK_NOT_AVAILABLE => {
            "another session keeps it locked (pg_stat_activity names it): stop older servers, backups and whatever else uses the tables, and try again"
        }
        SqlState::UNDEFINED_OBJECT => "PostgreSQL 14 or later is needed",
        _ => return None,
    })
}

/// What to do where nothing listens.
const REACH: &str = "check host and port in the URL, and that the database runs";

/// The same where no database has answered.
fn advice_without_answer(error: &Error) -> Option<&'static str> {
    let Some(cause) = std::error::Error::source(error) else {
        return error.to_string().starts_with("timeout").then_some(REACH);
    };
    let Some(cause) = cause.downcast_ref::<io::Error>() else {
        let is_missing = cause.to_string() == "password missing";
        return is_missing.then_some("the URL needs the password of the user");
    };
    match cause.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut => Some(REACH),
        // The system says in words of its own that it knows no such host.
        _ if cause.raw_os_error().is_none() && error.to_string().contains("connecting") => {
            Some("check the name of the host in the URL")
        }
        _ => None,
    }
}

fn what(error: &Error) -> String {
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
