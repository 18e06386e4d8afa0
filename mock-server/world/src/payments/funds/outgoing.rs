//! Money on its way out.
//!
//! It leaves its account when a rail has taken it, and custody when custody has paid the rail; in between it is in
//! flight, as money that comes in is. Custody may be short of an asset for a while, when coins that were bought are not
//! delivered yet; then the money stays in flight, and the customer does not notice.

use layer2_ledger::AccountKind;
use layer2_ledger::Draft;
use layer2_ledger::EntryId;
use layer2_ledger::HoldId;
use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::payments::AccountId;

use crate::context::WriteContext;
use crate::payments::funds::Funds;
use crate::payments::funds::draft;

/// Money that leaves an account, with what that costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) amount: MinorUnits,
    /// Zero for none.
    pub(crate) fee: MinorUnits,
}

impl Funds {
    /// Takes held money from an account: the amount goes in flight, the fee to the fees.
    pub(crate) fn send_out(
        &mut self,
        cx: &mut WriteContext<'_>,
        hold: HoldId,
        outgoing: &Outgoing<'_>,
        narrative: &str,
    ) -> Result<EntryId, LedgerError> {
        let handles = self.handles(outgoing.account)?;
        let (amount, fee) = (outgoing.amount, outgoing.fee);
        let total = amount.checked_add(fee).map_err(|_| LedgerError::Full)?;
        let mut draft = draft(cx)
            .debit(handles.own, total)
            .credit(handles.in_flight, amount)
            .settling(hold);
        if fee.is_positive() {
            draft = draft.credit(self.beside(handles.own, AccountKind::Fees)?, fee);
        }
        self.post_known(&draft, narrative)
    }

    /// Custody pays the rail for money in flight; refused while custody has too little.
    pub(crate) fn pay_rail(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        self.leave_custody(cx, account, amount, narrative)
    }

    /// Gives money back that was sent by `entry`: out of custody's hands if the rail had been paid, out of flight if not.
    pub(crate) fn take_back(
        &mut self,
        cx: &mut WriteContext<'_>,
        entry: EntryId,
        back: &Back<'_>,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(back.account)?;
        let from = if back.rail_was_paid {
            self.must_have_room(handles.custody, back.amount)?;
            handles.custody
        } else {
            handles.in_flight
        };
        let draft = draft(cx)
            .debit(from, back.amount)
            .credit(handles.own, back.amount)
            .correcting(entry);
        self.post(&draft, narrative)
    }

    /// Posts, and tells the id of the entry, by which a later one can name it.
    fn post_known(&mut self, draft: &Draft, narrative: &str) -> Result<EntryId, LedgerError> {
        let id = draft.id();
        self.post(draft, narrative)?;
        Ok(id)
    }
}

/// Money that comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Back<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) amount: MinorUnits,
    /// Whether custody had paid the rail for it.
    pub(crate) rail_was_paid: bool,
}
