//! How long the work of the platform takes, as a table.

use jiff::SignedDuration;

use crate::settings::Profile;

/// The delays of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delays {
    /// From the acceptance of a transfer to its execution.
    pub(crate) transfer_execution: SignedDuration,
    /// From the arrival of money to its credit.
    pub(crate) inbound_screening: SignedDuration,
    /// From the acceptance of a pull to its credit.
    pub(crate) pull_execution: SignedDuration,
}

impl Delays {
    /// The delays of a profile. The realistic ones are guesses in the order of what the platform tells of itself:
    /// transfers stay on its books, arriving money is screened first, a pull takes a few minutes in its sandbox.
    pub(crate) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Fast => Self {
                transfer_execution: SignedDuration::ZERO,
                inbound_screening: SignedDuration::ZERO,
                pull_execution: SignedDuration::ZERO,
            },
            Profile::Realistic => Self {
                transfer_execution: SignedDuration::from_secs(3),
                inbound_screening: SignedDuration::from_mins(3),
                pull_execution: SignedDuration::from_mins(5),
            },
        }
    }
}
