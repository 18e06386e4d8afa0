//! Events and their deliveries, as rows of the world.
//!
//! A change and the event that tells of it are written by the same command, so neither can be lost without the other.
//! The shell asks which deliveries are due, sends them, and feeds the outcome back.
//!
//! Each attempt's due time follows from the event's own time, never from when the attempt before it ended; a receiver
//! that answers early, late or in another order changes no id, no time and no body. Only 2xx counts as success. Events
//! that nobody has subscribed to are not kept; of what is finished, a bounded number is kept for the log.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::Timestamp;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;

use crate::seed::SecretSeed;
use crate::seed::Seed;

mod outcome;
mod rows;
mod schedule;

pub use outcome::DeliveryOutcome;
pub(crate) use rows::AttemptRow;
pub use rows::DeliveryId;
pub(crate) use rows::DeliveryRow;
pub(crate) use rows::DeliveryState;
pub use rows::DueDelivery;
pub(crate) use rows::EventRow;
pub(crate) use rows::NewEvent;
pub(crate) use rows::Recipient;
pub use schedule::ATTEMPT_OFFSETS;
use schedule::next_attempt;

/// All events and deliveries of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outbox {
    events_made: u64,
    deliveries_made: u64,
    events: BTreeMap<u64, EventRow>,
    deliveries: BTreeMap<u64, DeliveryRow>,
    by_id: BTreeMap<DeliveryId, u64>,
    pending: BTreeSet<(Timestamp, u64)>,
    finished: BTreeSet<u64>,
}

impl Outbox {
    /// Writes an event and one delivery for each recipient.
    pub(crate) fn write(&mut self, event: NewEvent) {
        let Ok(count) = u32::try_from(event.recipients.len()) else {
            return;
        };
        if count == 0 {
            return;
        }
        self.events_made += 1;
        for recipient in event.recipients {
            self.deliveries_made += 1;
            let number = self.deliveries_made;
            self.pending.insert((event.at, number));
            self.by_id.insert(recipient.delivery.clone(), number);
            self.deliveries.insert(
                number,
                DeliveryRow {
                    id: recipient.delivery,
                    event: self.events_made,
                    subscription: recipient.subscription,
                    url: recipient.url,
                    state: DeliveryState::Pending {
                        attempt: 1,
                        due: event.at,
                    },
                    attempts: Vec::new(),
                    once: false,
                    origin: event.origin,
                },
            );
        }
        self.events.insert(
            self.events_made,
            EventRow {
                id: event.id,
                event_type: event.event_type,
                at: event.at,
                body: event.body,
                cause: event.cause,
                deliveries: count,
            },
        );
    }

    /// The attempts that are due by `now`, in the order (due, delivery): id, attempt, number of the delivery.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = (&DeliveryId, u32, u64)> {
        let due_by_now = self.pending.iter().take_while(move |(due, _)| *due <= now);
        due_by_now.filter_map(|(_, number)| {
            let row = self.deliveries.get(number)?;
            match row.state {
                DeliveryState::Pending { attempt, .. } => Some((&row.id, attempt, *number)),
                _ => None,
            }
        })
    }

    /// The attempt of a delivery that waits, with its body.
    pub(crate) fn due_delivery(&self, number: u64, seed: &Seed) -> Option<DueDelivery> {
        let row = self.deliveries.get(&number)?;
        let event = self.events.get(&row.event)?;
        let DeliveryState::Pending { attempt, due } = row.state else {
            return None;
        };
        Some(DueDelivery {
            delivery: row.id.clone(),
            attempt,
            url: row.url.clone(),
            body: event.body.clone(),
            signing_seed: webhook_key(seed, &row.subscription),
            due,
            event_id: event.id.clone(),
            event_type: event.event_type.clone(),
            subscription: row.subscription.clone(),
        })
    }

    /// When the next attempt is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.pending.first().map(|(due, _)| *due)
    }

    /// The attempts that wait, by the instant at which they are due.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&DeliveryId, u32, Timestamp)> {
        self.pending.iter().filter_map(|(due, number)| {
            let row = self.deliveries.get(number)?;
            match row.state {
                DeliveryState::Pending { attempt, .. } => Some((&row.id, attempt, *due)),
                _ => None,
            }
        })
    }

    /// Records how an attempt ended and plans the next one. An outcome that comes twice, or for a delivery that was
    /// cancelled meanwhile, changes nothing.
    pub(crate) fn finish(
        &mut self,
        seed: &Seed,
        id: &DeliveryId,
        attempt: u32,
        outcome: DeliveryOutcome,
        keep: u32,
    ) {
        let Some(number) = self.by_id.get(id).copied() else {
            return;
        };
        let Some(row) = self.deliveries.get_mut(&number) else {
            return;
        };
        let DeliveryState::Pending {
            attempt: expected,
            due,
        } = row.state
        else {
            return;
        };
        if attempt != expected {
            return;
        }
        row.note(AttemptRow {
            attempt,
            due,
            outcome,
        });
        self.pending.remove(&(due, number));
        let at = self.events.get(&row.event).map_or(due, |event| event.at);
        row.state = match next_attempt(seed, row, at, attempt) {
            _ if outcome.is_success() => DeliveryState::Delivered,
            Some(next_due) => DeliveryState::Pending {
                attempt: attempt + 1,
                due: next_due,
            },
            None => DeliveryState::Exhausted,
        };
        row.once = false;
        if let DeliveryState::Pending { due, .. } = row.state {
            self.pending.insert((due, number));
        } else {
            self.finished.insert(number);
            self.forget_oldest(keep);
        }
    }

    /// A delivery that is kept, with its event.
    pub(crate) fn delivery(&self, id: &DeliveryId) -> Option<(&DeliveryRow, &EventRow)> {
        let row = self.deliveries.get(self.by_id.get(id)?)?;
        Some((row, self.events.get(&row.event)?))
    }

    /// The ids of the deliveries that are kept.
    pub(crate) fn delivery_ids(&self) -> impl Iterator<Item = &DeliveryId> {
        self.by_id.keys()
    }

    /// Makes a delivery due at once. One that waits keeps its attempt and its schedule; one that has ended is tried once
    /// more.
    pub(crate) fn redeliver(&mut self, id: &DeliveryId, now: Timestamp) {
        let Some(number) = self.by_id.get(id).copied() else {
            return;
        };
        let Some(row) = self.deliveries.get_mut(&number) else {
            return;
        };
        let attempt = match row.state {
            DeliveryState::Pending { attempt, due } => {
                self.pending.remove(&(due, number));
                attempt
            }
            _ => {
                self.finished.remove(&number);
                row.once = true;
                row.attempts.last().map_or(1, |last| last.attempt + 1)
            }
        };
        row.state = DeliveryState::Pending { attempt, due: now };
        self.pending.insert((now, number));
    }

    /// Cancels what is still to be sent to a subscription. Only what waits is looked at.
    pub(crate) fn cancel(&mut self, subscription: &SubscriptionId, keep: u32) {
        let Self {
            deliveries,
            pending,
            finished,
            ..
        } = self;
        pending.retain(|(_, number)| {
            let row = deliveries.get_mut(number);
            let Some(row) = row.filter(|row| row.subscription == *subscription) else {
                return true;
            };
            row.state = DeliveryState::Cancelled;
            finished.insert(*number);
            false
        });
        self.forget_oldest(keep);
    }

    /// Whether the newest finished delivery to a subscription failed for good. It is derived from the rows, so the
    /// order in which outcomes land does not matter.
    pub(crate) fn is_failing(&self, subscription: &SubscriptionId) -> bool {
        self.finished
            .iter()
            .rev()
            .filter_map(|number| self.deliveries.get(number))
            .find(|row| row.subscription == *subscription)
            .is_some_and(|row| row.state == DeliveryState::Exhausted)
    }

    /// All deliveries that are kept, oldest first, each with its event.
    pub(crate) fn numbered(
        &self,
    ) -> impl DoubleEndedIterator<Item = (u64, (&DeliveryRow, &EventRow))> {
        self.deliveries
            .iter()
            .filter_map(|(number, row)| Some((*number, (row, self.events.get(&row.event)?))))
    }

    /// How many deliveries were ever made: the number of the newest one.
    pub(crate) const fn made(&self) -> u64 {
        self.deliveries_made
    }

    fn forget_oldest(&mut self, keep: u32) {
        while self.finished.len() > usize::try_from(keep).unwrap_or(usize::MAX) {
            let Some(number) = self.finished.pop_first() else {
                return;
            };
            let Some(row) = self.deliveries.remove(&number) else {
                continue;
            };
            self.by_id.remove(&row.id);
            if let Some(event) = self.events.get_mut(&row.event) {
                event.deliveries -= 1;
                if event.deliveries == 0 {
                    self.events.remove(&row.event);
                }
            }
        }
    }
}

/// The private key that signs the webhooks of a subscription.
pub(crate) fn webhook_key(seed: &Seed, subscription: &SubscriptionId) -> SecretSeed {
    seed.secret("webhook-key", &[subscription.as_str().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback_url::CallbackUrl;
    use crate::ids::Origin;

    const FAILED: DeliveryOutcome = DeliveryOutcome::Answered { status: 500 };
    const TAKEN: DeliveryOutcome = DeliveryOutcome::Answered { status: 204 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn outbox_with(events: u64) -> (Outbox, Seed) {
        let mut outbox = Outbox::default();
        for n in 0..events {
            outbox.write(NewEvent {
                id: format!("event-{n}"),
                event_type: "TRANSACTION_POSTED".to_owned(),
                at: at(100),
                body: "{}".to_owned(),
                cause: n,
                origin: Origin::Client(n),
                recipients: vec![Recipient {
                    delivery: DeliveryId::new(format!("delivery-{n}")),
                    subscription: "sub".parse().unwrap(),
                    url: CallbackUrl::new("http://127.0.0.1:9/hook"),
                }],
            });
        }
        (outbox, Seed::new([9; 32]))
    }

    #[test]
    fn a_receiver_that_never_answers_is_tried_eight_times_and_then_marked() {
        let (mut outbox, seed) = outbox_with(1);
        let mut dues = Vec::new();
        while let Some(due) = outbox.next_due() {
            let (_, _, number) = outbox.due(due).next().unwrap();
            let attempt = outbox.due_delivery(number, &seed).unwrap();
            dues.push(due.as_second() - 100);
            outbox.finish(&seed, &attempt.delivery, attempt.attempt, FAILED, 10);
        }
        assert_eq!(dues.len(), ATTEMPT_OFFSETS.len());
        for (seconds, offset) in dues.iter().zip(ATTEMPT_OFFSETS) {
            let offset = i64::try_from(offset.as_secs()).unwrap();
            assert!(
                (offset..=offset + offset / 10 + 1).contains(seconds),
                "{seconds} after {offset}"
            );
        }
        assert!(outbox.is_failing(&"sub".parse().unwrap()));
    }

    #[test]
    fn an_ended_delivery_is_tried_once_more_and_a_waiting_one_keeps_its_schedule() {
        let (mut outbox, seed) = outbox_with(1);
        let id = DeliveryId::new("delivery-0");
        outbox.finish(&seed, &id, 1, FAILED, 10);
        let planned = outbox.next_due();
        outbox.redeliver(&id, at(101));
        assert_eq!(
            outbox.next_due(),
            Some(at(101)),
            "sent now and not at {planned:?}"
        );
        outbox.finish(&seed, &id, 2, FAILED, 10);
        assert!(
            outbox.next_due() >= Some(at(160)),
            "the third try is due by the schedule"
        );
        outbox.finish(&seed, &id, 3, TAKEN, 10);
        for outcome in [TAKEN, FAILED] {
            outbox.redeliver(&id, at(500));
            let (_, attempt, _) = outbox.due(at(500)).next().unwrap();
            outbox.finish(&seed, &id, attempt, outcome, 10);
            assert_eq!(outbox.next_due(), None, "one try is all");
        }
        assert_eq!(outbox.delivery(&id).unwrap().0.attempts.len(), 5);
        assert!(outbox.is_failing(&"sub".parse().unwrap()));
    }

    #[test]
    fn of_a_delivery_that_is_ordered_again_and_again_the_newest_tries_are_kept() {
        let (mut outbox, seed) = outbox_with(1);
        let id = DeliveryId::new("delivery-0");
        outbox.finish(&seed, &id, 1, TAKEN, 10);
        for attempt in 2..=50 {
            outbox.redeliver(&id, at(500));
            outbox.finish(&seed, &id, attempt, TAKEN, 10);
        }
        let row = outbox.delivery(&id).unwrap().0;
        let kept: Vec<u32> = row.attempts.iter().map(|row| row.attempt).collect();
        assert_eq!(kept, (35..=50).collect::<Vec<_>>());
    }

    #[test]
    fn success_ends_it_and_a_late_outcome_changes_nothing() {
        let (mut outbox, seed) = outbox_with(1);
        let id = DeliveryId::new("delivery-0");
        outbox.finish(&seed, &id, 1, TAKEN, 10);
        let settled = outbox.clone();
        outbox.finish(&seed, &id, 1, FAILED, 10);
        outbox.finish(&seed, &id, 2, FAILED, 10);
        outbox.finish(&seed, &DeliveryId::new("unknown"), 1, FAILED, 10);
        assert_eq!(outbox, settled);
        assert!(!outbox.is_failing(&"sub".parse().unwrap()));
    }

    #[test]
    fn the_order_of_outcomes_does_not_matter() {
        let (start, seed) = outbox_with(3);
        let outcomes = [
            ("delivery-0", FAILED),
            ("delivery-1", TAKEN),
            ("delivery-2", FAILED),
        ];
        let run = |order: [usize; 3]| {
            let mut outbox = start.clone();
            for n in order {
                let (id, outcome) = outcomes[n];
                outbox.finish(&seed, &DeliveryId::new(id), 1, outcome, 10);
            }
            outbox
        };
        assert_eq!(run([0, 1, 2]), run([2, 0, 1]));
    }

    #[test]
    fn the_log_is_bounded_and_what_waits_is_kept() {
        let (mut outbox, seed) = outbox_with(5);
        for n in 0..4 {
            outbox.finish(
                &seed,
                &DeliveryId::new(format!("delivery-{n}")),
                1,
                TAKEN,
                2,
            );
        }
        let kept: Vec<_> = outbox
            .numbered()
            .map(|(_, (row, _))| row.id.as_str())
            .collect();
        assert_eq!(kept, ["delivery-2", "delivery-3", "delivery-4"]);
        assert_eq!(outbox.events.len(), 3);
    }

    #[test]
    fn cancelled_deliveries_are_not_sent() {
        let (mut outbox, _) = outbox_with(2);
        outbox.cancel(&"sub".parse().unwrap(), 10);
        assert_eq!(outbox.due(at(1_000_000)).next(), None);
        assert_eq!(outbox.next_due(), None);
    }
}
