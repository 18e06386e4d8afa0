//! Whether the work was done, as one reply or its absence tells: the table of [`crate::error`].

use std::fmt;

use http::StatusCode;
use layer2_types::operation::Effect;

/// What is known about the work that the call asked for. Ordered: over several attempts the greatest one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// No byte of the request left this process. Call again freely.
    NotSent,
    /// The platform got it and did not do it. Mend the cause, then call again.
    NotDone,
    /// Nobody on this side can tell. If the call carried an idempotency key, call again with the same one; else read the
    /// resource before anything else, since a repetition may do it twice. The error's text says which.
    Unknown,
    /// The platform did it, though the caller has no usable reply. Never send it again as a new call.
    Done,
}

impl Outcome {
    /// What a whole reply with `status` says about the work.
    pub(crate) fn of_status(status: StatusCode, effect: Effect) -> Self {
        if status.is_success() {
            return Self::Done;
        }
        match (effect, status.as_u16()) {
            (Effect::Write, 408) => Self::Unknown,
            (Effect::Write, 400..=499) => Self::NotDone,
            (Effect::Write, _) => Self::Unknown,
            _ => Self::NotDone,
        }
    }

    /// What a request that left and got no status says about the work.
    pub(crate) fn of_silence(effect: Effect) -> Self {
        match effect {
            Effect::Write => Self::Unknown,
            _ => Self::NotDone,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent",
            Self::NotDone => "not done",
            Self::Unknown => "unknown",
            Self::Done => "done",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_outcomes_holds() {
        let cases = [
            (200, Outcome::Done, Outcome::Done),
            (201, Outcome::Done, Outcome::Done),
            (302, Outcome::NotDone, Outcome::Unknown),
            (400, Outcome::NotDone, Outcome::NotDone),
            (401, Outcome::NotDone, Outcome::NotDone),
            (404, Outcome::NotDone, Outcome::NotDone),
            (408, Outcome::NotDone, Outcome::Unknown),
            (409, Outcome::NotDone, Outcome::NotDone),
            (429, Outcome::NotDone, Outcome::NotDone),
            (500, Outcome::NotDone, Outcome::Unknown),
            (502, Outcome::NotDone, Outcome::Unknown),
            (503, Outcome::NotDone, Outcome::Unknown),
            (504, Outcome::NotDone, Outcome::Unknown),
        ];
        for (status, read, write) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                Outcome::of_status(status, Effect::Read),
                read,
                "read {status}"
            );
            assert_eq!(
                Outcome::of_status(status, Effect::Write),
                write,
                "write {status}"
            );
        }
        assert_eq!(Outcome::of_silence(Effect::Read), Outcome::NotDone);
        assert_eq!(Outcome::of_silence(Effect::Write), Outcome::Unknown);
    }
}
