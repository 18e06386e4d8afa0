//! What an object is, and all that belongs to it: transactions, holds, entries, events, deliveries and what is scheduled.
//!
//! Everything is found in rows that are there anyway: entries by what they are for, events by the ids in their bodies,
//! jobs by what they work on. What an id names stands in `subject`. Which operation stands at a place of the journal is
//! for the shell to add, who keeps it.

mod subject;

use std::collections::BTreeSet;

use jiff::Timestamp;
use layer2_ledger::AccountIx;
use layer2_ledger::Entry;
use layer2_ledger::Hold;
use layer2_ledger::HoldState;
use layer2_types::control;
use layer2_types::control::ObjectKind;

use crate::clock;
use crate::outbox::DeliveryRow;
use crate::outbox::EventRow;
use crate::payments::funds;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Rejection;
use crate::settings::TimestampStyle;
use crate::world::World;

use subject::Subject;
use subject::purpose_of;

/// An explanation and the places in the journal that it comes from.
#[derive(Clone, Debug)]
pub struct Explained {
    /// All but the causes.
    pub explanation: control::Explanation,
    /// The places in the journal, in their order.
    pub causes: BTreeSet<u64>,
    /// The first place of the journal that can have to do with it; 0 where that is not kept.
    pub since: u64,
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
        let told = self.told_of(id, &subject);
        let mut causes: BTreeSet<u64> = told.iter().map(|(_, event)| event.cause).collect();
        causes.extend(subject.cause);

        let transactions = self.transactions_of(&subject, &mut causes)?;
        let holds = self.holds_of(&subject, &mut causes)?;
        let entries = self.entries_of(id, &subject, &mut causes)?;
        let mut explanation = control::Explanation::new(
            control::ObjectId::new(id).map_err(|_| Rejection::bad_id())?,
            subject.kind,
            Vec::new(),
            newest(transactions),
            newest(holds),
            newest(entries),
            newest(events(&told)?),
            newest(self.deliveries_of(id, &told)?),
            self.scheduled_for(id, &told)?,
        );
        explanation.status = subject.status;
        Ok(Explained {
            explanation,
            causes,
            since: subject.since,
        })
    }

    /// The deliveries of the events that tell of it.
    fn told_of(&self, id: &str, subject: &Subject) -> Vec<(&DeliveryRow, &EventRow)> {
        let is_told = subject.is_told(id);
        let rows = since(self.outbox.numbered(), |(_, (_, event))| {
            event.cause >= subject.since
        });
        let rows = rows.into_iter().map(|(_, both)| both);
        rows.filter(|(row, event)| is_told(row, event)).collect()
    }

    fn transactions_of(
        &self,
        subject: &Subject,
        causes: &mut BTreeSet<u64>,
    ) -> Result<Vec<control::ObjectId>, Rejection> {
        let log = &self.payments.transactions;
        let own: Vec<&TransactionRow> = match (&subject.kind, &subject.account) {
            (ObjectKind::Account, Some(account)) => last_shown(log.of_account(account))
                .into_iter()
                .map(|(_, row)| row)
                .collect(),
            _ => {
                let rows = since(log.numbered(), |(_, row)| row.cause >= subject.since);
                rows.into_iter()
                    .map(|(_, row)| row)
                    .filter(|row| {
                        subject.transactions.contains(row.id.spelled().as_ref())
                            || subject.orders.contains(&row.order)
                    })
                    .collect()
            }
        };
        own.into_iter()
            .map(|row| {
                causes.insert(row.cause);
                control::ObjectId::new(row.id.spelled().as_ref()).map_err(|_| Rejection::bad_id())
            })
            .collect()
    }

    /// The holds of the object: those that its orders placed, or those on its account.
    fn holds_of(
        &self,
        subject: &Subject,
        causes: &mut BTreeSet<u64>,
    ) -> Result<Vec<control::ExplainedHold>, Rejection> {
        let funds = &self.payments.funds;
        let account = match (&subject.kind, &subject.account) {
            (ObjectKind::Account, Some(id)) => funds.ledger_account(id),
            _ => None,
        };
        let holds = funds.book().holds();
        let first = holds.partition_point(|hold| hold.placed().cause < subject.since);
        let own = holds[first..]
            .iter()
            .filter(|hold| subject.holds.contains(&hold.id()) || account == Some(hold.account()));
        own.map(|hold| {
            causes.insert(hold.placed().cause);
            self.hold_on_wire(hold)
        })
        .collect()
    }

    fn hold_on_wire(&self, hold: &Hold) -> Result<control::ExplainedHold, Rejection> {
        let book = self.payments.funds.book();
        let broken = || Rejection::internal("A hold names an account that is not in the books.");
        let account = book.account(hold.account()).map_err(|_| broken())?;
        let asset = book.asset(account.asset()).ok_or_else(broken)?;
        let placed = hold.placed();
        let at = Timestamp::from_microsecond(placed.at_micros).unwrap_or(Timestamp::MAX);
        Ok(control::ExplainedHold::new(
            account.id().as_str().to_owned(),
            control::AssetTypeId::new(asset.code().as_str()).map_err(|_| Rejection::bad_id())?,
            funds::to_wire(hold.amount(), asset.scale()),
            match hold.state() {
                HoldState::Open => control::HoldState::Open,
                HoldState::Released { .. } => control::HoldState::Released,
                HoldState::Settled { .. } => control::HoldState::Settled,
            },
            clock::wire(at, TimestampStyle::Utc),
            // A journal does not come near the end of 63 bits.
            i64::try_from(placed.cause).unwrap_or(i64::MAX),
        ))
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
        let account = subject
            .account
            .as_ref()
            .and_then(|id| funds.ledger_account(id));
        let own: Vec<&Entry> = match (&subject.kind, account) {
            (ObjectKind::Account, Some(account)) => funds
                .book()
                .entries_of(account, ..)
                .map(last_shown)
                .unwrap_or_default(),
            (ObjectKind::Entry, _) => id
                .parse()
                .ok()
                .and_then(|number| funds.entry(number))
                .into_iter()
                .collect(),
            _ => self.entries_for(subject, account),
        };
        own.into_iter()
            .map(|entry| {
                causes.insert(entry.stamp().cause);
                self.entry_on_wire(entry)
            })
            .collect()
    }

    /// The entries that are for an object, on its account if it has one; of an event, those of the command that it tells
    /// of.
    fn entries_for(&self, subject: &Subject, account: Option<AccountIx>) -> Vec<&Entry> {
        let funds = &self.payments.funds;
        let entries = funds.book().entries();
        let first = entries.partition_point(|entry| entry.stamp().cause < subject.since);
        let touches = |entry: &Entry, account| {
            let mut postings = entry.postings().iter();
            postings.any(|posting| posting.account() == account)
        };
        let is_for_it = |entry: &Entry| match subject.kind {
            ObjectKind::Delivery | ObjectKind::Event => subject.cause == Some(entry.stamp().cause),
            _ => {
                let narrative = funds.narrative(entry.sequence());
                subject.purposes.contains(purpose_of(&narrative))
            }
        };
        entries[first..]
            .iter()
            .filter(|entry| account.is_none_or(|account| touches(entry, account)))
            .filter(|entry| is_for_it(entry))
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

/// The rows at the end that are so, in their order, without a look at those before them: rows come about in the order of
/// their causes.
fn since<T>(rows: impl DoubleEndedIterator<Item = T>, is_so: impl FnMut(&T) -> bool) -> Vec<T> {
    let mut rows: Vec<T> = rows.rev().take_while(is_so).collect();
    rows.reverse();
    rows
}

/// The newest that are shown, without a look at those before them.
fn last_shown<T>(rows: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
    let mut shown: Vec<T> = rows.rev().take(SHOWN).collect();
    shown.reverse();
    shown
}

fn newest<T>(mut rows: Vec<T>) -> Vec<T> {
    rows.drain(..rows.len().saturating_sub(SHOWN));
    rows
}
