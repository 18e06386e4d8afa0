//! The two ends of a payout run, the account that pays and the counterparty that is paid, and how often it pays.
//!
//! Both are looked up before the journal names them, so a mistyped id is refused while nothing rests on it. Nor does a
//! journal hold on to them while nobody can have been paid: what is named then takes their place.

use std::fmt::Display;

use layer2_sdk::{
    Error, ErrorKind,
    payments::{AccountId, CounterpartyId},
};

use crate::failure::Failure;
use crate::flow::{Step, sending};
use crate::journal::{History, Journal, Size};
use crate::payouts::{self, DOLLARS};
use crate::target::Target;

/// Who pays whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The account that pays.
    pub from: AccountId,
    /// The counterparty that is paid.
    pub to: CounterpartyId,
}

impl Ends {
    /// Finds out who pays whom, from what was named and what the journal says, and notes it in the journal.
    ///
    /// # Errors
    /// If one of them is not there or not named, or if the journal belongs elsewhere. The journal is then as it was.
    pub async fn find(
        target: &Target,
        journal: &mut Journal,
        history: &History,
        from: Option<AccountId>,
        to: Option<CounterpartyId>,
    ) -> Step<Self> {
        belongs_here(target, history).await?;
        let from = keep_to(history, "pays from", history.plan.from.as_ref(), from)?;
        let from = payer(target, from).await?;
        let to = keep_to(history, "pays", history.plan.to.as_ref(), to)?;
        let to = payee(target, to, &from).await?;
        let ends = Self { from, to };
        ends.note(target, journal, history)?;
        Ok(ends)
    }

    fn note(&self, target: &Target, journal: &mut Journal, history: &History) -> Step<()> {
        if !history.is_without_effect() {
            return Ok(());
        }
        let plan = &history.plan;
        if plan.at.as_deref() != Some(target.address()) {
            journal.pays_at(target.address());
        }
        if plan.from.as_ref() != Some(&self.from) {
            journal.pays_from(&self.from);
        }
        if plan.to.as_ref() != Some(&self.to) {
            journal.pays(&self.to)?;
        }
        Ok(())
    }
}

/// How many payouts the run has: so many as were named, else as the journal says, else so many as usual. The journal is to
/// note it.
///
/// # Errors
/// If somebody may be paid already and the number is another one than that of the journal, or not known.
pub fn size(history: &History, named: Option<usize>, usual: usize) -> Step<Size> {
    let known = history.plan.size;
    if known.is_none() && named.is_none() && !history.is_without_effect() {
        return Err(Failure::new(
            "the journal does not say how many payouts its run has, and somebody may be paid already",
        )
        .advise("name the number that the run was begun with, with --payouts")
        .into());
    }
    let payouts = named.or(known.map(|known| known.payouts));
    let payouts = payouts.unwrap_or(usual);
    let sum = payouts::total(0..payouts)?.amount();
    let size = Size { payouts, sum };
    keep_to(history, "has", known.as_ref(), Some(size))?;
    Ok(size)
}

/// A journal of one platform tells nothing of another: what it calls paid was paid there, and nobody here.
async fn belongs_here(target: &Target, history: &History) -> Step<()> {
    let here = target.address().to_owned();
    keep_to(history, "is of", history.plan.at.as_ref(), Some(here))?;
    let Some(id) = history.any_withdrawal() else {
        return Ok(());
    };
    let found = target.client().withdrawals().get(id).await;
    there(found, || {
        Failure::new(format!(
            "the journal has made the withdrawal {id}, and there is none here: it is of another account, or of a mock \
             server that has forgotten"
        ))
        .advise("name the place that the journal is of, or begin another run with another --journal")
    })?;
    Ok(())
}

/// What was named, else what the journal says. The two may differ as long as nobody can have been paid.
fn keep_to<T: PartialEq + Display + Clone>(
    history: &History,
    what: &str,
    known: Option<&T>,
    named: Option<T>,
) -> Step<Option<T>> {
    match (known, named) {
        (Some(known), Some(named)) if *known != named && !history.is_without_effect() => {
            Err(Failure::new(format!(
                "the run of this journal {what} {known}, not {named}, and somebody may be paid already"
            ))
            .advise(format!(
                "go on with {known}, or begin another run with another --journal"
            ))
            .into())
        }
        (known, named) => Ok(named.or_else(|| known.cloned())),
    }
}

async fn payer(target: &Target, named: Option<AccountId>) -> Step<AccountId> {
    let account = target.account(named.as_ref(), DOLLARS)?;
    let found = target.client().accounts().get(&account).await;
    there(found, || {
        Failure::new(format!("there is no account {account} here")).advise(
            "give another one with --account; the program `treasury` lists those that there are",
        )
    })?;
    target.signs(&account).await?;
    Ok(account)
}

/// Whom to pay. Only a sandbox is given an invented landlord: elsewhere the wires would go to whoever has that account
/// number.
async fn payee(
    target: &Target,
    named: Option<CounterpartyId>,
    from: &AccountId,
) -> Step<CounterpartyId> {
    let Some(payee) = named else {
        if target.sandbox().is_none() {
            return Err(Failure::new("nobody is named who is paid")
                .advise(
                    "name whom to pay with --counterparty: only a sandbox is given a payee that is invented",
                )
                .into());
        }
        let customer = target.customer_of(from).await?;
        let landlord = sending::landlord(target.client(), &customer).await?;
        target.settle().await?;
        return Ok(landlord);
    };
    let found = target.client().counterparties().get(&payee).await;
    there(found, || {
        Failure::new(format!("there is no counterparty {payee} here")).advise(
            "give the id of somebody who is registered with --counterparty; nothing was begun",
        )
    })?;
    Ok(payee)
}

/// What was found, or what is to be said if there is no such thing.
fn there<T>(found: Result<T, Error>, missing: impl FnOnce() -> Failure) -> Step<T> {
    found.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing().into(),
        _ => error.into(),
    })
}
