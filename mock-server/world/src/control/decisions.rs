//! Decisions that a person at the platform would take.

use layer2_types::control;
use layer2_types::operation::Platform;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CustomerId;

use crate::context::WriteContext;
use crate::generated::control::Decisions;
use crate::payments::machines::standing::Standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl Decisions for World {
    fn decisions_application(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: control::ApplicationId,
        body: control::ApplicationDecisionRequest,
    ) -> Result<control::ApplicationDecisionReply, Rejection> {
        self.decide_on(cx, application_id, &body)
    }

    fn decisions_customer_status(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: control::CustomerId,
        body: control::CustomerStatusRequest,
    ) -> Result<control::CustomerDecisionReply, Rejection> {
        let named = customer_id.as_str();
        // A text that cannot be an id names no customer.
        let id = CustomerId::new(named).map_err(|_| {
            Rejection::unknown_id("customer", named, core::iter::empty::<&str>()).at("customer_id")
        })?;
        let from = self.payments.customer(&id, "customer_id")?.standing;
        let to = decided("customer", from, body.status.as_str())?;

        self.set_customer_standing(cx, &id, to);
        Ok(control::CustomerDecisionReply::new(
            control::CustomerDecision::new(customer_id, on_wire(from), on_wire(to)),
        ))
    }

    fn decisions_counterparty_status(
        &mut self,
        cx: &mut WriteContext<'_>,
        counterparty_id: control::CounterpartyId,
        body: control::CounterpartyStatusRequest,
    ) -> Result<control::CounterpartyDecisionReply, Rejection> {
        let named = counterparty_id.as_str();
        // A text that cannot be an id names no counterparty.
        let id = CounterpartyId::new(named).map_err(|_| {
            Rejection::unknown_id("counterparty", named, core::iter::empty::<&str>())
                .at("counterparty_id")
        })?;
        let from = self.payments.counterparty(&id, "counterparty_id")?.standing;
        let to = decided("counterparty", from, body.status.as_str())?;

        self.set_counterparty_standing(cx, &id, to);
        let shown = |standing: Standing| {
            let status = standing.counterparty_status(Platform::Union);
            control::CounterpartyStatus::from(status.as_str())
        };
        Ok(control::CounterpartyDecisionReply::new(
            control::CounterpartyDecision::new(counterparty_id, shown(from), shown(to)),
        ))
    }
}

fn decided(noun: &str, from: Standing, wanted: &str) -> Result<Standing, Rejection> {
    let to = Standing::of_customer(wanted);
    if let Some(to) = to.filter(|to| from.control_allows(*to)) {
        return Ok(to);
    }
    let allowed: Vec<&str> = Standing::ALL
        .into_iter()
        .filter(|to| from.control_allows(*to))
        .map(|to| to.name("ACTIVE"))
        .collect();
    let from_name = from.name("ACTIVE");
    let problem = Problem::new(
        code::STATUS_CHANGE_NOT_ALLOWED,
        format!("The {noun} is {from_name} and cannot become {wanted}."),
    )
    .at("/status")
    .received(wanted)
    .expected(if allowed.is_empty() {
        "no other status".to_owned()
    } else {
        allowed.join(", ")
    })
    .hint(match allowed.as_slice() {
        _ if from_name == wanted => {
            format!("It is {wanted} already; there is nothing to decide.")
        }
        [] => format!("{from_name} is final; use another {noun}."),
        _ => "Control takes the steps of the platform's own table; go by one of these statuses."
            .to_owned(),
    });
    Err(problem.bad_request())
}

/// Control always sees the whole truth, whatever version of the platform the sandbox is.
fn on_wire(standing: Standing) -> control::CustomerStatus {
    control::CustomerStatus::from(standing.customer_status(Platform::Union).as_str())
}
