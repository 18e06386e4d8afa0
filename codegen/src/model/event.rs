//! Webhook events: their type, when they are sent and what they carry.

use crate::source::Node;

use super::operation::Version;
use super::read::{Reading, versions};
use super::shape::Type;
use super::shape::read::type_at;

/// One event type.
#[derive(Clone, Debug)]
pub struct Event {
    /// The type as the platform spells it: `TRANSACTION_POSTED`.
    pub name: String,
    /// What happened, in one line.
    pub summary: String,
    /// When it is sent.
    pub when: String,
    /// Name of the schema of `event_data`.
    pub payload: String,
    /// Versions that send it; none means every version.
    pub versions: Vec<Version>,
}

/// `x-webhooks` of the document.
pub(super) fn events(reading: &mut Reading<'_>) -> Vec<Event> {
    let entries = reading
        .at("/x-webhooks")
        .map(Node::entries)
        .unwrap_or_default();
    let mut events = Vec::new();
    for entry in entries {
        let Type::Named(payload) = type_at(reading, &entry.node, "payload") else {
            reading.refuse(
                &entry.key_place,
                "model",
                "the payload of an event has no name",
                "make it a component and refer to it",
            );
            continue;
        };
        events.push(Event {
            name: entry.key.clone(),
            summary: reading.text(&entry.node, "summary"),
            when: reading.text(&entry.node, "when"),
            payload,
            versions: versions(reading, &entry.node),
        });
    }
    events
}
