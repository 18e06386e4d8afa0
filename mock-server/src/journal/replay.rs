//! From a genesis and its journal to the world again.

use layer2_world::{Genesis, World, context::Context};

use super::{Row, digest};

/// Why a journal does not lead to a world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A row is missing or out of order.
    #[error("row {found} of the journal stands where row {expected} belongs")]
    #[non_exhaustive]
    Gap {
        /// The position that was due.
        expected: u64,
        /// The position that was found.
        found: u64,
    },
    /// What came of the command is not what came of it then: the code has changed.
    #[error(
        "row {seq} of the journal gives another result than it did when it was written; replay it with the version that wrote it"
    )]
    #[non_exhaustive]
    Diverged {
        /// The row.
        seq: u64,
    },
    /// The command was accepted then and is refused now.
    #[error(
        "row {seq} of the journal was accepted when it was written and is refused now ({code}); replay it with the version that wrote it"
    )]
    #[non_exhaustive]
    Refused {
        /// The row.
        seq: u64,
        /// The code of the refusal.
        code: &'static str,
    },
}

impl ReplayError {
    /// The row at which code and history part.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match *self {
            ReplayError::Gap { expected: seq, .. }
            | ReplayError::Diverged { seq }
            | ReplayError::Refused { seq, .. } => seq,
        }
    }
}

/// Carries out the rows again, in their order, each at its own instant.
///
/// All rows from the first one on are needed, so the journal of a sandbox that began with the state of another one (a
/// fork, an import, a restore) cannot be replayed: its rows go on after that state, and lead nowhere without it. Nor can
/// rows of other rules ([`Row::rules`]).
///
/// # Errors
///
/// At the first row that is not what it was; [`ReplayError::Gap`] where the journal goes on after a state.
pub fn replay(genesis: Genesis, rows: &[Row]) -> Result<World, ReplayError> {
    let mut world = World::new(genesis);
    replay_onto(&mut world, 0, rows)?;
    Ok(world)
}

/// Carries out the rows that follow the position `seen`, which the world stands at, and says where it stands then.
pub(crate) fn replay_onto(world: &mut World, seen: u64, rows: &[Row]) -> Result<u64, ReplayError> {
    for (expected, row) in (seen + 1..).zip(rows) {
        if row.seq != expected {
            return Err(ReplayError::Gap {
                expected,
                found: row.seq,
            });
        }
        let context = Context {
            now: row.now,
            seq: row.seq,
        };
        let outcome = world.execute(&row.command, context).map_err(|rejection| {
            let code = rejection
                .problems
                .first()
                .map_or("", |problem| problem.code);
            ReplayError::Refused { seq: row.seq, code }
        })?;
        if digest(&outcome) != row.digest {
            return Err(ReplayError::Diverged { seq: row.seq });
        }
    }
    Ok(rows.last().map_or(seen, |row| row.seq))
}
