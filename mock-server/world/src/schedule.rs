//! Work that the sandbox does later by itself: expiries, executions, postings.
//!
//! Jobs run in the order (due, number), each *at* the instant at which it was due, however late the command that runs
//! them lands. Numbers are given by client commands and by jobs alone, in an order that the network cannot change, so a
//! job's number is an origin of ids.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::payments::applications::review::ApplicationJob;
use crate::payments::arrivals::InboundJob;
use crate::payments::counterparties::CounterpartyJob;
use crate::payments::customer_making::CustomerJob;
use crate::payments::dormancy::AccountJob;
use crate::payments::exchanges::ExchangeJob;
use crate::payments::transfers::TransferJob;
use crate::payments::withdrawals::WithdrawalJob;
use crate::world::World;

/// What every kind of job has. A resource that works later has an enum of its jobs that implements this, and one row of
/// [`Job`].
pub(crate) trait Work {
    /// The job's name, for reports.
    fn name(&self) -> &'static str;

    /// The id of what the job works on.
    fn subject(&self) -> &str;

    /// Does the work. What it finds undone since it was planned, it leaves.
    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>);
}

macro_rules! jobs {
    ($($(#[$doc:meta])* $kind:ident($jobs:ty),)+) => {
        /// One piece of work.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Job {
            $($(#[$doc])* $kind($jobs),)+
        }

        impl Job {
            /// The job as work, whatever it is about.
            pub(crate) const fn work(&self) -> &dyn Work {
                match self {
                    $(Self::$kind(job) => job,)+
                }
            }
        }

        $(impl From<$jobs> for Job {
            fn from(job: $jobs) -> Self {
                Self::$kind(job)
            }
        })+
    };
}

jobs! {
    /// Of transfers.
    Transfer(TransferJob),
    /// Of exchanges.
    Exchange(ExchangeJob),
    /// Of money from outside.
    Inbound(InboundJob),
    /// Of accounts.
    Account(AccountJob),
    /// Of applications.
    Application(ApplicationJob),
    /// Of counterparties.
    Counterparty(CounterpartyJob),
    /// Of customers.
    Customer(CustomerJob),
    /// Of withdrawals.
    Withdrawal(WithdrawalJob),
}

/// A job that ran, for `settle` and `advance` to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// The job's number.
    pub job: u64,
    /// What it does, such as `execute_transfer`.
    pub name: &'static str,
    /// The id of what it worked on.
    pub subject: String,
    /// When it was due, which is when it counts as having run.
    pub due: Timestamp,
}

/// A job that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueJob {
    pub(crate) number: u64,
    pub(crate) due: Timestamp,
    pub(crate) job: Job,
}

impl DueJob {
    pub(crate) fn report(&self) -> JobReport {
        JobReport {
            job: self.number,
            name: self.job.work().name(),
            subject: self.job.work().subject().to_owned(),
            due: self.due,
        }
    }
}

/// The jobs that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    made: u64,
    #[serde(with = "crate::snapshot::pairs")]
    waiting: BTreeMap<(Timestamp, u64), Job>,
}

impl Schedule {
    /// Puts a job on the schedule and tells its number.
    pub(crate) fn add(&mut self, due: Timestamp, job: impl Into<Job>) -> u64 {
        self.made += 1;
        self.waiting.insert((due, self.made), job.into());
        self.made
    }

    /// Takes a job off that is no longer needed.
    pub(crate) fn remove(&mut self, due: Timestamp, number: u64) {
        self.waiting.remove(&(due, number));
    }

    /// When the next job is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// The jobs that wait, in the order in which they will run.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = JobReport> {
        self.waiting.iter().map(|((due, number), job)| JobReport {
            job: *number,
            name: job.work().name(),
            subject: job.work().subject().to_owned(),
            due: *due,
        })
    }

    /// Takes the first job that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<DueJob> {
        let entry = self.waiting.first_entry()?;
        let (due, number) = *entry.key();
        if due > now {
            return None;
        }
        Some(DueJob {
            number,
            due,
            job: entry.remove(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn job(id: &str) -> Job {
        TransferJob::Expire(id.parse().unwrap()).into()
    }

    #[test]
    fn jobs_leave_by_due_time_and_then_by_number() {
        let mut schedule = Schedule::default();
        schedule.add(at(5), job("late"));
        schedule.add(at(1), job("first"));
        schedule.add(at(1), job("second"));
        let order: Vec<_> = core::iter::from_fn(|| schedule.take_due(at(4)))
            .map(|due| due.job)
            .collect();
        assert_eq!(order, [job("first"), job("second")]);
        assert_eq!(schedule.next_due(), Some(at(5)));
        assert_eq!(schedule.take_due(at(5)).unwrap().number, 1);
    }

    #[test]
    fn a_job_that_is_taken_off_does_not_run() {
        let mut schedule = Schedule::default();
        let number = schedule.add(at(1), job("off"));
        schedule.add(at(1), job("on"));
        schedule.remove(at(1), number);
        assert_eq!(schedule.take_due(at(1)).unwrap().job, job("on"));
        assert_eq!(schedule.take_due(at(1)), None);
    }

    #[test]
    fn a_schedule_survives_a_snapshot() {
        let mut schedule = Schedule::default();
        schedule.add(at(5), job("a"));
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
    }
}
