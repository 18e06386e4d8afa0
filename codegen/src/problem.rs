//! What the generator says when a document cannot be used: where, which rule, what is wrong and
//! what to do about it.
//!
//! Every stage reports through this one type, so that a reader sees one kind of message for a
//! misspelt key, a broken rule and an operation that no emitter can express. A problem always has a
//! place, and never aborts the stage that found it: a stage collects all it can see.

use std::fmt;

use crate::source::Place;

/// One thing that is wrong with a document, or that would be wrong with what is made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the document says it.
    pub place: Place,
    /// Id of the rule that is broken; ids of the lint are listed in [`crate::lint::RULES`].
    pub rule: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(
        place: &Place,
        rule: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            place: place.clone(),
            rule,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}", self.rule, self.message)?;
        writeln!(f, "  --> {}", self.place)?;
        write!(f, "  help: {}", self.help)
    }
}

impl std::error::Error for Problem {}

/// The nearest of `known` to `name`, for a "did you mean": at most a third of the name differs.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_like_a_compiler_message() {
        let place = Place::at("openapi/payments/transfers.yaml", 3, 5);
        let problem = Problem::new(&place, "one-tag", "two tags", "keep one");
        assert_eq!(
            problem.to_string(),
            "error[one-tag]: two tags\n  --> openapi/payments/transfers.yaml:3:5\n  help: keep one"
        );
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["Transfer", "TransferReply", "Account"];
        assert_eq!(nearest("Tranfser", known), Some("Transfer"));
        assert_eq!(nearest("transferreply", known), Some("TransferReply"));
        assert_eq!(nearest("Business", known), None);
    }
}
