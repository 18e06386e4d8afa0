//! Waiting for webhooks by the server's delivery log.
//!
//! A receiver in the test process would have to be polled; the server knows already what it delivered and what was
//! answered. So a test settles the sandbox and reads the log. Each delivery is told once: expecting the same event type
//! twice needs two of them.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use futures_util::TryStreamExt as _;
use layer2_types::control::DeliveriesListParams;
use layer2_types::control::Delivery;
use layer2_types::control::DeliveryState;
use layer2_types::payments::EventType;

use crate::mock::Sandbox;
use crate::mock::SandboxError;

/// Rows of the log that are read at once.
const PAGE: i32 = 1_000;

impl Sandbox {
    /// Waits for the next webhook of this type that was delivered, that is answered with a 2xx status by whoever
    /// subscribed, and that was not expected before.
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use layer2_sdk::mock::Sandbox;
    /// use layer2_sdk::payments::{EventType, SubscriptionRequest};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::start().await?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let url = format!("http://{}/hooks", listener.local_addr()?);
    /// let receiver = Router::new().route("/hooks", post(|| async { "thank you" }));
    /// tokio::spawn(async move { axum::serve(listener, receiver).await });
    ///
    /// let request = SubscriptionRequest::new(EventType::TransactionPosted, url);
    /// sandbox.client().subscriptions().create(&request).await?;
    /// let dollars = sandbox.account("FIAT_TESTNET_USD")?;
    /// sandbox.fund(&dollars, "10".parse()?).await?;
    ///
    /// let delivery = sandbox.expect_webhook(EventType::TransactionPosted).await?;
    /// assert_eq!(delivery.attempts.len(), 1);
    /// sandbox.expect_no_webhook(EventType::TransactionPosted).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SandboxError::NoWebhook`] if there is none; it says what was delivered, refused or not subscribed to.
    pub async fn expect_webhook(&self, event_type: EventType) -> Result<Delivery, SandboxError> {
        let untold = self.untold().await?;
        let is_expected = |delivery: &&Delivery| {
            delivery.event_type == event_type.as_str() && delivery.state == DeliveryState::Delivered
        };
        let Some(delivery) = untold.iter().find(is_expected) else {
            return Err(SandboxError::NoWebhook {
                event_type: event_type.to_string(),
                seen: self.seen(&event_type, &untold).await?,
            });
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(delivery.id.clone());
        Ok(delivery.clone())
    }

    /// Makes sure that no webhook of this type was sent that was not expected before, delivered or not.
    ///
    /// # Errors
    /// [`SandboxError::UnexpectedWebhook`] with their number.
    pub async fn expect_no_webhook(&self, event_type: EventType) -> Result<(), SandboxError> {
        let untold = self.untold().await?;
        let count = untold
            .iter()
            .filter(|delivery| delivery.event_type == event_type.as_str())
            .count();
        if count == 0 {
            return Ok(());
        }
        Err(SandboxError::UnexpectedWebhook {
            event_type: event_type.to_string(),
            count,
        })
    }

    /// Everything that was sent or is to be sent, oldest first, once nothing is due.
    ///
    /// # Errors
    /// If a limit of the server ended the wait.
    pub async fn webhooks(&self) -> Result<Vec<Delivery>, SandboxError> {
        self.settle().await?;
        let params = DeliveriesListParams::new().with_page_size(PAGE);
        let control = self.client().control();
        let log = control.deliveries().list_stream(self.name(), params);
        Ok(log.try_collect().await?)
    }

    async fn untold(&self) -> Result<Vec<Delivery>, SandboxError> {
        let mut log = self.webhooks().await?;
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        log.retain(|delivery| !told.contains(&delivery.id));
        Ok(log)
    }

    /// What a failed expectation has to say.
    async fn seen(
        &self,
        event_type: &EventType,
        untold: &[Delivery],
    ) -> Result<String, SandboxError> {
        let ours: Vec<_> = untold
            .iter()
            .filter(|delivery| delivery.event_type == event_type.as_str())
            .collect();
        if let Some(delivery) = ours.first() {
            return Ok(undelivered(delivery));
        }
        let subscriptions = self.client().subscriptions().list().await?;
        let mut types = subscriptions
            .items
            .iter()
            .filter_map(|s| s.event_type.as_ref());
        if !types.any(|subscribed| subscribed == event_type) {
            return Ok("nobody is subscribed to it".to_owned());
        }
        Ok(others(untold))
    }
}

fn undelivered(delivery: &Delivery) -> String {
    let Some(last) = delivery.attempts.last() else {
        return "it waits for its first try".to_owned();
    };
    let hint = last.hint.as_deref().unwrap_or("no hint");
    format!(
        "it was sent to {} {} times and {}: {hint}",
        delivery.url,
        delivery.attempts.len(),
        last.outcome
    )
}

fn others(untold: &[Delivery]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for delivery in untold {
        *counts.entry(&delivery.event_type).or_default() += 1;
    }
    if counts.is_empty() {
        return "nothing was sent that was not expected before".to_owned();
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(event_type, count)| format!("{count} {event_type}"))
        .collect();
    format!(
        "what was sent and not expected before is {}",
        counts.join(", ")
    )
}
