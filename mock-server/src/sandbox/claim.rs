//! Who moves the clock: one call at a time, whichever of the servers that share the sandbox it came to.
//!
//! Whoever comes meanwhile is refused and does not wait, as it may be the receiver that the first one waits for.

use tokio::sync::MutexGuard;

use super::{Broken, Outage, Sandbox};
use crate::journal::SharedClaim;

/// The right to move the clock, until it is released or dropped.
pub(crate) struct Claim<'s> {
    here: MutexGuard<'s, ()>,
    /// The same over all servers, where there are others.
    everywhere: Option<Box<dyn SharedClaim>>,
}

/// Why the clock is not this call's to move.
#[derive(Debug)]
pub(crate) enum Unclaimed {
    /// Another call moves it.
    Busy,
    /// The store cannot say whether one does.
    Broken(Broken),
}

impl Claim<'_> {
    /// Lets the next one have it: nobody who comes after this is refused for the sake of this call.
    pub(crate) async fn release(self) {
        let Claim { here, everywhere } = self;
        if let Some(claim) = everywhere {
            claim.release().await;
        }
        drop(here);
    }

    /// Waits until another server may take it, as the store has let go of it; for ever where there is none.
    async fn lost(&self) {
        match &self.everywhere {
            Some(claim) => claim.lost().await,
            None => std::future::pending().await,
        }
    }
}

impl Sandbox {
    /// Takes the clock, unless another call has it.
    pub(crate) async fn claim(&self) -> Result<Claim<'_>, Unclaimed> {
        let here = self.moving.try_lock().map_err(|_| Unclaimed::Busy)?;
        let everywhere = match self.journal.shared() {
            None => None,
            Some(shared) => {
                let claimed = shared.claim().await;
                let claimed = claimed.map_err(|error| Unclaimed::Broken(self.told(&error)))?;
                Some(claimed.ok_or(Unclaimed::Busy)?)
            }
        };
        Ok(Claim { here, everywhere })
    }

    /// Does something that moves the clock. It ends where it is when the store lets another server move it.
    pub(crate) async fn while_claimed<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Unclaimed> {
        let claim = self.claim().await?;
        let done = tokio::select! {
            done = work => Ok(done),
            () = claim.lost() => Err(Unclaimed::Broken(Broken::Outage(Outage::Unavailable))),
        };
        claim.release().await;
        done
    }
}
