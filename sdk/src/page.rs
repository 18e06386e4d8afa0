//! Lists, item by item or page by page.
//!
//! A list method with `_stream` behind its name gives [`Items`], which [`into_pages`](Items::into_pages) turns into
//! [`Pages`]. Both follow `links.next`; an empty or absent link ends the list. Only the query of a link is taken, over
//! the parameters that the caller gave: filters stay even where a link forgets them, whatever else the link carries
//! (`as_of`) travels on, and a link can never lead to another host. An item that was on the previous page already, as
//! happens when a new row pushes others down while one reads, is dropped.
//!
//! A page comes in a [`Reply`], so that its status, headers, request id and attempts are known; of items,
//! [`Items::reply`] tells what the last one came with. Each page is a call with a request id of its own; one that the
//! caller chose goes with the first.
//!
//! What page numbers cannot promise: rows that are inserted or removed between two pages shift the others, and a row
//! that moves *up* past the reader is not seen. Read once more, or use a filter that stands still, where that matters.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use futures_util::stream;
use layer2_types::Redacted;

use crate::client::Client;
use crate::error::Error;
use crate::reply::Reply;

mod walk;

use self::walk::Walk;
pub(crate) use self::walk::link_path;
pub(crate) use self::walk::link_query;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the platform's order.
    pub items: Vec<T>,
    /// Where the other pages are.
    pub links: PageLinks,
}

impl<T> Page<T> {
    /// A page of these items.
    pub fn new(items: Vec<T>, links: impl Into<PageLinks>) -> Self {
        Self {
            items,
            links: links.into(),
        }
    }

    /// Whether the list goes on.
    pub fn has_next(&self) -> bool {
        self.links.next().is_some()
    }
}

/// Links to other pages. An empty link means the same as none.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageLinks {
    /// The page after this one.
    pub next: Option<String>,
    /// The page before this one.
    pub prev: Option<String>,
}

impl PageLinks {
    fn next(&self) -> Option<&str> {
        self.next.as_deref().filter(|link| !link.is_empty())
    }
}

/// Whether there are links, not what they say: they repeat the filters of the list, which may name a person.
impl fmt::Debug for PageLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageLinks")
            .field("next", &Redacted::optional(&self.next))
            .field("prev", &Redacted::optional(&self.prev))
            .finish()
    }
}

impl<L: Into<PageLinks>> From<Option<L>> for PageLinks {
    fn from(links: Option<L>) -> Self {
        links.map(Into::into).unwrap_or_default()
    }
}

#[cfg(feature = "payments")]
impl From<layer2_types::payments::Links> for PageLinks {
    fn from(links: layer2_types::payments::Links) -> Self {
        Self {
            next: links.next,
            prev: links.prev,
        }
    }
}

#[cfg(feature = "control")]
impl From<layer2_types::control::Links> for PageLinks {
    fn from(links: layer2_types::control::Links) -> Self {
        Self {
            next: links.next,
            prev: links.prev,
        }
    }
}

/// The items of a list, as a stream that reads page after page.
///
/// A page is asked for when its first item is. The stream ends after the first error. [`into_pages`](Self::into_pages)
/// gives the same list a page at a time. Either way the filters of the call go with every page, and what was on the page
/// before is dropped.
///
/// ```no_run
/// use futures_util::TryStreamExt as _;
/// use layer2_sdk::CallOptions;
/// use layer2_sdk::payments::{AccountId, TransactionsListParams};
///
/// # async fn run(client: layer2_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let params = TransactionsListParams::new().with_account_id(AccountId::new("ACME_USD")?);
///
/// // Item by item,
/// let mut rows = client.transactions().list_stream(params.clone());
/// while let Some(row) = rows.try_next().await? {
///     println!("{}", row.id);
/// }
///
/// // or page by page, to store each with the place to go on from,
/// let mut pages = client.transactions().list_stream(params.clone()).into_pages();
/// let first = pages.try_next().await?;
/// let place = first.and_then(|page| page.into_inner().links.next);
///
/// // from which a later walk with the same parameters goes on.
/// if let Some(link) = place.filter(|link| !link.is_empty()) {
///     let from_there = client.with(CallOptions::new().page(&link)?);
///     let mut rows = from_there.transactions().list_stream(params);
///     println!("{:?}", rows.try_next().await?);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    ready: VecDeque<T>,
    /// Around the links of the page whose items are ready.
    reply: Option<Reply<PageLinks>>,
}

// Items are moved in and out, never pinned.
impl<T> Unpin for Items<T> {}

impl<T> Items<T> {
    /// The same list, page by page. Of a page that was read and not yet taken whole, the rest comes first.
    pub fn into_pages(self) -> Pages<T> {
        let Self {
            mut pages,
            ready,
            reply,
        } = self;
        if !ready.is_empty() {
            pages.left_over = reply.map(|reply| reply.map(|links| Page::new(ready.into(), links)));
        }
        pages
    }

    /// The reply that the last item came with: its status, headers, request id and attempts around the links of the page.
    /// None before the first item.
    pub fn reply(&self) -> Option<&Reply<PageLinks>> {
        self.reply.as_ref()
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(reply)) => {
                    let ready = &mut self.ready;
                    let links = reply.map(|page| {
                        ready.extend(page.items);
                        page.links
                    });
                    self.reply = Some(links);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}

/// The pages of a list, each with its reply, as a stream; see [`Items`]. A page whose items were all on the one before
/// comes empty.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T> {
    pages: BoxStream<'static, Result<Reply<Page<T>>, Error>>,
    /// What an item stream had read before it became one of pages.
    left_over: Option<Reply<Page<T>>>,
}

// As above.
impl<T> Unpin for Pages<T> {}

impl<T> Stream for Pages<T> {
    type Item = Result<Reply<Page<T>>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(reply) = self.left_over.take() {
            return Poll::Ready(Some(Ok(reply)));
        }
        self.pages.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// All items of a list, page after page. Ends after the first error.
///
/// `fetch` reads one page with a client that knows which one; `id` tells items apart.
pub(crate) fn paginate<T, P, F, Fetching, I>(
    client: &Client,
    params: P,
    fetch: F,
    id: I,
) -> Items<T>
where
    T: Send + 'static,
    P: Clone + Send + 'static,
    F: Fn(Client, P) -> Fetching + Send + 'static,
    Fetching: Future<Output = Result<Reply<Page<T>>, Error>> + Send + 'static,
    I: Fn(&T) -> String + Send + 'static,
{
    let walk = Walk::new(client, params, fetch, id);
    let pages = stream::unfold(walk, |mut walk| async move {
        walk.next().await.map(|page| (page, walk))
    });
    Items {
        pages: Pages {
            pages: pages.boxed(),
            left_over: None,
        },
        ready: VecDeque::new(),
        reply: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_link_is_no_link() {
        let links = PageLinks {
            next: Some(String::new()),
            prev: None,
        };
        assert!(!Page::new(vec![1], links).has_next());
        let links = PageLinks {
            next: Some("?page=1".to_owned()),
            prev: None,
        };
        assert!(Page::new(vec![1], links).has_next());
        assert!(!Page::new(vec![1], None::<PageLinks>).has_next());
    }

    #[test]
    fn debug_tells_whether_there_are_links_and_not_what_they_say() {
        let links = PageLinks {
            next: Some("/v1/applications?email_address=jane%40example.com&page=1".to_owned()),
            prev: None,
        };
        let printed = format!("{:?}", Page::new(vec![1], links));
        assert!(!printed.contains("jane"), "{printed}");
        assert!(printed.contains("prev: None"), "{printed}");
        assert!(printed.contains("next: Some(** redacted **)"), "{printed}");
    }
}
