//! Why a sandbox does not do what it is asked, and what to do about it.

use std::{fmt, sync::Arc};

use crate::store::StoreError;

/// Why a sandbox does not do what it is asked. But for an outage it is unusable until it is reset: its state cannot be
/// trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A command panicked while it held the lock.
    #[error(
        "a defect of the server has broken this sandbox; reset it, and please report what led here"
    )]
    Defect,
    /// What the store has of it does not lead to a state. Says what was found there, and what to do.
    #[error("this sandbox cannot be brought back from the store: {0}")]
    Journal(Arc<str>),
    /// The store does not do its work for now. Nothing was done.
    #[error(transparent)]
    Outage(Outage),
}

/// What to do about a sandbox that does not come back by itself.
const UNTIL_RESET: &str = "The other sandboxes go on. Mend what is named and start the server again, or reset or delete this sandbox, which forgets all that it holds.";

impl Broken {
    /// What is wrong with what the store has of a sandbox.
    pub(super) fn journal(error: &impl fmt::Display) -> Broken {
        Broken::Journal(error.to_string().into())
    }

    /// What an error of its store means for a sandbox: an outage passes, anything else stays.
    pub(crate) fn store(error: &StoreError) -> Broken {
        match error {
            StoreError::Full(_) => Broken::Outage(Outage::Full),
            StoreError::Unavailable(_) => Broken::Outage(Outage::Unavailable),
            StoreError::Taken | StoreError::Unusable(_) => Broken::journal(error),
        }
    }

    /// Whether the same request may do better in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Broken::Outage(_))
    }

    /// What to do about it, where that is in the hands of whoever calls.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Broken::Defect => None,
            Broken::Journal(_) => Some(UNTIL_RESET),
            Broken::Outage(outage) => Some(outage.hint()),
        }
    }
}

/// Why a store does not do its work for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Outage {
    /// The server ends: it writes nothing any more, so that what it leaves is whole.
    #[error("the server ends; nothing was done")]
    Ending,
    /// It takes no more.
    #[error("the store of the server is full; nothing was done")]
    Full,
    /// It cannot be reached or written.
    #[error("the store of the server does not answer; nothing is done that it cannot keep")]
    Unavailable,
}

impl Outage {
    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Outage::Ending => {
                "Send the request again once a server answers, with the same idempotency key where it takes one."
            }
            Outage::Full => {
                "Reads go on. Delete or reset sandboxes that are not needed, or give the store more room; then send the request again."
            }
            Outage::Unavailable => {
                "Send the request again, with the same idempotency key where it takes one; the log of the server says what is wrong."
            }
        }
    }
}
