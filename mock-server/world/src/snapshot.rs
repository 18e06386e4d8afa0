//! The whole world as text, and back.
//!
//! ```text
//! rules 2                  the rules that made it; those of version 1 have no such line
//! {"genesis":…}            the serde form of [`World`]
//! ```
//!
//! Every map in it is ordered, so equal worlds have equal snapshots: tests compare worlds by them, and a shell can store
//! one to cut its journal.
//!
//! A snapshot is read under all rules that come after those that made it, for it is what users keep. So the form of a
//! row may gain members that have a default, and whatever goes further is told apart by the number in `read`.

use thiserror::Error;

use crate::world::RULES_VERSION;
use crate::world::World;

/// What the first line begins with.
const RULES: &str = "rules ";

/// The rules whose snapshots have no such line.
const WITHOUT_LINE: u32 = 1;

/// Why a snapshot could not be made, or not be restored.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct SnapshotError(#[from] Kind);

#[derive(Debug, Error)]
enum Kind {
    #[error(
        "the snapshot was made under version {made} of the rules, and this mock plays by version {RULES_VERSION}; use the version that made it or a newer one, or reset the sandbox"
    )]
    Newer { made: u32 },
    #[error(
        "the snapshot cannot be read by this version of the mock (line {line}, column {column}); use the version that made it, or reset the sandbox"
    )]
    Unreadable { line: usize, column: usize },
    #[error("the state of this sandbox cannot be written as text; its journal has all of it")]
    Unwritable,
}

// The texts of the errors of serde are left out: they may quote customer data.
impl SnapshotError {
    fn newer(made: u32) -> Self {
        Self(Kind::Newer { made })
    }

    fn unreadable(error: &serde_json::Error) -> Self {
        Self(Kind::Unreadable {
            line: error.line(),
            column: error.column(),
        })
    }

    const fn unwritable() -> Self {
        Self(Kind::Unwritable)
    }
}

/// The text of a world.
pub(crate) fn write(world: &World) -> Result<String, SnapshotError> {
    let mut text = format!("{RULES}{RULES_VERSION}\n").into_bytes();
    serde_json::to_writer(&mut text, world).map_err(|_| SnapshotError::unwritable())?;
    String::from_utf8(text).map_err(|_| SnapshotError::unwritable())
}

/// The world of a text.
pub(crate) fn read(text: &str) -> Result<World, SnapshotError> {
    let (made, state) = made_under(text);
    // A form that serde cannot read as that of today is brought into it here, by the number of the rules that made it.
    match made {
        WITHOUT_LINE..=RULES_VERSION => {
            serde_json::from_str(state).map_err(|error| SnapshotError::unreadable(&error))
        }
        made => Err(SnapshotError::newer(made)),
    }
}

/// The rules that made a snapshot, and its state.
fn made_under(text: &str) -> (u32, &str) {
    let line = text.strip_prefix(RULES).and_then(|rest| {
        let (number, state) = rest.split_once('\n')?;
        Some((number.parse().ok()?, state))
    });
    line.unwrap_or((WITHOUT_LINE, text))
}

/// Serde for ordered maps whose keys are not text: a list of pairs.
pub(crate) mod pairs {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;

    pub(crate) fn serialize<K, V, S>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesis::Genesis;
    use crate::seed::Seed;
    use crate::settings::Settings;

    #[test]
    fn a_snapshot_is_read_under_the_rules_that_made_it_and_all_later_ones() {
        let world = World::new(Genesis {
            name: "test".to_owned(),
            seed: Seed::new([1; 32]),
            settings: Settings::default(),
            start: jiff::Timestamp::UNIX_EPOCH,
        });
        let text = write(&world).unwrap();
        let (made, state) = made_under(&text);
        assert_eq!(made, RULES_VERSION);
        assert_eq!(write(&read(&text).unwrap()).unwrap(), text);
        assert_eq!(write(&read(state).unwrap()).unwrap(), text, "of version 1");

        let newer = format!("rules {}\n{state}", RULES_VERSION + 1);
        let refused = read(&newer).unwrap_err().to_string();
        assert!(refused.contains("or a newer one"), "{refused}");
        for damaged in ["", "rules", "rules 2", "rules two\n{}", "rules 0\n{}"] {
            assert!(read(damaged).is_err(), "{damaged:?}");
        }
    }
}
