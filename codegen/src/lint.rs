//! Checks a document against the house rules (`openapi/house-rules.md`).
//!
//! Each rule is one function with one id and one failing document in `codegen/tests/lint/`. Rules
//! are independent: all of them run, so that one run shows all there is to mend. The exceptions
//! are the [gates](Rule::gate), without which the others would have nothing to stand on.

mod example;
mod grammar;
mod outline;
mod rules;

use crate::problem::Problem;
use crate::source::{Document, Place};

use self::outline::Outline;
pub use self::rules::RULES;

/// Checks a document; no problems means that every later stage may rely on the house rules.
pub fn check(document: &Document) -> Vec<Problem> {
    let outline = Outline::of(document);
    let mut problems = broken(&outline, |rule| rule.gate);
    if problems.is_empty() {
        problems = broken(&outline, |rule| !rule.gate);
    }
    problems.sort_by(|left, right| left.place.cmp(&right.place));
    problems
}

/// What some of the rules find.
fn broken(outline: &Outline<'_>, choose: impl Fn(&Rule) -> bool) -> Vec<Problem> {
    let mut report = Report {
        rule: "",
        problems: Vec::new(),
    };
    for rule in RULES.iter().filter(|rule| choose(rule)) {
        report.rule = rule.id;
        (rule.check)(outline, &mut report);
    }
    report.problems
}

/// A rule of the house.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Name in messages, and name of the failing document.
    pub id: &'static str,
    /// The rule in one sentence.
    pub says: &'static str,
    /// Whether the other rules are run only when this one is kept.
    pub gate: bool,
    check: fn(&Outline<'_>, &mut Report),
}

/// Collects what the rules find.
#[derive(Debug)]
struct Report {
    rule: &'static str,
    problems: Vec<Problem>,
}

impl Report {
    /// Notes that the rule being checked is broken at a place.
    fn add(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.problems
            .push(Problem::new(place, self.rule, message, help));
    }
}
