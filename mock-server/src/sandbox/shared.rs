//! How a sandbox is entered that other servers write too.
//!
//! A look tells what others have written, and a turn takes the sandbox for this server until its commit. Whoever comes
//! while a turn is being taken does its work within that turn: the lock is handed on in the order in which it was asked
//! for, and the commit asks for it only after the turn was taken. So one transaction carries all that waited for it, and
//! no reply leaves before its commit.
//!
//! While the database takes no more, reads are looks, whatever is due, and commands are refused until a probe gets
//! through.
//!
//! What was done in a turn whose commit failed, or of which nobody knows how it ended, is thrown away: the state is read
//! again, and a client that comes back with the same key learns what became of its command.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard, watch};

use super::{Broken, LoadError, Outage, Sandbox, core::Core, lock, turn::Intent};
use crate::{
    journal::{News, Position, SharedJournal, Turn, Write},
    store::{
        StoreError,
        fresh::{Arrival, Fresh, Number, Questions},
    },
};

/// How often the state is read again before a request is sent away: others may begin anew all the time.
const TRIES: usize = 5;

/// Where those wait who want to enter.
#[derive(Debug, Default)]
pub(super) struct Gate {
    line: Arc<Mutex<Line>>,
    questions: Questions,
    /// Whether something can be written again.
    probes: Fresh<()>,
}

impl Gate {
    /// A gate to a state that is up to date, or to one that is lost and has to be read first.
    pub(super) fn new(is_lost: bool) -> Gate {
        let line = Line {
            is_lost,
            ..Line::default()
        };
        Gate {
            line: Arc::new(Mutex::new(line)),
            questions: Questions::default(),
            probes: Fresh::default(),
        }
    }
}

/// What is handed on from one to the next.
#[derive(Debug, Default)]
struct Line {
    /// The turn that is being filled.
    batch: Option<Batch>,
    /// The state has work in it that was not committed.
    is_lost: bool,
    /// The last look or turn that brought the state up to date.
    fresh: Number,
    /// The last one that failed.
    failed: Option<(Number, Broken)>,
}

/// What one transaction carries.
struct Batch {
    turn: Box<dyn Turn>,
    writes: Vec<Write>,
    /// Whether the server has to hear of it that sends webhooks and runs what is due.
    concerns_sender: bool,
    outcome: watch::Sender<Option<Result<(), StoreError>>>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

/// How to learn what others have written.
#[derive(Clone, Copy)]
enum Ask<'s> {
    Look(&'s dyn SharedJournal),
    Turn(&'s dyn SharedJournal),
}

impl Ask<'_> {
    async fn put(self, seen: Position) -> Result<(News, Option<Box<dyn Turn>>), StoreError> {
        match self {
            Ask::Look(shared) => Ok((shared.look(seen).await?, None)),
            Ask::Turn(shared) => {
                let (news, turn) = shared.begin(seen).await?;
                Ok((news, Some(turn)))
            }
        }
    }
}

impl Sandbox {
    /// Does something with the state, and gives the result once it is committed.
    pub(super) async fn enter_shared<T>(
        &self,
        shared: &dyn SharedJournal,
        intent: Intent,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Result<T, Broken> {
        let is_refusing = {
            let core = lock(&self.core);
            core.admit(intent)?;
            core.refusing.is_some()
        };
        if intent == Intent::Write && is_refusing {
            self.probe_shared().await?;
        }
        let arrived = self.gate.questions.arrive();
        let mut line = self.gate.line.lock().await;
        if line.batch.is_none() {
            if let Some((number, error)) = &line.failed
                && number.is_after(arrived)
            {
                return Err(error.clone());
            }
            // A turn that ends in the middle costs a connection: what is broken is looked at first.
            if intent == Intent::Write && lock(&self.core).broken.is_some() {
                self.look_up(shared, &mut line, arrived).await?;
            }
            if intent == Intent::Read {
                self.look_up(shared, &mut line, arrived).await?;
                let mut core = self.lock(intent)?;
                let now = core.clock.now(Timestamp::now());
                if core.takes_nothing() || !core.world.is_due(now) {
                    return Ok(core.only_looking(work));
                }
            }
            self.take_turn(shared, &mut line, intent).await?;
        }
        self.work_in_turn(line, intent, work).await
    }

    /// Does the work in the turn that has been taken, and waits for its commit.
    async fn work_in_turn<T>(
        &self,
        mut line: MutexGuard<'_, Line>,
        intent: Intent,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Result<T, Broken> {
        let Some(batch) = &mut line.batch else {
            return Err(Broken::Defect);
        };
        let result = {
            let mut core = self.lock(intent)?;
            // The server may have begun to end while this waited.
            core.admit(intent)?;
            let awaited = core.next_due();
            let result = work(&mut core);
            let writes = core.collect();
            batch.concerns_sender |= core.concerns_sender(awaited, &writes);
            batch.writes.extend(writes);
            result
        };
        let mut outcome = batch.outcome.subscribe();
        drop(line);
        let ended = outcome.wait_for(Option::is_some).await;
        // It goes without an outcome only when the runtime ends.
        let ended = ended.map_or(None, |outcome| outcome.clone());
        match ended.unwrap_or_else(|| Err(StoreError::Unavailable("the server ends".to_owned()))) {
            Ok(()) => Ok(result),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// What it means that a turn could not be taken or committed.
    fn failed(&self, error: &StoreError) -> Broken {
        let told = self.told(error);
        if let Broken::Outage(outage @ Outage::Full) = told {
            lock(&self.core).refusing = Some(outage);
        }
        told
    }

    /// Finds out whether something can be written again, once for all who want to know.
    async fn probe_shared(&self) -> Result<(), Broken> {
        let probed = self.gate.probes.get(|| self.journal.probe()).await;
        probed.map_err(|error| self.told(&error))?;
        lock(&self.core).refusing = None;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Sees to it that the state is at least as new as the arrival.
    async fn look_up(
        &self,
        shared: &dyn SharedJournal,
        line: &mut Line,
        arrived: Arrival,
    ) -> Result<(), Broken> {
        if !line.is_lost && line.fresh.is_after(arrived) {
            return Ok(());
        }
        self.catch_up(line, Intent::Read, Ask::Look(shared)).await?;
        Ok(())
    }

    /// Takes the sandbox for this server, and sees to the commit.
    async fn take_turn(
        &self,
        shared: &dyn SharedJournal,
        line: &mut Line,
        intent: Intent,
    ) -> Result<(), Broken> {
        let Some(turn) = self.catch_up(line, intent, Ask::Turn(shared)).await? else {
            return Err(Broken::Defect);
        };
        line.batch = Some(Batch {
            turn,
            writes: Vec::new(),
            concerns_sender: false,
            outcome: watch::Sender::new(None),
        });
        // In a task of its own, as whoever took the turn may go away.
        tokio::spawn(commit(Arc::clone(&self.gate.line)));
        Ok(())
    }

    /// Asks what others have written and brings the state up to it.
    async fn catch_up(
        &self,
        line: &mut Line,
        intent: Intent,
        ask: Ask<'_>,
    ) -> Result<Option<Box<dyn Turn>>, Broken> {
        for _ in 0..TRIES {
            let number = self.gate.questions.put();
            let caught_up = self.try_catch_up(line, intent, ask).await;
            match caught_up {
                Ok(Some(turn)) => {
                    line.fresh = number;
                    return Ok(turn);
                }
                Ok(None) => {}
                Err(error) => {
                    line.failed = Some((number, error.clone()));
                    return Err(error);
                }
            }
        }
        Err(Broken::Outage(Outage::Unavailable))
    }

    /// The same once; nothing where the state has to be read again first.
    async fn try_catch_up(
        &self,
        line: &mut Line,
        intent: Intent,
        ask: Ask<'_>,
    ) -> Result<Option<Option<Box<dyn Turn>>>, Broken> {
        let is_reset = intent == Intent::Reset;
        if line.is_lost && !is_reset {
            self.reload_shared().await?;
            line.is_lost = false;
        }
        let seen = lock(&self.core).position();
        let (news, turn) = ask.put(seen).await.map_err(|error| self.failed(&error))?;
        match news {
            News::Rows(head, _) | News::Reopen(head) if is_reset => {
                self.lock(intent)?.head = head;
                line.is_lost = false;
            }
            News::Rows(head, rows) => {
                let mut core = self.lock(intent)?;
                if let Err(error) = core.follow(head, &rows) {
                    return Err(self.unreadable(&mut core, &error));
                }
                if !rows.is_empty() {
                    // Somebody gets through.
                    core.refusing = None;
                }
                self.note_epoch(head.epoch);
            }
            News::Reopen(_) => {
                line.is_lost = true;
                if let Some(turn) = turn {
                    let released = turn.commit(Vec::new(), false).await;
                    released.map_err(|error| self.told(&error))?;
                }
                return Ok(None);
            }
        }
        Ok(Some(turn))
    }

    /// Reads the state again, whatever there was: also one that a defect has broken, if another server has begun anew.
    async fn reload_shared(&self) -> Result<(), Broken> {
        let loaded = self.load().await;
        let mut core = self.lock(Intent::Reset)?;
        match loaded {
            Ok(state) => {
                if state.head.generation != core.head.generation {
                    lock(&self.faults).clear();
                    lock(&self.requests).clear();
                }
                self.note_epoch(state.head.epoch);
                core.replace(state);
                core.broken = None;
                self.changed.notify_waiters();
                Ok(())
            }
            Err(LoadError::Store(error)) => Err(self.told(&error)),
            Err(error) => Err(self.unreadable(&mut core, &error)),
        }
    }
}

/// Commits the turn of a line, once those have done their work who had come before.
async fn commit(line: Arc<Mutex<Line>>) {
    let mut line = line.lock().await;
    let Some(Batch {
        turn,
        writes,
        concerns_sender,
        outcome,
    }) = line.batch.take()
    else {
        return;
    };
    let ended = turn.commit(writes, concerns_sender).await;
    line.is_lost |= ended.is_err();
    outcome.send_replace(Some(ended));
}
