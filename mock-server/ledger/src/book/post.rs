//! Posting: check the whole draft, then write it.

use crate::account::OverdraftPolicy;
use crate::entry::{Draft, Entry, EntryId, Relation, Stamp};
use crate::error::LedgerError;
use crate::hold::{HoldId, HoldState};
use crate::minor::MinorUnits;
use crate::posting::{Line, Posting, Side};

use super::Book;
use super::positions::place_of;

/// The most lines that an entry may have. Checks compare lines with each other, so the bound keeps
/// a posting's cost bounded too.
pub const MAX_POSTINGS: usize = 1_000;

impl Book {
    /// Says whether [`Book::post`] would accept the draft; changes nothing.
    ///
    /// # Errors
    /// As [`Book::post`].
    pub fn check(&self, draft: &Draft) -> Result<(), LedgerError> {
        self.prepare(draft).map(drop)
    }

    /// Posts an entry, or leaves the book as it was.
    ///
    /// # Errors
    /// The first that applies, in this order:
    /// 1. [`LedgerError::EntryExists`], [`LedgerError::Full`];
    /// 2. [`LedgerError::TooFewPostings`], [`LedgerError::TooManyPostings`];
    /// 3. line by line [`LedgerError::UnknownAccountIx`], [`LedgerError::AmountNotPositive`];
    /// 4. asset by asset [`LedgerError::Overflow`], [`LedgerError::Unbalanced`];
    /// 5. for a relation [`LedgerError::UnknownEntry`], [`LedgerError::AlreadyReversed`],
    ///    [`LedgerError::NotAMirror`];
    /// 6. for a settled hold [`LedgerError::UnknownHold`], [`LedgerError::HoldAlreadySettled`],
    ///    [`LedgerError::HoldAlreadyReleased`], [`LedgerError::HoldNotUsed`],
    ///    [`LedgerError::HoldExceeded`];
    /// 7. line by line [`LedgerError::InsufficientFunds`].
    pub fn post(&mut self, draft: &Draft) -> Result<&Entry, LedgerError> {
        let prepared = self.prepare(draft)?;
        Ok(self.commit(draft, prepared))
    }

    /// The draft that undoes an entry: the same lines on the other side.
    ///
    /// Posting it is an ordinary posting: money that has been spent since cannot be taken back
    /// ([`LedgerError::InsufficientFunds`]). A hold that the entry settled stays settled.
    ///
    /// # Errors
    /// [`LedgerError::UnknownEntry`]; [`LedgerError::AlreadyReversed`].
    pub fn reversal(
        &self,
        entry: EntryId,
        id: EntryId,
        stamp: Stamp,
    ) -> Result<Draft, LedgerError> {
        let original = self
            .entry(entry)
            .ok_or(LedgerError::UnknownEntry { entry })?;
        if let Some(by) = self.reversed_by(entry) {
            return Err(LedgerError::AlreadyReversed { entry, by });
        }
        let mut draft = Draft::new(id, stamp);
        draft.relation = Some(Relation::Reverses(entry));
        draft
            .lines
            .extend(original.postings.iter().map(Posting::mirrored));
        Ok(draft)
    }

    fn prepare(&self, draft: &Draft) -> Result<Prepared, LedgerError> {
        if self.entry(draft.id).is_some() {
            return Err(LedgerError::EntryExists { entry: draft.id });
        }
        let place = place_of(self.entries.len())?;
        check_count(draft.lines.len())?;
        self.check_lines(&draft.lines)?;
        self.check_balance(&draft.lines)?;
        self.check_relation(draft)?;
        let settlement = match draft.settles {
            Some(hold) => Some(self.check_settlement(hold, &draft.lines)?),
            None => None,
        };
        let postings = self.run_balances(&draft.lines, settlement)?;
        Ok(Prepared {
            place,
            postings,
            settlement,
        })
    }

    /// Every line names an account of this book and moves something.
    fn check_lines(&self, lines: &[Line]) -> Result<(), LedgerError> {
        for line in lines {
            let account = self.account(line.account)?;
            if !line.amount.is_positive() {
                let account = account.id.clone();
                return Err(LedgerError::AmountNotPositive {
                    account,
                    amount: line.amount,
                });
            }
        }
        Ok(())
    }

    /// Per asset, debits equal credits and the turnover stays countable. Each asset is summed at
    /// its first line, so nothing is allocated.
    fn check_balance(&self, lines: &[Line]) -> Result<(), LedgerError> {
        let asset_of = |line: &Line| self.accounts[line.account.index()].asset;
        for (position, line) in lines.iter().enumerate() {
            let asset = asset_of(line);
            if lines[..position]
                .iter()
                .any(|earlier| asset_of(earlier) == asset)
            {
                continue;
            }
            let code = || self.assets[asset.index()].code().clone();
            let (mut debits, mut credits) = (MinorUnits::ZERO, MinorUnits::ZERO);
            for line in lines[position..]
                .iter()
                .filter(|later| asset_of(later) == asset)
            {
                let total = match line.side {
                    Side::Debit => &mut debits,
                    Side::Credit => &mut credits,
                };
                *total = total
                    .checked_add(line.amount)
                    .map_err(|_| LedgerError::Overflow { asset: code() })?;
            }
            if debits != credits {
                return Err(LedgerError::Unbalanced {
                    asset: code(),
                    debits,
                    credits,
                });
            }
            self.index.turnover[asset.index()]
                .checked_add(debits)
                .map_err(|_| LedgerError::Overflow { asset: code() })?;
        }
        Ok(())
    }

    fn check_relation(&self, draft: &Draft) -> Result<(), LedgerError> {
        let Some(relation) = draft.relation else {
            return Ok(());
        };
        let entry = relation.entry();
        let original = self
            .entry(entry)
            .ok_or(LedgerError::UnknownEntry { entry })?;
        if let Relation::Reverses(_) = relation {
            if let Some(by) = self.reversed_by(entry) {
                return Err(LedgerError::AlreadyReversed { entry, by });
            }
            if !original
                .postings
                .iter()
                .map(Posting::mirrored)
                .eq(draft.lines.iter().copied())
            {
                return Err(LedgerError::NotAMirror { entry });
            }
        }
        Ok(())
    }

    fn check_settlement(&self, hold: HoldId, lines: &[Line]) -> Result<Settlement, LedgerError> {
        let (position, found) = self.open_hold(hold)?;
        let account = &self.accounts[found.account.index()];
        let takes = account.kind.normal_side().opposite();
        let taken = lines
            .iter()
            .filter(|line| line.account == found.account && line.side == takes)
            // Within the debits (or credits) of the asset, which were summed before.
            .fold(MinorUnits::ZERO, |sum, line| sum.add_bounded(line.amount));
        if taken.is_zero() {
            return Err(LedgerError::HoldNotUsed {
                hold,
                account: account.id.clone(),
            });
        }
        if taken > found.amount {
            return Err(LedgerError::HoldExceeded {
                hold,
                held: found.amount,
                required: taken,
            });
        }
        Ok(Settlement {
            position,
            posted: taken,
        })
    }

    /// Runs the lines in order and refuses the first that is not covered when its turn comes.
    fn run_balances(
        &self,
        lines: &[Line],
        settlement: Option<Settlement>,
    ) -> Result<Box<[Posting]>, LedgerError> {
        let settled = settlement.map(|settlement| &self.holds[settlement.position]);
        let mut postings: Vec<Posting> = Vec::with_capacity(lines.len());
        for line in lines {
            let account = &self.accounts[line.account.index()];
            let earlier = postings
                .iter()
                .rev()
                .find(|posting| posting.account == line.account);
            let before = earlier.map_or_else(|| account.current(), Posting::balance_after);
            // Balances lie within the asset's turnover, this draft's included.
            let balance_after = if line.side == account.kind.normal_side() {
                before.add_bounded(line.amount)
            } else {
                if account.kind.overdraft() == OverdraftPolicy::Refused {
                    let freed = settled.filter(|hold| hold.account == line.account);
                    let held = freed.map_or(account.tally.held, |hold| {
                        account.tally.held.sub_bounded(hold.amount)
                    });
                    let available = before.sub_bounded(held);
                    if available < line.amount {
                        return Err(LedgerError::InsufficientFunds {
                            account: account.id.clone(),
                            available,
                            required: line.amount,
                        });
                    }
                }
                before.sub_bounded(line.amount)
            };
            let Line {
                account,
                side,
                amount,
            } = *line;
            postings.push(Posting {
                account,
                side,
                amount,
                balance_after,
            });
        }
        Ok(postings.into_boxed_slice())
    }

    /// Writes what was prepared; cannot fail.
    fn commit(&mut self, draft: &Draft, prepared: Prepared) -> &Entry {
        let position = self.entries.len();
        for posting in &prepared.postings {
            let account = &mut self.accounts[posting.account.index()];
            let total = account.tally.side_mut(posting.side);
            *total = total.add_bounded(posting.amount);
            if account.tally.entries.last() != Some(&prepared.place) {
                account.tally.entries.push(prepared.place);
            }
            if posting.side == Side::Debit {
                let turnover = &mut self.index.turnover[account.asset.index()];
                *turnover = turnover.add_bounded(posting.amount);
            }
        }
        if let Some(Settlement { position, posted }) = prepared.settlement {
            self.close_hold(
                position,
                HoldState::Settled {
                    entry: draft.id,
                    posted,
                },
            );
        }
        if let Some(Relation::Reverses(original)) = draft.relation {
            self.index.reversed_by.insert(original, draft.id);
        }
        self.entries.push(Entry {
            id: draft.id,
            sequence: position as u64 + 1,
            stamp: draft.stamp,
            relation: draft.relation,
            settles: draft.settles,
            postings: prepared.postings,
        });
        self.index.entry_positions.insert(&self.entries, position);
        &self.entries[position]
    }

    /// Takes back the last entry; only a failed batch does so, before anybody has seen it.
    pub(super) fn unpost(&mut self) {
        let Some(id) = self.entries.last().map(|entry| entry.id) else {
            return;
        };
        self.index.entry_positions.remove(&self.entries, id);
        let Some(entry) = self.entries.pop() else {
            return;
        };
        // It stood there, so it has a place.
        let place = place_of(self.entries.len()).ok();
        if let Some(Relation::Reverses(original)) = entry.relation {
            self.index.reversed_by.remove(&original);
        }
        if let Some(hold) = entry.settles {
            self.reopen_hold(hold);
        }
        for posting in &entry.postings {
            let account = &mut self.accounts[posting.account.index()];
            let total = account.tally.side_mut(posting.side);
            *total = total.sub_bounded(posting.amount);
            if account.tally.entries.last().copied() == place {
                account.tally.entries.pop();
            }
            if posting.side == Side::Debit {
                let turnover = &mut self.index.turnover[account.asset.index()];
                *turnover = turnover.sub_bounded(posting.amount);
            }
        }
    }
}

/// An entry has 2 to [`MAX_POSTINGS`] lines.
pub(super) const fn check_count(count: usize) -> Result<(), LedgerError> {
    if count < 2 {
        return Err(LedgerError::TooFewPostings { count });
    }
    if count > MAX_POSTINGS {
        return Err(LedgerError::TooManyPostings { count });
    }
    Ok(())
}

/// A draft that has passed every check against the book as it is.
struct Prepared {
    /// Where the entry will stand.
    place: u32,
    postings: Box<[Posting]>,
    settlement: Option<Settlement>,
}

/// The hold that an entry ends, and what it takes of it.
#[derive(Clone, Copy)]
struct Settlement {
    position: usize,
    posted: MinorUnits,
}
