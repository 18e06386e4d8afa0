//! Error codes: the closed list of what the mock can answer with.

use crate::source::Node;

use super::read::Reading;

/// One error code.
#[derive(Clone, Debug)]
pub struct ErrorCode {
    /// The code: `INSUFFICIENT_FUNDS`.
    pub code: String,
    /// Status it comes with.
    pub status: u16,
    /// What it means.
    pub meaning: String,
    /// What the caller can do.
    pub remedy: String,
}

/// `x-error-codes` of the document.
pub(super) fn error_codes(reading: &mut Reading<'_>) -> Vec<ErrorCode> {
    let entries = reading
        .at("/x-error-codes")
        .map(Node::entries)
        .unwrap_or_default();
    let mut codes = Vec::new();
    for entry in entries {
        let status = entry.node.get("status").and_then(Node::as_u64);
        let Some(status) = status.and_then(|status| u16::try_from(status).ok()) else {
            reading.refuse(
                &entry.node.place,
                "model",
                format!("`{}` has no status", entry.key),
                "add `status: 400`",
            );
            continue;
        };
        codes.push(ErrorCode {
            code: entry.key.clone(),
            status,
            meaning: reading.text(&entry.node, "meaning"),
            remedy: reading.text(&entry.node, "what-to-do"),
        });
    }
    codes
}
