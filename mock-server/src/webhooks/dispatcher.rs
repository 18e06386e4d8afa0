//! Sends due deliveries in the background and feeds their outcomes back.
//!
//! One task per sandbox waits for a change or for the next due instant, runs due work, hands out what is to be sent and
//! lets each attempt run on its own: a slow receiver holds up nobody. At most a bounded number is on the way at once.
//! While the clock of the sandbox is being moved the task rests and [`super::settle`] sends, in order.

use std::{
    error::Error as StdError,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use layer2_world::outbox::{DeliveryOutcome, DueDelivery};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use super::{
    guard::{CallbackPolicy, GuardError},
    sign,
};
use crate::{
    http::headers,
    sandbox::{Attempt, Broken, Outage, Sandbox},
};

/// How long a receiver may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// Runs until the sandbox is closed or broken.
pub(crate) async fn run(sandbox: Arc<Sandbox>, sender: Arc<Sender>) {
    loop {
        // Registered before the state is read, so that no change falls between the look and the wait.
        let changed = sandbox.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if sandbox.is_closed() {
            return;
        }
        let wait = match sandbox.dispatch_step().await {
            Ok((step, wait)) => {
                for attempt in step.attempts {
                    tokio::spawn(send_and_finish(
                        Arc::clone(&sandbox),
                        Arc::clone(&sender),
                        attempt,
                    ));
                }
                wait
            }
            // A reset mends a broken sandbox and says so.
            Err(_) => None,
        };
        let pause = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = sandbox.stirred() => {}
            () = pause => {}
        }
    }
}

async fn send_and_finish(sandbox: Arc<Sandbox>, sender: Arc<Sender>, attempt: Attempt) {
    let outcome = sender.send(&attempt.delivery).await;
    match sandbox.finish(attempt, outcome).await {
        Ok(()) => {}
        Err(Broken::Outage(Outage::Ending)) => tracing::warn!(
            sandbox = sandbox.name(),
            "the server ended before a delivery did; it is sent again"
        ),
        Err(_) => tracing::error!(
            sandbox = sandbox.name(),
            "the outcome of a delivery could not be kept"
        ),
    }
}

/// Posts deliveries.
#[derive(Debug)]
pub(crate) struct Sender {
    policy: CallbackPolicy,
    /// Made for the first delivery: setting up TLS is not part of a start.
    client: OnceLock<Option<Client>>,
}

impl Sender {
    pub(crate) fn new(policy: CallbackPolicy) -> Sender {
        Sender {
            policy,
            client: OnceLock::new(),
        }
    }

    /// Sends one attempt and says how it ended.
    pub(crate) async fn send(&self, delivery: &DueDelivery) -> DeliveryOutcome {
        let outcome = match delivery.url.as_str().parse::<Url>() {
            Ok(url) => self.post(delivery, url).await,
            Err(_) => DeliveryOutcome::NameUnknown,
        };
        tracing::debug!(
            delivery = delivery.delivery.as_str(),
            attempt = delivery.attempt,
            event_type = delivery.event_type,
            ?outcome,
            "webhook attempt"
        );
        outcome
    }

    async fn post(&self, delivery: &DueDelivery, url: Url) -> DeliveryOutcome {
        if !self.allows_literal(&url) {
            return DeliveryOutcome::AddressForbidden;
        }
        let Some(client) = self.client.get_or_init(|| make_client(self.policy)) else {
            return DeliveryOutcome::TlsFailed;
        };
        let key = SigningKey::from_bytes(delivery.signing_seed.expose());
        let signed = sign::sign(
            &key,
            &url,
            delivery.body.as_bytes(),
            Timestamp::now().as_second(),
        );
        let sent = client
            .post(url)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(headers::SIGNATURE, signed.signature)
            .header(headers::TIMESTAMP, signed.timestamp)
            .body(delivery.body.clone())
            .send()
            .await;
        match sent {
            Ok(answer) => DeliveryOutcome::Answered {
                status: answer.status().as_u16(),
            },
            Err(error) => classify(&error),
        }
    }

    /// A host that is an address is never resolved, so it is checked here; names are checked when they are resolved.
    fn allows_literal(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        literal
            .parse::<IpAddr>()
            .map_or(true, |address| self.policy.allows(address))
    }
}

fn make_client(policy: CallbackPolicy) -> Option<Client> {
    Client::builder()
        .timeout(ANSWER_LIMIT)
        .redirect(redirect::Policy::none())
        // A proxy of the environment would be asked for loopback addresses, and would escape the guard.
        .no_proxy()
        .dns_resolver(Arc::new(GuardedResolver(policy)))
        .user_agent(concat!("layer2-mock/", env!("CARGO_PKG_VERSION")))
        .build()
        .inspect_err(|error| tracing::error!(%error, "no client for webhooks could be made"))
        .ok()
}

/// Resolves names to addresses that the policy allows.
#[derive(Debug)]
struct GuardedResolver(CallbackPolicy);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            // The port is put in by the connector.
            let addresses: Vec<SocketAddr> = policy.resolve(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn classify(error: &reqwest::Error) -> DeliveryOutcome {
    if error.is_timeout() {
        return DeliveryOutcome::TimedOut;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(guard) = error.downcast_ref::<GuardError>() {
            return match guard {
                GuardError::Refused { .. } => DeliveryOutcome::AddressForbidden,
                GuardError::Unresolved { .. } => DeliveryOutcome::NameUnknown,
            };
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return DeliveryOutcome::ConnectionRefused,
                std::io::ErrorKind::InvalidData => return DeliveryOutcome::TlsFailed,
                _ => {}
            }
        }
        cause = error.source();
    }
    DeliveryOutcome::ConnectionLost
}
