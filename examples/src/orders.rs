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
    Open(Reason),
    /// It pays nobody, now or later.
    Ended(Reason),
}

/// Why an order was not carried out: in short for a file and a table, and in words for whoever is to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Codes of the refusal, or the status that ended the order.
    pub code: String,
    /// What the platform says, and what it says to do.
    pub words: String,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
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
fn standing(status: &WithdrawalStatus, why: Reason) -> Option<Standing> {
    Some(match status {
        WithdrawalStatus::Requested | WithdrawalStatus::ChangesRequested => Standing::Open(why),
        WithdrawalStatus::Accepted
        | WithdrawalStatus::Authorized
        | WithdrawalStatus::Approved
        | WithdrawalStatus::InProgress
        | WithdrawalStatus::Executed
        | WithdrawalStatus::Cancelling => Standing::Accepted,
        WithdrawalStatus::Expired | WithdrawalStatus::Cancelled | WithdrawalStatus::Rejected => {
            Standing::Ended(Reason {
                code: status.to_string(),
                words: format!("the order is {status}"),
            })
        }
        _ => return None,
    })
}

/// Why the platform refused this one order. None if the failure says nothing about the order: no connection, no access,
/// too many requests, a reply that got lost. Those may be true of the next order as well.
#[must_use]
pub fn refusal(error: &Error) -> Option<Reason> {
    let is_of_the_order = matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound)
        && error.outcome() == Outcome::NotDone;
    is_of_the_order.then(|| {
        let codes: Vec<_> = error.codes().collect();
        let words: Vec<_> = error.details().iter().map(ToString::to_string).collect();
        match codes.is_empty() {
            true => Reason {
                code: format!("{:?}", error.kind()),
                words: error.to_string(),
            },
            false => Reason {
                code: codes.join(", "),
                words: words.join("; "),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_status_says_where_an_order_stands_and_another_one_does_not() {
        let of = |status: &WithdrawalStatus| standing(status, reason("REFUSED"));
        for status in WithdrawalStatus::ALL {
            assert!(of(status).is_some(), "{status}");
        }
        let executed = of(&WithdrawalStatus::Executed);
        assert_eq!(executed, Some(Standing::Accepted));
        let requested = of(&WithdrawalStatus::Requested);
        assert_eq!(requested, Some(Standing::Open(reason("REFUSED"))));
        let Some(Standing::Ended(why)) = of(&WithdrawalStatus::Expired) else {
            panic!("an expired order pays nobody");
        };
        assert_eq!(why.code, "EXPIRED");
        assert_eq!(of(&WithdrawalStatus::from("RETURNED")), None);
    }

    fn reason(code: &str) -> Reason {
        Reason {
            code: code.to_owned(),
            words: "in words".to_owned(),
        }
    }
}
