//! Money that came without an owner, and money that goes back after it was credited.

use layer2_ledger::AccountKind;
use layer2_ledger::AssetCode;
use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::payments::AccountId;

use crate::context::WriteContext;
use crate::payments::assets::Asset;
use crate::payments::funds::CUSTODY_MAX;
use crate::payments::funds::Funds;
use crate::payments::funds::draft;
use crate::payments::funds::platform_name;

impl Funds {
    /// Money has come from outside that names nobody.
    pub(crate) fn suspend(
        &mut self,
        cx: &mut WriteContext<'_>,
        asset: &Asset,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        if amount > CUSTODY_MAX {
            return Err(LedgerError::Full);
        }
        let code = AssetCode::new(asset.id).map_err(|_| LedgerError::Full)?;
        // Where the asset has no custody yet, there is room for the whole amount.
        if let Ok(custody) = self.book.find(&platform_name(AccountKind::Custody, &code)?) {
            self.must_have_room(custody, amount)?;
        }
        let code = self.defined(asset)?;
        let custody = self.platform_account(AccountKind::Custody, &code)?;
        let suspense = self.platform_account(AccountKind::Suspense, &code)?;
        let draft = draft(cx).debit(custody, amount).credit(suspense, amount);
        self.post(&draft, narrative)
    }

    /// Money that named nobody has found its account and waits to be credited.
    pub(crate) fn assign_suspended(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(account)?;
        let suspense = self.beside(handles.own, AccountKind::Suspense)?;
        let draft = draft(cx)
            .debit(suspense, amount)
            .credit(handles.in_flight, amount);
        self.post(&draft, narrative)
    }

    /// Money that named nobody goes back where it came from.
    pub(crate) fn return_suspended(
        &mut self,
        cx: &mut WriteContext<'_>,
        asset: &Asset,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let code = self.defined(asset)?;
        let custody = self.platform_account(AccountKind::Custody, &code)?;
        let suspense = self.platform_account(AccountKind::Suspense, &code)?;
        let draft = draft(cx).debit(suspense, amount).credit(custody, amount);
        self.post(&draft, narrative)
    }

    /// Money that was credited goes back where it came from; what the account cannot cover stands in suspense.
    pub(crate) fn claw_back(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        covered: MinorUnits,
        uncovered: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(account)?;
        let whole = covered
            .checked_add(uncovered)
            .map_err(|_| LedgerError::Full)?;
        if self.book.account(handles.custody)?.current() < whole {
            return Err(LedgerError::Full);
        }
        let mut draft = draft(cx).credit(handles.custody, whole);
        if covered.is_positive() {
            draft = draft.debit(handles.own, covered);
        }
        if uncovered.is_positive() {
            let suspense = self.beside(handles.own, AccountKind::Suspense)?;
            draft = draft.debit(suspense, uncovered);
        }
        self.post(&draft, narrative)
    }
}
