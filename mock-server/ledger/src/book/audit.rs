//! The audit: everything that follows from the facts, computed again from nothing.
//!
//! It shares no arithmetic with posting: it walks the entries and holds as written, checks each
//! against the rules, and adds up totals and indexes of its own. A book is sound when no rule is
//! broken and the audit's sums are the book's.

use crate::account::{Account, AccountIx, OverdraftPolicy, Tally};
use crate::entry::{Entry, EntryId, Relation};
use crate::error::LedgerError;
use crate::hold::{Hold, HoldState};
use crate::minor::{MinorUnits, Overflow};
use crate::posting::{Posting, Side};

use super::positions::place_of;
use super::post::check_count;
use super::violation::Violation;
use super::{Book, Index};

impl Book {
    /// Recomputes the whole book from its entries and holds and compares.
    ///
    /// # Errors
    /// Every [`Violation`] found. A book that was changed only through its methods has none; this
    /// is for tests, for control interfaces and for trust.
    pub fn invariants(&self) -> Result<(), Vec<Violation>> {
        let mut recount = self.recount();
        for (account, tally) in self.accounts.iter().zip(&recount.tallies) {
            if account.tally != *tally {
                recount.violations.push(Violation::Tally {
                    account: account.id.clone(),
                });
            }
        }
        if !self.has_index(&recount.index) {
            recount.violations.push(Violation::Index);
        }
        let broken = |totals: &&crate::AssetTotals| !totals.balanced();
        for totals in self.trial_balance().assets().iter().filter(broken) {
            let asset = totals.asset.clone();
            recount.violations.push(Violation::TrialBalance { asset });
        }
        if recount.violations.is_empty() {
            Ok(())
        } else {
            Err(recount.violations)
        }
    }

    /// Walks the facts; stops adding up where they cannot be added up.
    pub(super) fn recount(&self) -> Recount {
        let mut recount = Recount::empty(self);
        for (position, entry) in self.entries.iter().enumerate() {
            if let Err(violation) = recount.add_entry(self, position, entry) {
                recount.violations.push(violation);
            }
        }
        for position in 0..self.holds.len() {
            if let Err(violation) = recount.add_hold(self, position) {
                recount.violations.push(violation);
            }
        }
        recount.check_settlements(self);
        recount.check_cover(self);
        recount
    }
}

/// What the facts add up to, and what is wrong with them.
pub(super) struct Recount {
    pub(super) tallies: Vec<Tally>,
    pub(super) index: Index,
    pub(super) violations: Vec<Violation>,
}

impl Recount {
    fn empty(book: &Book) -> Self {
        let index = Index {
            turnover: vec![MinorUnits::ZERO; book.assets.len()],
            ..Index::default()
        };
        let tallies = vec![Tally::default(); book.accounts.len()];
        Self {
            tallies,
            index,
            violations: Vec::new(),
        }
    }

    fn add_entry(&mut self, book: &Book, position: usize, entry: &Entry) -> Result<(), Violation> {
        let id = entry.id;
        let broken = |rule| Violation::Entry { entry: id, rule };
        check_sequence(entry, position as u64 + 1)?;
        check_count(entry.postings.len()).map_err(broken)?;
        self.add_relation(book, entry).map_err(broken)?;
        let known = &mut self.index.entry_positions;
        if known.find(&book.entries, id).is_some() {
            return Err(broken(LedgerError::EntryExists { entry: id }));
        }
        known.insert(&book.entries, position);
        let place = place_of(position).map_err(broken)?;
        let mut sums = vec![(MinorUnits::ZERO, MinorUnits::ZERO); book.assets.len()];
        for posting in &entry.postings {
            let account = book.account(posting.account).map_err(broken)?;
            let sums = &mut sums[account.asset.index()];
            let current = self.add_posting(book, account, posting, sums);
            check_balance(id, account, posting, current.map_err(broken)?)?;
            let tally = &mut self.tallies[posting.account.index()];
            if tally.entries.last() != Some(&place) {
                tally.entries.push(place);
            }
        }
        self.add_turnover(book, &sums).map_err(broken)
    }

    /// Adds a posting to the sums of its entry and to its account; gives the balance that the
    /// account has then.
    fn add_posting(
        &mut self,
        book: &Book,
        account: &Account,
        posting: &Posting,
        (debits, credits): &mut (MinorUnits, MinorUnits),
    ) -> Result<MinorUnits, LedgerError> {
        let amount = posting.amount;
        if !amount.is_positive() {
            let account = account.id.clone();
            return Err(LedgerError::AmountNotPositive { account, amount });
        }
        let asset = book.assets[account.asset.index()].code();
        let overflow = |_: Overflow| LedgerError::Overflow {
            asset: asset.clone(),
        };
        let sum = match posting.side {
            Side::Debit => debits,
            Side::Credit => credits,
        };
        *sum = sum.checked_add(amount).map_err(overflow)?;
        let tally = &mut self.tallies[posting.account.index()];
        let total = tally.side_mut(posting.side);
        *total = total.checked_add(amount).map_err(overflow)?;
        current(account, tally).map_err(overflow)
    }

    /// The entry balances per asset, and its asset's turnover stays countable.
    fn add_turnover(
        &mut self,
        book: &Book,
        sums: &[(MinorUnits, MinorUnits)],
    ) -> Result<(), LedgerError> {
        let assets = book.assets.iter().zip(&mut self.index.turnover);
        for ((debits, credits), (asset, turnover)) in sums.iter().copied().zip(assets) {
            let asset = || asset.code().clone();
            if debits != credits {
                return Err(LedgerError::Unbalanced {
                    asset: asset(),
                    debits,
                    credits,
                });
            }
            let sum = turnover.checked_add(debits);
            *turnover = sum.map_err(|_| LedgerError::Overflow { asset: asset() })?;
        }
        Ok(())
    }

    /// The related entry is an earlier one; a reversal is its mirror image and the only one.
    fn add_relation(&mut self, book: &Book, entry: &Entry) -> Result<(), LedgerError> {
        let Some(relation) = entry.relation else {
            return Ok(());
        };
        let named = relation.entry();
        let position = self.index.entry_positions.find(&book.entries, named);
        let position = position.ok_or(LedgerError::UnknownEntry { entry: named })?;
        if let Relation::Reverses(_) = relation {
            let original = &book.entries[position];
            let pairs = original.postings.iter().zip(&entry.postings);
            let mirrored = original.postings.len() == entry.postings.len()
                && pairs.into_iter().all(|(there, here)| {
                    there.account == here.account
                        && there.amount == here.amount
                        && there.side != here.side
                });
            if !mirrored {
                return Err(LedgerError::NotAMirror { entry: named });
            }
            if let Some(by) = self.index.reversed_by.insert(named, entry.id) {
                return Err(LedgerError::AlreadyReversed { entry: named, by });
            }
        }
        Ok(())
    }

    fn add_hold(&mut self, book: &Book, position: usize) -> Result<(), Violation> {
        let hold = &book.holds[position];
        let broken = |rule| Violation::Hold {
            hold: hold.id,
            rule,
        };
        let known = &mut self.index.hold_positions;
        if known.find(&book.holds, hold.id).is_some() {
            return Err(broken(LedgerError::HoldExists { hold: hold.id }));
        }
        known.insert(&book.holds, position);
        place_of(position).map_err(broken)?;
        let account = book.account(hold.account).map_err(broken)?;
        check_hold(account, hold).map_err(broken)?;
        match hold.state {
            HoldState::Open => {
                let tally = &mut self.tallies[hold.account.index()];
                tally.open_holds.insert(position);
                let asset = || book.assets[account.asset.index()].code().clone();
                let held = tally.held.checked_add(hold.amount);
                tally.held = held.map_err(|_| broken(LedgerError::Overflow { asset: asset() }))?;
            }
            HoldState::Released { .. } => {}
            HoldState::Settled { entry, posted } => {
                if !self.is_settled_by(book, hold, entry, posted) {
                    return Err(Violation::Settlement { hold: hold.id });
                }
            }
        }
        Ok(())
    }

    /// Whether the entry names the hold and takes of its account what the hold says, no more than was held.
    fn is_settled_by(&self, book: &Book, hold: &Hold, entry: EntryId, posted: MinorUnits) -> bool {
        let position = self.index.entry_positions.find(&book.entries, entry);
        position.is_some_and(|position| {
            let entry = &book.entries[position];
            entry.settles == Some(hold.id)
                && posted.is_positive()
                && posted <= hold.amount
                && taken(book, entry, hold.account) == Ok(posted)
        })
    }

    /// Every entry that settles a hold is the one that the hold names.
    fn check_settlements(&mut self, book: &Book) {
        for entry in &book.entries {
            let Some(hold) = entry.settles else { continue };
            let position = self.index.hold_positions.find(&book.holds, hold);
            let state = position.map(|position| book.holds[position].state);
            let named =
                matches!(state, Some(HoldState::Settled { entry: by, .. }) if by == entry.id);
            if !named {
                self.violations.push(Violation::Settlement { hold });
            }
        }
    }

    /// What is held never exceeds what is there.
    fn check_cover(&mut self, book: &Book) {
        for (account, tally) in book.accounts.iter().zip(&self.tallies) {
            let current = current(account, tally);
            let covered = current.is_ok_and(|current| tally.held <= current);
            if account.kind.overdraft() == OverdraftPolicy::Refused && !covered {
                self.violations.push(Violation::Overdrawn {
                    account: account.id.clone(),
                    current: current.unwrap_or_default(),
                    held: tally.held,
                });
            }
        }
    }
}

/// The entry has the number of its place.
fn check_sequence(entry: &Entry, expected: u64) -> Result<(), Violation> {
    let found = entry.sequence;
    if found == expected {
        return Ok(());
    }
    Err(Violation::Sequence {
        entry: entry.id,
        expected,
        found,
    })
}

/// A hold reserves something, on an account that may not be overdrawn.
fn check_hold(account: &Account, hold: &Hold) -> Result<(), LedgerError> {
    if !hold.amount.is_positive() {
        return Err(LedgerError::AmountNotPositive {
            account: account.id.clone(),
            amount: hold.amount,
        });
    }
    if account.kind.overdraft() == OverdraftPolicy::Allowed {
        return Err(LedgerError::HoldNotSupported {
            account: account.id.clone(),
            kind: account.kind,
        });
    }
    Ok(())
}

/// The balance that the totals of an account make.
fn current(account: &Account, tally: &Tally) -> Result<MinorUnits, Overflow> {
    match account.kind.normal_side() {
        Side::Debit => tally.debits.checked_sub(tally.credits),
        Side::Credit => tally.credits.checked_sub(tally.debits),
    }
}

/// The posting tells the balance that its account has, and one that the account may have.
fn check_balance(
    entry: EntryId,
    account: &Account,
    posting: &Posting,
    sum: MinorUnits,
) -> Result<(), Violation> {
    let recorded = posting.balance_after;
    if sum != recorded {
        return Err(Violation::BalanceAfter {
            entry,
            account: account.id.clone(),
            recorded,
            sum,
        });
    }
    let may_fall = account.kind.overdraft() == OverdraftPolicy::Allowed;
    if sum.is_negative() && !may_fall {
        return Err(Violation::Overdrawn {
            account: account.id.clone(),
            current: sum,
            held: MinorUnits::ZERO,
        });
    }
    Ok(())
}

/// What an entry takes from an account: the sum of its lines on the side that lowers the balance.
fn taken(book: &Book, entry: &Entry, account: AccountIx) -> Result<MinorUnits, Overflow> {
    let Ok(kind) = book.account(account).map(Account::kind) else {
        return Ok(MinorUnits::ZERO);
    };
    let lowers = kind.normal_side().opposite();
    let mut lines = entry
        .postings
        .iter()
        .filter(|p| p.account == account && p.side == lowers);
    lines.try_fold(MinorUnits::ZERO, |sum, posting| {
        sum.checked_add(posting.amount)
    })
}
