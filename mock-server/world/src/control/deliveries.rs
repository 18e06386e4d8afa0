//! The webhook log: every delivery with all its tries, why they failed and what to change.

use layer2_types::control;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::generated::control::Deliveries;
use crate::outbox::AttemptRow;
use crate::outbox::DeliveryOutcome;
use crate::outbox::DeliveryRow;
use crate::outbox::DeliveryState;
use crate::outbox::EventRow;
use crate::page::Page;
use crate::rejection::Rejection;
use crate::settings::TimestampStyle;
use crate::world::World;

impl Deliveries for World {
    fn deliveries_list(
        &self,
        _cx: &ReadContext<'_>,
        params: control::DeliveriesListParams,
    ) -> Result<control::DeliveryListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?;
        let matching = self.outbox.deliveries().filter(|(row, _)| {
            params
                .status
                .as_ref()
                .is_none_or(|state| state_on_wire(row.state) == *state)
        });
        let (rows, total) = page.cut(matching);
        let deliveries: Result<Vec<_>, _> = rows
            .into_iter()
            .map(|(row, event)| delivery_on_wire(row, event))
            .collect();
        let path = self.control_path("deliveries");
        let links = page.links(&path, &params.to_pairs(), total).into_control();
        Ok(control::DeliveryListReply::new(
            control::DeliveryList::new(deliveries?),
            links,
        ))
    }
}

fn delivery_on_wire(row: &DeliveryRow, event: &EventRow) -> Result<control::Delivery, Rejection> {
    let delivery = control::Delivery::new(
        control::DeliveryId::new(row.id.as_str()).map_err(|_| Rejection::bad_id())?,
        control::EventId::new(event.id.as_str()).map_err(|_| Rejection::bad_id())?,
        event.event_type.clone(),
        control::SubscriptionId::new(row.subscription.as_str()).map_err(|_| Rejection::bad_id())?,
        row.url.clone(),
        state_on_wire(row.state),
        row.attempts.iter().map(attempt_on_wire).collect(),
    );
    Ok(match row.state {
        DeliveryState::Pending { due, .. } => {
            delivery.with_next_attempt(clock::wire(due, TimestampStyle::Utc))
        }
        _ => delivery,
    })
}

fn attempt_on_wire(row: &AttemptRow) -> control::DeliveryAttempt {
    let attempt = control::DeliveryAttempt::new(
        // There are eight attempts.
        i32::try_from(row.attempt).unwrap_or(i32::MAX),
        clock::wire(row.due, TimestampStyle::Utc),
        outcome_on_wire(row.outcome),
    );
    let attempt = match row.outcome {
        DeliveryOutcome::Answered { status } => attempt.with_status(i32::from(status)),
        _ => attempt,
    };
    match (row.outcome.why(), row.outcome.hint()) {
        (Some(why), Some(hint)) => attempt.with_hint(format!("{why} {hint}")),
        _ => attempt,
    }
}

fn outcome_on_wire(outcome: DeliveryOutcome) -> control::DeliveryOutcome {
    match outcome {
        _ if outcome.is_success() => control::DeliveryOutcome::Delivered,
        DeliveryOutcome::Answered { .. } => control::DeliveryOutcome::Refused,
        DeliveryOutcome::TimedOut => control::DeliveryOutcome::TimedOut,
        DeliveryOutcome::AddressForbidden => control::DeliveryOutcome::NotAllowed,
        _ => control::DeliveryOutcome::Unreachable,
    }
}

fn state_on_wire(state: DeliveryState) -> control::DeliveryState {
    match state {
        DeliveryState::Pending { .. } => control::DeliveryState::Pending,
        DeliveryState::Delivered => control::DeliveryState::Delivered,
        DeliveryState::Exhausted => control::DeliveryState::Failed,
        DeliveryState::Cancelled => control::DeliveryState::Dropped,
    }
}
