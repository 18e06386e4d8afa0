//! Dormancy: an account without a posting for twelve months falls asleep, and use wakes it.
//!
//! A customer sleeps when all its accounts that are still open do. A sleeping account can be used like any other.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use layer2_types::payments::AccountId;
use layer2_types::payments::CustomerId;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::payments::machines::standing::Standing;
use crate::schedule::Work;
use crate::world::World;

/// What is done with an account later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountJob {
    /// An account that had no posting for a year falls asleep.
    CheckDormancy(AccountId),
}

impl Work for AccountJob {
    fn name(&self) -> &'static str {
        "check_dormancy"
    }

    fn subject(&self) -> &str {
        let Self::CheckDormancy(id) = self;
        id.as_str()
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        let Self::CheckDormancy(id) = self;
        world.check_dormancy(cx, id);
    }
}

impl World {
    /// An account has left the standing DORMANT, by use or by a change of its status: it is watched again. A watch that
    /// still waits from before is enough.
    pub(crate) fn watch_woken(&mut self, id: &AccountId, woken: Timestamp) {
        let row = self.payments.accounts.get(id);
        if row.is_some_and(|row| !row.is_watched) {
            self.watch_dormancy(id, woken);
        }
    }

    /// Looks again at an account a year after it was used.
    pub(crate) fn watch_dormancy(&mut self, id: &AccountId, used: Timestamp) {
        if let Some(row) = self.payments.accounts.get_mut(id)
            && let Some(due) = a_year_after(used)
        {
            row.is_watched = true;
            self.schedule
                .add(due, AccountJob::CheckDormancy(id.clone()));
        }
    }

    /// An account that was not used for a year falls asleep; one that was is looked at again a year after that.
    fn check_dormancy(&mut self, cx: &mut WriteContext<'_>, id: &AccountId) {
        let Some(row) = self.payments.accounts.get_mut(id) else {
            return;
        };
        row.is_watched = false;
        let (standing, last_used) = (row.standing, row.last_used);
        let still_used = a_year_after(last_used).is_none_or(|due| due > cx.now());
        match standing {
            // What is closed stays so; what sleeps is watched again once it wakes.
            Standing::Closed | Standing::Dormant => {}
            Standing::Active if !still_used => {
                let customer = row.customer.clone();
                self.set_account_standing(cx, id, Standing::Dormant);
                self.let_customer_sleep(&customer);
            }
            _ if still_used => self.watch_dormancy(id, last_used),
            // Frozen or under review: it is not asleep, and is looked at again in a year.
            _ => self.watch_dormancy(id, cx.now()),
        }
    }

    /// Notes that an account was used, and wakes it and its customer.
    pub(crate) fn wake(&mut self, cx: &mut WriteContext<'_>, id: &AccountId) {
        let Some(row) = self.payments.accounts.get_mut(id) else {
            return;
        };
        row.last_used = cx.now();
        let (standing, customer) = (row.standing, row.customer.clone());
        if standing == Standing::Dormant {
            self.set_account_standing(cx, id, Standing::Active);
        }
        let Some(row) = self.payments.customers.get_mut(&customer) else {
            return;
        };
        if row.standing == Standing::Dormant {
            row.standing = Standing::Active;
            self.emit_customer(cx, &customer);
        }
    }

    fn let_customer_sleep(&mut self, id: &CustomerId) {
        let awake = self.payments.accounts.rows().any(|account| {
            account.customer == *id
                && !matches!(account.standing, Standing::Dormant | Standing::Closed)
        });
        if let Some(row) = self.payments.customers.get_mut(id)
            && row.standing == Standing::Active
            && !awake
        {
            // The platform has no event for it.
            row.standing = Standing::Dormant;
        }
    }
}

/// The same instant of the next year; none at the end of time.
fn a_year_after(used: Timestamp) -> Option<Timestamp> {
    let year_later = used.to_zoned(TimeZone::UTC).checked_add(12.months()).ok()?;
    Some(year_later.timestamp())
}
