//! How long the work of the platform takes, as a table.

use jiff::SignedDuration;

use crate::settings::Profile;

/// The delays of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delays {
    /// From the acceptance of a transfer to its execution.
    pub(crate) transfer_execution: SignedDuration,
    /// From the acceptance of an exchange to its execution.
    pub(crate) exchange_execution: SignedDuration,
    /// From the arrival of money to its credit.
    pub(crate) inbound_screening: SignedDuration,
    /// From the submission of an application to the beginning of its review.
    pub(crate) application_review: SignedDuration,
    /// From the acceptance of a pull to its credit.
    pub(crate) pull_execution: SignedDuration,
    /// From the making of a customer without an application to the end of its screening.
    pub(crate) customer_screening: SignedDuration,
    /// From the registration of a counterparty to the end of its screening.
    pub(crate) counterparty_screening: SignedDuration,
    /// Each step of a withdrawal before it is handed to its rail, and the decision about a cancellation.
    pub(crate) withdrawal_step: SignedDuration,
    /// On a rail that settles within the hour.
    pub(crate) quick_rail: SignedDuration,
    /// On a rail that settles by the next day.
    pub(crate) slow_rail: SignedDuration,
}

impl Delays {
    /// The delays of a profile. The realistic ones are guesses in the order of what the platform tells of itself:
    /// transfers stay on its books, arriving money is screened first, a pull takes a few minutes in its sandbox.
    pub(crate) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Fast => Self {
                transfer_execution: SignedDuration::ZERO,
                exchange_execution: SignedDuration::ZERO,
                inbound_screening: SignedDuration::ZERO,
                application_review: SignedDuration::ZERO,
                pull_execution: SignedDuration::ZERO,
                customer_screening: SignedDuration::ZERO,
                counterparty_screening: SignedDuration::ZERO,
                withdrawal_step: SignedDuration::ZERO,
                quick_rail: SignedDuration::ZERO,
                slow_rail: SignedDuration::ZERO,
            },
            Profile::Realistic => Self {
                transfer_execution: SignedDuration::from_secs(3),
                exchange_execution: SignedDuration::from_secs(5),
                inbound_screening: SignedDuration::from_mins(3),
                application_review: SignedDuration::from_mins(1),
                pull_execution: SignedDuration::from_mins(5),
                customer_screening: SignedDuration::from_mins(2),
                counterparty_screening: SignedDuration::from_mins(2),
                withdrawal_step: SignedDuration::from_secs(20),
                quick_rail: SignedDuration::from_mins(15),
                slow_rail: SignedDuration::from_hours(24),
            },
        }
    }
}
