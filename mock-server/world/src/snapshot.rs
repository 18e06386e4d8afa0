//! The whole world as text, and back.
//!
//! A snapshot is the serde form of [`World`](crate::World). Every map in it is ordered, so equal worlds have equal
//! snapshots: tests compare worlds by them, and a shell can store one to cut its journal.

use thiserror::Error;

/// Why a snapshot could not be restored.
#[derive(Debug, Error)]
#[error(
    "the snapshot cannot be read by this version of the mock (line {line}, column {column}); use the version that made it, or reset the sandbox"
)]
pub struct SnapshotError {
    line: usize,
    column: usize,
}

impl SnapshotError {
    // The text of the parse error is left out: it may quote customer data.
    pub(crate) fn new(error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
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
