//! Which transactions a list shows: those of some days, in one of two directions, a page of them.

use core::ops::Range;

use layer2_types::payments::SortOrder;

use super::TransactionRow;
use crate::clock;
use crate::page;
use crate::page::Cut;
use crate::page::Page;
use crate::page::RowOrder;
use crate::settings::TimestampStyle;

/// Which rows of a list to show, in which direction.
pub(super) struct Listing {
    pub(super) page: Page,
    /// The newest transaction that there is.
    pub(super) made: u64,
    pub(super) days: Days,
    pub(super) order: Option<SortOrder>,
}

impl Listing {
    /// The page of a history, with a filter or of all that is in the days; then no more rows are looked at than the
    /// page shows and binary searches need.
    pub(super) fn cut<'a>(
        &self,
        len: usize,
        at: impl Fn(usize) -> Option<(u64, &'a TransactionRow)>,
        style: TimestampStyle,
        filter: Option<impl Fn(&TransactionRow) -> bool>,
    ) -> Cut<&'a TransactionRow> {
        let places = self.days.places(len, &at, style);
        let order = match self.order {
            Some(SortOrder::Desc) => RowOrder::NewestFirst,
            _ => RowOrder::OldestFirst,
        };
        let Some(filter) = filter else {
            return self.page.pick(places, at, order, self.made);
        };
        let matching = |place| at(place).filter(|(_, row)| filter(row));
        match order {
            RowOrder::NewestFirst => {
                let rows = places.rev().filter_map(matching);
                self.page.cut(rows, order, self.made)
            }
            _ => self.page.cut(places.filter_map(matching), order, self.made),
        }
    }
}

/// The days between which a transaction has to be dated, both included.
pub(super) struct Days {
    pub(super) first: Option<layer2_types::Date>,
    pub(super) last: Option<layer2_types::Date>,
}

impl Days {
    /// The places of a history that fall in these days. Dates rise with the places, so their ends are searched for, and
    /// no date is worked out where no day was given.
    fn places<'a>(
        &self,
        len: usize,
        at: impl Fn(usize) -> Option<(u64, &'a TransactionRow)>,
        style: TimestampStyle,
    ) -> Range<usize> {
        let day_of = |place| at(place).map(|(_, row)| clock::day(row.at, style));
        let start = self.first.map_or(0, |first| {
            page::first_without(0..len, |place| {
                day_of(place).is_some_and(|day| day < first.civil())
            })
        });
        let end = self.last.map_or(len, |last| {
            page::first_without(start..len, |place| {
                day_of(place).is_some_and(|day| day <= last.civil())
            })
        });
        start..end
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use jiff::SignedDuration;
    use jiff::Timestamp;
    use layer2_ledger::MinorUnits;

    use super::*;
    use crate::packed::Id;
    use crate::packed::Name;
    use crate::payments::machines::TransactionStage;
    use crate::payments::transaction_kinds::Category;
    use crate::payments::transaction_kinds::TransactionKind;

    const ROWS: usize = 100_000;

    /// A transaction each minute.
    fn rows() -> Vec<TransactionRow> {
        let start: Timestamp = "2026-01-05T14:00:00Z".parse().unwrap();
        let row = |n: usize| TransactionRow {
            id: Id::of(&format!("transaction-{n}").parse().unwrap()),
            account: "ACME_MAIN".parse().unwrap(),
            decimals: 2,
            value: MinorUnits::new(1),
            stage: TransactionStage::Posted,
            kind: TransactionKind::InternalTransfer,
            category: Category::Transfer,
            order: Name::new("transfer"),
            description: None,
            originator: None,
            rail: None,
            at: start + SignedDuration::from_mins(i64::try_from(n).unwrap()),
            posted_at: None,
            cause: 1,
        };
        (0..ROWS).map(row).collect()
    }

    /// Goal: a page of a long history costs what a page of a short one does, with days and without. Method: rows are
    /// counted when they are looked at.
    #[test]
    fn a_page_of_a_long_history_looks_at_few_rows() {
        let rows = rows();
        let day = |text: &str| Some(text.parse().unwrap());
        let style = TimestampStyle::NewYork;
        for (first, last, total) in [
            (None, None, ROWS),
            (day("2026-02-01"), None, ROWS - (26 * 24 + 15) * 60),
            (None, day("2026-01-05"), 15 * 60),
            (day("2026-02-01"), day("2026-02-02"), 2 * 24 * 60),
            (day("2027-01-01"), None, 0),
        ] {
            for order in [SortOrder::Asc, SortOrder::Desc] {
                let listing = Listing {
                    page: Page::of(Some(1), None).unwrap(),
                    made: ROWS as u64,
                    days: Days { first, last },
                    order: Some(order),
                };
                let looked_at = Cell::new(0_usize);
                let at = |place: usize| {
                    looked_at.set(looked_at.get() + 1);
                    Some((place as u64 + 1, rows.get(place)?))
                };
                let all = None::<fn(&TransactionRow) -> bool>;
                let picked = listing.cut(ROWS, at, style, all);
                // A page, and four binary searches of seventeen steps at the most.
                assert!(looked_at.get() <= 20 + 4 * 17, "{}", looked_at.get());

                let every = listing.cut(ROWS, at, style, Some(|_: &TransactionRow| true));
                assert_eq!(picked, every, "{first:?} to {last:?}");
                assert_eq!(picked.total(), total, "{first:?} to {last:?}");
            }
        }
    }
}
