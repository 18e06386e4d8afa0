//! The whole world as text, and back.
//!
//! A snapshot is the serde form of [`World`](crate::World). Every map in it is ordered, so equal worlds have equal
//! snapshots: tests compare worlds by them, and a shell can store one to cut its journal.

use thiserror::Error;

/// Why a snapshot could not be made, or not be restored.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct SnapshotError(#[from] Kind);

#[derive(Debug, Error)]
enum Kind {
    #[error(
        "the snapshot cannot be read by this version of the mock (line {line}, column {column}); use the version that made it, or reset the sandbox"
    )]
    Unreadable { line: usize, column: usize },
    #[error("the state of this sandbox cannot be written as text; its journal has all of it")]
    Unwritable,
}

// The texts of the errors of serde are left out: they may quote customer data.
impl SnapshotError {
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self(Kind::Unreadable {
            line: error.line(),
            column: error.column(),
        })
    }

    pub(crate) const fn unwritable() -> Self {
        Self(Kind::Unwritable)
    }
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
