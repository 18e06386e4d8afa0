//! What `Debug` prints in place of personal data and secrets.

use std::fmt;

use crate::patch::Patch;

/// Stands for a sensitive field in a `Debug` impl: tells whether the field is set, never to what.
///
/// ```
/// use layer2_types::Redacted;
///
/// assert_eq!(format!("{:?}", Redacted::required("123-45-6789")), "** redacted **");
/// assert_eq!(format!("{:?}", Redacted::optional(&Some("x"))), "Some(** redacted **)");
/// assert_eq!(format!("{:?}", Redacted::optional(&None::<String>)), "None");
/// ```
#[derive(Clone, Copy)]
pub struct Redacted(State);

impl Redacted {
    /// The text that stands for the value.
    pub const TEXT: &'static str = "** redacted **";

    /// For a field that is always there, or when it is nobody's business whether it is.
    #[must_use]
    pub const fn required<T: ?Sized>(_: &T) -> Self {
        Self(State::Plain)
    }

    /// For a field that may be missing.
    #[must_use]
    pub const fn optional<T>(field: &Option<T>) -> Self {
        Self(if field.is_some() {
            State::Some
        } else {
            State::None
        })
    }

    /// For a field of a partial update.
    #[must_use]
    pub const fn patch<T>(field: &Patch<T>) -> Self {
        Self(match field {
            Patch::Absent => State::Absent,
            Patch::Null => State::Null,
            Patch::Value(_) => State::Value,
        })
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Self::TEXT;
        match self.0 {
            State::Plain => f.write_str(text),
            State::Some => write!(f, "Some({text})"),
            State::None => f.write_str("None"),
            State::Absent => f.write_str("Absent"),
            State::Null => f.write_str("Null"),
            State::Value => write!(f, "Value({text})"),
        }
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[derive(Clone, Copy)]
enum State {
    Absent,
    None,
    Null,
    Plain,
    Some,
    Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_tells_whether_and_never_what() {
        let secret = "hunter2".to_owned();
        for (redacted, shown) in [
            (Redacted::required(&secret), "** redacted **"),
            (Redacted::optional(&Some(&secret)), "Some(** redacted **)"),
            (Redacted::optional::<String>(&None), "None"),
            (
                Redacted::patch(&Patch::Value(&secret)),
                "Value(** redacted **)",
            ),
            (Redacted::patch::<String>(&Patch::Null), "Null"),
            (Redacted::patch::<String>(&Patch::Absent), "Absent"),
        ] {
            assert_eq!(format!("{redacted:?}"), shown);
            assert_eq!(redacted.to_string(), shown);
            assert_eq!(format!("{redacted:#?}"), shown);
        }
    }
}
