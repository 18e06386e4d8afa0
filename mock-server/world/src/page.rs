//! Pages of a list, and the links between them.
//!
//! A page number counts from 0, a page has 20 rows unless the request says otherwise and never more than 1,000. Links are
//! paths with their query, below the API's base; an empty one says that there is no such page. They keep the filters of
//! the request.

use layer2_types::control;
use layer2_types::payments;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    number: usize,
    size: usize,
}

/// Where the other pages are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageLinks {
    pub(crate) this: String,
    pub(crate) first: String,
    pub(crate) prev: String,
    pub(crate) next: String,
    pub(crate) last: String,
}

impl PageLinks {
    pub(crate) fn into_payments(self) -> payments::Links {
        payments::Links::new()
            .with_self(self.this)
            .with_first(self.first)
            .with_prev(self.prev)
            .with_next(self.next)
            .with_last(self.last)
    }

    pub(crate) fn into_control(self) -> control::Links {
        control::Links::new()
            .with_self(self.this)
            .with_first(self.first)
            .with_prev(self.prev)
            .with_next(self.next)
            .with_last(self.last)
    }
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
            (Ok(number), Ok(size)) if problems.is_empty() => Ok(Self { number, size }),
            _ => Err(Rejection {
                status: 400,
                problems,
            }),
        }
    }

    /// The rows of the page, and how many rows there are.
    pub(crate) fn cut<T>(self, rows: impl Iterator<Item = T>) -> (Vec<T>, usize) {
        let skipped = self.number.saturating_mul(self.size);
        let mut page = Vec::new();
        let mut total = 0;
        for row in rows {
            if total >= skipped && page.len() < self.size {
                page.push(row);
            }
            total += 1;
        }
        (page, total)
    }

    /// The links of the page in a list of `total` rows at `path`; `query` holds the parameters of the request.
    pub(crate) fn links(self, path: &str, query: &[(&str, String)], total: usize) -> PageLinks {
        let last = total.div_ceil(self.size).saturating_sub(1);
        let to = |number: usize| self.link(path, query, number);
        PageLinks {
            this: to(self.number),
            first: to(0),
            prev: self
                .number
                .checked_sub(1)
                .map_or_else(String::new, |before| to(before.min(last))),
            next: if self.number < last {
                to(self.number + 1)
            } else {
                String::new()
            },
            last: to(last),
        }
    }

    fn link(self, path: &str, query: &[(&str, String)], number: usize) -> String {
        let mut link = format!("{path}?page={number}&page_size={}", self.size);
        for (name, value) in query
            .iter()
            .filter(|(name, _)| !matches!(*name, "page" | "page_size"))
        {
            link.push('&');
            link.push_str(name);
            link.push('=');
            push_encoded(&mut link, value);
        }
        link
    }
}

const SIZE_DEFAULT: i32 = 20;
const SIZE_MAX: i32 = 1000;

/// Percent-encodes all but the unreserved characters (RFC 3986, 2.3).
pub(crate) fn push_encoded(target: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
}

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

    #[test]
    fn pages_are_cut_and_linked() {
        let page = Page::of(Some(1), Some(2)).unwrap();
        let (rows, total) = page.cut(0..5);
        assert_eq!((rows, total), (vec![2, 3], 5));
        let links = page.links(
            "/v1/x",
            &[("page", "1".to_owned()), ("status", "A B".to_owned())],
            total,
        );
        assert_eq!(links.this, "/v1/x?page=1&page_size=2&status=A%20B");
        assert_eq!(links.prev, "/v1/x?page=0&page_size=2&status=A%20B");
        assert_eq!(links.next, "/v1/x?page=2&page_size=2&status=A%20B");
        assert_eq!(links.last, links.next);
    }

    #[test]
    fn the_ends_are_empty() {
        let only = Page::of(None, None).unwrap().links("/v1/x", &[], 0);
        assert_eq!((only.prev.as_str(), only.next.as_str()), ("", ""));
        assert_eq!(only.last, "/v1/x?page=0&page_size=20");
        let beyond = Page::of(Some(9), Some(2)).unwrap();
        assert!(beyond.cut(0..5).0.is_empty());
        let links = beyond.links("/v1/x", &[], 5);
        assert_eq!(
            (links.prev.as_str(), links.next.as_str()),
            ("/v1/x?page=2&page_size=2", "")
        );
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
