//! What a server inside a program may be told before it starts.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
};

use layer2_types::operation::Platform;
use layer2_world::settings::{
    ErrorStyle, Profile, Settings, SignaturePolicy, TimestampStyle, WEBHOOK_LOG_LIMITS,
};
use tokio::sync::oneshot;

use super::{
    SandboxServer,
    thread::{Launched, thread_ended},
};
use crate::{
    clocks::ClockMode, start_error::StartError, store::StoreUrl, webhooks::guard::CallbackPolicy,
};

/// Settings of a server to be started.
#[derive(Clone)]
#[must_use = "a builder starts nothing by itself"]
pub struct SandboxServerBuilder {
    pub(super) listen: SocketAddr,
    pub(super) public_url: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) control_token: Option<String>,
    pub(super) clock: ClockMode,
    pub(super) callbacks: CallbackPolicy,
    pub(super) settings: Settings,
    pub(super) store: StoreUrl,
}

impl Default for SandboxServerBuilder {
    fn default() -> Self {
        SandboxServerBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            seed: None,
            control_token: None,
            clock: ClockMode::default(),
            callbacks: CallbackPolicy::default(),
            settings: Settings::default(),
            store: StoreUrl::default(),
        }
    }
}

/// Without the control token, and without the seed that every credential follows from.
impl fmt::Debug for SandboxServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxServerBuilder")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("clock", &self.clock)
            .field("callbacks", &self.callbacks)
            .field("settings", &self.settings)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl SandboxServerBuilder {
    /// Address to listen on; a free port of the loopback address otherwise.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// URL under which clients reach the server, where it is not the address it listens on.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Number that everything random comes from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Bearer token of the control API; made from the seed otherwise.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(token.into());
        self
    }

    /// How the business clocks run.
    pub fn clock(mut self, mode: ClockMode) -> Self {
        self.clock = mode;
        self
    }

    /// Where webhooks may be sent.
    pub fn allow_callbacks(mut self, policy: CallbackPolicy) -> Self {
        self.callbacks = policy;
        self
    }

    /// Which version of the platform to be.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.settings.platform = platform;
        self
    }

    /// How long the platform's own work takes.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Which requests must be signed.
    pub fn signatures(mut self, policy: SignaturePolicy) -> Self {
        self.settings.signatures = policy;
        self
    }

    /// How much an error says.
    pub fn errors(mut self, style: ErrorStyle) -> Self {
        self.settings.errors = style;
        self
    }

    /// Whether every error code is replaced by one that no document has, so that a client shows whether it leans on
    /// codes. Codes of the token endpoints and of control stay.
    pub fn opaque_codes(mut self, opaque: bool) -> Self {
        self.settings.opaque_codes = opaque;
        self
    }

    /// Whether unknown request fields and amounts sent as text are refused.
    pub fn strict(mut self, strict: bool) -> Self {
        self.settings.strict = strict;
        self
    }

    /// Whether an invoice is asked for over a withdrawal that is worth more than 10,000 US dollars.
    pub fn information_requests(mut self, asked: bool) -> Self {
        self.settings.information_requests = asked;
        self
    }

    /// Whether the client is regulated itself, and so makes customers without an application.
    pub fn regulated_client(mut self, regulated: bool) -> Self {
        self.settings.regulated_client = regulated;
        self
    }

    /// Zone of the timestamps in replies and events.
    pub fn timestamps(mut self, style: TimestampStyle) -> Self {
        self.settings.timestamps = style;
        self
    }

    /// How many finished events, with their deliveries, the webhook log keeps; at least 1 and at most a million.
    pub fn webhook_log_limit(mut self, limit: u32) -> Self {
        let (least, most) = (*WEBHOOK_LOG_LIMITS.start(), *WEBHOOK_LOG_LIMITS.end());
        self.settings.webhook_log_limit = limit.clamp(least, most);
        self
    }

    /// Where the sandboxes are kept. What a durable store holds opens under the seed that it was made with.
    pub fn store(mut self, store: StoreUrl) -> Self {
        self.store = store;
        self
    }

    /// Starts the server. Nothing of it runs on the caller's runtime.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had, or the store cannot be opened.
    pub async fn start(self) -> Result<SandboxServer, StartError> {
        let (started, has_started) = oneshot::channel();
        let launched = Launched::spawn(self.bind()?, move |outcome| {
            // Nobody listens if the caller has gone, and then nobody is missed.
            let _ = started.send(outcome);
        })?;
        let outcome = has_started.await;
        launched.complete(outcome.unwrap_or_else(|_| Err(thread_ended())))
    }

    /// Starts the server without a runtime.
    ///
    /// # Errors
    ///
    /// If no socket or thread can be had, or the store cannot be opened.
    pub fn start_blocking(self) -> Result<SandboxServer, StartError> {
        let (started, has_started) = mpsc::channel();
        let launched = Launched::spawn(self.bind()?, move |outcome| {
            // As above.
            let _ = started.send(outcome);
        })?;
        let outcome = has_started.recv();
        launched.complete(outcome.unwrap_or_else(|_| Err(thread_ended())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_builder_holds_no_secret() {
        let builder = SandboxServer::builder()
            .seed(20_261_121)
            .control_token("open-sesame");
        let shown = format!("{builder:?} {builder:#?}");
        assert!(shown.contains("127.0.0.1:0"), "{shown}");
        for secret in ["20261121", "open-sesame"] {
            assert!(!shown.contains(secret), "a secret is in Debug");
        }
    }
}
