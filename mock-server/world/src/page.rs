//! Pages of a list, and the links between them.
//!
//! A page number counts from 0, a page has 20 rows unless the request says otherwise and never more than 1,000. Links are
//! paths with their query, below the API's base; an empty one says that there is no such page. They keep the filters of
//! the request.
//!
//! Page numbers alone promise nothing while rows are being added: a new row at the front of a list that is newest first
//! moves all others by one, and the next page repeats a row. So links carry `as_of`, which no client makes itself: how
//! many rows had been made when the first page was read, and in the link to the next page also the last row of this one
//! ([`AsOf`]). Rows that were made later are left out, and the next page goes on behind the row that was last, also if
//! rows before it no longer match the filter of the request.

use core::ops::Range;

use crate::context::ReadContext;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

mod as_of;
mod links;

pub(crate) use as_of::AS_OF;
use as_of::AsOf;
pub(crate) use links::push_encoded;

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    number: usize,
    size: usize,
    as_of: Option<AsOf>,
}

/// In which order a list shows its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOrder {
    NewestFirst,
    OldestFirst,
    /// By something that changes. No row stays behind another one, so the rows before a page are counted.
    Changing,
}

/// The rows of one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut<T> {
    pub(crate) rows: Vec<T>,
    page: Page,
    /// How many rows match.
    total: usize,
    /// Whether rows follow this page.
    more: bool,
    newest: u64,
    last: Option<u64>,
}

impl Page {
    /// The page that the parameters `page` and `page_size` name.
    pub(crate) fn of(number: Option<i32>, size: Option<i32>) -> Result<Self, Rejection> {
        let number = number.unwrap_or(0);
        let size = size.unwrap_or(SIZE_DEFAULT);
        let mut problems = Vec::new();
        let page = usize::try_from(number);
        if page.is_err() {
            problems.push(out_of_range("page", number, "0 or more"));
        }
        if !(1..=SIZE_MAX).contains(&size) {
            problems.push(out_of_range("page_size", size, "1 to 1000"));
        }
        match (page, usize::try_from(size)) {
            (Ok(number), Ok(size)) if problems.is_empty() => Ok(Self {
                number,
                size,
                as_of: None,
            }),
            _ => Err(Rejection {
                status: 400,
                problems,
            }),
        }
    }

    /// The same page of the list as it was when the request's `as_of` was made.
    pub(crate) fn as_of(self, cx: &ReadContext<'_>) -> Result<Self, Rejection> {
        let Some(text) = cx.as_of() else {
            return Ok(self);
        };
        match text.parse() {
            Ok(as_of) => Ok(Self {
                as_of: Some(as_of),
                ..self
            }),
            Err(_) => Err(Problem::new(
                code::VALIDATION_FAILED,
                "`as_of` is not one that this server made.",
            )
            .at(AS_OF)
            .received(text)
            .expected("the `as_of` of a link")
            .hint("Follow the links of a list as they are, or leave `as_of` out to begin anew.")
            .bad_request()),
        }
    }

    /// The rows of the page. They come with their numbers, in the order of the list; `made` is how many there were ever.
    pub(crate) fn cut<T>(
        self,
        rows: impl Iterator<Item = (u64, T)>,
        order: RowOrder,
        made: u64,
    ) -> Cut<T> {
        let newest = self.newest(made);
        let behind = self.behind().filter(|_| order != RowOrder::Changing);
        let skipped = self.skipped(behind);
        let mut cut = Cut {
            rows: Vec::new(),
            page: self,
            total: 0,
            more: false,
            newest,
            last: None,
        };
        let mut candidates = 0;
        for (number, row) in rows.filter(|(number, _)| *number <= newest) {
            cut.total += 1;
            let is_behind = behind.is_none_or(|behind| match order {
                RowOrder::NewestFirst => number < behind,
                RowOrder::OldestFirst => number > behind,
                RowOrder::Changing => true,
            });
            if !is_behind {
                continue;
            }
            candidates += 1;
            if candidates <= skipped {
                continue;
            }
            if cut.rows.len() < self.size {
                cut.rows.push(row);
                cut.last = Some(number);
            } else {
                cut.more = true;
            }
        }
        cut
    }

    /// The same out of a run of rows that nothing filters: `at` gives number and row of each of the `places`, and the
    /// numbers rise. No more rows are looked at than the page shows and binary searches need.
    pub(crate) fn pick<T>(
        self,
        places: Range<usize>,
        at: impl Fn(usize) -> Option<(u64, T)>,
        order: RowOrder,
        made: u64,
    ) -> Cut<T> {
        let newest = self.newest(made);
        let number_at = |place| at(place).map_or(u64::MAX, |(number, _)| number);
        let end = first_without(places.clone(), |place| number_at(place) <= newest);
        let start = places.start;
        let (behind, skipped) = (self.behind(), self.skipped(self.behind()));
        let newest_first = order == RowOrder::NewestFirst;
        let rest = match (behind, newest_first) {
            (Some(behind), true) => {
                start..first_without(start..end, |place| number_at(place) < behind)
            }
            (Some(behind), false) => {
                first_without(start..end, |place| number_at(place) <= behind)..end
            }
            (None, true) => start..end.saturating_sub(skipped).max(start),
            (None, false) => start.saturating_add(skipped).min(end)..end,
        };
        let shown = if newest_first {
            rest.end.saturating_sub(self.size).max(rest.start)..rest.end
        } else {
            rest.start..rest.start.saturating_add(self.size).min(rest.end)
        };
        let more = shown.len() < rest.len();
        let mut rows: Vec<(u64, T)> = shown.filter_map(at).collect();
        if newest_first {
            rows.reverse();
        }
        Cut {
            page: self,
            total: end - start,
            more,
            newest,
            last: rows.last().map(|(number, _)| *number),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    /// The newest row that the list has.
    fn newest(self, made: u64) -> u64 {
        self.as_of.map_or(made, |as_of| as_of.newest)
    }

    /// The row that the page goes on behind.
    fn behind(self) -> Option<u64> {
        self.as_of.and_then(|as_of| as_of.behind)
    }

    /// How many rows are before the page.
    const fn skipped(self, behind: Option<u64>) -> usize {
        match behind {
            Some(_) => 0,
            None => self.number.saturating_mul(self.size),
        }
    }
}

#[cfg(test)]
impl<T> Cut<T> {
    /// How many rows the whole list has.
    pub(crate) const fn total(&self) -> usize {
        self.total
    }
}

/// The first of the places for which `holds` is false; it is true for those before and false for those after.
pub(crate) fn first_without(places: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = places;
    while start < end {
        let middle = start + (end - start) / 2;
        if holds(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

const SIZE_DEFAULT: i32 = 20;
const SIZE_MAX: i32 = 1000;

fn out_of_range(name: &str, received: i32, expected: &str) -> Problem {
    Problem::new(
        code::VALIDATION_FAILED,
        format!("`{name}` is out of range."),
    )
    .at(name)
    .received(received.to_string())
    .expected(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oldest_first(made: u64) -> impl Iterator<Item = (u64, u64)> {
        (1..=made).map(|number| (number, number))
    }

    #[test]
    fn pages_are_cut_and_linked() {
        let page = Page::of(Some(1), Some(2)).unwrap();
        let cut = page.cut(oldest_first(5), RowOrder::OldestFirst, 5);
        assert_eq!((cut.rows.as_slice(), cut.total), (&[3, 4][..], 5));
        let query = [("page", "1".to_owned()), ("status", "A B".to_owned())];
        let links = cut.links("/v1/x", &query);
        assert_eq!(links.this, "/v1/x?page=1&page_size=2&status=A%20B&as_of=5");
        assert_eq!(links.prev, "/v1/x?page=0&page_size=2&status=A%20B&as_of=5");
        assert_eq!(
            links.next,
            "/v1/x?page=2&page_size=2&status=A%20B&as_of=5-4"
        );
        assert_eq!(links.last, "/v1/x?page=2&page_size=2&status=A%20B&as_of=5");
    }

    #[test]
    fn the_ends_are_empty() {
        let nothing = Page::of(None, None)
            .unwrap()
            .cut(oldest_first(0), RowOrder::OldestFirst, 0);
        let only = nothing.links("/v1/x", &[]);
        assert_eq!((only.prev.as_str(), only.next.as_str()), ("", ""));
        assert_eq!(only.last, "/v1/x?page=0&page_size=20&as_of=0");
        let beyond =
            Page::of(Some(9), Some(2))
                .unwrap()
                .cut(oldest_first(5), RowOrder::OldestFirst, 5);
        assert!(beyond.rows.is_empty());
        let links = beyond.links("/v1/x", &[]);
        assert_eq!(
            (links.prev.as_str(), links.next.as_str()),
            ("/v1/x?page=2&page_size=2&as_of=5", "")
        );
    }

    /// Goal: whether a page is picked or cut, it is the same page with the same links. Method: every page of every list of
    /// up to six rows, some of whose numbers are left out, from its beginning and behind each row.
    #[test]
    fn a_page_that_is_picked_is_the_one_that_is_cut() {
        for gaps in 0..64_u64 {
            let list: Vec<(u64, u64)> = (1..=6)
                .filter(|number| gaps >> (number - 1) & 1 == 0)
                .map(|number| (number, number * 10))
                .collect();
            let mut as_ofs = vec![None];
            for newest in 0..=6 {
                let behind = (0..=6).map(Some).chain([None]);
                as_ofs.extend(behind.map(|behind| Some(AsOf { newest, behind })));
            }
            for as_of in as_ofs {
                for (number, size) in [(0, 1), (0, 2), (1, 2), (2, 2), (0, 6), (3, 9)] {
                    let page = Page {
                        as_of,
                        ..Page::of(Some(number), Some(size)).unwrap()
                    };
                    let at = |place: usize| list.get(place).copied();
                    let picked = page.pick(0..list.len(), at, RowOrder::OldestFirst, 6);
                    let cut = page.cut(list.iter().copied(), RowOrder::OldestFirst, 6);
                    assert_eq!(picked, cut, "{list:?}");
                    let picked = page.pick(0..list.len(), at, RowOrder::NewestFirst, 6);
                    let cut = page.cut(list.iter().rev().copied(), RowOrder::NewestFirst, 6);
                    assert_eq!(picked, cut, "{list:?} from its end");
                }
            }
        }
    }

    /// However long the list, a page looks at what it shows and at a few rows more.
    #[test]
    fn a_page_that_is_picked_looks_at_few_rows() {
        let made = 1_000_000;
        for order in [RowOrder::OldestFirst, RowOrder::NewestFirst] {
            for (number, as_of) in [(0, None), (40_000, None), (7, Some("900000-450000"))] {
                let looked_at = core::cell::Cell::new(0);
                let at = |place: usize| {
                    looked_at.set(looked_at.get() + 1);
                    Some((place as u64 + 1, ()))
                };
                let page = Page {
                    as_of: as_of.map(|text| text.parse().unwrap()),
                    ..Page::of(Some(number), None).unwrap()
                };
                let cut = page.pick(0..made, at, order, made as u64);
                assert_eq!(cut.rows.len(), 20);
                // Two binary searches of twenty steps, and the page.
                assert!(looked_at.get() <= 62, "{} of {made}", looked_at.get());
            }
        }
    }

    /// Goal: no row twice, none missing. Method: the pages of a list are read one by one, and before each of them rows
    /// are made, and rows that were shown already cease to match.
    #[test]
    fn pages_neither_repeat_nor_skip_while_rows_come_and_go() {
        for order in [RowOrder::OldestFirst, RowOrder::NewestFirst] {
            let mut made = 7;
            let mut page = Page::of(None, Some(2)).unwrap();
            let mut seen: Vec<u64> = Vec::new();
            loop {
                let gone = seen.clone();
                let mut rows: Vec<(u64, u64)> = oldest_first(made)
                    .filter(|(number, _)| !gone.contains(number))
                    .collect();
                if order == RowOrder::NewestFirst {
                    rows.reverse();
                }
                let cut = page.cut(rows.into_iter(), order, made);
                seen.extend(&cut.rows);
                let next = cut.links("/v1/x", &[]).next;
                let Some((_, as_of)) = next.split_once("as_of=") else {
                    break;
                };
                page.number += 1;
                page.as_of = Some(as_of.parse().unwrap());
                made += 3;
            }
            seen.sort_unstable();
            assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7], "{order:?}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_told_all_at_once() {
        let rejection = Page::of(Some(-1), Some(1001)).unwrap_err();
        let places: Vec<_> = rejection
            .problems
            .iter()
            .filter_map(|problem| problem.pointer.as_deref())
            .collect();
        assert_eq!(places, ["page", "page_size"]);
        assert!(Page::of(Some(0), Some(1000)).is_ok());
        assert!(Page::of(Some(0), Some(0)).is_err());
    }
}
