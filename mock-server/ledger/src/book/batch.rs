//! Several changes or none.
//!
//! Each step sees the effect of the ones before it (a hold released in the first step pays for the
//! entry of the second). If one is refused, those before it are taken back in reverse order, so
//! that no trace of the batch remains.

use crate::entry::{Draft, Stamp};
use crate::error::LedgerError;
use crate::hold::{HoldDraft, HoldId};

use super::Book;

impl Book {
    /// Applies all steps in order, or none.
    ///
    /// # Errors
    /// [`BatchError`] with the first step that was refused; the book is as it was.
    pub fn apply_all(&mut self, steps: &[Step]) -> Result<(), BatchError> {
        for (position, step) in steps.iter().enumerate() {
            if let Err(error) = self.apply(step) {
                for done in steps[..position].iter().rev() {
                    self.take_back(done);
                }
                return Err(BatchError {
                    step: position,
                    error,
                });
            }
        }
        Ok(())
    }

    fn apply(&mut self, step: &Step) -> Result<(), LedgerError> {
        match step {
            Step::Place(draft) => self.place(draft).map(drop),
            Step::Post(draft) => self.post(draft).map(drop),
            Step::Release(hold, stamp) => self.release(*hold, *stamp).map(drop),
        }
    }

    fn take_back(&mut self, step: &Step) {
        match step {
            Step::Place(_) => self.unplace(),
            Step::Post(_) => self.unpost(),
            Step::Release(hold, _) => self.reopen_hold(*hold),
        }
    }
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// [`Book::place`].
    Place(HoldDraft),
    /// [`Book::post`].
    Post(Draft),
    /// [`Book::release`].
    Release(HoldId, Stamp),
}

/// The step of a batch that was refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step} of the batch was refused, so none was applied")]
#[non_exhaustive]
pub struct BatchError {
    /// The position of the step, from 0.
    pub step: usize,
    /// Why it was refused.
    #[source]
    pub error: LedgerError,
}
