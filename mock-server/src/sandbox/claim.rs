//! Who moves the clock: one call at a time, whichever of the servers that share the sandbox it came to.
//!
//! Whoever comes meanwhile is refused and does not wait, as it may be the receiver that the first one waits for.

use tokio::sync::MutexGuard;

use super::{Broken, Outage, Sandbox};
use crate::journal::SharedClaim;

/// No other call on this server moves the clock.
pub(crate) struct Hold<'s> {
    sandbox: &'s Sandbox,
    _here: MutexGuard<'s, ()>,
}

/// No other call on any server moves the clock, until this is released or dropped.
pub(crate) struct Claim<'s> {
    _hold: Hold<'s>,
    /// What the store gives, where there are other servers.
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

impl Sandbox {
    /// Takes the clock from the calls on this server, unless one has it.
    pub(crate) fn hold(&self) -> Result<Hold<'_>, Unclaimed> {
        let here = self.moving.try_lock().map_err(|_| Unclaimed::Busy)?;
        Ok(Hold {
            sandbox: self,
            _here: here,
        })
    }

    /// Takes the clock from the calls on all servers, unless one has it.
    pub(crate) async fn claim(&self) -> Result<Claim<'_>, Unclaimed> {
        self.hold()?.everywhere().await
    }
}

impl<'s> Hold<'s> {
    /// The same for all servers.
    async fn everywhere(self) -> Result<Claim<'s>, Unclaimed> {
        let everywhere = match self.sandbox.journal.shared() {
            None => None,
            Some(shared) => {
                let claimed = shared.claim().await;
                let claimed =
                    claimed.map_err(|error| Unclaimed::Broken(self.sandbox.told(&error)))?;
                Some(claimed.ok_or(Unclaimed::Busy)?)
            }
        };
        Ok(Claim {
            _hold: self,
            everywhere,
        })
    }

    /// Does something that moves the clock. It ends where it is when the store lets another server move it.
    pub(crate) async fn while_claimed<T>(
        self,
        work: impl Future<Output = T>,
    ) -> Result<T, Unclaimed> {
        let claim = self.everywhere().await?;
        let done = tokio::select! {
            done = work => Ok(done),
            () = claim.lost() => Err(Unclaimed::Broken(Broken::Outage(Outage::Unavailable))),
        };
        claim.release().await;
        done
    }
}

impl Claim<'_> {
    /// Lets the next one have it: nobody who comes after this is refused for the sake of this call.
    pub(crate) async fn release(mut self) {
        if let Some(claim) = self.everywhere.take() {
            claim.release().await;
        }
    }

    /// Waits until the store has let go of it, so that another server may have it; for ever where there is none.
    async fn lost(&self) {
        match &self.everywhere {
            Some(claim) => claim.lost().await,
            None => std::future::pending().await,
        }
    }
}
