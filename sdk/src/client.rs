//! The client: a handle on shared state, cheap to clone.
//!
//! Clones share tokens, the retry budget and what was learned about the platform's clock. [`Client::with`] gives a handle
//! whose calls follow other options. A client is made by its builder and in no other way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use layer2_types::Api;
use layer2_types::Platform;
use reqwest::Url;

use crate::auth::Auth;
use crate::budget::RetryBudget;
use crate::builder::ClientBuilder;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::options::CallOptions;
use crate::retry::RetryPolicy;
use crate::runtime::Runtime;
use crate::signing::SignRequests;
use crate::signing::Signer;
use crate::signing_scheme::SigningScheme;
use crate::skew::Skew;
use crate::token::Tools;
use crate::transport::HttpTransport;

/// A client of the platforms. Resources are reached by method: `client.transfers().get(&id)`.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: Arc<CallOptions>,
}

/// What all clones of a client have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) payments: Option<Lane>,
    pub(crate) accounting: Option<Lane>,
    pub(crate) plaid: Option<Lane>,
    pub(crate) control: Option<Lane>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) replayed_header: HeaderName,
    pub(crate) transport: Arc<dyn HttpTransport>,
    pub(crate) runtime: Runtime,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: RetryBudget,
    pub(crate) signer: Option<Arc<dyn Signer>>,
    pub(crate) sign: SignRequests,
    pub(crate) signing_scheme: SigningScheme,
    pub(crate) platform: Platform,
    pub(crate) attempt_timeout: Duration,
    /// Slowest line that uploads have time for, in bytes a second.
    #[cfg_attr(
        not(any(feature = "payments", feature = "control")),
        allow(dead_code, reason = "the other APIs take no files")
    )]
    pub(crate) upload_rate: u32,
    pub(crate) deadline: Duration,
}

/// The way to one API.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) base: Url,
    pub(crate) auth: Auth,
    pub(crate) skew: Skew,
}

impl Lane {
    /// The addresses to which its requests go, and those for its tokens.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Url> {
        [Some(&self.base), self.auth.token_url()]
            .into_iter()
            .flatten()
    }
}

impl Client {
    /// Starts a builder with nothing set but the sandbox environment.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// The same client, whose calls follow these options where they say something.
    #[must_use]
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            options: Arc::new(options.over(&self.options)),
        }
    }

    /// The same client without what belongs to one call, for functions that make several: the platform refuses the second
    /// that comes with the key of the first, and its support finds one by a request id.
    #[cfg(feature = "webhooks")]
    pub(crate) fn for_several_calls(&self) -> Self {
        self.with_changed(|options| {
            options.idempotency_key = None;
            options.request_id = None;
            options.page_query.clear();
        })
    }

    /// The same client for one page of a list. A request id of the caller's is that of the first page that is read.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn for_page(&self, query: Vec<(String, String)>, is_first: bool) -> Self {
        self.with_changed(|options| {
            options.page_query = query;
            if !is_first {
                options.request_id = None;
            }
        })
    }

    #[cfg(any(feature = "payments", feature = "control"))]
    fn with_changed(&self, change: impl FnOnce(&mut CallOptions)) -> Self {
        let mut options = CallOptions::clone(&self.options);
        change(&mut options);
        Self {
            shared: Arc::clone(&self.shared),
            options: Arc::new(options),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn options(&self) -> &Arc<CallOptions> {
        &self.options
    }
}

/// For the builder alone.
impl From<Shared> for Client {
    fn from(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            options: Arc::default(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("shared", &self.shared)
            .field("options", &self.options)
            .finish()
    }
}

impl Shared {
    /// The way to `api`, if the builder was given one.
    pub(crate) fn lane(&self, api: Api) -> Result<&Lane, Error> {
        let (lane, remedy) = match api {
            Api::Payments => (&self.payments, "`credentials`"),
            Api::Accounting => (&self.accounting, "`accounting`"),
            Api::Plaid => (&self.plaid, "`plaid`"),
            Api::Control => (&self.control, "`control`"),
        };
        lane.as_ref().ok_or_else(|| {
            config(format!(
                "this client has no access to the {api} API: give its builder {remedy}"
            ))
        })
    }

    /// Whether a reply is marked as one that was saved for its key.
    pub(crate) fn is_replayed(&self, headers: &HeaderMap) -> bool {
        let mark = headers.get(&self.replayed_header);
        mark.is_some_and(|mark| !mark.as_bytes().eq_ignore_ascii_case(b"false"))
    }

    pub(crate) fn tools(&self, deadline: Duration) -> Tools<'_> {
        Tools {
            runtime: &self.runtime,
            transport: self.transport.as_ref(),
            user_agent: &self.user_agent,
            retry: &self.retry,
            deadline,
        }
    }
}

pub(crate) fn config(message: impl Into<String>) -> Error {
    Error::before_sending(ErrorKind::Config, message)
}
