//! Giving the order to send money, and what a refusal of it means.
//!
//! A refusal is about the call, not about the order: it may be told again because somebody accepted the order before. So
//! whoever would order anew asks the order itself first.

use layer2_sdk::{
    CallOptions, Client, Error, ErrorKind, IdempotencyKey, Outcome,
    payments::{WithdrawalId, WithdrawalStatus},
};

/// Where a withdrawal stands after it was to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was accepted. What becomes of it is told by webhooks.
    Accepted,
    /// It was refused for now, and can be accepted while it has not expired: with more money, or with a document.
    Open(String),
    /// It pays nobody, now or later.
    Ended(String),
}

/// Accepts a withdrawal under a key.
///
/// # Errors
/// If it is not known what became of it, also because its status is one that this version does not know, or the platform
/// is not to be used at the moment. The same call again tells.
pub async fn accept(
    client: &Client,
    id: &WithdrawalId,
    key: IdempotencyKey,
) -> Result<Standing, Error> {
    let keyed = client.with(CallOptions::new().idempotency_key(key));
    let Err(error) = keyed.withdrawals().accept(id).await else {
        return Ok(Standing::Accepted);
    };
    let Some(why) = refusal(&error) else {
        return Err(error);
    };
    let order = client.withdrawals().get(id).await?.into_inner();
    order
        .status()
        .and_then(|status| standing(status, why))
        .ok_or(error)
}

/// Where an order stands whose accept was refused. None for a status that this version does not know: it may be one that
/// pays nobody.
fn standing(status: &WithdrawalStatus, why: String) -> Option<Standing> {
    Some(match status {
        WithdrawalStatus::Requested | WithdrawalStatus::ChangesRequested => Standing::Open(why),
        WithdrawalStatus::Accepted
        | WithdrawalStatus::Authorized
        | WithdrawalStatus::Approved
        | WithdrawalStatus::InProgress
        | WithdrawalStatus::Executed
        | WithdrawalStatus::Cancelling => Standing::Accepted,
        WithdrawalStatus::Expired | WithdrawalStatus::Cancelled | WithdrawalStatus::Rejected => {
            Standing::Ended(status.to_string())
        }
        _ => return None,
    })
}

/// Why the platform refused this one order. None if the failure says nothing about the order: no connection, no access,
/// too many requests, a reply that got lost. Those may be true of the next order as well.
#[must_use]
pub fn refusal(error: &Error) -> Option<String> {
    let is_of_the_order = matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound)
        && error.outcome() == Outcome::NotDone;
    is_of_the_order.then(|| {
        let codes: Vec<_> = error.codes().collect();
        match codes.is_empty() {
            true => format!("{:?}", error.kind()),
            false => codes.join(", "),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_status_says_where_an_order_stands_and_another_one_does_not() {
        let of = |status: &WithdrawalStatus| standing(status, "refused".to_owned());
        for status in WithdrawalStatus::ALL {
            assert!(of(status).is_some(), "{status}");
        }
        let executed = of(&WithdrawalStatus::Executed);
        assert_eq!(executed, Some(Standing::Accepted));
        let expired = of(&WithdrawalStatus::Expired);
        assert_eq!(expired, Some(Standing::Ended("EXPIRED".to_owned())));
        assert_eq!(of(&WithdrawalStatus::from("RETURNED")), None);
    }
}
