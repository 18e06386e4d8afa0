//! The webhook log: every delivery with all its tries, why they failed and what to change; and deliveries ordered again.

use layer2_types::control;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::control::Deliveries;
use crate::outbox::AttemptRow;
use crate::outbox::DeliveryId;
use crate::outbox::DeliveryOutcome;
use crate::outbox::DeliveryRow;
use crate::outbox::DeliveryState;
use crate::outbox::EventRow;
use crate::page::Page;
use crate::page::RowOrder;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::settings::TimestampStyle;
use crate::world::World;

impl Deliveries for World {
    fn deliveries_list(
        &self,
        cx: &ReadContext<'_>,
        params: control::DeliveriesListParams,
    ) -> Result<control::DeliveryListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let matching = self.outbox.numbered().filter(|(_, (row, _))| {
            params
                .status
                .as_ref()
                .is_none_or(|state| state_on_wire(row.state) == *state)
        });
        let cut = page.cut(matching, RowOrder::OldestFirst, self.outbox.made());
        let path = self.control_path("deliveries");
        let links = cut.links(&path, &params.to_pairs()).into_control();
        let deliveries: Result<Vec<_>, _> = cut
            .rows
            .into_iter()
            .map(|(row, event)| self.delivery_on_wire(row, event))
            .collect();
        Ok(control::DeliveryListReply::new(
            control::DeliveryList::new(deliveries?),
            links,
        ))
    }

    fn deliveries_redeliver(
        &mut self,
        cx: &mut WriteContext<'_>,
        delivery_id: control::DeliveryId,
    ) -> Result<control::DeliveryReply, Rejection> {
        let id = DeliveryId::new(delivery_id.as_str());
        let Some((row, _)) = self.outbox.delivery(&id) else {
            let known = self.outbox.delivery_ids().map(DeliveryId::as_str);
            let unknown = Rejection::unknown_id("delivery", delivery_id.as_str(), known);
            return Err(unknown.at("delivery_id"));
        };
        if !self.payments.subscriptions.contains(&row.subscription) {
            return Err(subscription_deleted(row));
        }

        self.outbox.redeliver(&id, cx.now());
        let (row, event) = self.outbox.delivery(&id).ok_or_else(Rejection::bad_id)?;
        Ok(control::DeliveryReply::new(
            self.delivery_on_wire(row, event)?,
        ))
    }
}

fn subscription_deleted(row: &DeliveryRow) -> Rejection {
    let problem = Problem::new(
        code::SUBSCRIPTION_DELETED,
        "The subscription of this delivery is deleted, and with it the key that signs.",
    )
    .at("delivery_id")
    .received(row.subscription.as_str())
    .hint("Subscribe again; later events are sent to the new subscription.");
    Rejection {
        status: 409,
        problems: vec![problem],
    }
}

impl World {
    pub(super) fn delivery_on_wire(
        &self,
        row: &DeliveryRow,
        event: &EventRow,
    ) -> Result<control::Delivery, Rejection> {
        let delivery = control::Delivery::new(
            control::DeliveryId::new(row.id.as_str()).map_err(|_| Rejection::bad_id())?,
            control::EventId::new(event.id.as_str()).map_err(|_| Rejection::bad_id())?,
            event.event_type.clone(),
            control::SubscriptionId::new(row.subscription.as_str())
                .map_err(|_| Rejection::bad_id())?,
            self.outbox.is_failing(&row.subscription),
            row.url.as_str().to_owned(),
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
}

fn attempt_on_wire(row: &AttemptRow) -> control::DeliveryAttempt {
    let attempt = control::DeliveryAttempt::new(
        // Nobody orders as many attempts as an `i32` can count.
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
