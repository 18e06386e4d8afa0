//! How far the writes of one sandbox have come, on their way from its lock to the disk.

use std::{
    fmt,
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::schema::Sandbox;
use crate::{
    journal::Mark,
    store::{Pending, StoreError},
};

/// The way of one sandbox's writes.
pub(super) struct Lane {
    pub(super) sandbox: Sandbox,
    pub(super) name: String,
    /// Marks that were given out.
    handed: AtomicU64,
    progress: watch::Sender<Progress>,
    /// Whether the progress holds a failure, to be had without its lock.
    has_failed: AtomicBool,
    /// Sealed bytes of the rows since the last snapshot, and of that snapshot.
    pub(super) journal_bytes: AtomicU64,
    pub(super) snapshot_bytes: AtomicU64,
}

/// What became of the writes so far.
#[derive(Debug, Default)]
struct Progress {
    /// All up to this mark are safe or lost.
    settled: u64,
    /// Marks that are lost, oldest first; there is a mark between two ranges that is safe. The last one is open while the
    /// failure lasts.
    lost: Vec<RangeInclusive<u64>>,
    failure: Option<StoreError>,
}

/// What became of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lost,
    OnItsWay,
    Safe,
}

impl Progress {
    fn fate(&self, mark: u64) -> Fate {
        let later = self.lost.partition_point(|range| *range.end() < mark);
        if self
            .lost
            .get(later)
            .is_some_and(|range| range.contains(&mark))
        {
            Fate::Lost
        } else if mark <= self.settled {
            Fate::Safe
        } else {
            Fate::OnItsWay
        }
    }
}

impl Progress {
    /// This mark and all that follow are lost: one loss, if nothing became safe since the last one.
    fn lose(&mut self, first: u64) {
        let before = self.lost.pop_if(|range| *range.end() + 1 >= first);
        let first = before.map_or(first, |range| *range.start());
        self.lost.push(first..=u64::MAX);
    }
}

impl Lane {
    pub(super) fn new(sandbox: Sandbox, name: &str) -> Lane {
        Lane {
            sandbox,
            name: name.to_owned(),
            handed: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::default()),
            has_failed: AtomicBool::new(false),
            journal_bytes: AtomicU64::new(0),
            snapshot_bytes: AtomicU64::new(0),
        }
    }

    /// The mark of a write that is about to be handed over.
    pub(super) fn next_mark(&self) -> Mark {
        Mark(self.handed.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Whether a write was lost before its turn came: what it follows has not happened.
    pub(super) fn is_lost(&self, mark: Mark) -> bool {
        self.progress.borrow().fate(mark.0) == Fate::Lost
    }

    /// All writes up to the mark that are not lost are safe.
    pub(super) fn settle(&self, mark: Mark) {
        self.progress.send_modify(|progress| {
            progress.settled = progress.settled.max(mark.0);
        });
    }

    /// The write and all that follow it are lost, until [`Lane::recover`].
    pub(super) fn lose(&self, first: Mark, error: &StoreError) {
        self.progress.send_modify(|progress| {
            if progress.failure.is_none() {
                progress.lose(first.0);
                progress.failure = Some(error.clone());
            }
            // Before anybody is told: whoever was refused finds the sandbox mended.
            self.has_failed.store(true, Ordering::Release);
        });
    }

    /// A write that nobody is going to make is lost, unless its fate is known.
    pub(super) fn abandon(&self, mark: Mark, error: &StoreError) {
        let fate = self.progress.borrow().fate(mark.0);
        if fate == Fate::OnItsWay {
            self.lose(mark, error);
        }
    }

    pub(super) fn failure(&self) -> Option<StoreError> {
        if !self.has_failed.load(Ordering::Acquire) {
            return None;
        }
        self.progress.borrow().failure.clone()
    }

    /// Ends a failure: what was handed over so far and is not safe is lost, what comes is written again.
    pub(super) fn recover(&self) {
        let handed = self.handed.load(Ordering::Acquire);
        self.progress.send_modify(|progress| {
            if progress.failure.take().is_some()
                && let Some(last) = progress.lost.last_mut()
            {
                *last = *last.start()..=handed;
            }
            self.has_failed.store(false, Ordering::Release);
        });
    }

    /// What to wait for until a write is safe.
    pub(super) fn durable(&self, mark: Mark) -> Option<Pending<'static, ()>> {
        if mark == Mark::default() {
            return None;
        }
        let mark = mark.0;
        if self.progress.borrow().fate(mark) == Fate::Safe {
            return None;
        }
        let mut progress = self.progress.subscribe();
        Some(Box::pin(async move {
            let settled = progress
                .wait_for(|progress| progress.fate(mark) != Fate::OnItsWay)
                .await;
            match settled {
                Ok(progress) if progress.fate(mark) == Fate::Safe => Ok(()),
                Ok(progress) => Err(progress.failure.clone().unwrap_or_else(passed)),
                Err(_) => Err(StoreError::Unavailable("it is closed".to_owned())),
            }
        }))
    }
}

/// The failure that took a write along is over.
fn passed() -> StoreError {
    StoreError::Unavailable("it has failed for a while".to_owned())
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("name", &self.name)
            .field("progress", &*self.progress.borrow())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn full() -> StoreError {
        StoreError::Full("as ordered".to_owned())
    }

    #[tokio::test]
    async fn a_write_is_waited_for_until_it_is_safe_or_lost() {
        let lane = Lane::new(Sandbox::numbered(1), "default");
        let (one, two, three) = (lane.next_mark(), lane.next_mark(), lane.next_mark());
        assert!(lane.durable(Mark::default()).is_none());
        let mut first = lane.durable(one).expect("on its way");
        let mut third = lane.durable(three).expect("on its way");
        assert!(first.as_mut().now_or_never().is_none());
        lane.settle(one);
        assert_eq!(first.await, Ok(()));
        assert!(lane.durable(one).is_none());
        assert!(third.as_mut().now_or_never().is_none());

        lane.lose(two, &full());
        assert_eq!(third.await, Err(full()));
        assert_eq!(lane.failure(), Some(full()));
        let four = lane.next_mark();
        assert!(lane.is_lost(four), "it follows what is lost");

        lane.recover();
        assert_eq!(lane.failure(), None);
        let five = lane.next_mark();
        assert!(lane.is_lost(two) && lane.is_lost(four) && !lane.is_lost(five));
        lane.settle(five);
        assert!(lane.durable(five).is_none() && lane.durable(one).is_none());
        let late = lane.durable(three).expect("nobody has told it yet").await;
        assert_eq!(late, Err(passed()), "what came later does not make it safe");
    }

    #[test]
    fn losses_without_anything_safe_between_them_are_one() {
        let lane = Lane::new(Sandbox::numbered(1), "default");
        let lost = || lane.progress.borrow().lost.len();
        let mut fates = Vec::new();
        for round in 0..100 {
            let mark = lane.next_mark();
            let is_safe = round % 10 == 0;
            if is_safe {
                lane.settle(mark);
            } else {
                lane.lose(mark, &full());
                lane.recover();
            }
            fates.push((mark, is_safe));
        }
        assert_eq!(lost(), 10);
        for (mark, is_safe) in fates {
            assert_eq!(lane.is_lost(mark), !is_safe, "{mark:?}");
        }
    }
}
