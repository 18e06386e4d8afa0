//! Snapshots in parts: a whole one is longer than a value of a store may be.

use super::{
    StoreError,
    seal::{Place, Sealer},
};
use crate::journal::Snapshot;

/// Bytes of a part before it is sealed.
const PART: usize = 4 * 1024 * 1024;

/// A snapshot of a sandbox that is to be cut.
#[derive(Clone, Copy)]
pub(super) struct Parts<'s> {
    sealer: &'s Sealer,
    sandbox: &'s str,
    snapshot: &'s Snapshot,
}

impl<'s> Parts<'s> {
    pub(super) fn of(sealer: &'s Sealer, sandbox: &'s str, snapshot: &'s Snapshot) -> Parts<'s> {
        Parts {
            sealer,
            sandbox,
            snapshot,
        }
    }

    /// How many there are.
    pub(super) fn count(self) -> u64 {
        self.snapshot.text.len().div_ceil(PART) as u64
    }

    /// The parts with their numbers, each sealed when its turn comes.
    pub(super) fn sealed(self) -> impl Iterator<Item = Result<(u64, Vec<u8>), StoreError>> + 's {
        let (generation, seq, parts) = (self.snapshot.generation, self.snapshot.seq, self.count());
        let chunks = self.snapshot.text.as_bytes().chunks(PART);
        (0..).zip(chunks).map(move |(part, plain)| {
            let place = Place::SnapshotPart {
                sandbox: self.sandbox,
                generation,
                seq,
                part,
                parts,
            };
            Ok((part, self.sealer.seal(place, plain)?))
        })
    }
}

/// Puts so many parts together again. One that is missing is told as one that does not open.
pub(super) fn join<'b>(
    sealer: &Sealer,
    sandbox: &str,
    (generation, seq): (u64, u64),
    parts: u64,
    bodies: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Snapshot, StoreError> {
    let mut bodies = bodies.into_iter();
    let mut text = Vec::new();
    for part in 0..parts {
        let place = Place::SnapshotPart {
            sandbox,
            generation,
            seq,
            part,
            parts,
        };
        text.extend(sealer.open(place, bodies.next().unwrap_or_default())?);
    }
    let text = String::from_utf8(text)
        .map_err(|_| StoreError::Unusable(format!("the snapshot at row {seq} is no text")))?;
    Ok(Snapshot {
        generation,
        seq,
        text,
    })
}

#[cfg(test)]
mod tests {
    use layer2_world::seed::Seed;

    use super::*;

    #[test]
    fn what_was_cut_is_whole_again_and_nothing_else_is() {
        let sealer = Sealer::new(&Seed::new([1; 32]));
        let snapshot = Snapshot {
            generation: 3,
            seq: 9,
            text: "ä".repeat(PART),
        };
        let parts = Parts::of(&sealer, "a", &snapshot);
        assert_eq!(parts.count(), 2);
        let sealed: Result<Vec<_>, _> = parts.sealed().collect();
        let (numbers, bodies): (Vec<u64>, Vec<Vec<u8>>) =
            sealed.expect("sealed").into_iter().unzip();
        assert_eq!(numbers, [0, 1]);
        let open = |sandbox, place, bodies: &[&Vec<u8>]| {
            let bodies = bodies.iter().map(|body| &body[..]);
            join(&sealer, sandbox, place, 2, bodies).map_err(|error| error.to_string())
        };
        let (one, two) = (&bodies[0], &bodies[1]);
        assert!(open("a", (3, 9), &[one, two]) == Ok(snapshot));
        for (sandbox, place, bodies, part) in [
            ("a", (3, 9), &[one][..], 1),
            ("a", (3, 9), &[two, one], 0),
            ("a", (2, 9), &[one, two], 0),
            ("a", (3, 8), &[one, two], 0),
            ("b", (3, 9), &[one, two], 0),
        ] {
            let told = open(sandbox, place, bodies).expect_err("another place");
            assert!(
                told.starts_with(&format!("part {part} of the snapshot")),
                "{told}"
            );
            assert!(told.contains("does not open"), "{told}");
        }
    }
}
