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

use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header::ACCEPT;
use http::header::AUTHORIZATION;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_TYPE;
use http::header::USER_AGENT;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::credentials;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::decode::error_details;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::retry;
use crate::retry::RetryPolicy;
use crate::runtime::Runtime;
use crate::telemetry;
use crate::transport::HttpReply;
use crate::transport::HttpRequest;
use crate::transport::HttpTransport;
use crate::transport::TransportError;

/// Life of a token whose reply does not tell it.
const UNTOLD_LIFE: Duration = Duration::from_secs(300);
/// Pause between failed renewals while the old token still serves.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);
/// Longest that a call which holds a valid token waits for a newer one.
const RENEWAL_LIMIT: Duration = Duration::from_secs(3);
/// Longest life that is believed; what a server says beyond is cut.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longest margin before the end at which a token is renewed.
const LONGEST_MARGIN: Duration = Duration::from_secs(60);

/// Where a token endpoint expects the parameters and the secret (RFC 6749, 2.3.1 and 4.4.2). The published samples
/// decide the default of each API; another position is for a server in between, or a vendor that changes its mind.
///
/// Before they are joined for `Authorization: Basic`, id and secret are form-encoded as RFC 6749 says, unless the style is
/// a raw one. For a secret of letters, digits, `-`, `_`, `.` and `*` it makes no difference; where any other is refused
/// with 401, try the raw style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStyle {
    /// Parameters in a form with the client id repeated, the secret in `Authorization: Basic` (accounting).
    BasicForm,
    /// Parameters in the query with an empty body, the secret in `Authorization: Basic` (payments).
    BasicQuery,
    /// As [`BasicForm`](Self::BasicForm) for a server that decodes nothing: id and secret are joined as they are.
    RawBasicForm,
    /// As [`BasicQuery`](Self::BasicQuery) for a server that decodes nothing: id and secret are joined as they are.
    RawBasicQuery,
    /// All of it in a form, the id and the secret too, and no `Authorization`.
    SecretForm,
}

impl TokenStyle {
    fn is_query(self) -> bool {
        matches!(self, Self::BasicQuery | Self::RawBasicQuery)
    }

    fn is_raw(self) -> bool {
        matches!(self, Self::RawBasicForm | Self::RawBasicQuery)
    }
}

/// The token endpoint of one API.
#[derive(Clone, Debug)]
pub(crate) struct TokenEndpoint {
    pub(crate) url: Url,
    pub(crate) style: TokenStyle,
    pub(crate) scopes: Vec<String>,
}

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
        loop {
            let refusal = match self.ask_server(&credentials, tools).await {
                Ok(granted) => return Ok(granted),
                Err(refusal) => refusal,
            };
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
    ) -> Result<Granted, Refusal> {
        let asked_at = tools.runtime.clock.monotonic();
        let mut request = self.endpoint.request(credentials)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, tools.user_agent.clone());
        let exchange = tools
            .transport
            .execute(HttpRequest::of_token(request), self.limit)
            .await
            .map_err(|broken| Refusal::broken(broken, &self.endpoint.url))?;
        if exchange.status.is_success() {
            return Granted::read(&exchange, asked_at).map_err(Refusal::from);
        }
        Err(Refusal::replied(&exchange, tools.runtime))
    }
}

impl TokenEndpoint {
    fn request(&self, credentials: &Credentials) -> Result<reqwest::Request, Error> {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("grant_type", "client_credentials");
            if !self.scopes.is_empty() {
                query.append_pair("scope", &self.scopes.join(" "));
            }
            if !self.style.is_query() {
                query.append_pair("client_id", credentials.client_id());
            }
            if self.style == TokenStyle::SecretForm {
                query.append_pair("client_secret", credentials.expose_secret());
            }
        }
        // The query's encoding is the form's encoding.
        let form = (!self.style.is_query()).then(|| {
            let form = url.query().unwrap_or_default().to_owned();
            url.set_query(None);
            form
        });
        let mut request = reqwest::Request::new(Method::POST, url);
        let headers = request.headers_mut();
        if self.style != TokenStyle::SecretForm {
            headers.insert(AUTHORIZATION, basic(credentials, self.style.is_raw())?);
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(form) = form {
            *request.body_mut() = Some(form.into());
        }
        Ok(request)
    }
}

/// Id and secret, each form-encoded first, as RFC 6749 section 2.3.1 says, or as they are.
fn basic(credentials: &Credentials, raw: bool) -> Result<HeaderValue, Error> {
    let (id, secret) = (credentials.client_id(), credentials.expose_secret());
    // No room is left behind by growing that would hold a copy of the secret.
    let mut pair = Zeroizing::new(String::with_capacity((id.len() + secret.len()) * 3 + 1));
    let push = if raw {
        String::push_str
    } else {
        push_form_encoded
    };
    push(&mut pair, id);
    pair.push(':');
    push(&mut pair, secret);
    let text = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
    sensitive(&text)
}

/// Adds a text in the form of `application/x-www-form-urlencoded`.
fn push_form_encoded(to: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                to.push(char::from(byte));
            }
            b' ' => to.push('+'),
            _ => {
                to.push('%');
                to.push(char::from(DIGITS[usize::from(byte >> 4)]));
                to.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
            }
        }
    }
}

/// A header value that HTTP logs leave out.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::before_sending(
            ErrorKind::Credentials,
            "a credential has a character that no HTTP header may carry, a line break perhaps",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A token as the server just gave it.
struct Granted {
    authorization: HeaderValue,
    life: Duration,
    /// When it was asked for: its life counts from here at the earliest.
    asked_at: Duration,
}

impl Granted {
    fn read(exchange: &HttpReply, asked_at: Duration) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Wire {
            access_token: String,
            token_type: Option<String>,
            expires_in: Option<u64>,
        }
        // The body holds the token, so it is not kept in the error.
        let wrong = |message: &str| {
            let error = Error::before_sending(ErrorKind::Token, message);
            error.with_reply(exchange.status, bytes::Bytes::new())
        };
        let wire: Wire = serde_json::from_slice(&exchange.body).map_err(|_| {
            wrong("the token endpoint's reply is not a token (RFC 6749, 5.1): check the token URL")
        })?;
        if wire
            .token_type
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(wrong(
                "the token endpoint gave a token that is not of type Bearer",
            ));
        }
        let access_token = Zeroizing::new(wire.access_token);
        let text = Zeroizing::new(format!("Bearer {}", *access_token));
        Ok(Self {
            authorization: sensitive(&text)?,
            life: wire.expires_in.map_or(UNTOLD_LIFE, Duration::from_secs),
            asked_at,
        })
    }
}

/// Why there is no token.
struct Refusal {
    error: Error,
    credentials_refused: bool,
}

impl Refusal {
    fn replied(exchange: &HttpReply, runtime: &Runtime) -> Self {
        let status = exchange.status;
        let credentials_refused = status == StatusCode::UNAUTHORIZED
            || error_details(&exchange.body)
                .iter()
                .any(|detail| detail.code.as_deref() == Some("invalid_client"));
        let message = match status.as_u16() {
            _ if credentials_refused => {
                "the token endpoint refused the client id or secret: check that they belong to this environment"
            }
            404 => "there is no token endpoint at this URL: check the token URL",
            400..=499 => {
                "the token endpoint refused the request: check the scopes and the token URL"
            }
            _ => "the token endpoint failed",
        };
        let error = Error::new(ErrorKind::Token, Outcome::NotSent, message)
            .with_details(error_details(&exchange.body))
            .with_reply(status, exchange.body.clone())
            .with_retry_after(retry::retry_after(&exchange.headers, runtime.clock.now()))
            .with_retryable(retry::is_transient(status));
        Self {
            error,
            credentials_refused,
        }
    }

    fn broken(broken: TransportError, url: &Url) -> Self {
        let (message, source) = match broken {
            TransportError::NotSent(source) => (
                "no connection to the token endpoint: check the network, the proxy and the token URL",
                Some(source),
            ),
            TransportError::NoReply(source) => (
                "the token endpoint closed the connection without a reply",
                Some(source),
            ),
            TransportError::TimedOut(source) => {
                ("the token endpoint did not reply in time", Some(source))
            }
            TransportError::Cut { source, .. } => {
                ("the token endpoint's reply broke off", Some(source))
            }
            TransportError::TooLong { .. } => (
                "the token endpoint's reply is no token: it is far too long",
                None,
            ),
        };
        let host = url.host_str().unwrap_or_default();
        let message = format!("{message} (host {host})");
        let error = Error::before_sending(ErrorKind::Token, message).with_retryable(true);
        Self::from_parts(error.with_any_source(source))
    }

    fn from_parts(error: Error) -> Self {
        Self {
            error,
            credentials_refused: false,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::from_parts(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(style: TokenStyle) -> TokenEndpoint {
        TokenEndpoint {
            url: Url::parse("https://auth.example.com/oauth2/abc/v1/token").unwrap(),
            style,
            scopes: vec!["customers:read".to_owned(), "accounts:read".to_owned()],
        }
    }

    #[test]
    fn payments_parameters_go_into_the_query_and_nothing_into_the_body() {
        let request = endpoint(TokenStyle::BasicQuery)
            .request(&Credentials::new("id", "secret"))
            .unwrap();
        assert_eq!(
            request.url().as_str(),
            "https://auth.example.com/oauth2/abc/v1/token?grant_type=client_credentials&scope=customers%3Aread+accounts%3Aread"
        );
        assert!(request.body().is_none());
        assert_eq!(request.headers()[AUTHORIZATION], "Basic aWQ6c2VjcmV0");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn accounting_parameters_go_into_a_form() {
        let request = endpoint(TokenStyle::BasicForm)
            .request(&Credentials::new("id", "secret"))
            .unwrap();
        assert_eq!(
            request.url().as_str(),
            "https://auth.example.com/oauth2/abc/v1/token"
        );
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap();
        assert_eq!(
            std::str::from_utf8(body).unwrap(),
            "grant_type=client_credentials&scope=customers%3Aread+accounts%3Aread&client_id=id"
        );
    }

    #[test]
    fn id_and_secret_are_form_encoded_before_they_are_joined_unless_the_style_is_raw() {
        let credentials = Credentials::new("id:1", "a+b c%é");
        for (raw, joined) in [(false, "id%3A1:a%2Bb+c%25%C3%A9"), (true, "id:1:a+b c%é")] {
            let header = basic(&credentials, raw).unwrap();
            let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
            let pair = String::from_utf8(BASE64.decode(encoded).unwrap()).unwrap();
            assert_eq!(pair, joined);
        }
    }

    #[test]
    fn a_secret_in_the_form_is_in_no_header() {
        let request = endpoint(TokenStyle::SecretForm)
            .request(&Credentials::new("id", "se cret"))
            .unwrap();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap();
        assert!(body.ends_with(b"&client_id=id&client_secret=se+cret"));
        assert_eq!(request.url().query(), None);
        assert!(!request.headers().contains_key(AUTHORIZATION));
    }

    #[test]
    fn a_secret_with_a_line_break_still_makes_a_header() {
        // Base64 hides the break from HTTP; the server then says what is wrong with the secret.
        assert!(basic(&Credentials::new("id", "secret\n"), false).is_ok());
        let error = sensitive("tok\nen").unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Credentials, Outcome::NotSent)
        );
    }
}
