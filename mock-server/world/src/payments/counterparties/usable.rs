//! What a counterparty must be for money to pass between it and an account, whichever way it goes.

use layer2_types::operation::Platform;

use crate::payments::accounts::AccountRow;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::machines::standing::Standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// Which way money is to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// From the counterparty to the account.
    In,
    /// From the account to the counterparty.
    Out,
}

impl CounterpartyRow {
    /// Refuses a counterparty of somebody else, and one whose status lets no money pass.
    pub(crate) fn must_be_usable(
        &self,
        flow: Flow,
        account: &AccountRow,
        place: &str,
    ) -> Result<(), Rejection> {
        let problem = |description: String| {
            Problem::new(code::COUNTERPARTY_NOT_USABLE, description).at(place)
        };
        if self.customer != account.customer {
            return Err(problem(format!(
                "Counterparty `{}` belongs to customer `{}`, account `{}` to customer `{}`.",
                self.id, self.customer, account.id, account.customer
            ))
            .received(self.customer.as_str())
            .expected(account.customer.as_str())
            .hint("A counterparty is registered for one customer; register it again for the other one.")
            .bad_request());
        }
        // In EDD a counterparty acts as if it were active, under every version.
        if self.standing.rights(Platform::Union).transact {
            return Ok(());
        }
        let status = self.standing.name("ACTIVE");
        let way = match flow {
            Flow::In => "come from",
            Flow::Out => "go to",
        };
        Err(problem(format!(
            "Money cannot {way} counterparty `{}`: it is {status}.",
            self.id
        ))
        .received(status)
        .expected("ACTIVE, EDD or DORMANT")
        .hint(hint_of(self.standing))
        .bad_request())
    }
}

/// What to do about a counterparty whose status lets no money pass.
const fn hint_of(standing: Standing) -> &'static str {
    match standing.bare() {
        Standing::Pending => {
            "A new counterparty is PENDING until it has been screened; read it, or wait for COUNTERPARTY_ACTIVE."
        }
        Standing::Closed => "CLOSED is final; register another counterparty.",
        _ => "Change the status, or let control decide it, and try again.",
    }
}
