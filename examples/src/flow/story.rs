//! What every step needs: the client, the sandbox that plays the rest of the world, and the webhooks that came.

use std::fmt::Display;

use layer2_sdk::{
    Client,
    mock::Sandbox,
    payments::{Event, EventType},
};

use super::Step;
use crate::receiver::{Receiver, Running};
use crate::say;

/// A client of a sandbox of its own, with a webhook receiver.
#[derive(Debug)]
pub struct Story<'s> {
    /// The client, as it would talk to the platform.
    pub client: Client,
    /// The sandbox, for the parts that a bank or a person at the platform would play.
    pub sandbox: &'s Sandbox,
    receiver: Running,
    told: usize,
}

impl<'s> Story<'s> {
    /// Subscribes to the events of the flow and begins to listen. There is one key a subscription.
    pub async fn begin(sandbox: &'s Sandbox) -> Step<Self> {
        let client = sandbox.client().clone();
        let receiver = Receiver::bind().await?;
        let mut subscriptions = Vec::new();
        for event_type in [
            EventType::ApplicationReadyForSubmission,
            EventType::ApplicationApproved,
            EventType::CustomerActive,
            EventType::AccountOpen,
            EventType::CounterpartyActive,
            EventType::TransactionPosted,
        ] {
            subscriptions.push(receiver.subscribe(&client, event_type).await?);
        }
        Ok(Self {
            client,
            sandbox,
            receiver: receiver.serve(&subscriptions)?,
            told: 0,
        })
    }

    /// Waits until all work of the platform is done and all webhooks are delivered, and prints those that came.
    ///
    /// # Errors
    /// If one that the step is to be told by did not come, or came with a signature that does not hold.
    pub async fn settle(&mut self, expected: &[EventType]) -> Step<()> {
        self.sandbox.settle().await?;
        let events = self.receiver.received();
        let came = events.get(self.told..).unwrap_or_default();
        for event in came {
            say!("  webhook         {}, verified", event.event_type);
        }
        self.told = events.len();
        let Some(event_type) = missing(expected, came) else {
            return Ok(());
        };
        // The server knows why, if it sent none or nobody could be reached.
        self.sandbox.expect_webhook(event_type.clone()).await?;
        Err(format!("no webhook {event_type} came that was not told before").into())
    }
}

/// An expected type of which too few came.
fn missing(expected: &[EventType], came: &[Event]) -> Option<EventType> {
    let mut came: Vec<_> = came.iter().map(|event| &event.event_type).collect();
    for event_type in expected {
        match came.iter().position(|other| *other == event_type) {
            Some(place) => _ = came.swap_remove(place),
            None => return Some(event_type.clone()),
        }
    }
    None
}

/// The status that an object has. A story in which it is another one than the next step needs has failed here.
///
/// # Errors
/// If there is none, or another one.
pub fn must_be<S: PartialEq + Display>(what: &str, status: Option<&S>, wanted: &S) -> Step<()> {
    match status {
        Some(status) if status == wanted => Ok(()),
        Some(status) => Err(format!("{what} is {status}, and the story needs {wanted}").into()),
        None => Err(format!("{what} has no status, and the story needs {wanted}").into()),
    }
}

#[cfg(test)]
mod tests {
    use layer2_sdk::{
        mock::Fault,
        payments::{AccountStatus, OperationId},
    };

    use super::*;
    use crate::flow::{exchanging, onboarding, receiving, transferring};

    #[tokio::test]
    async fn a_webhook_that_does_not_come_ends_the_story() {
        let sandbox = Sandbox::start().await.unwrap();
        let mut story = Story::begin(&sandbox).await.unwrap();
        let posted = [EventType::TransactionPosted];
        let error = story.settle(&posted).await.unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("no webhook TRANSACTION_POSTED"),
            "{error}"
        );

        // One that came is counted once.
        let dollars = story.sandbox.account("FIAT_TESTNET_USD").unwrap();
        let one = || "1".parse().unwrap();
        story.sandbox.fund(&dollars, one()).await.unwrap();
        story.settle(&posted).await.unwrap();
        assert!(story.settle(&posted).await.is_err(), "it is told");
        story.sandbox.fund(&dollars, one()).await.unwrap();
        let two = [EventType::TransactionPosted, EventType::TransactionPosted];
        assert!(story.settle(&two).await.is_err(), "one came");
    }

    #[tokio::test]
    async fn a_status_that_the_next_step_cannot_use_ends_the_story() {
        let open = AccountStatus::Open;
        assert!(must_be("it", Some(&open), &open).is_ok());
        let error = must_be("it", Some(&AccountStatus::Frozen), &open).unwrap_err();
        assert_eq!(error.to_string(), "it is FROZEN, and the story needs OPEN");
        assert!(must_be("it", None, &open).is_err());

        let sandbox = Sandbox::start().await.unwrap();
        let mut story = Story::begin(&sandbox).await.unwrap();
        let (ada, dollars) = onboarding::onboard(&mut story).await.unwrap();
        receiving::receive_wire(&mut story, &dollars, "100")
            .await
            .unwrap();
        let bitcoin = transferring::open_account(&mut story, &ada, "BTC", "BITCOIN_TESTNET_BTC")
            .await
            .unwrap();
        let odd = Fault::unknown_enum_value().on(OperationId::ExchangesGet);
        story.sandbox.order(odd).await.unwrap();
        let spent = exchanging::spend(&mut story, &dollars, &bitcoin, "10").await;
        let error = spent.unwrap_err().to_string();
        assert!(error.contains("the story needs EXECUTED"), "{error}");
    }
}
