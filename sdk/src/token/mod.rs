//! Access tokens: fetched once, shared, renewed early, dropped when refused.
//!
//! OAuth2 client credentials (RFC 6749, 4.4) with HTTP Basic. The payments server takes the parameters in the query and
//! no body, the accounting server takes a form (platform facts, authentication). What this layer holds to:
//!
//! - *Single flight*: however many calls need a token, one request is on its way; who waited for it shares its result,
//!   a failure too, so that a dead token endpoint is not asked a thousand times in a row.
//! - *Early*: a token is renewed min(60 s, a fifth of its life) before its end, plus some jitter, by one caller; the
//!   others go on with the old one, and so does that caller if the renewal fails.
//! - *By generation*: a 401 drops the token that was refused, never a newer one that another call fetched meanwhile.

mod answer;
mod request;

use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use tracing::Instrument as _;
use tracing::Span;

use self::answer::Granted;
use self::answer::Refusal;
pub(crate) use self::request::TokenEndpoint;
pub use self::request::TokenStyle;
pub(crate) use self::request::sensitive;
use crate::credentials;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::error::Error;
use crate::retry::RetryPolicy;
use crate::runtime::Runtime;
use crate::telemetry;
use crate::transport::HttpTransport;

/// Pause between failed renewals while the old token still serves.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);
/// Longest that a call which holds a valid token waits for a newer one.
const RENEWAL_LIMIT: Duration = Duration::from_secs(3);
/// Longest life that is believed; what a server says beyond is cut.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longest margin before the end at which a token is renewed.
const LONGEST_MARGIN: Duration = Duration::from_secs(60);

/// What the layer borrows from the client to do its work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tools<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) transport: &'a dyn HttpTransport,
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) retry: &'a RetryPolicy,
    /// When the time of the call that asks is over, on the monotonic clock.
    pub(crate) deadline: Duration,
}

impl Tools<'_> {
    /// What is left of the time of the call that asks.
    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.runtime.clock.monotonic())
    }
}

/// The tokens of one API, one at a time.
#[derive(Debug)]
pub(crate) struct TokenStore {
    endpoint: TokenEndpoint,
    provider: Arc<dyn CredentialsProvider>,
    limit: Duration,
    current: RwLock<Current>,
    /// Flights that have landed. Who waited for one compares it with what he saw before.
    landed: AtomicU64,
    /// Held while a request is on its way; keeps the failure of the last one.
    flight: tokio::sync::Mutex<Option<Error>>,
}

#[derive(Debug, Default)]
struct Current {
    token: Option<Arc<Token>>,
    generation: u64,
    /// No renewal is tried before this.
    quiet_until: Duration,
}

/// One token. Times are on the monotonic clock.
pub(crate) struct Token {
    pub(crate) generation: u64,
    /// `Bearer …`, marked sensitive.
    pub(crate) authorization: HeaderValue,
    renew_at: Duration,
    expires_at: Duration,
}

enum Found {
    Fresh(Arc<Token>),
    /// Valid, but due to be renewed.
    Ageing(Arc<Token>),
    Nothing,
}

impl TokenStore {
    /// `limit` is that of one request to the endpoint.
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        provider: Arc<dyn CredentialsProvider>,
        limit: Duration,
    ) -> Self {
        Self {
            endpoint,
            provider,
            limit,
            current: RwLock::default(),
            landed: AtomicU64::new(0),
            flight: tokio::sync::Mutex::new(None),
        }
    }

    /// A token that can be sent without waiting for anything.
    pub(crate) fn at_hand(&self, runtime: &Runtime) -> Option<Arc<Token>> {
        match self.look(runtime) {
            Found::Fresh(token) => Some(token),
            Found::Ageing(_) | Found::Nothing => None,
        }
    }

    /// A token to send now.
    pub(crate) async fn token(&self, tools: Tools<'_>) -> Result<Arc<Token>, Error> {
        match self.look(tools.runtime) {
            Found::Fresh(token) => Ok(token),
            // Boxed: what happens twice a day shall not make the future of every call longer.
            Found::Ageing(old) => Ok(Box::pin(self.renew(old, tools)).await),
            Found::Nothing => Box::pin(self.wait_or_fetch(tools)).await,
        }
    }

    /// Drops the token of this generation; a newer one stays.
    pub(crate) fn forget(&self, generation: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current
            .token
            .as_ref()
            .is_some_and(|token| token.generation == generation)
        {
            current.token = None;
        }
    }

    fn look(&self, runtime: &Runtime) -> Found {
        let now = runtime.clock.monotonic();
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match &current.token {
            Some(token) if now < token.renew_at => Found::Fresh(Arc::clone(token)),
            Some(token) if now < token.expires_at && now < current.quiet_until => {
                Found::Fresh(Arc::clone(token))
            }
            Some(token) if now < token.expires_at => Found::Ageing(Arc::clone(token)),
            _ => Found::Nothing,
        }
    }

    /// Renews, unless somebody does already. A valid old token makes every failure harmless: a renewal takes no more
    /// than a part of the call's time, and one that fails or is broken off leaves the endpoint alone for a while.
    async fn renew(&self, old: Arc<Token>, tools: Tools<'_>) -> Arc<Token> {
        let Ok(mut flight) = self.flight.try_lock() else {
            return old;
        };
        if let Found::Fresh(token) = self.look(tools.runtime) {
            return token;
        }
        self.hush(tools.runtime);
        let limit = RENEWAL_LIMIT.min(tools.left() / 4);
        let renewed = match tokio::time::timeout(limit, self.fly(&mut flight, tools)).await {
            Ok(Ok(token)) => return token,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no token within {limit:?}"),
        };
        telemetry::token_not_renewed(&renewed);
        self.hush(tools.runtime);
        old
    }

    /// No renewal for a while.
    fn hush(&self, runtime: &Runtime) {
        let until = runtime.clock.monotonic().saturating_add(RENEWAL_PAUSE);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.quiet_until = until;
    }

    async fn wait_or_fetch(&self, tools: Tools<'_>) -> Result<Arc<Token>, Error> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        if let Found::Fresh(token) | Found::Ageing(token) = self.look(tools.runtime) {
            return Ok(token);
        }
        // A flight that landed while this call waited has just failed; its answer is the answer.
        if self.landed.load(Ordering::Acquire) != seen
            && let Some(failure) = flight.as_ref()
        {
            return Err(failure.clone());
        }
        self.fly(&mut flight, tools).await
    }

    /// One flight, by whoever holds the lock. If its caller goes away the lock opens and the next one flies.
    async fn fly(&self, flight: &mut Option<Error>, tools: Tools<'_>) -> Result<Arc<Token>, Error> {
        let result = self
            .fetch(tools)
            .await
            .map(|granted| self.keep(granted, tools.runtime));
        *flight = result.as_ref().err().cloned();
        self.landed.fetch_add(1, Ordering::Release);
        result
    }

    fn keep(&self, granted: Granted, runtime: &Runtime) -> Arc<Token> {
        let life = granted.life.min(LONGEST_LIFE);
        let margin = LONGEST_MARGIN.min(life / 5);
        let early = margin + runtime.jitter(margin / 4);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.generation += 1;
        current.quiet_until = Duration::ZERO;
        let token = Arc::new(Token {
            generation: current.generation,
            authorization: granted.authorization,
            renew_at: granted.asked_at + life.saturating_sub(early),
            expires_at: granted.asked_at + life,
        });
        current.token = Some(Arc::clone(&token));
        telemetry::token_fetched(token.generation, life);
        token
    }

    /// Asks the server, again after failures that pass by, and once more with other credentials if these are refused.
    async fn fetch(&self, tools: Tools<'_>) -> Result<Granted, Error> {
        let mut credentials = credentials::ask(self.provider.as_ref()).await?;
        let mut asked_again = false;
        let mut attempt = 1;
        let mut sent = 0;
        loop {
            let span = telemetry::token_span(&self.endpoint.url, sent);
            sent += 1;
            let asked = self.ask_server(&credentials, tools, &span);
            let refusal = match asked.instrument(span.clone()).await {
                Ok(granted) => return Ok(granted),
                Err(refusal) => refusal,
            };
            telemetry::record_no_token(&span, &refusal.error);
            if refusal.credentials_refused && !asked_again {
                asked_again = true;
                self.provider.refused(&credentials).await;
                let others = credentials::ask(self.provider.as_ref()).await?;
                if !others.is_same(&credentials) {
                    credentials = others;
                    continue;
                }
            }
            let error = refusal.error;
            if !error.is_retryable() || attempt >= tools.retry.max_attempts {
                return Err(error);
            }
            let wait = tools.retry.backoff(attempt, tools.runtime);
            // A token endpoint that asks for a long pause gets it from the callers, not from a sleeping flight.
            let wait = match error.retry_after() {
                Some(told) if told > tools.retry.cap => return Err(error),
                Some(told) => told.max(wait),
                None => wait,
            };
            tools.runtime.sleep.sleep(wait).await;
            attempt += 1;
        }
    }

    async fn ask_server(
        &self,
        credentials: &Credentials,
        tools: Tools<'_>,
        span: &Span,
    ) -> Result<Granted, Refusal> {
        let asked_at = tools.runtime.clock.monotonic();
        let mut request = self.endpoint.request(credentials)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, tools.user_agent.clone());
        let exchange = tools
            .transport
            .execute(request, self.limit)
            .await
            .map_err(|broken| Refusal::broken(broken, &self.endpoint.url))?;
        telemetry::record_status(span, exchange.status);
        if exchange.status.is_success() {
            return Granted::read(&exchange, asked_at).map_err(Refusal::from);
        }
        Err(Refusal::replied(&exchange, tools.runtime))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.generation)
            .field("authorization", &"** redacted **")
            .field("renew_at", &self.renew_at)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}
