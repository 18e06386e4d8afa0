//! The form in which charters, heads and rows are sealed.
//!
//! All are JSON, but for what stands before the command of a row: the version of the rules, the instant and the digest,
//! in so many bytes. A record that was written by an earlier version keeps its form; what is added has a default.

use jiff::Timestamp;
use layer2_world::command::Command;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    StoreError,
    seal::{Place, Sealer},
};
use crate::journal::Row;

/// Bytes before the command of a row: rules, seconds, nanoseconds, digest.
const PREFIX: usize = 4 + 8 + 4 + 32;

/// Seals a value as JSON.
pub(crate) fn seal<T: Serialize>(
    sealer: &Sealer,
    place: Place<'_>,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(value)
        .map_err(|_| StoreError::Unusable(format!("{place} has no JSON form")))?;
    sealer.seal(place, &text)
}

/// The value that was sealed.
pub(crate) fn open<T: DeserializeOwned>(
    sealer: &Sealer,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<T, StoreError> {
    // The parser's own message is not used: it may quote what is secret.
    serde_json::from_slice(&sealer.open(place, sealed)?).map_err(|_| unreadable(place))
}

/// Seals a row.
pub(crate) fn seal_row(
    sealer: &Sealer,
    place: Place<'_>,
    row: &Row,
) -> Result<Vec<u8>, StoreError> {
    let mut plain = Vec::with_capacity(512);
    plain.extend(row.rules.to_be_bytes());
    plain.extend(row.now.as_second().to_be_bytes());
    plain.extend(row.now.subsec_nanosecond().to_be_bytes());
    plain.extend(row.digest);
    serde_json::to_writer(&mut plain, &row.command)
        .map_err(|_| StoreError::Unusable(format!("{place} has no JSON form")))?;
    sealer.seal(place, &plain)
}

/// The row that was sealed as the one of this position.
pub(crate) fn open_row(
    sealer: &Sealer,
    place: Place<'_>,
    seq: u64,
    sealed: &[u8],
) -> Result<Row, StoreError> {
    let plain = sealer.open(place, sealed)?;
    let row = || {
        let (prefix, command) = plain.split_first_chunk::<PREFIX>()?;
        let (rules, rest) = prefix.split_first_chunk::<4>()?;
        let (seconds, rest) = rest.split_first_chunk::<8>()?;
        let (nanoseconds, digest) = rest.split_first_chunk::<4>()?;
        let now = Timestamp::new(
            i64::from_be_bytes(*seconds),
            i32::from_be_bytes(*nanoseconds),
        );
        let command: Command = serde_json::from_slice(command).ok()?;
        Some(Row {
            seq,
            now: now.ok()?,
            command,
            digest: digest.try_into().ok()?,
            rules: u32::from_be_bytes(*rules),
        })
    };
    row().ok_or_else(|| unreadable(place))
}

fn unreadable(place: Place<'_>) -> StoreError {
    StoreError::Unusable(format!(
        "{place} was written by another version of layer2-mock and cannot be read by this one; start the version that wrote it"
    ))
}

#[cfg(test)]
mod tests {
    use layer2_world::{RULES_VERSION, command::Internal, seed::Seed};

    use super::*;

    #[test]
    fn a_row_is_what_it_was() {
        let sealer = Sealer::new(&Seed::new([1; 32]));
        let place = Place::Row {
            sandbox: "default",
            generation: 0,
            seq: 9,
        };
        let row = Row {
            seq: 9,
            now: Timestamp::new(-5, -999_999_001).expect("an instant"),
            command: Command::Internal(Internal::RunDue),
            digest: [3; 32],
            rules: RULES_VERSION,
        };
        let sealed = seal_row(&sealer, place, &row).expect("sealed");
        assert_eq!(open_row(&sealer, place, 9, &sealed), Ok(row));
        let other = sealer.seal(place, b"{}").expect("sealed");
        let unread = open_row(&sealer, place, 9, &other).expect_err("too short");
        assert!(unread.to_string().contains("row 9"), "{unread}");
    }
}
