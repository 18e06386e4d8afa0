//! Subscriptions: which event goes where, and the key that signs it.
//!
//! One event type each. The private key follows from the sandbox's seed and the subscription's id, so it is stored
//! nowhere; the public one is part of every reply.

use layer2_types::payments;
use layer2_types::payments::EventType;
use layer2_types::payments::SubscriptionId;
use serde::Deserialize;
use serde::Serialize;

use crate::callback_url::CallbackUrl;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Subscriptions;
use crate::ids::IdKind;
use crate::outbox;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;
use crate::table::named;
use crate::world::World;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: SubscriptionId,
    pub(crate) event_type: EventType,
    pub(crate) callback_url: CallbackUrl,
}

named!(SubscriptionRow: SubscriptionId);

const PATH: &str = "/v1/subscriptions";

impl Subscriptions for World {
    fn subscriptions_list(
        &self,
        _cx: &ReadContext<'_>,
    ) -> Result<payments::SubscriptionListReply, Rejection> {
        let rows = self.payments.subscriptions.rows();
        let subscriptions = rows.map(|row| self.subscription_on_wire(row)).collect();
        let links = payments::Links::new()
            .with_self(PATH.to_owned())
            .with_first(PATH.to_owned())
            .with_prev(String::new())
            .with_next(String::new())
            .with_last(PATH.to_owned());
        Ok(payments::SubscriptionListReply::new(
            payments::SubscriptionList::new().with_subscriptions(subscriptions),
        )
        .with_links(links))
    }

    fn subscriptions_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::SubscriptionRequest,
    ) -> Result<payments::SubscriptionReply, Rejection> {
        must_be_sent(cx, &body.event_type)?;
        must_be_callable(&body.callback_url)?;
        let id =
            SubscriptionId::new(cx.mint(IdKind::Subscription)).map_err(|_| Rejection::bad_id())?;

        let row = SubscriptionRow {
            id: id.clone(),
            event_type: body.event_type,
            callback_url: CallbackUrl::new(body.callback_url),
        };
        let reply = payments::SubscriptionReply::new(self.subscription_on_wire(&row));
        self.payments.subscriptions.insert(row);
        Ok(reply)
    }

    fn subscriptions_delete(
        &mut self,
        _cx: &mut WriteContext<'_>,
        subscription_id: SubscriptionId,
    ) -> Result<payments::SubscriptionRefReply, Rejection> {
        self.payments.subscription(&subscription_id)?;

        self.payments.subscriptions.remove(&subscription_id);
        self.outbox
            .cancel(&subscription_id, self.settings().webhook_log_limit);
        Ok(payments::SubscriptionRefReply::new(
            payments::SubscriptionRef::new(subscription_id),
        ))
    }
}

impl World {
    fn subscription_on_wire(&self, row: &SubscriptionRow) -> payments::Subscription {
        let key = outbox::webhook_key(self.seed(), &row.id).verify_key_hex();
        payments::Subscription::new(row.id.clone())
            .with_event_type(row.event_type.clone())
            .with_callback_url(row.callback_url.as_str().to_owned())
            .with_signature_verification_key(key)
    }
}

fn must_be_sent(cx: &WriteContext<'_>, event_type: &EventType) -> Result<(), Rejection> {
    if event_type.is_known() && event_type.is_sent_by(cx.platform()) {
        return Ok(());
    }
    let known = || EventType::ALL.iter().map(EventType::as_str);
    let problem = Problem::new(code::VALIDATION_FAILED, "There is no such event type.")
        .at("/event_type")
        .received(event_type.as_str())
        .expected(format!(
            "an event type of version {} of the platform",
            cx.platform()
        ));
    Err(match nearest(event_type.as_str(), known()) {
        Some(near) if near != event_type.as_str() => {
            problem.hint(format!("Did you mean `{near}`?"))
        }
        _ => problem.hint(
            "A subscription takes exactly one event type; the reference lists them by version.",
        ),
    }
    .bad_request())
}

/// Whether an address can be called at all; which hosts may be called is for the shell to say.
fn must_be_callable(url: &str) -> Result<(), Rejection> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let plain = url.len() <= URL_LENGTH_MAX && url.bytes().all(|byte| byte.is_ascii_graphic());
    match host {
        Some(host) if plain && !host.is_empty() && !host.contains('@') && !url.contains('#') => {
            Ok(())
        }
        _ => {
            let problem = Problem::new(
                code::CALLBACK_NOT_ALLOWED,
                "The callback address cannot be called.",
            )
            .at("/callback_url")
            .expected("an absolute `http` or `https` address without user name and fragment")
            .hint("Begin it with `http://` or `https://`; the server calls it, so `localhost` is the machine or the container that the server runs in.");
            // What stands before an `@` may be a password.
            let told = if url.contains('@') {
                problem
            } else {
                problem.received(url)
            };
            Err(told.bad_request())
        }
    }
}

const URL_LENGTH_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let rejection = must_be_callable("http://user:hunter2@host/").unwrap_err();
        assert!(
            !format!("{rejection:?}").contains("hunter2"),
            "{rejection:?}"
        );
    }

    #[test]
    fn addresses_that_cannot_be_called_are_refused() {
        for good in [
            "http://127.0.0.1:8080/hook",
            "https://example.com",
            "https://[::1]/x?y=1",
        ] {
            assert!(must_be_callable(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/hook",
            "ftp://x/",
            "http://",
            "http://user:pw@host/",
            "http://a b/",
            "http://h/#f",
        ] {
            assert!(must_be_callable(bad).is_err(), "{bad}");
        }
    }
}
