//! Changes of standing: what a client may ask for, and what follows from a change.
//!
//! A customer that closes or freezes takes its accounts along. An account that was frozen because of its customer goes
//! back to its own status when the customer does.

use layer2_types::payments::AccountId;
use layer2_types::payments::CustomerId;

use crate::context::WriteContext;
use crate::machine::Machine;
use crate::payments::accounts::AccountRow;
use crate::payments::accounts::SELF;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::customers::CustomerRow;
use crate::payments::machines::standing::COUNTERPARTY;
use crate::payments::machines::standing::Rights;
use crate::payments::machines::standing::STANDING;
use crate::payments::machines::standing::Standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;
use crate::world::World;

impl World {
    /// What may be done with an account: the worse of its own rights and its customer's.
    pub(crate) fn account_rights(&self, account: &AccountRow) -> Rights {
        let platform = self.settings().platform;
        let own = account.standing.rights(platform);
        match self.payments.customers.get(&account.customer) {
            Some(customer) => own.and(customer.standing.rights(platform)),
            // The client's own accounts have no customer.
            None => own,
        }
    }

    /// Refuses an account whose money cannot move, naming which of the two statuses forbids it.
    pub(crate) fn must_transact(
        &self,
        account: &AccountRow,
        pointer: &str,
    ) -> Result<(), Rejection> {
        if self.account_rights(account).transact {
            return Ok(());
        }
        let platform = self.settings().platform;
        let own = account.standing;
        let (whose, status) = match self.payments.customers.get(&account.customer) {
            Some(customer) if own.rights(platform).transact => (
                format!("its customer `{}`", customer.id),
                customer.standing.name("ACTIVE"),
            ),
            _ => ("the account".to_owned(), own.name("OPEN")),
        };
        Err(Problem::new(
            code::ACCOUNT_NOT_USABLE,
            format!(
                "Money of account `{}` cannot move: {whose} is {status}.",
                account.id
            ),
        )
        .at(pointer)
        .received(status)
        .expected("an account that may transact: its own status and its customer's allow it")
        .hint(match status {
            "CLOSED" => "CLOSED is final; use another account.",
            _ => "Change the status, or let control decide it, and try again.",
        })
        .bad_request())
    }

    /// Refuses a customer for whom nothing can be opened or registered; the client does both for itself too.
    pub(crate) fn must_allow_updates(&self, id: &CustomerId) -> Result<(), Rejection> {
        if id.as_str() == SELF {
            return Ok(());
        }
        let customer = self.payments.customer(id, "/customer_id")?;
        if customer.standing.rights(self.settings().platform).update {
            return Ok(());
        }
        Err(customer.not_updatable().at("/customer_id").bad_request())
    }

    /// Changes where a customer stands, tells it, and takes the accounts along.
    pub(crate) fn set_customer_standing(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &CustomerId,
        to: Standing,
    ) {
        let Some(row) = self.payments.customers.get_mut(id) else {
            return;
        };
        let from = core::mem::replace(&mut row.standing, to);
        self.emit_customer(cx, id);
        let accounts: Vec<AccountId> = self
            .payments
            .accounts
            .rows()
            .filter(|account| account.customer == *id)
            .map(|account| account.id.clone())
            .collect();
        for account in accounts {
            if let Some(next) = self.follow_customer(&account, from, to) {
                self.set_account_standing(cx, &account, next);
            }
        }
    }

    /// The status that an account takes on because its customer changed; none if it keeps its own.
    fn follow_customer(
        &mut self,
        id: &AccountId,
        customer_was: Standing,
        customer_is: Standing,
    ) -> Option<Standing> {
        let account = self.payments.accounts.get_mut(id)?;
        let was_frozen = customer_was.bare() == Standing::Frozen;
        let is_frozen = customer_is.bare() == Standing::Frozen;
        if customer_is == Standing::Closed {
            account.before_freeze = None;
            return (account.standing != Standing::Closed).then_some(Standing::Closed);
        }
        // A customer that is frozen freezes all its accounts, also those that could not become so by themselves.
        let ended = matches!(account.standing.bare(), Standing::Closed | Standing::Frozen);
        if is_frozen && !ended {
            account.before_freeze = Some(account.standing);
            return Some(Standing::Frozen);
        }
        if was_frozen && !is_frozen {
            return account
                .before_freeze
                .take()
                .filter(|_| account.standing == Standing::Frozen);
        }
        None
    }

    /// Changes where an account stands and tells it. Whoever wakes it, it is watched again from then on.
    pub(crate) fn set_account_standing(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &AccountId,
        to: Standing,
    ) {
        let Some(row) = self.payments.accounts.get_mut(id) else {
            return;
        };
        let from = core::mem::replace(&mut row.standing, to);
        if from == Standing::Dormant && to != Standing::Closed {
            self.watch_woken(id, cx.now());
        }
        self.emit_account(cx, id);
    }
}

/// What resource a change of status is about, for its messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resource<'a> {
    Customer(&'a CustomerRow),
    Account(&'a AccountRow),
    Counterparty(&'a CounterpartyRow),
}

impl Resource<'_> {
    const fn standing(self) -> Standing {
        match self {
            Self::Customer(row) => row.standing,
            Self::Account(row) => row.standing,
            Self::Counterparty(row) => row.standing,
        }
    }

    /// What a client may ask for.
    const fn machine(self) -> &'static Machine<Standing> {
        match self {
            Self::Customer(_) | Self::Account(_) => &STANDING,
            Self::Counterparty(_) => &COUNTERPARTY,
        }
    }

    const fn active(self) -> &'static str {
        match self {
            Self::Customer(_) | Self::Counterparty(_) => "ACTIVE",
            Self::Account(_) => "OPEN",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Account(_) => "account",
            Self::Counterparty(_) => "counterparty",
        }
    }
}

/// The standing that an update of the field `status` asks for, if a client may ask for it.
pub(crate) fn requested_standing(
    resource: Resource<'_>,
    value: &str,
    pointer: &str,
) -> Result<Standing, Rejection> {
    let (from, active, noun) = (resource.standing(), resource.active(), resource.noun());
    let mut named = Standing::ALL.into_iter();
    let to = named.find(|standing| standing.name(active) == value);
    let next = resource.machine().next(from);
    if let Some(to) = to.filter(|to| next.contains(to)) {
        return Ok(to);
    }
    let from_name = from.name(active);
    // Only the platform leaves a status that is not final and that no client leaves.
    let waits = next.is_empty() && from != Standing::Closed;
    let platforms = waits || to.is_some_and(Standing::is_platforms);
    let description = if waits {
        format!("The {noun} is {from_name}: its next step is the platform's, not the client's.")
    } else if platforms {
        format!("Only the platform sets {value}.")
    } else {
        format!("The {noun} is {from_name} and cannot become {value}.")
    };
    let allowed: Vec<&str> = next.iter().map(|standing| standing.name(active)).collect();
    let problem = Problem::new(code::STATUS_CHANGE_NOT_ALLOWED, description)
        .at(pointer)
        .received(value)
        .expected(if allowed.is_empty() {
            "no other status".to_owned()
        } else {
            allowed.join(", ")
        });
    let problem = if platforms {
        problem.hint("In a sandbox, decide it through the control API.")
    } else if let Some(near) = nearest(value, allowed.into_iter()).filter(|near| *near != value) {
        problem.hint(format!("Did you mean `{near}`?"))
    } else if from == Standing::Closed {
        problem.hint(format!("CLOSED is final; use another {noun}."))
    } else if from_name == value {
        problem.hint(format!(
            "It is {value} already; there is nothing to change."
        ))
    } else {
        problem.hint(
            "Go by one of these statuses; what a client cannot set, control decides in a sandbox.",
        )
    };
    Err(problem.bad_request())
}
