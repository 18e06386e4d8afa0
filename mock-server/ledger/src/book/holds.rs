//! Placing, releasing and ending holds.
//!
//! A hold is checked against what is available when it is placed, so whatever ends it later can
//! never find the money gone.

use crate::account::OverdraftPolicy;
use crate::entry::Stamp;
use crate::error::LedgerError;
use crate::hold::{Hold, HoldDraft, HoldId, HoldState};

use super::Book;
use super::positions::place_of;

impl Book {
    /// Says whether [`Book::place`] would accept the hold; changes nothing.
    ///
    /// # Errors
    /// As [`Book::place`].
    pub fn check_place(&self, draft: &HoldDraft) -> Result<(), LedgerError> {
        if self.hold(draft.id).is_some() {
            return Err(LedgerError::HoldExists { hold: draft.id });
        }
        place_of(self.holds.len())?;
        let account = self.account(draft.account)?;
        let id = || account.id.clone();
        if !draft.amount.is_positive() {
            return Err(LedgerError::AmountNotPositive {
                account: id(),
                amount: draft.amount,
            });
        }
        if account.kind.overdraft() == OverdraftPolicy::Allowed {
            return Err(LedgerError::HoldNotSupported {
                account: id(),
                kind: account.kind,
            });
        }
        let available = account.available();
        if available < draft.amount {
            let (account, required) = (id(), draft.amount);
            return Err(LedgerError::InsufficientFunds {
                account,
                available,
                required,
            });
        }
        Ok(())
    }

    /// Places a hold, or leaves the book as it was.
    ///
    /// # Errors
    /// In this order: [`LedgerError::HoldExists`], [`LedgerError::Full`], [`LedgerError::UnknownAccountIx`],
    /// [`LedgerError::AmountNotPositive`], [`LedgerError::HoldNotSupported`],
    /// [`LedgerError::InsufficientFunds`].
    pub fn place(&mut self, draft: &HoldDraft) -> Result<&Hold, LedgerError> {
        self.check_place(draft)?;
        let HoldDraft {
            id,
            account,
            amount,
            stamp,
        } = *draft;
        let position = self.holds.len();
        self.holds.push(Hold {
            id,
            account,
            amount,
            placed: stamp,
            state: HoldState::Open,
        });
        self.index.hold_positions.insert(&self.holds, position);
        self.reserve(position);
        Ok(&self.holds[position])
    }

    /// Says whether [`Book::release`] would accept the release; changes nothing.
    ///
    /// # Errors
    /// As [`Book::release`].
    pub fn check_release(&self, hold: HoldId) -> Result<(), LedgerError> {
        self.open_hold(hold).map(drop)
    }

    /// Gives a hold back whole.
    ///
    /// # Errors
    /// [`LedgerError::UnknownHold`], [`LedgerError::HoldAlreadySettled`],
    /// [`LedgerError::HoldAlreadyReleased`].
    pub fn release(&mut self, hold: HoldId, stamp: Stamp) -> Result<&Hold, LedgerError> {
        let (position, _) = self.open_hold(hold)?;
        self.close_hold(position, HoldState::Released { stamp });
        Ok(&self.holds[position])
    }

    /// An open hold with its position, or why there is none.
    pub(super) fn open_hold(&self, hold: HoldId) -> Result<(usize, &Hold), LedgerError> {
        let position = self.index.hold_positions.find(&self.holds, hold);
        let position = position.ok_or(LedgerError::UnknownHold { hold })?;
        let found = &self.holds[position];
        match found.state {
            HoldState::Open => Ok((position, found)),
            HoldState::Released { .. } => Err(LedgerError::HoldAlreadyReleased { hold }),
            HoldState::Settled { entry, .. } => {
                Err(LedgerError::HoldAlreadySettled { hold, entry })
            }
        }
    }

    /// Ends an open hold.
    pub(super) fn close_hold(&mut self, position: usize, state: HoldState) {
        let hold = &mut self.holds[position];
        hold.state = state;
        let tally = &mut self.accounts[hold.account.index()].tally;
        tally.held = tally.held.sub_bounded(hold.amount);
        tally.open_holds.remove(&position);
    }

    /// Takes back the end of a hold; only a failed batch does so.
    pub(super) fn reopen_hold(&mut self, hold: HoldId) {
        if let Some(position) = self.index.hold_positions.find(&self.holds, hold) {
            self.holds[position].state = HoldState::Open;
            self.reserve(position);
        }
    }

    /// Takes back the last hold; only a failed batch does so.
    pub(super) fn unplace(&mut self) {
        let Some(hold) = self.holds.last().copied() else {
            return;
        };
        self.index.hold_positions.remove(&self.holds, hold.id);
        self.holds.pop();
        let tally = &mut self.accounts[hold.account.index()].tally;
        tally.held = tally.held.sub_bounded(hold.amount);
        tally.open_holds.remove(&self.holds.len());
    }

    /// Lowers what is available by an open hold.
    fn reserve(&mut self, position: usize) {
        let hold = &self.holds[position];
        let tally = &mut self.accounts[hold.account.index()].tally;
        tally.held = tally.held.add_bounded(hold.amount);
        tally.open_holds.insert(position);
    }
}
