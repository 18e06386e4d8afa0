//! What an object is, and all that belongs to it: transactions, entries, events, deliveries and what is scheduled.
//!
//! Everything is found in rows that are there anyway: entries by what they are for, events by the ids in their bodies,
//! jobs by what they work on. Which operation stands at a place of the journal is for the shell to add, who keeps it.

use std::collections::BTreeSet;

use layer2_types::control;
use layer2_types::control::ObjectKind;
use layer2_types::payments::AccountId;

use crate::clock;
use crate::outbox::DeliveryRow;
use crate::outbox::EventRow;
use crate::rejection::Rejection;
use crate::settings::TimestampStyle;
use crate::world::World;

/// An explanation and the places in the journal that it comes from.
#[derive(Clone, Debug)]
pub struct Explained {
    /// All but the causes.
    pub explanation: control::Explanation,
    /// The places in the journal, in their order.
    pub causes: BTreeSet<u64>,
}

/// What an object is, and by which names others speak of it.
struct Subject {
    kind: ObjectKind,
    status: Option<String>,
    /// What entries are for, where they are for it.
    purpose: Option<String>,
    /// Its account, where it has one.
    account: Option<AccountId>,
    /// The command that made it, where that is kept.
    cause: Option<u64>,
    events: Mentions,
}

/// Which events tell of an object.
enum Mentions {
    /// Those that name it in their body.
    Body,
    /// The one of this id.
    Event(String),
    /// None.
    None,
    /// Those that were sent to this subscription.
    Subscription,
}

/// Of each list the newest are shown.
const SHOWN: usize = 100;

impl World {
    /// Says what an id names and what belongs to it.
    ///
    /// # Errors
    ///
    /// If nothing has the id.
    pub fn explain(&self, id: &str) -> Result<Explained, Rejection> {
        let subject = self.subject(id).ok_or_else(|| {
            Rejection::unknown_id("object", id, self.explained_ids()).at("object_id")
        })?;
        let told: Vec<_> = self
            .outbox
            .numbered()
            .map(|(_, both)| both)
            .filter(|(row, event)| subject.is_told_by(id, row, event))
            .collect();
        let mut causes: BTreeSet<u64> = told.iter().map(|(_, event)| event.cause).collect();
        causes.extend(subject.cause);

        let transactions = self.transactions_of(id, &subject, &mut causes)?;
        let entries = self.entries_of(id, &subject, &mut causes)?;
        let mut explanation = control::Explanation::new(
            control::ObjectId::new(id).map_err(|_| Rejection::bad_id())?,
            subject.kind,
            Vec::new(),
            newest(transactions),
            newest(entries),
            newest(events(&told)?),
            newest(self.deliveries_of(id, &told)?),
            self.scheduled_for(id, &told)?,
        );
        explanation.status = subject.status;
        Ok(Explained {
            explanation,
            causes,
        })
    }

    fn subject(&self, id: &str) -> Option<Subject> {
        self.money_subject(id)
            .or_else(|| self.party_subject(id))
            .or_else(|| self.told_subject(id))
            .or_else(|| self.entry_subject(id))
    }

    fn money_subject(&self, id: &str) -> Option<Subject> {
        let payments = &self.payments;
        if let Some(row) = id.parse().ok().and_then(|id| payments.transfers.get(&id)) {
            return Some(Subject {
                status: Some(row.stage.status().as_str().to_owned()),
                purpose: Some(id.to_owned()),
                cause: Some(row.cause),
                ..Subject::new(ObjectKind::Transfer)
            });
        }
        let row = id
            .parse()
            .ok()
            .and_then(|id| payments.transactions.get(&id))?;
        Some(Subject {
            status: Some(row.stage.status().as_str().to_owned()),
            purpose: Some(row.category_id.as_str().to_owned()),
            account: Some(row.account.clone()),
            cause: Some(row.cause),
            ..Subject::new(ObjectKind::Transaction)
        })
    }

    fn party_subject(&self, id: &str) -> Option<Subject> {
        let (payments, platform) = (&self.payments, self.settings().platform);
        if let Some(row) = id.parse().ok().and_then(|id| payments.accounts.get(&id)) {
            let status = row.standing.account_status(platform);
            return Some(Subject {
                status: Some(status.as_str().to_owned()),
                account: Some(row.id.clone()),
                ..Subject::new(ObjectKind::Account)
            });
        }
        let row = id.parse().ok().and_then(|id| payments.customers.get(&id))?;
        let status = row.standing.customer_status(platform);
        Some(Subject {
            status: Some(status.as_str().to_owned()),
            ..Subject::new(ObjectKind::Customer)
        })
    }

    fn told_subject(&self, id: &str) -> Option<Subject> {
        let subscription = id.parse().ok();
        if subscription.is_some_and(|id| self.payments.subscriptions.contains(&id)) {
            return Some(Subject {
                events: Mentions::Subscription,
                ..Subject::new(ObjectKind::Subscription)
            });
        }
        let mut deliveries = self.outbox.numbered().map(|(_, both)| both);
        let (row, event) =
            deliveries.find(|(row, event)| row.id.as_str() == id || event.id == id)?;
        let kind = match row.id.as_str() == id {
            true => ObjectKind::Delivery,
            false => ObjectKind::Event,
        };
        Some(Subject {
            cause: Some(event.cause),
            events: Mentions::Event(event.id.clone()),
            ..Subject::new(kind)
        })
    }

    fn entry_subject(&self, id: &str) -> Option<Subject> {
        let number: u64 = id.parse().ok()?;
        let mut entries = self.payments.funds.book().entries().iter();
        let entry = entries.find(|entry| entry.sequence() == number)?;
        Some(Subject {
            cause: Some(entry.stamp().cause),
            events: Mentions::None,
            ..Subject::new(ObjectKind::Entry)
        })
    }

    fn transactions_of(
        &self,
        id: &str,
        subject: &Subject,
        causes: &mut BTreeSet<u64>,
    ) -> Result<Vec<control::ObjectId>, Rejection> {
        let rows = self.payments.transactions.numbered().map(|(_, row)| row);
        let narrative = match (&subject.kind, id.parse()) {
            (ObjectKind::Entry, Ok(number)) => self.payments.funds.narrative(number),
            _ => "",
        };
        let own = rows.filter(|row| match subject.kind {
            ObjectKind::Account => row.account.as_str() == id,
            ObjectKind::Entry => narrative.ends_with(row.category_id.as_str()),
            ObjectKind::Transaction => row.id.as_str() == id,
            ObjectKind::Transfer => row.category_id.as_str() == id,
            _ => false,
        });
        own.map(|row| {
            causes.insert(row.cause);
            control::ObjectId::new(row.id.as_str()).map_err(|_| Rejection::bad_id())
        })
        .collect()
    }

    /// The entries of the object: those that are for it, those of its account, or those of the command that an event
    /// tells of.
    fn entries_of(
        &self,
        id: &str,
        subject: &Subject,
        causes: &mut BTreeSet<u64>,
    ) -> Result<Vec<control::LedgerEntry>, Rejection> {
        let funds = &self.payments.funds;
        let account = subject.account.as_ref().map(|id| funds.ledger_account(id));
        let own = funds.book().entries().iter().filter(|entry| {
            let touches = account.is_none_or(|account| {
                entry
                    .postings()
                    .iter()
                    .any(|posting| Some(posting.account()) == account)
            });
            touches
                && match (&subject.kind, &subject.purpose) {
                    (_, Some(purpose)) => funds.narrative(entry.sequence()).ends_with(purpose),
                    (ObjectKind::Account, _) => true,
                    (ObjectKind::Entry, _) => entry.sequence().to_string() == id,
                    (ObjectKind::Delivery | ObjectKind::Event, _) => {
                        subject.cause == Some(entry.stamp().cause)
                    }
                    _ => false,
                }
        });
        own.map(|entry| {
            causes.insert(entry.stamp().cause);
            self.entry_on_wire(entry)
        })
        .collect()
    }

    /// The deliveries of these events; of a delivery that one alone.
    fn deliveries_of(
        &self,
        id: &str,
        told: &[(&DeliveryRow, &EventRow)],
    ) -> Result<Vec<control::Delivery>, Rejection> {
        let is_one = told.iter().any(|(row, _)| row.id.as_str() == id);
        told.iter()
            .filter(|(row, _)| !is_one || row.id.as_str() == id)
            .map(|(row, event)| self.delivery_on_wire(row, event))
            .collect()
    }

    fn scheduled_for(
        &self,
        id: &str,
        told: &[(&DeliveryRow, &EventRow)],
    ) -> Result<Vec<control::Job>, Rejection> {
        let jobs = self
            .pending_jobs()
            .filter(|job| job.subject == id)
            .map(|job| (job.due, job.name, job.subject));
        let deliveries = self
            .pending_deliveries()
            .filter(|(waiting, _, _)| told.iter().any(|(row, _)| row.id == **waiting))
            .map(|(waiting, _, due)| (due, "delivery", waiting.as_str().to_owned()));
        let mut scheduled: Vec<_> = jobs.chain(deliveries).collect();
        scheduled.sort_by_key(|(due, _, _)| *due);
        scheduled
            .into_iter()
            .take(SHOWN)
            .map(|(due, name, subject)| {
                let subject = control::ObjectId::new(subject).map_err(|_| Rejection::bad_id())?;
                let due = clock::wire(due, TimestampStyle::Utc);
                Ok(control::Job::new(name.to_owned(), due).with_object_id(subject))
            })
            .collect()
    }

    fn explained_ids(&self) -> impl Iterator<Item = &str> {
        self.customer_ids().chain(self.account_ids())
    }
}

impl Subject {
    fn new(kind: ObjectKind) -> Self {
        Self {
            kind,
            status: None,
            purpose: None,
            account: None,
            cause: None,
            events: Mentions::Body,
        }
    }

    fn is_told_by(&self, id: &str, row: &DeliveryRow, event: &EventRow) -> bool {
        match &self.events {
            Mentions::Body => event.body.contains(&format!("\"{id}\"")),
            Mentions::Event(wanted) => event.id == *wanted,
            Mentions::None => false,
            Mentions::Subscription => row.subscription.as_str() == id,
        }
    }
}

/// Each event once, however many deliveries it has.
fn events(told: &[(&DeliveryRow, &EventRow)]) -> Result<Vec<control::ExplainedEvent>, Rejection> {
    let mut seen = BTreeSet::new();
    told.iter()
        .map(|(_, event)| *event)
        .filter(|event| seen.insert(event.id.as_str()))
        .map(|event| {
            Ok(control::ExplainedEvent::new(
                control::EventId::new(event.id.as_str()).map_err(|_| Rejection::bad_id())?,
                event.event_type.clone(),
                clock::wire(event.at, TimestampStyle::Utc),
                // A journal does not come near the end of 63 bits.
                i64::try_from(event.cause).unwrap_or(i64::MAX),
                event.body.clone(),
            ))
        })
        .collect()
}

fn newest<T>(mut rows: Vec<T>) -> Vec<T> {
    rows.drain(..rows.len().saturating_sub(SHOWN));
    rows
}
