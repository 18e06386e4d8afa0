//! The journal of a payout run: where it pays, who is paid from which account and how often, what was begun under which
//! key, and how far it came.
//!
//! A line is on the disk before the call that it announces is made. So a run that was killed at any point knows which
//! keys it may have used, and uses them again: the platform recognises a key and gives the first reply back. What is
//! lost with the process is never more than a reply.
//!
//! ```text
//! run 5f0c…
//! payouts 500 1747.5
//! at http://127.0.0.1:4010/api
//! from ACME_USD
//! to 9d1e…
//! begun 17 5f0c…-00017-1
//! made 17 3c1e…
//! ended 17 EXPIRED
//! begun 17 5f0c…-00017-2
//! made 17 77ab…
//! done 17
//! ```
//!
//! The id of the run is drawn when the journal is made and begins every key. Two journals are two runs, whatever the files
//! are called; keys of one name, used again the next month, would repeat the old orders and pay nobody.
//!
//! The lines `at`, `from`, `to` and `payouts`, how many there are and their sum, say what the run is. A later one takes the place of an earlier one as long as
//! nobody can have been paid; from then on they stay.

use std::collections::BTreeMap;
use std::path::Path;

use layer2_sdk::{
    Amount, IdempotencyKey,
    payments::{AccountId, CounterpartyId, WithdrawalId},
};
use uuid::Uuid;

use crate::lines::{Lines, LinesError, Role};

const JOURNAL: Role = Role {
    what: "journal of payouts",
    flag: "--journal",
    begins: "run ",
};

/// Where one payout stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was asked for, or what was has ended without paying.
    #[default]
    New,
    /// A withdrawal was asked for under this key, or was about to be.
    Begun(IdempotencyKey),
    /// The withdrawal that the key made exists.
    Made(IdempotencyKey, WithdrawalId),
    /// The withdrawal was accepted.
    Done(WithdrawalId),
}

/// How far one payout has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// How many withdrawals were begun for it. All but the last have ended without paying.
    pub tries: u32,
    /// Where the last one stands.
    pub stage: Stage,
}

/// The id of a run, and what it belongs to, which is noted once it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Text that every key of the run begins with.
    pub run: String,
    /// The platform that it pays at.
    pub at: Option<String>,
    /// The account that pays.
    pub from: Option<AccountId>,
    /// The counterparty that is paid.
    pub to: Option<CounterpartyId>,
    /// How many payouts there are. None in a journal of a version that did not write it.
    pub size: Option<Size>,
}

/// How many payouts a run has, and what they are worth together: a program that pays other amounts has another run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Their number.
    pub payouts: usize,
    /// Their sum.
    pub sum: Amount,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} payouts of {} together", self.payouts, self.sum)
    }
}

/// What a journal tells of the starts before this one.
#[derive(Clone, Debug)]
pub struct History {
    /// What the run is.
    pub plan: Plan,
    /// The payouts that were begun, by their number.
    pub payouts: BTreeMap<usize, Payout>,
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    lines: Lines,
}

impl Journal {
    /// Opens a journal and reads how far each payout has come. One that is not there is made, with a run of its own.
    pub fn open(path: &Path) -> Result<(Self, History), LinesError> {
        let (lines, known) = Lines::open(path, JOURNAL)?;
        let Some((first, rest)) = known.split_first() else {
            return Ok(Self::begin(lines));
        };
        let foreign = |number| JOURNAL.misread(path, number);
        let run = first.strip_prefix(JOURNAL.begins);
        let mut history = History::of(run.ok_or_else(|| foreign(1))?.to_owned());
        for (line, number) in rest.iter().zip(2..) {
            history.read(line).ok_or_else(|| foreign(number))?;
        }
        Ok((Self { lines }, history))
    }

    /// A journal of a run that cannot be continued, since what it pays from ends with the program.
    #[must_use]
    pub fn nowhere() -> (Self, History) {
        Self::begin(Lines::nowhere(JOURNAL))
    }

    fn begin(mut lines: Lines) -> (Self, History) {
        let run = Uuid::new_v4().simple().to_string();
        lines.hold(&format!("{}{run}", JOURNAL.begins));
        (Self { lines }, History::of(run))
    }

    /// The run pays at this platform. It is on the disk with the counterparty or the first payout.
    pub fn pays_at(&mut self, address: &str) {
        self.lines.hold(&format!("at {address}"));
    }

    /// The run pays from this account. It is on the disk with the counterparty or the first payout.
    pub fn pays_from(&mut self, account: &AccountId) {
        self.lines.hold(&format!("from {account}"));
    }

    /// The run pays this counterparty.
    pub fn pays(&mut self, payee: &CounterpartyId) -> Result<(), LinesError> {
        self.lines.add(&format!("to {payee}"))
    }

    /// The run has so many payouts. It is on the disk with the counterparty or the first payout.
    pub fn counts(&mut self, size: Size) {
        let Size { payouts, sum } = size;
        self.lines.hold(&format!("payouts {payouts} {sum}"));
    }

    /// The first call of a payout is about to be made.
    pub fn begun(&mut self, number: usize, key: &IdempotencyKey) -> Result<(), LinesError> {
        self.lines.add(&format!("begun {number} {}", key.as_str()))
    }

    /// The withdrawal exists.
    pub fn made(&mut self, number: usize, id: &WithdrawalId) -> Result<(), LinesError> {
        self.lines.add(&format!("made {number} {id}"))
    }

    /// The withdrawal was accepted.
    pub fn done(&mut self, number: usize) -> Result<(), LinesError> {
        self.lines.add(&format!("done {number}"))
    }

    /// The withdrawal was refused or has expired: it never pays, and the payout needs another one.
    pub fn ended(&mut self, number: usize, why: &str) -> Result<(), LinesError> {
        let why: Vec<_> = why.split_whitespace().collect();
        self.lines.add(&format!("ended {number} {}", why.join(" ")))
    }
}

impl History {
    fn of(run: String) -> Self {
        let plan = Plan {
            run,
            at: None,
            from: None,
            to: None,
            size: None,
        };
        Self {
            plan,
            payouts: BTreeMap::new(),
        }
    }

    /// Whether nobody can have been paid yet: nothing was asked for, or what was has ended without paying.
    #[must_use]
    pub fn is_without_effect(&self) -> bool {
        let mut payouts = self.payouts.values();
        payouts.all(|payout| payout.stage == Stage::New)
    }

    /// The withdrawals of the payouts that are done.
    #[must_use]
    pub fn done(&self) -> BTreeMap<usize, WithdrawalId> {
        let done = self.payouts.iter().filter_map(|(number, payout)| {
            let Stage::Done(id) = &payout.stage else {
                return None;
            };
            Some((*number, id.clone()))
        });
        done.collect()
    }

    /// A withdrawal that the run has made, if there is one.
    #[must_use]
    pub fn any_withdrawal(&self) -> Option<&WithdrawalId> {
        let mut payouts = self.payouts.values();
        payouts.find_map(|payout| match &payout.stage {
            Stage::Made(_, id) | Stage::Done(id) => Some(id),
            Stage::New | Stage::Begun(_) => None,
        })
    }

    /// Follows one line. None if no run writes such a line at this place.
    fn read(&mut self, line: &str) -> Option<()> {
        let (what, rest) = line.split_once(' ')?;
        match what {
            "at" | "from" | "to" if !self.is_without_effect() => return None,
            "payouts" if self.plan.size.is_some() && !self.is_without_effect() => return None,
            "payouts" => self.plan.size = Some(Size::read(rest)?),
            "at" => self.plan.at = Some(rest.to_owned()),
            "from" => self.plan.from = Some(rest.parse().ok()?),
            "to" => self.plan.to = Some(rest.parse().ok()?),
            _ => {
                let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let payout = self.payouts.entry(number.parse().ok()?).or_default();
                payout.read(what, rest)?;
            }
        }
        Some(())
    }
}

impl Size {
    fn read(text: &str) -> Option<Self> {
        let (payouts, sum) = text.split_once(' ')?;
        Some(Self {
            payouts: payouts.parse().ok()?,
            sum: sum.parse().ok()?,
        })
    }
}

impl Payout {
    fn read(&mut self, what: &str, rest: &str) -> Option<()> {
        self.stage = match (what, std::mem::take(&mut self.stage)) {
            ("begun", Stage::New) => {
                self.tries += 1;
                Stage::Begun(IdempotencyKey::new(rest).ok()?)
            }
            ("made", Stage::Begun(key)) => Stage::Made(key, rest.parse().ok()?),
            ("done", Stage::Made(_, id)) => Stage::Done(id),
            ("ended", Stage::Begun(_) | Stage::Made(..)) => Stage::New,
            _ => return None,
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    fn written(text: &str) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    #[test]
    fn a_journal_tells_how_far_each_payout_has_come() {
        let file = written(
            "run r\nat here\nfrom A\nto c-9\nto c-1\npayouts 9 9.36\npayouts 5 5.1\n\
             begun 1 r-1-1\nmade 1 w-1\ndone 1\n\
             begun 2 r-2-1\nmade 2 w-2\nended 2 INSUFFICIENT_FUNDS, 400\nbegun 2 r-2-2\n\
             begun 3 r-3-1\nended 3 EXPIRED\n\
             begun 4 r-",
        );
        let (mut journal, history) = Journal::open(file.path()).unwrap();
        assert_eq!(history.plan.run, "r");
        assert_eq!(history.plan.at.as_deref(), Some("here"));
        assert_eq!(history.plan.from, Some("A".parse().unwrap()));
        assert_eq!(history.plan.to, Some("c-1".parse().unwrap()));
        let size = Size {
            payouts: 5,
            sum: "5.10".parse().unwrap(),
        };
        assert_eq!(history.plan.size, Some(size));
        let key = |text: &str| IdempotencyKey::new(text).unwrap();
        assert!(!history.is_without_effect());
        let stages = [
            (1, 1, Stage::Done("w-1".parse().unwrap())),
            (2, 2, Stage::Begun(key("r-2-2"))),
            (3, 1, Stage::New),
        ];
        let expected = stages.map(|(number, tries, stage)| (number, Payout { tries, stage }));
        assert_eq!(history.payouts, BTreeMap::from(expected));

        journal.made(2, &"w-3".parse().unwrap()).unwrap();
        drop(journal);
        let (_, history) = Journal::open(file.path()).unwrap();
        let made = Stage::Made(key("r-2-2"), "w-3".parse().unwrap());
        assert_eq!(history.payouts[&2].stage, made);
    }

    #[test]
    fn a_new_journal_is_a_new_run() {
        let file = written("");
        let (mut journal, first) = Journal::open(file.path()).unwrap();
        journal.pays(&"c-1".parse().unwrap()).unwrap();
        drop(journal);
        let (_, again) = Journal::open(file.path()).unwrap();
        assert_eq!(first.plan.run, again.plan.run);
        let (_, other) = Journal::nowhere();
        assert_ne!(first.plan.run, other.plan.run);
    }

    #[test]
    fn what_no_run_writes_is_refused() {
        for text in [
            "begun 1 k-1\n",
            "run r\npaid 1\n",
            "run r\ndone 1\n",
            "run r\nbegun 1 k-1\nbegun 1 k-2\n",
            "run r\nbegun x k-1\n",
            "run r\nto c-1\nbegun 1 k-1\nto c-2\n",
            "run r\npayouts 3\n",
            "run r\npayouts 3 3.03\nbegun 1 k-1\npayouts 4 4.06\n",
        ] {
            let file = written(text);
            let error = Journal::open(file.path()).unwrap_err();
            assert!(
                matches!(error, LinesError::Foreign { .. }),
                "{text}: {error}"
            );
        }
    }
}
