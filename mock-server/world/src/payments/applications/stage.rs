//! How far an application has come, and what may follow.

use core::fmt;

use layer2_types::payments::ApplicationStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApplicationStage {
    /// Something is missing.
    Incomplete,
    /// Nothing is missing; it waits to be submitted.
    ReadyForSubmission,
    /// Handed over, not yet looked at.
    Submitted,
    /// Under review; it waits for a decision.
    Processing,
    /// Handed back with a list of what has to change.
    ChangesRequested,
    /// Refused for good.
    Rejected,
    /// Accepted; the customer exists.
    Approved,
}

/// What may follow each stage of an application.
pub const APPLICATION: Machine<ApplicationStage> = Machine {
    name: "application",
    rows: &[
        Row {
            from: ApplicationStage::Incomplete,
            next: &[ApplicationStage::ReadyForSubmission],
        },
        Row {
            from: ApplicationStage::ReadyForSubmission,
            next: &[ApplicationStage::Incomplete, ApplicationStage::Submitted],
        },
        Row {
            from: ApplicationStage::Submitted,
            next: &[ApplicationStage::Processing],
        },
        Row {
            from: ApplicationStage::Processing,
            next: &[
                ApplicationStage::Approved,
                ApplicationStage::Rejected,
                ApplicationStage::ChangesRequested,
            ],
        },
        Row {
            from: ApplicationStage::ChangesRequested,
            next: &[ApplicationStage::ReadyForSubmission],
        },
        Row {
            from: ApplicationStage::Rejected,
            next: &[],
        },
        Row {
            from: ApplicationStage::Approved,
            next: &[],
        },
    ],
};

impl ApplicationStage {
    /// As on the wire.
    pub fn status(self) -> ApplicationStatus {
        match self {
            Self::Incomplete => ApplicationStatus::Incomplete,
            Self::ReadyForSubmission => ApplicationStatus::ReadyForSubmission,
            Self::Submitted => ApplicationStatus::Submitted,
            Self::Processing => ApplicationStatus::Processing,
            Self::ChangesRequested => ApplicationStatus::ChangesRequested,
            Self::Rejected => ApplicationStatus::Rejected,
            Self::Approved => ApplicationStatus::Approved,
        }
    }

    /// Whether the applicant may still change it.
    pub const fn is_editable(self) -> bool {
        matches!(
            self,
            Self::Incomplete | Self::ReadyForSubmission | Self::ChangesRequested
        )
    }

    /// Where an application that can be changed stands once it is known whether anything is missing. What a reviewer
    /// handed back stays handed back until all of it is answered.
    pub const fn once_complete_or_not(self, complete: bool) -> Self {
        match self {
            Self::Incomplete | Self::ReadyForSubmission | Self::ChangesRequested if complete => {
                Self::ReadyForSubmission
            }
            Self::ReadyForSubmission => Self::Incomplete,
            other => other,
        }
    }
}

impl fmt::Display for ApplicationStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_prints_as_a_table() {
        let expected = "| application | may become |\n|---|---|\n\
             | INCOMPLETE | READY_FOR_SUBMISSION |\n\
             | READY_FOR_SUBMISSION | INCOMPLETE, SUBMITTED |\n\
             | SUBMITTED | PROCESSING |\n\
             | PROCESSING | APPROVED, REJECTED, CHANGES_REQUESTED |\n\
             | CHANGES_REQUESTED | READY_FOR_SUBMISSION |\n\
             | REJECTED | nothing: the status is final |\n\
             | APPROVED | nothing: the status is final |\n";
        assert_eq!(APPLICATION.to_table(), expected);
    }

    #[test]
    fn completeness_moves_along_the_machine_alone() {
        for row in APPLICATION.rows {
            for complete in [false, true] {
                let next = row.from.once_complete_or_not(complete);
                assert!(
                    next == row.from || APPLICATION.allows(row.from, next),
                    "{} to {next}",
                    row.from
                );
                assert!(next == row.from || row.from.is_editable());
            }
        }
    }
}
