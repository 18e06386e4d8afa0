//! The screening of a new counterparty (what it finds, also for customers), and the events that tell where it stands.
//!
//! What a screening finds is not left to chance: it finds something in a name that contains [`MARKER`]. Control can
//! decide first; then the screening has nothing left to decide.

use layer2_types::payments::CounterpartyEventData;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CounterpartyState;
use layer2_types::payments::EventPayload;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::machines::standing::Standing;
use crate::schedule::Work;
use crate::world::World;

/// What a name contains, in capital letters or not, in which the screening finds something.
const MARKER: &str = "screening hit";

/// What is done with a counterparty later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CounterpartyJob {
    /// The screening ends.
    Screen(CounterpartyId),
}

impl Work for CounterpartyJob {
    fn name(&self) -> &'static str {
        "screen_counterparty"
    }

    fn subject(&self) -> &str {
        let Self::Screen(id) = self;
        id.as_str()
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        let Self::Screen(id) = self;
        world.screen_counterparty(cx, id);
    }
}

impl World {
    fn screen_counterparty(&mut self, cx: &mut WriteContext<'_>, id: &CounterpartyId) {
        let Some(row) = self.payments.counterparties.get(id) else {
            return;
        };
        if row.standing != Standing::Pending || row.approved {
            return;
        }
        let to = if row.is_listed() {
            Standing::Closed
        } else {
            Standing::Active
        };
        self.set_counterparty_standing(cx, id, to);
    }

    /// Tells where a counterparty stands now.
    pub(crate) fn emit_counterparty(&mut self, cx: &mut WriteContext<'_>, id: &CounterpartyId) {
        let Some(row) = self.payments.counterparties.get(id) else {
            return;
        };
        let Some(payload) = payload(row.standing) else {
            return;
        };
        let state = CounterpartyState::new(id.clone())
            .with_status(row.standing.counterparty_status(cx.platform()));
        self.emit(cx, payload(CounterpartyEventData::new(state)));
    }
}

/// Whether the screening finds something in a name.
pub(crate) fn is_listed(name: &str) -> bool {
    name.to_lowercase().contains(MARKER)
}

impl CounterpartyRow {
    fn is_listed(&self) -> bool {
        let name = self
            .details
            .profile()
            .and_then(|profile| profile.name.as_ref());
        name.is_some_and(|name| is_listed(name))
    }
}

/// The event of a counterparty's status; DORMANT has none.
fn payload(standing: Standing) -> Option<fn(CounterpartyEventData) -> EventPayload> {
    Some(match standing {
        Standing::Active => EventPayload::CounterpartyActive,
        Standing::Closed => EventPayload::CounterpartyClosed,
        Standing::Edd => EventPayload::CounterpartyEdd,
        Standing::Pending => EventPayload::CounterpartyPending,
        Standing::Frozen => EventPayload::CounterpartyFrozen,
        Standing::Dormant => return None,
        Standing::EddL2f => EventPayload::CounterpartyEddL2f,
        Standing::FrozenL2f => EventPayload::CounterpartyFrozenL2f,
        Standing::PendingL2f => EventPayload::CounterpartyPendingL2f,
    })
}
