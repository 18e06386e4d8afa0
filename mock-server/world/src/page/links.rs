//! Links between the pages of a list.

use layer2_types::control;
use layer2_types::payments;

use super::AS_OF;
use super::AsOf;
use super::Cut;

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

impl<T> Cut<T> {
    /// The links of the page in its list at `path`; `query` holds the parameters of the request.
    pub(crate) fn links(&self, path: &str, query: &[(&str, String)]) -> PageLinks {
        let (number, size) = (self.page.number, self.page.size);
        let last = self.total.div_ceil(size).saturating_sub(1);
        let to = |number: usize, behind: Option<u64>| {
            let as_of = AsOf {
                newest: self.newest,
                behind,
            };
            link(path, query, number, size, as_of)
        };
        let own = self.page.as_of.and_then(|as_of| as_of.behind);
        PageLinks {
            this: to(number, own),
            first: to(0, None),
            prev: number
                .checked_sub(1)
                .map_or_else(String::new, |before| to(before.min(last), None)),
            next: match self.last {
                Some(behind) if self.more => to(number + 1, Some(behind)),
                _ => String::new(),
            },
            last: to(last, None),
        }
    }
}

fn link(path: &str, query: &[(&str, String)], number: usize, size: usize, as_of: AsOf) -> String {
    let mut link = format!("{path}?page={number}&page_size={size}");
    for (name, value) in query
        .iter()
        .filter(|(name, _)| !matches!(*name, "page" | "page_size" | AS_OF))
    {
        link.push('&');
        link.push_str(name);
        link.push('=');
        push_encoded(&mut link, value);
    }
    link.push_str(&format!("&{AS_OF}={as_of}"));
    link
}

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
