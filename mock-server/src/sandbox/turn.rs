//! How a sandbox is entered: what comes before the lock, and what has to be safe before anything leaves.
//!
//! In memory nothing is waited for. An exclusive journal is waited for afterwards, until what is seen is safe. A shared
//! one is waited for before, as others may have written, and afterwards, for its commit. Where a journal has lost what
//! it was handed, the state is read again before anybody sees it; until something can be written again, commands are
//! refused and reads go on.

use std::sync::{MutexGuard, PoisonError};

use super::{
    Broken, LoadError, Sandbox,
    core::{Core, State},
    load::load,
};
use crate::journal::Mark;

/// What a turn is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To look. Due work runs first where it can.
    Read,
    /// To begin again: also where the sandbox is broken.
    Reset,
    /// To change something.
    Write,
}

/// How an attempt to enter ended.
enum Entered<T> {
    /// The work was done; its result rests on this write.
    Done(T, Mark),
    /// Nothing can be written for now.
    Refused,
    /// The state has to be read again.
    Stale,
}

impl Sandbox {
    /// Does something with the state, and gives the result once all that it rests on is safe.
    pub(super) async fn turn<T>(
        &self,
        intent: Intent,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Result<T, Broken> {
        let (result, mark) = self.enter(intent, work).await?;
        self.durable(mark).await?;
        Ok(result)
    }

    /// Does something with the state that nobody learns of, so that nobody waits until it is safe.
    pub(super) async fn turn_unseen<T>(
        &self,
        intent: Intent,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Result<T, Broken> {
        Ok(self.enter(intent, work).await?.0)
    }

    async fn enter<T>(
        &self,
        intent: Intent,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Result<(T, Mark), Broken> {
        if let Some(room) = self.journal.room() {
            room.await.map_err(|error| self.told(&error))?;
        }
        if let Some(shared) = self.journal.shared() {
            let result = self.enter_shared(shared, intent, work).await?;
            return Ok((result, Mark::default()));
        }
        // What is being read meanwhile would be taken for what the reset has made.
        let _nobody_reads = match intent {
            Intent::Reset => Some(self.entering.lock().await),
            Intent::Read | Intent::Write => None,
        };
        if intent == Intent::Reset {
            self.learn_head().await?;
        }
        let mut work = Some(work);
        loop {
            match self.try_enter(intent, &mut work)? {
                Entered::Done(result, mark) => return Ok((result, mark)),
                Entered::Stale => self.mend().await?,
                Entered::Refused => self.probe().await?,
            }
        }
    }

    /// Where the state is not the one that is safe, a reset counts on from what the journal says.
    async fn learn_head(&self) -> Result<(), Broken> {
        {
            let core = self.lock(Intent::Reset)?;
            if core.broken.is_none() && !core.is_stale {
                return Ok(());
            }
        }
        let told = self.journal.head().await;
        let (stored, _) = told.map_err(|error| self.told(&error))?;
        let mut core = self.lock(Intent::Reset)?;
        core.head.generation = core.head.generation.max(stored.generation);
        core.head.epoch = core.head.epoch.max(stored.epoch);
        Ok(())
    }

    /// Does the work under the lock, unless something has to be mended first.
    fn try_enter<T>(
        &self,
        intent: Intent,
        work: &mut Option<impl FnOnce(&mut Core) -> T>,
    ) -> Result<Entered<T>, Broken> {
        let mut core = self.lock(intent)?;
        if core.is_stale || self.journal.failure().is_some() {
            if intent != Intent::Reset {
                return Ok(Entered::Stale);
            }
            // What was lost belongs to what the reset ends.
            self.journal.recover();
        }
        core.admit(intent)?;
        if intent == Intent::Write && core.refusing.is_some() {
            return Ok(Entered::Refused);
        }
        // It is taken once: whatever comes back without a result has not taken it.
        let Some(work) = work.take() else {
            return Err(Broken::Defect);
        };
        let result = work(&mut core);
        core.sound()?;
        Ok(Entered::Done(result, core.mark()))
    }

    /// Waits until everything up to the mark survives a crash.
    async fn durable(&self, mark: Mark) -> Result<(), Broken> {
        match self.journal.durable(mark) {
            None => Ok(()),
            Some(safe) => safe.await.map_err(|error| self.told(&error)),
        }
    }

    /// Reads the state again after the journal has lost writes. From then on commands are refused until something can
    /// be written.
    async fn mend(&self) -> Result<(), Broken> {
        let _one_at_a_time = self.entering.lock().await;
        {
            let mut core = self.lock(Intent::Write)?;
            let failure = self.journal.failure();
            if !core.is_stale && failure.is_none() {
                return Ok(());
            }
            core.is_stale = true;
            if let Some(Broken::Outage(outage)) = failure.map(|error| self.told(&error)) {
                core.refusing = Some(outage);
            }
            self.journal.recover();
        }
        self.reload().await
    }

    /// Reads the state that is safe.
    pub(super) async fn load(&self) -> Result<State, LoadError> {
        load(&*self.journal, &self.genesis, self.clock_mode, &self.blobs).await
    }

    async fn reload(&self) -> Result<(), Broken> {
        let loaded = self.load().await;
        let mut core = self.lock(Intent::Write)?;
        match loaded {
            Ok(state) => {
                self.note_epoch(state.head.epoch);
                core.replace(state);
                Ok(())
            }
            Err(LoadError::Store(error)) => Err(self.told(&error)),
            Err(error) => Err(self.unreadable(&mut core, &error)),
        }
    }

    /// The state cannot be had: the sandbox is broken.
    pub(super) fn unreadable(&self, core: &mut Core, error: &LoadError) -> Broken {
        tracing::error!(sandbox = self.name(), %error, "the journal of a sandbox cannot be read");
        let broken = Broken::journal(error);
        core.broken = Some(broken.clone());
        broken
    }

    /// Finds out whether something can be written again.
    async fn probe(&self) -> Result<(), Broken> {
        self.journal
            .probe()
            .await
            .map_err(|error| self.told(&error))?;
        self.lock(Intent::Write)?.refusing = None;
        self.changed.notify_waiters();
        Ok(())
    }

    /// The lock, unless the sandbox is broken; a reset is let in all the same.
    pub(super) fn lock(&self, intent: Intent) -> Result<MutexGuard<'_, Core>, Broken> {
        if intent == Intent::Reset {
            let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
            self.core.clear_poison();
            return Ok(core);
        }
        let core = self.core.lock().map_err(|_| Broken::Defect)?;
        core.sound()?;
        Ok(core)
    }
}
