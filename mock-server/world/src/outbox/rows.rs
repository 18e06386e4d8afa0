//! What the outbox keeps: events, deliveries and attempts.

use core::fmt;

use jiff::Timestamp;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;

use super::ATTEMPT_OFFSETS;
use super::DeliveryOutcome;
use crate::callback_url::CallbackUrl;
use crate::ids::Origin;
use crate::seed::SecretSeed;

/// Id of the delivery of one event to one subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Wraps the text of an id.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A webhook that is to be sent now. `Debug` shows neither its body nor the whole address.
#[derive(Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Where to.
    pub url: CallbackUrl,
    /// The exact body.
    pub body: String,
    /// Private key of the subscription.
    pub signing_seed: SecretSeed,
    /// When the attempt is due, in business time.
    pub due: Timestamp,
    /// The event, for a header or a log line.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The subscription.
    pub subscription: SubscriptionId,
}

impl fmt::Debug for DueDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueDelivery")
            .field("delivery", &self.delivery)
            .field("attempt", &self.attempt)
            .field("url", &self.url)
            .field("due", &self.due)
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .finish_non_exhaustive()
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    Pending { attempt: u32, due: Timestamp },
    Delivered,
    Exhausted,
    Cancelled,
}

/// One event to one subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    pub(crate) event: u64,
    pub(crate) subscription: SubscriptionId,
    pub(crate) url: CallbackUrl,
    pub(crate) state: DeliveryState,
    /// The newest ones.
    pub(crate) attempts: Vec<AttemptRow>,
    /// It had ended and was ordered again: then one attempt is all there is, whatever the schedule says.
    pub(super) once: bool,
    pub(super) origin: Origin,
}

impl DeliveryRow {
    /// Remembers an attempt that has ended, in the place of the oldest one if there are too many.
    pub(super) fn note(&mut self, attempt: AttemptRow) {
        if self.attempts.len() == ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }
}

/// So many attempts of a delivery are remembered: those of the schedule, and as many that were ordered later.
const ATTEMPTS_KEPT: usize = 2 * ATTEMPT_OFFSETS.len();

/// An attempt that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttemptRow {
    pub(crate) attempt: u32,
    pub(crate) due: Timestamp,
    pub(crate) outcome: DeliveryOutcome,
}

/// An event with its body as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) at: Timestamp,
    pub(crate) body: String,
    /// Place in the journal of the command that caused it.
    pub(crate) cause: u64,
    /// How many of its deliveries are kept.
    pub(super) deliveries: u32,
}

/// An event that is about to be written, and to whom it goes.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) at: Timestamp,
    pub(crate) body: String,
    pub(crate) cause: u64,
    pub(crate) origin: Origin,
    pub(crate) recipients: Vec<Recipient>,
}

/// A subscription that an event goes to.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) delivery: DeliveryId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) url: CallbackUrl,
}
