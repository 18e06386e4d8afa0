//! The books, to be read: the trial balance and the entries.

use jiff::Timestamp;
use layer2_ledger::AssetTotals;
use layer2_ledger::Entry;
use layer2_ledger::MinorUnits;
use layer2_ledger::Posting;
use layer2_ledger::Side;
use layer2_types::control;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::generated::control::Ledger;
use crate::page::Page;
use crate::page::RowOrder;
use crate::payments::funds;
use crate::rejection::Rejection;
use crate::settings::TimestampStyle;
use crate::world::World;

impl Ledger for World {
    fn ledger_trial_balance(
        &self,
        _cx: &ReadContext<'_>,
    ) -> Result<control::TrialBalanceReply, Rejection> {
        let balance = self.payments.funds.book().trial_balance();
        let with_entries = balance
            .assets()
            .iter()
            .filter(|totals| totals.debits.is_positive());
        let assets: Result<Vec<_>, _> = with_entries.map(totals_on_wire).collect();
        Ok(control::TrialBalanceReply::new(balance.balanced(), assets?))
    }

    fn ledger_entries(
        &self,
        cx: &ReadContext<'_>,
        params: control::LedgerEntriesParams,
    ) -> Result<control::LedgerEntryListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let book = self.payments.funds.book();
        let made = book.sequence();
        let cut = match &params.account_id {
            None => {
                let entries = book.entries();
                let at = |place: usize| entries.get(place).map(|entry| (entry.sequence(), entry));
                page.pick(0..entries.len(), at, RowOrder::OldestFirst, made)
            }
            Some(account) => {
                let known = || book.accounts().map(|(_, account)| account.id().as_str());
                let unknown =
                    || Rejection::unknown_id("account", account.as_str(), known()).at("account_id");
                let ix = self
                    .payments
                    .funds
                    .named(account.as_str())
                    .ok_or_else(unknown)?;
                let count = book.entry_count(ix, u64::MAX).map_err(|_| unknown())?;
                let at = |place: usize| {
                    let entry = book.entries_of(ix, place..=place).ok()?.next()?;
                    Some((entry.sequence(), entry))
                };
                page.pick(0..count, at, RowOrder::OldestFirst, made)
            }
        };
        let path = self.control_path("ledger/entries");
        let links = cut.links(&path, &params.to_pairs()).into_control();
        let entries: Result<Vec<_>, _> = cut
            .rows
            .into_iter()
            .map(|entry| self.entry_on_wire(entry))
            .collect();
        Ok(control::LedgerEntryListReply::new(
            control::LedgerEntryList::new(entries?),
            links,
        ))
    }
}

impl World {
    pub(super) fn entry_on_wire(&self, entry: &Entry) -> Result<control::LedgerEntry, Rejection> {
        let postings: Result<Vec<_>, _> = entry
            .postings()
            .iter()
            .map(|posting| self.posting_on_wire(posting))
            .collect();
        let at = Timestamp::from_microsecond(entry.stamp().at_micros).unwrap_or(Timestamp::MAX);
        Ok(control::LedgerEntry::new(
            // Neither number comes near the end of 63 bits.
            i64::try_from(entry.sequence()).unwrap_or(i64::MAX),
            i64::try_from(entry.stamp().cause).unwrap_or(i64::MAX),
            clock::wire(at, TimestampStyle::Utc),
            self.payments.funds.narrative(entry.sequence()),
            postings?,
        ))
    }

    fn posting_on_wire(&self, posting: &Posting) -> Result<control::LedgerPosting, Rejection> {
        let book = self.payments.funds.book();
        let broken = || Rejection::internal("An entry names an account that is not in the books.");
        let account = book.account(posting.account()).map_err(|_| broken())?;
        let asset = book.asset(account.asset()).ok_or_else(broken)?;
        let wire = |units: MinorUnits| funds::to_wire(units, asset.scale());
        let side = match posting.side() {
            Side::Debit => control::LedgerSide::Debit,
            Side::Credit => control::LedgerSide::Credit,
        };
        Ok(control::LedgerPosting::new(
            account.id().as_str().to_owned(),
            control::LedgerAccountKind::from(account.kind().as_str()),
            control::AssetTypeId::new(asset.code().as_str()).map_err(|_| Rejection::bad_id())?,
            side,
            wire(posting.amount()),
            wire(posting.balance_after()),
        ))
    }
}

fn totals_on_wire(totals: &AssetTotals) -> Result<control::TrialBalanceAsset, Rejection> {
    let wire = |units: MinorUnits| funds::to_wire(units, totals.scale);
    Ok(control::TrialBalanceAsset::new(
        control::AssetTypeId::new(totals.asset.as_str()).map_err(|_| Rejection::bad_id())?,
        wire(totals.customers_owed),
        wire(totals.fees),
        wire(totals.suspense),
        wire(totals.custody),
        wire(totals.clearing),
        wire(totals.in_flight),
        wire(totals.difference()),
    ))
}
