//! Why a server did not start, and what to do about it.

use std::{fmt, io, net::SocketAddr};

use super::{
    http::route::RouteError,
    ready_file::InfoError,
    server::ChangeError,
    store::{StoreError, StoreUrl},
};

/// Why a server did not start.
pub struct StartError {
    kind: StartErrorKind,
    message: String,
}

/// The kinds of [`StartError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartErrorKind {
    /// The address cannot be listened on.
    Address,
    /// The documents do not fit together.
    Routes,
    /// The default sandbox cannot be made.
    Sandbox,
    /// No random seed can be had.
    Seed,
    /// The store cannot be opened, or not by this server.
    Store,
    /// No thread or runtime can be had.
    Thread,
}

impl StartError {
    pub(crate) fn new(kind: StartErrorKind, message: String) -> StartError {
        StartError { kind, message }
    }

    pub(crate) fn bind(address: SocketAddr, error: &io::Error) -> StartError {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; another program listens there: choose another port, or 0 for a free one"
            }
            io::ErrorKind::PermissionDenied => "; choose a port above 1023",
            io::ErrorKind::AddrNotAvailable => {
                "; this machine has no such address: choose 127.0.0.1, or 0.0.0.0 for all that it has"
            }
            _ => "",
        };
        StartError::new(
            StartErrorKind::Address,
            format!("cannot listen on {address}: {error}{advice}"),
        )
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "the shape that map_err takes"
    )]
    pub(crate) fn thread(error: io::Error) -> StartError {
        StartError::new(
            StartErrorKind::Thread,
            format!("cannot start the server's thread: {error}"),
        )
    }

    pub(crate) fn store(url: &StoreUrl, error: &StoreError) -> StartError {
        // What else can be wrong with a store says itself what to do.
        let advice = match (url, error) {
            (StoreUrl::Postgres { .. }, StoreError::Unavailable(_)) => {
                "; look whether the database runs there and takes this user"
            }
            _ => "",
        };
        StartError::new(
            StartErrorKind::Store,
            format!("--store {url}: {error}{advice}"),
        )
    }

    pub(crate) fn default_sandbox(error: &ChangeError) -> StartError {
        StartError::new(
            StartErrorKind::Sandbox,
            format!("the default sandbox cannot be made: {error}"),
        )
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> StartErrorKind {
        self.kind
    }
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .finish()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}

impl From<RouteError> for StartError {
    fn from(error: RouteError) -> StartError {
        StartError::new(StartErrorKind::Routes, error.to_string())
    }
}

impl From<InfoError> for StartError {
    fn from(error: InfoError) -> StartError {
        StartError::new(StartErrorKind::Sandbox, error.to_string())
    }
}
