//! What a purchase has made so far: ids by the name of their step, each noted once it exists.
//!
//! ```text
//! purchase 8c41…
//! deposit 1 4f6a…
//! memo 1 L2F7G2K
//! exchange 1 0d1b…
//! exchange 2 -
//! exchange 2 91c7…
//! ```
//!
//! The number counts the orders of a step, for one that ends without effect is followed by the next. Keys are made of the
//! purchase, the step and the number, so a step whose reply was lost with the process is asked for again and made once.

use std::collections::BTreeMap;
use std::path::Path;

use layer2_sdk::{IdempotencyKey, InvalidIdempotencyKey};
use uuid::Uuid;

use crate::lines::{Lines, LinesError, Role};

const NOTES: Role = Role {
    what: "note of a purchase",
    flag: "--notes",
    begins: "purchase ",
};
/// What stands for an id that is not there yet.
const NOTHING: &str = "-";

/// The notes of one purchase.
#[derive(Debug)]
pub struct Notes {
    lines: Lines,
    purchase: String,
    steps: BTreeMap<String, Noted>,
}

#[derive(Clone, Debug)]
struct Noted {
    number: u32,
    what: Option<String>,
}

impl Notes {
    /// Opens notes. If they are not there, a purchase begins.
    pub fn open(path: &Path) -> Result<Self, LinesError> {
        let (lines, known) = Lines::open(path, NOTES)?;
        let Some((first, rest)) = known.split_first() else {
            return Ok(Self::begin(lines));
        };
        let foreign = |number| NOTES.misread(path, number);
        let purchase = first.strip_prefix(NOTES.begins);
        let purchase = purchase.ok_or_else(|| foreign(1))?.to_owned();
        let mut steps = BTreeMap::new();
        for (line, number) in rest.iter().zip(2..) {
            let (step, noted) = read(line).ok_or_else(|| foreign(number))?;
            steps.insert(step, noted);
        }
        Ok(Self {
            lines,
            purchase,
            steps,
        })
    }

    /// Notes of a purchase that cannot be continued, since its sandbox ends with the program.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::begin(Lines::nowhere(NOTES))
    }

    fn begin(mut lines: Lines) -> Self {
        let purchase = Uuid::new_v4().simple().to_string();
        lines.hold(&format!("{}{purchase}", NOTES.begins));
        Self {
            lines,
            purchase,
            steps: BTreeMap::new(),
        }
    }

    /// What a step has made.
    #[must_use]
    pub fn made(&self, step: &str) -> Option<&str> {
        self.steps.get(step)?.what.as_deref()
    }

    /// Notes what a step has made.
    pub fn make(&mut self, step: &str, what: &str) -> Result<(), LinesError> {
        self.note(step, self.number(step), Some(what.to_owned()))
    }

    /// What a step has made is of no use any more: it is to be made again.
    pub fn forget(&mut self, step: &str) -> Result<(), LinesError> {
        self.note(step, self.number(step) + 1, None)
    }

    /// The key for a call of a step, the same at every start.
    pub fn key(&self, step: &str, call: &str) -> Result<IdempotencyKey, InvalidIdempotencyKey> {
        let number = self.number(step);
        IdempotencyKey::new(format!("{}-{step}-{number}-{call}", self.purchase))
    }

    fn number(&self, step: &str) -> u32 {
        self.steps.get(step).map_or(1, |noted| noted.number)
    }

    fn note(&mut self, step: &str, number: u32, what: Option<String>) -> Result<(), LinesError> {
        let text = what.as_deref().unwrap_or(NOTHING);
        self.lines.add(&format!("{step} {number} {text}"))?;
        self.steps.insert(step.to_owned(), Noted { number, what });
        Ok(())
    }
}

fn read(line: &str) -> Option<(String, Noted)> {
    let (step, rest) = line.split_once(' ')?;
    let (number, what) = rest.split_once(' ')?;
    let noted = Noted {
        number: number.parse().ok()?,
        what: (what != NOTHING).then(|| what.to_owned()),
    };
    Some((step.to_owned(), noted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_noted_once_and_made_anew_under_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let key = |notes: &Notes| notes.key("exchange", "create").unwrap();
        let mut notes = Notes::open(&path).unwrap();
        assert_eq!(notes.made("exchange"), None);
        let first = key(&notes);
        notes.make("exchange", "e-1").unwrap();
        assert_eq!(key(&notes), first, "the same order, the same key");
        drop(notes);

        let mut notes = Notes::open(&path).unwrap();
        assert_eq!(notes.made("exchange"), Some("e-1"));
        assert_eq!(key(&notes), first);
        notes.forget("exchange").unwrap();
        drop(notes);

        let notes = Notes::open(&path).unwrap();
        assert_eq!(notes.made("exchange"), None);
        assert_ne!(key(&notes), first);
        drop(notes);

        std::fs::write(&path, "purchase p\nexchange one e-1\n").unwrap();
        let error = Notes::open(&path).unwrap_err();
        assert!(matches!(error, LinesError::Foreign { .. }), "{error}");
    }
}
