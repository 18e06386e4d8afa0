//! Money: the one place where the payments API meets the ledger.
//!
//! Every account of the platform is an account of the book; what the platform itself has is one custody and one
//! in-flight account per asset, and one in suspense where money came without an owner. Money that came from outside and
//! is not credited yet stands in custody and, with the opposite sign, in flight; so custody + clearing + in flight is
//! what customers are owed, per asset, at every instant.

pub(crate) mod trade;

use std::collections::BTreeMap;

use layer2_ledger::AccountIx;
use layer2_ledger::AccountKind;
use layer2_ledger::Asset as LedgerAsset;
use layer2_ledger::AssetCode;
use layer2_ledger::Balances;
use layer2_ledger::Book;
use layer2_ledger::Draft;
use layer2_ledger::Entry;
use layer2_ledger::EntryId;
use layer2_ledger::HoldDraft;
use layer2_ledger::HoldId;
use layer2_ledger::LedgerAccountId;
use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::Amount;
use layer2_types::AmountErrorKind;
use layer2_types::payments::AccountId;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::packed::Packed;
use crate::payments::assets::Asset;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

mod incoming;
mod outgoing;

pub(crate) use outgoing::Back;
pub(crate) use outgoing::Outgoing;

/// The books of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Funds {
    book: Book,
    accounts: BTreeMap<AccountId, AccountHandles>,
    /// What each entry is for, in their order.
    narratives: Vec<Packed>,
}

/// The accounts of the book that money of one platform account passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AccountHandles {
    own: AccountIx,
    custody: AccountIx,
    in_flight: AccountIx,
}

impl Funds {
    /// Opens the books of a new account. The caller has checked that the id is free.
    pub(crate) fn open(&mut self, id: &AccountId, asset: &Asset) -> Result<(), LedgerError> {
        let code = self.defined(asset)?;
        let custody = self.platform_account(AccountKind::Custody, &code)?;
        let in_flight = self.platform_account(AccountKind::InFlight, &code)?;
        let name = ledger_name(id.as_str())?;
        let own = self.book.open(name, &code, AccountKind::Customer)?;
        self.accounts.insert(
            id.clone(),
            AccountHandles {
                own,
                custody,
                in_flight,
            },
        );
        Ok(())
    }

    /// The balances of an account, in the smallest unit of its asset.
    pub(crate) fn balances(&self, id: &AccountId) -> Option<Balances> {
        let handles = self.accounts.get(id)?;
        self.book
            .account(handles.own)
            .ok()
            .map(layer2_ledger::Account::balances)
    }

    /// Money has come from outside and waits to be credited.
    pub(crate) fn arrive(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(account)?;
        self.must_have_room(handles.custody, amount)?;
        let draft = draft(cx)
            .debit(handles.custody, amount)
            .credit(handles.in_flight, amount);
        self.post(&draft, narrative)
    }

    /// Money that waited is credited.
    pub(crate) fn credit_arrived(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(account)?;
        let draft = draft(cx)
            .debit(handles.in_flight, amount)
            .credit(handles.own, amount);
        self.post(&draft, narrative)
    }

    /// Money that waited goes back where it came from.
    pub(crate) fn return_arrived(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        self.leave_custody(cx, account, amount, narrative)
    }

    /// Holds money of an account, so that nothing else can spend it.
    pub(crate) fn hold(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
    ) -> Result<HoldId, LedgerError> {
        let handles = self.handles(account)?;
        let hold = HoldId::new(cx.mint_bits(IdKind::Hold));
        self.book
            .place(&HoldDraft::new(hold, handles.own, amount, cx.stamp()))?;
        Ok(hold)
    }

    /// Moves held money to another account.
    pub(crate) fn settle(
        &mut self,
        cx: &mut WriteContext<'_>,
        hold: HoldId,
        movement: &Movement<'_>,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let source = self.handles(movement.source)?;
        let destination = self.handles(movement.destination)?;
        let draft = draft(cx)
            .debit(source.own, movement.amount)
            .credit(destination.own, movement.amount)
            .settling(hold);
        self.post(&draft, narrative)
    }

    /// Gives held money back.
    pub(crate) fn release(
        &mut self,
        cx: &WriteContext<'_>,
        hold: HoldId,
    ) -> Result<(), LedgerError> {
        self.book.release(hold, cx.stamp()).map(drop)
    }

    /// The book, to be read.
    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    /// The account of the book that belongs to a platform account.
    pub(crate) fn ledger_account(&self, id: &AccountId) -> Option<AccountIx> {
        self.accounts.get(id).map(|handles| handles.own)
    }

    /// The account of the book that is named by the id of a platform account, or by its own.
    pub(crate) fn named(&self, id: &str) -> Option<AccountIx> {
        let own = AccountId::new(id).ok();
        own.and_then(|id| self.ledger_account(&id))
            .or_else(|| self.book.find(&LedgerAccountId::new(id).ok()?).ok())
    }

    /// The entry with a number. They are numbered from 1, without a gap.
    pub(crate) fn entry(&self, sequence: u64) -> Option<&Entry> {
        let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.book.entries().get(place)
    }

    /// What an entry is for.
    pub(crate) fn narrative(&self, sequence: u64) -> String {
        let place = sequence.checked_sub(1).map(usize::try_from);
        let narrative = place.and_then(|place| self.narratives.get(place.ok()?));
        narrative.map_or_else(String::new, Packed::text)
    }

    fn handles(&self, id: &AccountId) -> Result<AccountHandles, LedgerError> {
        match self.accounts.get(id) {
            Some(handles) => Ok(*handles),
            None => Err(LedgerError::UnknownAccount {
                account: ledger_name(id.as_str())?,
            }),
        }
    }

    /// Refuses more of an asset than an amount on the wire can tell. What customers are owed counts: what custody holds,
    /// and what went back out of it although the customers keep it, which stands in suspense.
    fn must_have_room(&self, custody: AccountIx, amount: MinorUnits) -> Result<(), LedgerError> {
        let account = self.book.account(custody)?;
        let code = self.book.asset(account.asset()).map(LedgerAsset::code);
        let suspense = platform_name(AccountKind::Suspense, code.ok_or(LedgerError::Full)?)?;
        let waiting = match self.book.find(&suspense) {
            Ok(found) => self.book.account(found)?.current(),
            Err(_) => MinorUnits::ZERO,
        };
        let uncovered = MinorUnits::ZERO.max(MinorUnits::new(-waiting.get()));
        let owed = account.current().checked_add(uncovered);
        match owed.and_then(|owed| owed.checked_add(amount)) {
            Ok(total) if total <= CUSTODY_MAX => Ok(()),
            _ => Err(LedgerError::Full),
        }
    }

    /// The code of an asset, which the book knows from now on.
    fn defined(&mut self, asset: &Asset) -> Result<AssetCode, LedgerError> {
        let code = AssetCode::new(asset.id).map_err(|_| LedgerError::Full)?;
        if self.book.find_asset(&code).is_err() {
            self.book
                .define(LedgerAsset::new(code.clone(), asset.decimals)?)?;
        }
        Ok(code)
    }

    fn post(&mut self, draft: &Draft, narrative: &str) -> Result<(), LedgerError> {
        self.book.post(draft)?;
        self.narratives.push(Packed::new(narrative));
        Ok(())
    }

    /// Money in flight leaves custody, whether it goes back or out.
    fn leave_custody(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        amount: MinorUnits,
        narrative: &str,
    ) -> Result<(), LedgerError> {
        let handles = self.handles(account)?;
        let draft = draft(cx)
            .debit(handles.in_flight, amount)
            .credit(handles.custody, amount);
        self.post(&draft, narrative)
    }

    /// The platform's account of a kind that holds what an account holds.
    #[expect(
        clippy::expect_used,
        reason = "a book opens accounts for its own assets alone, and forgets none"
    )]
    fn beside(&mut self, account: AccountIx, kind: AccountKind) -> Result<AccountIx, LedgerError> {
        let asset = self.book.account(account)?.asset();
        let asset = self.book.asset(asset).expect("the asset of an account");
        let code = asset.code().clone();
        self.platform_account(kind, &code)
    }

    fn platform_account(
        &mut self,
        kind: AccountKind,
        asset: &AssetCode,
    ) -> Result<AccountIx, LedgerError> {
        let name = platform_name(kind, asset)?;
        match self.book.find(&name) {
            Ok(found) => Ok(found),
            Err(_) => self.book.open(name, asset, kind),
        }
    }
}

/// Money that goes from one account to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement<'a> {
    pub(crate) source: &'a AccountId,
    pub(crate) destination: &'a AccountId,
    pub(crate) amount: MinorUnits,
}

/// An amount of a request in the smallest unit of an asset, or what is wrong with it.
pub(crate) fn to_minor(
    amount: Amount,
    asset: &Asset,
    pointer: &str,
) -> Result<MinorUnits, Rejection> {
    let refuse = |problem: Problem| {
        problem
            .at(pointer)
            .received(amount.to_string())
            .bad_request()
    };
    if !amount.is_positive() {
        return Err(refuse(
            Problem::new(
                code::AMOUNT_NOT_POSITIVE,
                "The amount must be more than zero.",
            )
            .expected("a number above 0")
            .hint("The direction of a movement is given by its accounts, never by a sign."),
        ));
    }
    let units = amount.to_minor(asset.decimals).map_err(|error| {
        if matches!(error.kind(), AmountErrorKind::TooManyDecimals { .. }) {
            refuse(Problem::new(
                code::TOO_MANY_DECIMALS,
                format!("{} has {} decimals; nothing is rounded.", asset.id, asset.decimals),
            )
            .expected(format!("at most {} decimals", asset.decimals))
            .hint("Cut the amount before you send it; a sum computed in binary floating point often has a tail of digits."))
        } else {
            refuse(too_large())
        }
    })?;
    let units = MinorUnits::new(units);
    // No balance could ever cover it, and no reply could print it.
    if units > CUSTODY_MAX {
        return Err(refuse(too_large()));
    }
    Ok(units)
}

/// An amount on the wire.
#[expect(
    clippy::expect_used,
    reason = "were it ever to fail, a broken sandbox is better than a balance that is shown as 0"
)]
pub(crate) fn to_wire(units: MinorUnits, decimals: u32) -> Amount {
    // Amounts of requests have at most 28 digits. No balance exceeds what all customers are owed, as none is owed less
    // than zero, and that never comes to more than 28 digits (`must_have_room`); an asset has at most 18 decimals.
    Amount::from_minor(units.get(), decimals).expect("no amount of the books has over 28 digits")
}

/// An amount as text, also one that no customer could ever be owed.
pub(crate) fn shown(units: MinorUnits, decimals: u32) -> String {
    match Amount::from_minor(units.get(), decimals) {
        Ok(amount) => amount.to_string(),
        Err(_) => format!("{} of the smallest unit", units.get()),
    }
}

/// The problem of an amount that the books cannot take.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        code::AMOUNT_TOO_LARGE,
        "The amount is more than the books can hold.",
    )
    .expected("at most 28 digits, all money of the asset in the sandbox together")
    .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.")
}

/// As many of the smallest units of an asset as an amount on the wire can tell: 28 digits.
const CUSTODY_MAX: MinorUnits = MinorUnits::new(9_999_999_999_999_999_999_999_999_999);

fn draft(cx: &mut WriteContext<'_>) -> Draft {
    let id = EntryId::new(cx.mint_bits(IdKind::Entry));
    Draft::new(id, cx.stamp())
}

/// Account ids of clients have no colon, so the names of the platform's accounts are never theirs.
fn platform_name(kind: AccountKind, asset: &AssetCode) -> Result<LedgerAccountId, LedgerError> {
    ledger_name(&format!("{kind}:{asset}"))
}

fn ledger_name(text: &str) -> Result<LedgerAccountId, LedgerError> {
    // Ids are checked when they are chosen (1 to 64 visible characters), so the name is always one.
    LedgerAccountId::new(text).map_err(|_| LedgerError::Full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::assets::ASSETS;

    #[test]
    fn what_custody_can_hold_has_a_form_on_the_wire_in_every_asset() {
        for asset in ASSETS {
            for units in [CUSTODY_MAX, MinorUnits::new(-CUSTODY_MAX.get())] {
                let wire = to_wire(units, asset.decimals);
                assert_eq!(
                    wire.to_minor(asset.decimals),
                    Ok(units.get()),
                    "{}",
                    asset.id
                );
            }
        }
        let beyond = Amount::from_minor(CUSTODY_MAX.get() + 2, 2);
        assert!(beyond.is_err(), "the bound is the type's own");
    }
}
