//! The builder: the only way in which a client is made, with the checks that need no request.
//!
//! It refuses what is visibly wrong, so that a client that is built is one that may work: a public key where the private
//! one belongs, an address without its base path, plain http to another machine, test helpers beside production.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use layer2_types::Api;
use layer2_types::Platform;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::auth::Auth;
use crate::budget::RetryBudget;
use crate::client::Client;
use crate::client::Lane;
use crate::client::Shared;
use crate::client::config;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::credentials::StaticCredentials;
use crate::environment;
use crate::environment::Environment;
use crate::error::Error;
use crate::retry::RetryPolicy;
use crate::runtime::Clock;
use crate::runtime::Dice;
use crate::runtime::Runtime;
use crate::runtime::Sleep;
use crate::signing::Ed25519Signer;
use crate::signing::SignRequests;
use crate::signing::Signer;
use crate::signing_scheme::SigningScheme;
use crate::skew::Skew;
use crate::token::TokenEndpoint;
use crate::token::TokenStore;
use crate::token::TokenStyle;
use crate::transport;
use crate::transport::ConnectionPolicy;
use crate::transport::HttpTransport;
use crate::transport::ReqwestTransport;

/// Time limit of one attempt.
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit of one call with all its attempts.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// Access to the accounting API.
#[derive(Clone, Debug)]
pub struct AccountingAccess {
    environment: Environment,
    provider: Arc<dyn CredentialsProvider>,
    scopes: Vec<String>,
    token_style: TokenStyle,
}

impl AccountingAccess {
    /// Access with fixed credentials and the environment's own scope.
    pub fn new(
        environment: Environment,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        let credentials = Credentials::new(client_id, client_secret);
        Self::with_provider(environment, StaticCredentials::new(credentials))
    }

    /// Access with credentials from a provider.
    pub fn with_provider(environment: Environment, provider: impl CredentialsProvider) -> Self {
        let scopes = environment
            .accounting_scope()
            .map(str::to_owned)
            .into_iter()
            .collect();
        Self {
            environment,
            provider: Arc::new(provider),
            scopes,
            token_style: TokenStyle::BasicForm,
        }
    }

    /// Asks for these scopes instead.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for tokens in another style.
    #[must_use]
    pub fn token_style(mut self, style: TokenStyle) -> Self {
        self.token_style = style;
        self
    }
}

/// Collects what a client needs and checks it in [`build`](Self::build).
#[derive(Debug)]
pub struct ClientBuilder {
    environment: Environment,
    payments: Option<Arc<dyn CredentialsProvider>>,
    scopes: Vec<String>,
    token_style: TokenStyle,
    accounting: Option<AccountingAccess>,
    plaid: Option<Arc<dyn CredentialsProvider>>,
    plaid_base_url: Option<String>,
    control: Option<(String, SecretString)>,
    signer: Option<Arc<dyn Signer>>,
    signing_key: Option<SecretString>,
    sign: SignRequests,
    signing_scheme: SigningScheme,
    platform: Platform,
    allow_insecure_http: bool,
    retry: RetryPolicy,
    retry_budget: u32,
    connections: ConnectionPolicy,
    reply_limit: usize,
    transport: Option<Arc<dyn HttpTransport>>,
    wrappers: Wrappers,
    attempt_timeout: Duration,
    deadline: Duration,
    user_agent: Option<String>,
    runtime: Runtime,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            environment: Environment::default(),
            payments: None,
            scopes: Vec::new(),
            token_style: TokenStyle::BasicQuery,
            accounting: None,
            plaid: None,
            plaid_base_url: None,
            control: None,
            signer: None,
            signing_key: None,
            sign: SignRequests::default(),
            signing_scheme: SigningScheme::default(),
            platform: Platform::default(),
            allow_insecure_http: false,
            retry: RetryPolicy::default(),
            retry_budget: RetryBudget::DEFAULT_CAPACITY,
            connections: ConnectionPolicy::default(),
            reply_limit: transport::DEFAULT_REPLY_LIMIT,
            transport: None,
            wrappers: Wrappers::default(),
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            deadline: DEFAULT_DEADLINE,
            user_agent: None,
            runtime: Runtime::system(),
        }
    }

    /// Chooses the installation of the payments API, and that of Plaid unless it has an address of its own.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Gives access to the payments API.
    #[must_use]
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        self.credentials_provider(StaticCredentials::new(Credentials::new(
            client_id,
            client_secret,
        )))
    }

    /// Gives access to the payments API with credentials that may change while the client lives.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.payments = Some(Arc::new(provider));
        self
    }

    /// Asks for tokens with these scopes only. Without it a token has all scopes of the client.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for tokens of the payments API in another style.
    #[must_use]
    pub fn token_style(mut self, style: TokenStyle) -> Self {
        self.token_style = style;
        self
    }

    /// Gives access to the accounting API.
    #[must_use]
    pub fn accounting(mut self, access: AccountingAccess) -> Self {
        self.accounting = Some(access);
        self
    }

    /// Gives access to the Plaid API, in the environment of the client.
    #[must_use]
    pub fn plaid(mut self, client_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        self.plaid = Some(Arc::new(StaticCredentials::new(Credentials::new(
            client_id, secret,
        ))));
        self
    }

    /// Sets the address of the Plaid API.
    #[must_use]
    pub fn plaid_base_url(mut self, url: impl Into<String>) -> Self {
        self.plaid_base_url = Some(url.into());
        self
    }

    /// Gives access to the control API of a mock server; refused together with production.
    #[must_use]
    pub fn control(mut self, base_url: impl Into<String>, token: impl Into<SecretString>) -> Self {
        self.control = Some((base_url.into(), token.into()));
        self
    }

    /// Signs requests with a signer of your own, one that asks a key service perhaps.
    #[must_use]
    pub fn signer(mut self, signer: impl Signer) -> Self {
        self.signer = Some(Arc::new(signer));
        self
    }

    /// Signs requests with this private key, in any form that [`Ed25519Signer::parse`] takes.
    #[must_use]
    pub fn signing_key(mut self, key: impl Into<SecretString>) -> Self {
        self.signing_key = Some(key.into());
        self
    }

    /// Chooses which requests are signed.
    #[must_use]
    pub fn sign_requests(mut self, sign: SignRequests) -> Self {
        self.sign = sign;
        self
    }

    /// Sets what signatures cover and how they are sent.
    #[must_use]
    pub fn signing_scheme(mut self, scheme: SigningScheme) -> Self {
        self.signing_scheme = scheme;
        self
    }

    /// Keeps to one version of the platform: operations that it lacks are refused before they are sent.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Allows plain http to other machines, for a closed test network; refused together with production.
    #[must_use]
    pub fn allow_insecure_http(mut self) -> Self {
        self.allow_insecure_http = true;
        self
    }

    /// Sets how often and how fast a call is tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how many tokens the retry budget holds; a retry costs five, one after a time-out ten.
    #[must_use]
    pub fn retry_budget(mut self, tokens: u32) -> Self {
        self.retry_budget = tokens;
        self
    }

    /// Sets the time limit for a connection, 3 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = timeout;
        self
    }

    /// Sets how connections are made and kept.
    #[must_use]
    pub fn connections(mut self, policy: ConnectionPolicy) -> Self {
        self.connections = policy;
        self
    }

    /// Sets the longest body of a reply that is read, 64 MiB by default.
    #[must_use]
    pub fn reply_limit(mut self, bytes: usize) -> Self {
        self.reply_limit = bytes;
        self
    }

    /// Sends through this transport instead of reqwest; the settings of connections and replies are then its own.
    #[must_use]
    pub fn transport(mut self, transport: impl HttpTransport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Puts a middleware around the transport, see [`transport`](crate::transport). The one that is given last sees a
    /// request first.
    #[must_use]
    pub fn wrap_transport<T: HttpTransport>(
        mut self,
        wrap: impl FnOnce(Arc<dyn HttpTransport>) -> T + Send + 'static,
    ) -> Self {
        self.wrappers
            .0
            .push(Box::new(|inner| Arc::new(wrap(inner))));
        self
    }

    /// Sets the time limit of one attempt, 30 s by default.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the time limit of a whole call, 60 s by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Names your application in the `User-Agent`, before this crate's own name.
    #[must_use]
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// Reads the time from elsewhere.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.runtime.clock = Arc::new(clock);
        self
    }

    /// Waits in another way.
    #[must_use]
    pub fn sleep(mut self, sleep: impl Sleep) -> Self {
        self.runtime.sleep = Arc::new(sleep);
        self
    }

    /// Draws random bytes from elsewhere.
    #[must_use]
    pub fn dice(mut self, dice: impl Dice) -> Self {
        self.runtime.dice = Arc::new(dice);
        self
    }

    /// Checks everything that can be seen from here and makes the client.
    pub fn build(mut self) -> Result<Client, Error> {
        let payments = self.payments_lane()?;
        let accounting = self.accounting_lane()?;
        let plaid = self.plaid_lane()?;
        let control = self.control_lane()?;
        let lanes = [&payments, &accounting, &plaid, &control];
        if lanes.iter().all(|lane| lane.is_none()) {
            return Err(config(
                "the builder has no credentials: give it `credentials`, `accounting`, `plaid` or `control`, or read them \
                 with `ClientBuilder::from_env`",
            ));
        }
        let production = self.environment == Environment::Production
            || lanes
                .iter()
                .filter_map(|lane| lane.as_ref())
                .any(|lane| environment::is_production(&lane.base));
        self.refuse_test_helpers(production)?;
        let loopback = lanes
            .iter()
            .filter_map(|lane| lane.as_ref())
            .all(|lane| environment::is_loopback(&lane.base));
        let (http, transport) = self.http(loopback)?;
        let transport = std::mem::take(&mut self.wrappers).around(transport);
        let signer = self.read_signer()?;
        let user_agent = self.full_user_agent()?;
        let shared = Shared {
            payments,
            accounting,
            plaid,
            control,
            http,
            user_agent,
            transport,
            runtime: self.runtime,
            retry: self.retry,
            budget: RetryBudget::new(self.retry_budget),
            signer,
            sign: self.sign,
            signing_scheme: self.signing_scheme,
            platform: self.platform,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
        };
        Ok(Client::from(shared))
    }

    /// What makes requests, and what sends them.
    fn http(&self, loopback: bool) -> Result<(reqwest::Client, Arc<dyn HttpTransport>), Error> {
        if let Some(transport) = &self.transport {
            let guarded = transport::Guarded(Arc::clone(transport));
            return Ok((transport::request_maker()?, Arc::new(guarded)));
        }
        let http = transport::http_client(&self.connections, loopback)?;
        let ours = ReqwestTransport::new(http.clone()).with_reply_limit(self.reply_limit);
        Ok((http, Arc::new(ours)))
    }

    fn payments_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(provider) = &self.payments else {
            return Ok(None);
        };
        self.oauth_lane(
            Api::Payments,
            &self.environment,
            provider,
            self.token_style,
            &self.scopes,
        )
        .map(Some)
    }

    fn accounting_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(access) = &self.accounting else {
            return Ok(None);
        };
        let AccountingAccess {
            environment,
            provider,
            scopes,
            token_style,
        } = access;
        self.oauth_lane(Api::Accounting, environment, provider, *token_style, scopes)
            .map(Some)
    }

    fn plaid_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(provider) = &self.plaid else {
            return Ok(None);
        };
        let base = match (&self.plaid_base_url, &self.environment) {
            (Some(url), _) => url,
            (None, Environment::Custom { .. }) => {
                return Err(config(
                    "a custom environment does not say where Plaid is: set `plaid_base_url`",
                ));
            }
            (None, environment) => environment.base_url(Api::Plaid),
        };
        let base = environment::read_base(Api::Plaid, base, self.allow_insecure_http)?;
        Ok(Some(Lane {
            base,
            auth: Auth::Headers(Arc::clone(provider)),
            skew: Skew::default(),
        }))
    }

    fn control_lane(&self) -> Result<Option<Lane>, Error> {
        let Some((url, token)) = &self.control else {
            return Ok(None);
        };
        if token.expose_secret().is_empty() {
            return Err(config(
                "the control token is empty; the mock server prints it when it starts",
            ));
        }
        let base = environment::read_base(Api::Control, url, self.allow_insecure_http)?;
        Ok(Some(Lane {
            base,
            auth: Auth::Bearer(token.clone()),
            skew: Skew::default(),
        }))
    }

    fn oauth_lane(
        &self,
        api: Api,
        environment: &Environment,
        provider: &Arc<dyn CredentialsProvider>,
        style: TokenStyle,
        scopes: &[String],
    ) -> Result<Lane, Error> {
        let base =
            environment::read_base(api, environment.base_url(api), self.allow_insecure_http)?;
        let url =
            environment::read_token_url(api, environment.token_url(api), self.allow_insecure_http)?;
        let endpoint = TokenEndpoint {
            url,
            style,
            scopes: scopes.to_vec(),
        };
        let auth = Auth::Token(Box::new(TokenStore::new(endpoint, Arc::clone(provider))));
        Ok(Lane {
            base,
            auth,
            skew: Skew::default(),
        })
    }

    fn refuse_test_helpers(&self, production: bool) -> Result<(), Error> {
        if production && self.control.is_some() {
            return Err(config(
                "the control API belongs to the mock server; it cannot be used beside production",
            ));
        }
        if production && self.allow_insecure_http {
            return Err(config(
                "`allow_insecure_http` is a test setting; it cannot be used with production",
            ));
        }
        Ok(())
    }

    fn read_signer(&self) -> Result<Option<Arc<dyn Signer>>, Error> {
        match (&self.signer, &self.signing_key) {
            (Some(_), Some(_)) => Err(config(
                "give the builder a `signer` or a `signing_key`, not both",
            )),
            (Some(signer), None) => Ok(Some(Arc::clone(signer))),
            (None, Some(key)) => {
                let signer = Ed25519Signer::parse(key.expose_secret())
                    .map_err(|why| config(format!("the signing key is not usable: {why}")))?;
                Ok(Some(Arc::new(signer)))
            }
            (None, None) => Ok(None),
        }
    }

    fn full_user_agent(&self) -> Result<HeaderValue, Error> {
        let own = concat!("layer2-sdk-rust/", env!("CARGO_PKG_VERSION"));
        let Some(product) = &self.user_agent else {
            return Ok(HeaderValue::from_static(own));
        };
        HeaderValue::try_from(format!("{product} {own}"))
            .map_err(|_| config("the user agent has a character that no HTTP header may carry"))
    }
}

type Wrap = Box<dyn FnOnce(Arc<dyn HttpTransport>) -> Arc<dyn HttpTransport> + Send>;

/// The middleware that was given, in that order.
#[derive(Default)]
struct Wrappers(Vec<Wrap>);

impl Wrappers {
    fn around(self, transport: Arc<dyn HttpTransport>) -> Arc<dyn HttpTransport> {
        if self.0.is_empty() {
            return transport;
        }
        let wrapped = self
            .0
            .into_iter()
            .fold(transport, |inner, wrap| wrap(inner));
        Arc::new(transport::Guarded(wrapped))
    }
}

impl fmt::Debug for Wrappers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrappers").field(&self.0.len()).finish()
    }
}
