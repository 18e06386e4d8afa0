//! When a delivery is tried again.
//!
//! Each attempt's due time follows from the event's own time, never from when the attempt before it ended; a receiver
//! that answers early, late or in another order changes no time.

use core::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

use super::DeliveryRow;
use crate::clock::later;
use crate::dice::Dice;
use crate::seed::Seed;

/// When a webhook is tried, counted from the event: at once, then after 5 s, 1 min, 5 min, 30 min, 2 h, 6 h and 24 h.
pub const ATTEMPT_OFFSETS: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(24 * 3600),
];

/// Up to this many hundredths of the offset are added, so that the retries of many events spread out.
const JITTER_HUNDREDTHS: u32 = 10;

/// When the attempt after `attempt` is due; none after the last one.
pub(super) fn next_attempt(
    seed: &Seed,
    row: &DeliveryRow,
    event_at: Timestamp,
    attempt: u32,
) -> Option<Timestamp> {
    if row.once {
        return None;
    }
    let offset = *ATTEMPT_OFFSETS.get(usize::try_from(attempt).ok()?)?;
    let parts: [&[u8]; 2] = [row.id.as_str().as_bytes(), &attempt.to_le_bytes()];
    let jitter = Dice::new(seed, row.origin).jitter(offset, JITTER_HUNDREDTHS, "webhook", &parts);
    let span = SignedDuration::try_from(offset + jitter).ok()?;
    Some(later(event_at, span))
}
