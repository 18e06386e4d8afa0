//! From what a journal has to the state again: the last snapshot, and the rows after it.
//!
//! Each row is carried out by the rules that wrote it, or not at all: newer rules may make something else of it, and
//! then nobody would know what the state is. A server that is stopped in an orderly way leaves a snapshot at the end of
//! each journal, so that the next version has no row to carry out.

use layer2_world::{Genesis, RULES_VERSION, World, snapshot::SnapshotError};

use super::core::State;
use crate::{
    blobs::Blobs,
    clocks::{ClockMode, SandboxClock},
    journal::{Head, Journal, ReplayError, Row, replay::replay_onto},
    store::StoreError,
};

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What to do about rows that this version cannot carry out.
const OLD_VERSION: &str = "start it once with the layer2-mock that wrote it and stop that with SIGTERM, which leaves a snapshot that this one reads, or reset the sandbox";

/// What to do about what is not what was written.
const COPY: &str = "restore the store from a copy, or reset the sandbox";

/// Why the state of a sandbox cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}; {advice}; nothing was changed", advice = advice(.0))]
    Replay(#[from] ReplayError),
    #[error(
        "its rows from {seq} on were written under version {written} of the rules, and this server plays by version {}; {OLD_VERSION}; nothing was changed",
        RULES_VERSION
    )]
    Rules { seq: u64, written: u32 },
    #[error(
        "its journal ends at row {found}, and row {expected} was acknowledged; {COPY}; nothing was changed"
    )]
    CutOff { expected: u64, found: u64 },
    #[error(
        "its journal goes on to row {found}, and its head ends at row {head}: that is the head of an earlier moment; {COPY}; nothing was changed"
    )]
    Beyond { head: u64, found: u64 },
    #[error("{0}; nothing was changed")]
    Snapshot(#[from] SnapshotError),
    #[error("its snapshot is that of another sandbox; {COPY}; nothing was changed")]
    OtherGenesis,
}

impl LoadError {
    /// Whether it may be had after all when the store answers again.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            LoadError::Store(StoreError::Full(_) | StoreError::Unavailable(_))
        )
    }
}

/// What is put in the place of a state that cannot be read, and shown to nobody: a reset counts on from its head, and a
/// shared journal has no news for it until another server resets it.
pub(super) async fn unread(
    journal: &dyn Journal,
    genesis: &Genesis,
    clock_mode: ClockMode,
) -> State {
    // What cannot be told now is asked again by a reset.
    let (head, last_seq) = journal.head().await.unwrap_or_default();
    State {
        head,
        last_seq,
        ..State::new(genesis, clock_mode)
    }
}

/// Reads the state, and tells the blobs which files there are.
pub(super) async fn load(
    journal: &dyn Journal,
    genesis: &Genesis,
    clock_mode: ClockMode,
    blobs: &Blobs,
) -> Result<State, LoadError> {
    let opened = journal.open().await?;
    let (mut world, mut last_seq) = match opened.snapshot {
        Some(snapshot) => (World::restore(&snapshot.text)?, snapshot.seq),
        None => (World::new(genesis.clone()), 0),
    };
    if world.genesis() != genesis {
        return Err(LoadError::OtherGenesis);
    }
    let mut latest = None;
    loop {
        let rows = journal.rows(last_seq, PAGE).await?;
        let Some(last) = rows.last() else { break };
        latest = Some(last.now);
        check_rules(&rows)?;
        last_seq = replay_onto(&mut world, last_seq, &rows)?;
    }
    if last_seq < opened.seq {
        return Err(cut_off(journal, opened.head, opened.seq, last_seq).await);
    }
    if last_seq > opened.seq && journal.shared().is_some() {
        check_end(journal, opened.head, last_seq).await?;
    }
    let mut clock = SandboxClock::new(clock_mode, genesis.start);
    clock.resume(
        opened.head.advanced,
        Some(world.business_now(genesis.start)),
    );
    clock.resume(opened.head.advanced, latest);
    blobs.load(&opened.blobs);
    Ok(State {
        world,
        last_seq,
        head: opened.head,
        clock,
    })
}

/// Why rows are missing: they are lost, or another server has begun anew while they were read.
async fn cut_off(journal: &dyn Journal, head: Head, expected: u64, found: u64) -> LoadError {
    match journal.open().await {
        Ok(now) if now.head.generation == head.generation => LoadError::CutOff { expected, found },
        Ok(_) => reset_meanwhile(),
        Err(error) => LoadError::Store(error),
    }
}

/// Others may have written while the rows were read. But no row is there before its head says so.
async fn check_end(journal: &dyn Journal, head: Head, found: u64) -> Result<(), LoadError> {
    let (now, last) = journal.head().await?;
    if now.generation != head.generation {
        return Err(reset_meanwhile());
    }
    if found > last {
        return Err(LoadError::Beyond { head: last, found });
    }
    Ok(())
}

fn reset_meanwhile() -> LoadError {
    LoadError::Store(StoreError::Unavailable(
        "the sandbox was reset while it was read".to_owned(),
    ))
}

/// What to do about rows that do not lead to a state.
fn advice(error: &ReplayError) -> &'static str {
    match error {
        ReplayError::Gap { .. } => COPY,
        ReplayError::Diverged { .. } | ReplayError::Refused { .. } => OLD_VERSION,
    }
}

/// Whether the rows may be carried out by the rules of this server.
pub(super) fn check_rules(rows: &[Row]) -> Result<(), LoadError> {
    match rows.iter().find(|row| row.rules != RULES_VERSION) {
        Some(other) => Err(LoadError::Rules {
            seq: other.seq,
            written: other.rules,
        }),
        None => Ok(()),
    }
}
