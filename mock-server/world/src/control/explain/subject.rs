//! What an id names, and by which names the rest of the sandbox speaks of it.

use std::collections::BTreeSet;
use std::collections::HashSet;

use layer2_ledger::HoldId;
use layer2_types::control::ObjectKind;
use layer2_types::payments::AccountId;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::IndividualId;

use crate::outbox::DeliveryRow;
use crate::outbox::EventRow;
use crate::packed::Name;
use crate::payments::arrivals::InboundRow;
use crate::payments::deposits::Way;
use crate::payments::transaction_kinds::Category;
use crate::world::World;

/// What an object is, and what is counted as its own.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: ObjectKind,
    pub(super) status: Option<String>,
    /// The orders whose transactions are its own.
    pub(super) orders: HashSet<Name>,
    /// Further transactions of its own.
    pub(super) transactions: BTreeSet<String>,
    /// What entries are for that are its own.
    pub(super) purposes: BTreeSet<String>,
    pub(super) holds: Vec<HoldId>,
    /// Its account, where it has one; no entry that leaves the account alone is its own.
    pub(super) account: Option<AccountId>,
    /// Place in the journal of the command that made it, where that is kept.
    pub(super) cause: Option<u64>,
    /// Nothing of its own came about before this place.
    pub(super) since: u64,
    events: Mentions,
}

/// Which events tell of an object.
#[derive(Clone, Debug)]
enum Mentions {
    /// Those that name it in their body.
    Body,
    /// The one of this id.
    Event(String),
    /// Those of its transactions.
    Transactions,
    /// None.
    None,
    /// Those that were sent to this subscription.
    Subscription,
}

impl Subject {
    fn new(kind: ObjectKind) -> Self {
        Self {
            kind,
            status: None,
            orders: HashSet::new(),
            transactions: BTreeSet::new(),
            purposes: BTreeSet::new(),
            holds: Vec::new(),
            account: None,
            cause: None,
            since: 0,
            events: Mentions::Body,
        }
    }

    /// An order that moves money, with the hold of its acceptance.
    fn order(kind: ObjectKind, id: &str, hold: Option<HoldId>) -> Self {
        let mut order = Self::new(kind);
        order.add_order(id, hold);
        order
    }

    /// The command that made it, and with it all that is its own.
    fn made_by(mut self, cause: u64) -> Self {
        self.since = cause;
        self.told_by(cause)
    }

    /// The command that made it, after other things that are its own.
    fn told_by(mut self, cause: u64) -> Self {
        self.cause = Some(cause);
        self
    }

    fn that_is(mut self, status: &impl ToString) -> Self {
        self.status = Some(status.to_string());
        self
    }

    fn add_order(&mut self, id: &str, hold: Option<HoldId>) {
        self.orders.insert(Name::new(id));
        self.purposes.insert(id.to_owned());
        self.holds.extend(hold);
    }

    /// Money from outside has transactions of its own, which are told under its deposit.
    fn add_inbound(&mut self, row: &InboundRow) {
        self.purposes.insert(row.id.as_str().to_owned());
        let own = row.transactions().map(|id| id.as_str().to_owned());
        self.transactions.extend(own);
    }

    /// How it is known whether an event tells of it, without making a text for each.
    pub(super) fn is_told<'s>(
        &'s self,
        id: &'s str,
    ) -> impl Fn(&DeliveryRow, &EventRow) -> bool + 's {
        let quoted = |id: &str| format!("\"{id}\"");
        let names = match &self.events {
            Mentions::Body => vec![quoted(id)],
            Mentions::Transactions => self.transactions.iter().map(|id| quoted(id)).collect(),
            Mentions::Event(_) | Mentions::None | Mentions::Subscription => Vec::new(),
        };
        move |row, event| match &self.events {
            Mentions::Body | Mentions::Transactions => {
                names.iter().any(|name| event.body.contains(name))
            }
            Mentions::Event(wanted) => event.id == *wanted,
            Mentions::None => false,
            Mentions::Subscription => row.subscription.as_str() == id,
        }
    }
}

/// The id of what an entry is for: the last word of its description.
pub(super) fn purpose_of(narrative: &str) -> &str {
    narrative.rsplit(' ').next().unwrap_or_default()
}

impl World {
    /// What an id names.
    pub(super) fn subject(&self, id: &str) -> Option<Subject> {
        self.order_subject(id)
            .or_else(|| self.arrival_subject(id))
            .or_else(|| self.transaction_subject(id))
            .or_else(|| self.party_subject(id))
            .or_else(|| self.counterparty_subject(id))
            .or_else(|| self.application_subject(id))
            .or_else(|| self.person_subject(id))
            .or_else(|| self.told_subject(id))
            .or_else(|| self.entry_subject(id))
    }

    fn order_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        if let Some(row) = id.parse().ok().and_then(|id| payments.transfers.get(&id)) {
            let order = Subject::order(ObjectKind::Transfer, id, row.hold());
            return Some(order.that_is(&row.stage.status()).made_by(row.cause));
        }
        if let Some(row) = id.parse().ok().and_then(|id| payments.exchanges.get(&id)) {
            let order = Subject::order(ObjectKind::Exchange, id, row.hold());
            return Some(order.that_is(&row.stage.status()).made_by(row.cause));
        }
        let rows = &payments.withdrawals.rows;
        let row = id.parse().ok().and_then(|id| rows.get(&id))?;
        let order = Subject::order(ObjectKind::Withdrawal, id, row.hold());
        let status = row.stage.status(self.settings().platform);
        Some(order.that_is(&status).made_by(row.cause))
    }

    fn arrival_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        if let Some(row) = id.parse().ok().and_then(|id| payments.inbound.get(&id)) {
            let mut inbound = Subject::new(ObjectKind::Inbound);
            inbound.add_inbound(row);
            // Events name the transaction, never the money itself.
            inbound.events = Mentions::Transactions;
            return Some(inbound.that_is(&row.stage).made_by(row.cause));
        }
        let deposits = payments.deposits.table();
        let row = id.parse().ok().and_then(|id| deposits.get(&id))?;
        let mut deposit = Subject::new(ObjectKind::Deposit);
        self.add_deposit(&mut deposit, id);
        Some(deposit.that_is(&row.stage).made_by(row.cause))
    }

    /// Counts a deposit and all money that came by it.
    fn add_deposit(&self, subject: &mut Subject, deposit: &str) {
        subject.add_order(deposit, None);
        let came = self.payments.inbound.rows().filter(|row| {
            let claim = row.claim.as_ref();
            claim.is_some_and(|claim| claim.deposit.as_str() == deposit)
        });
        came.for_each(|row| subject.add_inbound(row));
    }

    fn transaction_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        let transaction = id.parse().ok()?;
        let row = payments.transactions.get(&transaction)?;
        let mut own = Subject::new(ObjectKind::Transaction);
        own.transactions.insert(id.to_owned());
        own.account = Some(row.account.clone());
        if row.category == Category::Deposit {
            let came = payments
                .inbound
                .rows()
                .find(|row| row.transactions().any(|own| *own == transaction));
            own.purposes
                .extend(came.map(|row| row.id.as_str().to_owned()));
        } else {
            own.purposes.insert(row.order.text());
        }
        // Its order may have had others before it.
        Some(own.that_is(&row.stage.status()).told_by(row.cause))
    }

    fn party_subject(&self, id: &str) -> Option<Subject> {
        let (payments, platform) = (&self.payments, self.settings().platform);
        if let Some(row) = id.parse().ok().and_then(|id| payments.accounts.get(&id)) {
            let mut account = Subject::new(ObjectKind::Account);
            account.account = Some(row.id.clone());
            return Some(account.that_is(&row.standing.account_status(platform)));
        }
        let row = id.parse().ok().and_then(|id| payments.customers.get(&id))?;
        let customer = Subject::new(ObjectKind::Customer);
        Some(customer.that_is(&row.standing.customer_status(platform)))
    }

    /// A counterparty, with all that was sent to it or fetched from it.
    fn counterparty_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        let counterparty: CounterpartyId = id.parse().ok()?;
        let row = payments.counterparties.get(&counterparty)?;
        let mut own = Subject::new(ObjectKind::Counterparty);
        let sent = payments.withdrawals.rows.rows();
        for row in sent.filter(|row| row.counterparty == counterparty) {
            own.add_order(row.id.as_str(), row.hold());
        }
        let fetched = payments
            .deposits
            .table()
            .rows()
            .filter(|row| matches!(&row.way, Way::Pull(pull) if pull.source == counterparty));
        for row in fetched {
            self.add_deposit(&mut own, row.id.as_str());
        }
        let status = row.standing.counterparty_status(self.settings().platform);
        Some(own.that_is(&status).made_by(row.cause))
    }

    fn application_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        let application = id.parse().ok();
        if let Some(row) = application.and_then(|id| payments.applications.get(&id)) {
            let application = Subject::new(ObjectKind::Application);
            return Some(application.that_is(&row.stage).made_by(row.cause));
        }
        let row = id.parse().ok().and_then(|id| payments.documents.get(&id))?;
        let document = Subject::new(ObjectKind::Document);
        Some(document.that_is(&row.status).made_by(row.cause))
    }

    /// A person of a company. The command that added one to an application asked for its documents too.
    fn person_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        let person: IndividualId = id.parse().ok()?;
        let applying = payments
            .applications
            .rows()
            .filter_map(|row| row.applicant.persons());
        let known = payments
            .customers
            .rows()
            .filter_map(|row| row.persons().ok());
        let mut all = applying.chain(known).flatten();
        all.find(|known| known.id == person)?;

        let mut own = Subject::new(ObjectKind::Individual);
        let mut papers = payments.documents.rows();
        own.cause = papers
            .find(|row| row.owner.individual() == Some(&person))
            .map(|row| row.cause);
        Some(own)
    }

    fn told_subject(&self, id: &str) -> Option<Subject> {
        let subscription = id.parse().ok();
        if subscription.is_some_and(|id| self.payments.subscriptions.contains(&id)) {
            let mut subscription = Subject::new(ObjectKind::Subscription);
            subscription.events = Mentions::Subscription;
            return Some(subscription);
        }
        let mut deliveries = self.outbox.numbered().map(|(_, both)| both);
        let (row, event) =
            deliveries.find(|(row, event)| row.id.as_str() == id || event.id == id)?;
        let kind = match row.id.as_str() == id {
            true => ObjectKind::Delivery,
            false => ObjectKind::Event,
        };
        let mut told = Subject::new(kind);
        told.events = Mentions::Event(event.id.clone());
        Some(told.made_by(event.cause))
    }

    fn entry_subject(&self, id: &str) -> Option<Subject> {
        let number: u64 = id.parse().ok()?;
        let funds = &self.payments.funds;
        let entry = funds.entry(number)?;
        let mut own = Subject::new(ObjectKind::Entry);
        own.events = Mentions::None;
        let narrative = funds.narrative(number);
        let purpose = purpose_of(&narrative);
        own.orders.insert(Name::new(purpose));
        let inbound = purpose.parse().ok();
        if let Some(row) = inbound.and_then(|id| self.payments.inbound.get(&id)) {
            own.add_inbound(row);
        }
        Some(own.told_by(entry.stamp().cause))
    }
}
