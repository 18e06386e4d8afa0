//! The builder: the only way in which a client is made, with the checks that need no request.
//!
//! It refuses what is visibly wrong, so that a client that is built is one that may work: a public key where the private
//! one belongs, an address without its base path, plain http to another machine, test helpers beside production.

mod access;
mod build;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use layer2_types::Platform;
use secrecy::SecretString;

pub use self::access::AccountingAccess;
use self::access::Identity;
use crate::budget::RetryBudget;
use crate::credentials::Credentials;
use crate::credentials::CredentialsProvider;
use crate::environment::Environment;
use crate::retry::RetryPolicy;
use crate::runtime::Clock;
use crate::runtime::Dice;
use crate::runtime::Runtime;
use crate::runtime::Sleep;
use crate::signing::SignRequests;
use crate::signing::Signer;
use crate::signing_scheme::SigningScheme;
use crate::token::TokenStyle;
use crate::transport;
use crate::transport::ConnectionPolicy;
use crate::transport::HttpTransport;
use crate::transport::Wrappers;

/// Time limit of one attempt.
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Slowest line that uploads have time for, in bytes a second: 1 Mbit/s.
const DEFAULT_UPLOAD_RATE: u32 = 125_000;
/// Time limit of one request to a token endpoint.
const DEFAULT_TOKEN_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of one call with all its attempts.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// Header that marks a reply which was saved for its key. The platform publishes none; this is the mock server's.
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Collects what a client needs and checks it in [`build`](Self::build).
#[derive(Debug)]
pub struct ClientBuilder {
    environment: Environment,
    payments: Option<Identity>,
    scopes: Vec<String>,
    token_style: TokenStyle,
    accounting: Option<AccountingAccess>,
    plaid: Option<Identity>,
    plaid_base_url: Option<String>,
    control: Option<(String, SecretString)>,
    signer: Option<Arc<dyn Signer>>,
    signing_key: Option<SecretString>,
    sign: SignRequests,
    signing_scheme: SigningScheme,
    replayed_header: HeaderName,
    platform: Platform,
    allow_insecure_http: bool,
    retry: RetryPolicy,
    retry_budget: u32,
    connections: ConnectionPolicy,
    connect_timeout: Option<Duration>,
    reply_limit: usize,
    transport: Option<Arc<dyn HttpTransport>>,
    wrappers: Wrappers,
    attempt_timeout: Duration,
    upload_rate: u32,
    token_timeout: Duration,
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
            replayed_header: REPLAYED_HEADER,
            platform: Platform::default(),
            allow_insecure_http: false,
            retry: RetryPolicy::default(),
            retry_budget: RetryBudget::DEFAULT_CAPACITY,
            connections: ConnectionPolicy::default(),
            connect_timeout: None,
            reply_limit: transport::DEFAULT_REPLY_LIMIT,
            transport: None,
            wrappers: Wrappers::default(),
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            upload_rate: DEFAULT_UPLOAD_RATE,
            token_timeout: DEFAULT_TOKEN_TIMEOUT,
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
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        let credentials = Credentials::new(client_id, client_secret);
        self.payments = Some(Identity::Fixed(credentials));
        self
    }

    /// Gives access to the payments API with credentials that may change while the client lives.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.payments = Some(Identity::of(provider));
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
        self.plaid = Some(Identity::Fixed(Credentials::new(client_id, secret)));
        self
    }

    /// Gives access to the Plaid API with credentials that may change while the client lives. They go with every request,
    /// so the provider is asked before each, and once more when they are refused.
    #[must_use]
    pub fn plaid_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.plaid = Some(Identity::of(provider));
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

    /// Signs requests with this private key, in any form that [`Ed25519Signer::parse`](crate::Ed25519Signer::parse) takes.
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

    /// Sets the header by which [`Reply::is_replayed`](crate::Reply::is_replayed) knows a reply that the platform has saved
    /// for its key, `idempotent-replayed` by default; a value of `false` is no mark. The platform publishes no such
    /// header, the mock server sends this one.
    #[must_use]
    pub fn replayed_header(mut self, name: HeaderName) -> Self {
        self.replayed_header = name;
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

    /// Sets the time limit for a connection, 3 s by default. It goes before that of [`connections`](Self::connections),
    /// whichever of the two is called first.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
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
        self.wrappers.push(wrap);
        self
    }

    /// Sets the time limit of one attempt, 30 s by default.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the slowest line that uploads have time for, in bytes a second, 125,000 (1 Mbit/s) by default. A file gets as
    /// much more time as its bytes take at this rate: each attempt once, the whole call twice, so that a second attempt
    /// fits as it does for other calls. 0 gives it no more; a limit in the options of the call is taken as it is.
    #[must_use]
    pub fn upload_rate(mut self, bytes_per_second: u32) -> Self {
        self.upload_rate = bytes_per_second;
        self
    }

    /// Sets the time limit of one request to a token endpoint, 10 s by default.
    #[must_use]
    pub fn token_timeout(mut self, timeout: Duration) -> Self {
        self.token_timeout = timeout;
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_a_connection_is_kept_in_either_order() {
        let timeout = Duration::from_millis(700);
        let policy = ConnectionPolicy::default().with_max_idle_per_host(7);
        for builder in [
            ClientBuilder::new()
                .connect_timeout(timeout)
                .connections(policy),
            ClientBuilder::new()
                .connections(policy)
                .connect_timeout(timeout),
        ] {
            assert_eq!(
                builder.connection_policy(),
                policy.with_connect_timeout(timeout)
            );
        }
        let own = policy.with_connect_timeout(Duration::from_secs(9));
        let builder = ClientBuilder::new().connections(own);
        assert_eq!(builder.connection_policy(), own);
    }
}
