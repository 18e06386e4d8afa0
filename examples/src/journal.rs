//! The journal of a payout run: what was begun, under which key, and how far it came.
//!
//! A line is on the disk before the call that it announces is made. So a run that was killed at any point knows which
//! keys it may have used, and uses them again: the platform recognises a key and gives the first reply back. What is
//! lost with the process is never more than a reply.
//!
//! ```text
//! begun 17 march-00017
//! made 17 3c1e…-withdrawal
//! done 17
//! ```

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use layer2_sdk::{IdempotencyKey, payments::WithdrawalId};

/// How far one payout has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// The key of its first call; that of the acceptance follows from it.
    pub key: Option<IdempotencyKey>,
    /// The withdrawal, once its id is known.
    pub withdrawal: Option<WithdrawalId>,
    /// Whether it was accepted.
    pub is_done: bool,
}

/// A file of lines that are only ever added.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens a journal and reads how far each payout has come. A last line that was cut by the kill is taken away: what
    /// it announces was never done.
    pub fn open(path: &Path) -> io::Result<(Self, BTreeMap<usize, Payout>)> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let text = std::fs::read_to_string(path)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut payouts = BTreeMap::<usize, Payout>::new();
        for line in text[..whole].lines() {
            read(line, &mut payouts).ok_or_else(|| {
                let message = format!("{} is no journal: {line:?}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
        }
        file.set_len(whole as u64)?;
        Ok((Self { file }, payouts))
    }

    /// The first call of a payout is about to be made.
    pub fn begun(&mut self, number: usize, key: &IdempotencyKey) -> io::Result<()> {
        self.line(&format!("begun {number} {}", key.as_str()))
    }

    /// The withdrawal exists.
    pub fn made(&mut self, number: usize, id: &WithdrawalId) -> io::Result<()> {
        self.line(&format!("made {number} {id}"))
    }

    /// The withdrawal was accepted.
    pub fn done(&mut self, number: usize) -> io::Result<()> {
        self.line(&format!("done {number}"))
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_data()
    }
}

fn read(line: &str, payouts: &mut BTreeMap<usize, Payout>) -> Option<()> {
    let mut words = line.split(' ');
    let (what, number) = (words.next()?, words.next()?.parse().ok()?);
    let payout: &mut Payout = payouts.entry(number).or_default();
    match what {
        "begun" => payout.key = Some(IdempotencyKey::new(words.next()?).ok()?),
        "made" => payout.withdrawal = Some(words.next()?.parse().ok()?),
        "done" => payout.is_done = true,
        _ => return None,
    }
    words.next().is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_is_taken_away_and_nonsense_is_refused() {
        let path = std::env::temp_dir().join(format!("layer2-journal-{}", std::process::id()));
        std::fs::write(
            &path,
            "begun 1 k-1\nmade 1 w-1\ndone 1\nbegun 2 k-2\nbegun 3 k-",
        )
        .unwrap();
        let (mut journal, payouts) = Journal::open(&path).unwrap();
        assert_eq!(payouts.len(), 2);
        assert!(payouts[&1].is_done && !payouts[&2].is_done);
        assert_eq!(payouts[&2].key.as_ref().unwrap().as_str(), "k-2");
        journal.done(2).unwrap();
        let (_, payouts) = Journal::open(&path).unwrap();
        assert!(payouts[&2].is_done);

        std::fs::write(&path, "paid 1\n").unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        std::fs::remove_file(&path).unwrap();
    }
}
