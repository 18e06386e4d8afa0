//! A webhook receiver as an application would have it: axum, one route, and events that are kept only when their
//! signature holds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use layer2_sdk::{
    Client,
    payments::{Event, EventType, Subscription, SubscriptionRequest},
    webhook::{Verifier, VerifyKey, WebhookScheme, axum::Delivery},
};
use tokio::{net::TcpListener, task::JoinHandle};

const PATH: &str = "/webhooks/layer2";

/// A receiver that listens and waits for the keys of its subscriptions.
#[derive(Debug)]
pub struct Receiver {
    listener: TcpListener,
    url: String,
}

impl Receiver {
    /// Takes a free port of this machine.
    pub async fn bind() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}{PATH}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// Subscribes this receiver to one type of events.
    pub async fn subscribe(
        &self,
        client: &Client,
        event_type: EventType,
    ) -> Result<Subscription, layer2_sdk::Error> {
        let request = SubscriptionRequest::new(event_type, self.url.clone());
        Ok(client.subscriptions().create(&request).await?.into_inner())
    }

    /// Serves deliveries that were signed with the key of one of these subscriptions.
    pub fn serve(
        self,
        subscriptions: &[Subscription],
    ) -> Result<Running, Box<dyn std::error::Error>> {
        let mut verifier = Verifier::new(WebhookScheme::platform(&self.url));
        for subscription in subscriptions {
            let key = subscription
                .signature_verification_key
                .as_deref()
                .ok_or("the subscription came without its key")?;
            verifier = verifier.key(VerifyKey::parse(key)?);
        }
        let verifier = Arc::new(verifier);
        let inbox = Inbox {
            verifier,
            events: Arc::default(),
        };
        let events = Arc::clone(&inbox.events);
        let routes = Router::new().route(PATH, post(receive)).with_state(inbox);
        let serving = tokio::spawn(async move { axum::serve(self.listener, routes).await });
        Ok(Running { events, serving })
    }
}

/// A receiver that serves until it is dropped.
#[derive(Debug)]
pub struct Running {
    events: Arc<Mutex<Vec<Event>>>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// The events that have come and verified, in the order in which they came.
    #[must_use]
    pub fn received(&self) -> Vec<Event> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Inbox {
    verifier: Arc<Verifier>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl axum::extract::FromRef<Inbox> for Arc<Verifier> {
    fn from_ref(inbox: &Inbox) -> Self {
        Self::clone(&inbox.verifier)
    }
}

/// Runs only for deliveries that verified; an error of the signature was answered before.
async fn receive(State(inbox): State<Inbox>, delivery: Delivery) -> StatusCode {
    inbox
        .events
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(delivery.event);
    StatusCode::NO_CONTENT
}
