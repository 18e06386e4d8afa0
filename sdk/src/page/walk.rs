//! The walk from page to page, by the links of each.

use std::collections::HashSet;
use std::future::Future;

use bytes::Bytes;
use reqwest::Url;

use super::Page;
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::reply::Reply;

/// Where a reader of a list is.
pub(super) struct Walk<P, F, I> {
    client: Client,
    params: P,
    fetch: F,
    id: I,
    next: Next,
    /// Queries of the pages that were read, so that a circle of links is noticed.
    visited: HashSet<Vec<(String, String)>>,
    /// Ids of the page that was read last.
    previous: HashSet<String>,
}

enum Next {
    /// Query of the page to read; empty for the first, unless the caller begins at another one.
    Page(Vec<(String, String)>),
    /// The last page said where to go on, and one cannot go there.
    Nowhere(Error),
    End,
}

impl<P, F, I> Walk<P, F, I> {
    /// A walk that begins where the client is told to, at the first page otherwise.
    pub(super) fn new(client: &Client, params: P, fetch: F, id: I) -> Self {
        Self {
            client: client.clone(),
            params,
            fetch,
            id,
            next: Next::Page(client.options().page_query.clone()),
            visited: HashSet::new(),
            previous: HashSet::new(),
        }
    }

    /// The next page, unless the last one was the end.
    pub(super) async fn next<T, Fetching>(&mut self) -> Option<Result<Reply<Page<T>>, Error>>
    where
        P: Clone,
        F: Fn(Client, P) -> Fetching,
        Fetching: Future<Output = Result<Reply<Page<T>>, Error>>,
        I: Fn(&T) -> String,
    {
        let query = match std::mem::replace(&mut self.next, Next::End) {
            Next::Page(query) => query,
            Next::Nowhere(error) => return Some(Err(error)),
            Next::End => return None,
        };
        let is_first = self.visited.is_empty();
        let client = self.client.for_page(query.clone(), is_first);
        let mut reply = match (self.fetch)(client, self.params.clone()).await {
            Ok(reply) => reply,
            Err(error) => return Some(Err(error)),
        };
        self.visited.insert(query);
        self.next = match reply.links.next() {
            None => Next::End,
            Some(link) => match link_query(link) {
                Some(next) if !self.visited.contains(&next) => Next::Page(next),
                _ => Next::Nowhere(goes_nowhere(&reply)),
            },
        };
        let items = &mut reply.value.items;
        let ids: HashSet<String> = items.iter().map(&self.id).collect();
        let previous = std::mem::replace(&mut self.previous, ids);
        items.retain(|item| !previous.contains(&(self.id)(item)));
        Some(Ok(reply))
    }
}

/// The query of an absolute or relative link; `None` if it has none.
pub(crate) fn link_query(link: &str) -> Option<Vec<(String, String)>> {
    let pairs: Vec<_> = read(link)?
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    (!pairs.is_empty()).then_some(pairs)
}

/// The path of an absolute or relative link, encoded; `None` if it has none, as `?page=1`.
pub(crate) fn link_path(link: &str) -> Option<String> {
    let path = read(link)?.path().to_owned();
    (path != "/").then_some(path)
}

/// A base is needed to read a relative link; nothing of it is used but its empty path.
fn read(link: &str) -> Option<Url> {
    let base = Url::parse("https://link.invalid/").ok()?;
    base.join(link).ok()
}

/// A link that leads nowhere is a fault of the reply that carried it.
fn goes_nowhere<T>(reply: &Reply<T>) -> Error {
    Error::new(
        ErrorKind::UnexpectedReply,
        Outcome::Done,
        "the list's `links.next` has no query or points to a page that was read; reading on would never end",
    )
    .with_reply(reply.status, Bytes::new())
    .with_headers(reply.headers.clone())
    .in_call(
        reply.operation,
        Some(reply.request_id().to_owned()),
        reply.idempotency_key.clone(),
        reply.attempts,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_query_of_a_link_counts() {
        let pairs = Some(vec![
            ("page".to_owned(), "1".to_owned()),
            ("as_of".to_owned(), "t 1".to_owned()),
        ]);
        for link in [
            "/v1/transactions?page=1&as_of=t+1",
            "?page=1&as_of=t%201",
            "https://elsewhere.example/v1/transactions?page=1&as_of=t+1",
        ] {
            assert_eq!(link_query(link), pairs, "{link}");
        }
        assert_eq!(link_query("/v1/transactions"), None);
        assert_eq!(link_query("//"), None);
    }

    #[test]
    fn a_link_has_the_path_that_it_names() {
        for (link, path) in [
            ("/v1/a%20b/rows?page=1", Some("/v1/a%20b/rows")),
            ("https://x.example/api/v1/rows?page=1", Some("/api/v1/rows")),
            ("rows?page=1", Some("/rows")),
            ("https://x.example?page=1", None),
            ("?page=1", None),
        ] {
            assert_eq!(link_path(link).as_deref(), path, "{link}");
        }
    }
}
