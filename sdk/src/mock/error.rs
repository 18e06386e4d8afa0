//! What can go wrong with a sandbox, told so that a failed test explains itself.

use layer2_mock::StartError;
use layer2_types::control::Job;
use layer2_types::control::TrialBalanceAsset;

use crate::error::Error;

/// Why a sandbox did not do what a test asked it to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A call failed. Its own message says which and why.
    #[error(transparent)]
    Call(#[from] Error),
    /// The sandbox begins with no account of this asset.
    #[error("the sandbox begins with no account in {asset}; it has accounts in {}", known.join(", "))]
    NoSuchAccount {
        /// The asset that was asked for.
        asset: String,
        /// The assets that there are accounts in.
        known: Vec<String>,
    },
    /// No delivery of the event that has not been expected before.
    #[error("no webhook {event_type}: {seen}")]
    NoWebhook {
        /// The event type that was expected.
        event_type: String,
        /// What happened instead, in words.
        seen: String,
    },
    /// An amount, a number or a name that the sandbox has no room for.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The books do not balance: a defect of the mock server.
    #[error("the books do not balance: {}", sums(.0))]
    Unbalanced(Vec<TrialBalanceAsset>),
    /// A webhook that was not to be sent was sent.
    #[error("{count} webhooks {event_type} that were not expected")]
    UnexpectedWebhook {
        /// The event type.
        event_type: String,
        /// How many of them came.
        count: usize,
    },
    /// A limit of the server ended the wait while work was still due.
    #[error("work is still due when a limit of the server ended the wait: {}", kinds(.0))]
    Unsettled(Vec<Job>),
}

fn kinds(jobs: &[Job]) -> String {
    let kinds: Vec<_> = jobs.iter().map(|job| job.kind.as_str()).collect();
    kinds.join(", ")
}

fn sums(assets: &[TrialBalanceAsset]) -> String {
    let sums: Vec<_> = assets
        .iter()
        .map(|asset| format!("{} is off by {}", asset.asset_type_id, asset.sum))
        .collect();
    sums.join(", ")
}
