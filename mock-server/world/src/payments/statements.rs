//! Statements: what happened on an account in a month, with the balances at both ends.
//!
//! They follow from the postings and the business clock alone, so nothing is kept for them: an account has one for each
//! month that is over, from the one in which it was opened on, and its id is made from the account and the month. Months
//! are those of the zone of the timestamps.

use layer2_ledger::MinorUnits;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::StatementId;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::generated::payments::Statements;
use crate::ids;
use crate::page::Page;
use crate::page::RowOrder;
use crate::payments::accounts::AccountRow;
use crate::payments::funds;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Rejection;
use crate::world::World;

impl Statements for World {
    fn statements_list(
        &self,
        cx: &ReadContext<'_>,
        account_id: AccountId,
        params: payments::StatementsListParams,
    ) -> Result<payments::StatementListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let account = self.payments.account(&account_id, "account_id")?;
        let months = self.months_over(cx, account);
        let made = u64::try_from(months.len()).unwrap_or(u64::MAX);
        let cut = page.cut((1..).zip(months), RowOrder::OldestFirst, made);
        let path = format!("/v1/accounts/deposits/{account_id}/statements");
        let links = cut.links(&path, &params.to_pairs());
        let statements: Result<Vec<_>, Rejection> = cut
            .rows
            .into_iter()
            .map(|month| {
                let id = self.statement_id(account, month)?;
                Ok(payments::StatementSummary::new(id)
                    .with_year(month.year)
                    .with_month(month.month))
            })
            .collect();
        Ok(payments::StatementListReply::new(
            payments::StatementList::new().with_statements(statements?),
        )
        .with_links(links.into_payments()))
    }

    fn statements_get(
        &self,
        cx: &ReadContext<'_>,
        account_id: AccountId,
        statement_id: StatementId,
    ) -> Result<payments::StatementReply, Rejection> {
        let account = self.payments.account(&account_id, "account_id")?;
        let mut known = Vec::new();
        for month in self.months_over(cx, account) {
            let id = self.statement_id(account, month)?;
            if id == statement_id {
                return Ok(payments::StatementReply::new(
                    self.statement(account, month),
                ));
            }
            known.push(id);
        }
        let known = known.iter().map(StatementId::as_str);
        Err(
            Rejection::unknown_id("statement of this account", statement_id.as_str(), known)
                .at("statement_id"),
        )
    }
}

/// A month of the calendar; earlier ones are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Month {
    year: i32,
    month: i32,
}

impl Month {
    fn of(day: jiff::civil::Date) -> Self {
        Self {
            year: i32::from(day.year()),
            month: i32::from(day.month()),
        }
    }

    const fn next(self) -> Self {
        if self.month == 12 {
            return Self {
                year: self.year + 1,
                month: 1,
            };
        }
        Self {
            year: self.year,
            month: self.month + 1,
        }
    }

    fn text(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

impl World {
    /// The months of an account that are over, oldest first.
    fn months_over(&self, cx: &ReadContext<'_>, account: &AccountRow) -> Vec<Month> {
        let this_month = self.month_of(cx.now());
        let first = self.month_of(account.opened);
        core::iter::successors(Some(first), |month| Some(month.next()))
            .take_while(|month| *month < this_month)
            .collect()
    }

    fn month_of(&self, instant: jiff::Timestamp) -> Month {
        Month::of(clock::day(instant, self.settings().timestamps))
    }

    fn statement_id(&self, account: &AccountRow, month: Month) -> Result<StatementId, Rejection> {
        let parts = [account.id.as_str().as_bytes(), month.text().as_bytes()].concat();
        StatementId::new(ids::derived(self.seed(), "statement", &parts))
            .map_err(|_| Rejection::bad_id())
    }

    fn statement(&self, account: &AccountRow, month: Month) -> payments::Statement {
        let mut posted: Vec<(Month, &TransactionRow)> = self
            .payments
            .transactions
            .of_account(&account.id)
            .filter_map(|(_, row)| Some((self.month_of(row.posted_at?), row)))
            .collect();
        // Rows come by when they began; a statement has them by when they were posted.
        posted.sort_by_key(|(_, row)| row.posted_at);

        let before = posted.iter().filter(|(posted, _)| *posted < month);
        let opening: i128 = before.map(|(_, row)| row.value.get()).sum();
        let mut balance = opening;
        let rows = posted
            .iter()
            .filter(|(posted, _)| *posted == month)
            .map(|(_, row)| {
                balance += row.value.get();
                self.statement_row(row, MinorUnits::new(balance))
            })
            .collect();
        let wire = |units: i128| funds::to_wire(MinorUnits::new(units), account.decimals);
        payments::Statement::new()
            .with_account_id(account.id.clone())
            .with_asset_type_id(account.asset.clone())
            .with_statement_period(month.text())
            .with_opening_balance(wire(opening))
            .with_closing_balance(wire(balance))
            .with_customer(self.statement_customer(account))
            .with_transactions(rows)
    }

    fn statement_row(
        &self,
        row: &TransactionRow,
        balance: MinorUnits,
    ) -> payments::StatementTransaction {
        let style = self.settings().timestamps;
        let description = row.description.as_ref().map(Private::reveal);
        let mut on_wire = payments::StatementTransaction::new(row.id.get())
            .with_transaction_type(row.kind.on_wire())
            .with_description(description.unwrap_or_else(|| usual_description(row.category)))
            .with_transaction_date(clock::wire(row.at, style))
            .with_amount(funds::to_wire(row.value, row.decimals))
            .with_balance(funds::to_wire(balance, row.decimals));
        on_wire.transaction_posted_date = row.posted_at.map(|at| clock::wire(at, style));
        on_wire
    }

    fn statement_customer(&self, account: &AccountRow) -> payments::StatementCustomer {
        let holder = self.holder(account);
        let address = holder.address;
        let mut customer = payments::StatementCustomer::new().with_name(holder.name);
        customer.address1 = address.address_line1;
        customer.address2 = address.address_line2;
        customer.address3 = address.address_line3;
        customer.city = address.city;
        customer.state = address.state;
        customer.postal_code = address.postal_code;
        customer.country = address.country_code;
        customer
    }
}

/// What a row is called that nobody has described.
fn usual_description(category: Category) -> String {
    match category {
        Category::Deposit => "Deposit",
        Category::Exchange => "Exchange",
        Category::Transfer => "Transfer",
        Category::Withdrawal => "Withdrawal",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_twelve_months() {
        let december = Month {
            year: 2025,
            month: 12,
        };
        let january = december.next();
        assert!(december < january);
        assert_eq!(january.text(), "2026-01");
        assert_eq!(january.next().text(), "2026-02");
    }
}
