//! Moving the clock of a sandbox, and settling what is due, once the call has the clock for itself.

use jiff::SignedDuration;
use layer2_types::control;
use layer2_world::rejection::{Problem, Rejection};

use super::{
    broken, clock_busy,
    wire::{advanced, job, pending_job},
};
use crate::{
    http::limits,
    sandbox::{Sandbox, Unclaimed},
    webhooks::{dispatcher::Sender, settle},
};

pub(super) async fn advance(
    sandbox: &Sandbox,
    sender: &Sender,
    seconds: i64,
) -> Result<control::ClockAdvanceReply, Rejection> {
    let (now, _) = sandbox.clock().await.map_err(broken)?;
    let target = now
        .checked_add(SignedDuration::from_secs(seconds))
        .map_err(|_| out_of_range(seconds))?;
    let settled = settle::advance(sandbox, sender, target)
        .await
        .map_err(broken)?;
    advanced(sandbox, target, settled.complete).await
}

pub(super) async fn settle(
    sandbox: &Sandbox,
    sender: &Sender,
) -> Result<control::SettleReply, Rejection> {
    let settled = settle::settle(sandbox, sender).await.map_err(broken)?;
    let pending = sandbox.pending_work().await.map_err(broken)?;
    Ok(control::SettleReply::new(
        settled.ran.iter().map(job).collect::<Result<_, _>>()?,
        pending.iter().map(pending_job).collect::<Result<_, _>>()?,
        settled.complete,
    ))
}

/// Refuses what no clock is moved by.
pub(super) fn check_seconds(seconds: i64) -> Result<(), Rejection> {
    if (1..=limits::ADVANCE_SECONDS).contains(&seconds) {
        return Ok(());
    }
    Err(out_of_range(seconds))
}

/// The clock is not this call's to move.
pub(super) fn unclaimed(error: Unclaimed) -> Rejection {
    match error {
        Unclaimed::Busy => clock_busy(),
        Unclaimed::Broken(error) => broken(error),
    }
}

fn out_of_range(seconds: i64) -> Rejection {
    Problem::new(
        "CLOCK_OUT_OF_RANGE",
        "The clock cannot be moved this far at once.",
    )
    .at("/seconds")
    .received(seconds.to_string())
    .expected(format!("1 to {}", limits::ADVANCE_SECONDS))
    .hint("Time runs forward alone; go further in several calls.")
    .bad_request()
}
