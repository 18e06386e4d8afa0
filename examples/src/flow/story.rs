//! What every step needs: the client, the sandbox that plays the rest of the world, and the webhooks that came.

use layer2_sdk::{
    Client, control,
    mock::{self, SandboxServer},
    payments::EventType,
};

use super::Step;
use crate::receiver::{Receiver, Running};

/// A client of a sandbox of its own, with a webhook receiver.
#[derive(Debug)]
pub struct Story {
    /// The client, as it would talk to the platform.
    pub client: Client,
    /// The sandbox, for the parts that a bank or a person at the platform would play.
    pub sandbox: control::SandboxName,
    receiver: Running,
    told: usize,
}

impl Story {
    /// Subscribes to the events of the flow and begins to listen. There is one key a subscription.
    pub async fn begin(server: &SandboxServer) -> Step<Self> {
        let client = mock::client(&server.info())?;
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
            sandbox: server.info().sandbox,
            receiver: receiver.serve(&subscriptions)?,
            told: 0,
        })
    }

    /// Waits until all work of the platform is done and all webhooks are delivered, and prints those that came.
    pub async fn settle(&mut self) -> Step<()> {
        self.client.control().clock().settle(&self.sandbox).await?;
        let events = self.receiver.received();
        for event in events.iter().skip(self.told) {
            println!("  webhook         {}, verified", event.event_type);
        }
        self.told = events.len();
        Ok(())
    }
}
