//! The bytes of a sandbox's files, kept under their digest.
//!
//! The state machine and the journal hold a file's name, type, length and digest ([`layer2_world::Upload`]); the bytes
//! lie here. They are put here before the command that names them runs, under a [`Lease`]. An accepted command keeps
//! them for the life of the sandbox, because its journal names them; a lease that ends otherwise (the command was
//! refused, or answered from a saved reply) takes its bytes along, unless somebody else holds or keeps the same ones.
//! A reset frees all that is kept; a deleted sandbox takes its store with it.
//!
//! A durable store is handed the bytes together with the row that names them, so neither is ever safe without the other.
//! What was uploaded in an earlier run lies there and not here; [`Blobs::load`] learns of it, so that it counts.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::sandbox::lock;

/// SHA-256 of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlobId([u8; 32]);

impl BlobId {
    pub(crate) fn of(bytes: &[u8]) -> BlobId {
        BlobId(Sha256::digest(bytes).into())
    }

    /// Wraps the 32 bytes of a digest.
    pub(crate) fn from_bytes(digest: [u8; 32]) -> BlobId {
        BlobId(digest)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest as the state machine writes it: 64 lower-case hex digits.
    pub(crate) fn parse(hex: &str) -> Option<BlobId> {
        let mut digest = [0; 32];
        hex::decode_to_slice(hex, &mut digest).ok()?;
        Some(BlobId(digest))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The store of one sandbox.
pub(crate) struct Blobs {
    capacity: u64,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    by_id: BTreeMap<BlobId, Row>,
    /// Bytes of all rows together.
    held: u64,
}

struct Row {
    /// Absent where the bytes lie in the store alone.
    bytes: Option<Bytes>,
    length: u64,
    leases: usize,
    kept: bool,
}

/// The store has no room for these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// How many bytes the store takes altogether.
    pub(crate) capacity: u64,
}

impl Blobs {
    /// A store that holds at most `capacity` bytes.
    pub(crate) fn new(capacity: u64) -> Blobs {
        Blobs {
            capacity,
            rows: Mutex::default(),
        }
    }

    /// Takes bytes in, for as long as the lease lives.
    pub(crate) fn put(&self, id: BlobId, bytes: Bytes) -> Result<Lease<'_>, Full> {
        let mut rows = self.rows();
        if let Some(row) = rows.by_id.get_mut(&id) {
            row.leases += 1;
            row.bytes.get_or_insert(bytes);
            return Ok(Lease { blobs: self, id });
        }
        let held = rows.held.saturating_add(bytes.len() as u64);
        if held > self.capacity {
            return Err(Full {
                capacity: self.capacity,
            });
        }
        rows.held = held;
        let row = Row {
            length: bytes.len() as u64,
            bytes: Some(bytes),
            leases: 1,
            kept: false,
        };
        rows.by_id.insert(id, row);
        Ok(Lease { blobs: self, id })
    }

    /// The bytes of a digest, if they are in memory.
    pub(crate) fn get(&self, id: BlobId) -> Option<Bytes> {
        self.rows().by_id.get(&id)?.bytes.clone()
    }

    /// Learns which files the store has: digest and length. Those and what is leased are all that there is.
    pub(crate) fn load(&self, stored: &[(BlobId, u64)]) {
        let mut rows = self.rows();
        for row in rows.by_id.values_mut() {
            row.kept = false;
        }
        for (id, length) in stored {
            let row = rows.by_id.entry(*id).or_insert(Row {
                bytes: None,
                length: *length,
                leases: 0,
                kept: true,
            });
            row.kept = true;
        }
        rows.sweep();
    }

    /// Forgets what was kept. What is leased stays until its lease ends: its command is still to come.
    pub(crate) fn clear(&self) {
        let mut rows = self.rows();
        for row in rows.by_id.values_mut() {
            row.kept = false;
        }
        rows.sweep();
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        lock(&self.rows)
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        f.debug_struct("Blobs")
            .field("files", &rows.by_id.len())
            .field("bytes", &rows.held)
            .finish_non_exhaustive()
    }
}

impl Rows {
    /// Drops what nobody keeps and nobody leases.
    fn sweep(&mut self) {
        self.by_id.retain(|_, row| row.kept || row.leases > 0);
        self.held = self.by_id.values().map(|row| row.length).sum();
    }
}

/// Bytes that a command is about to name.
#[derive(Debug)]
pub(crate) struct Lease<'b> {
    blobs: &'b Blobs,
    id: BlobId,
}

impl Lease<'_> {
    /// An accepted command names the bytes: they stay. Called where the command was accepted, under the sandbox's lock,
    /// so that a reset cannot come between. Gives what the store has to keep with the command's row.
    pub(crate) fn keep(self) -> Option<(BlobId, Bytes)> {
        let mut rows = self.blobs.rows();
        let row = rows.by_id.get_mut(&self.id)?;
        row.kept = true;
        Some((self.id, row.bytes.clone()?))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut rows = self.blobs.rows();
        if let Some(row) = rows.by_id.get_mut(&self.id) {
            row.leases = row.leases.saturating_sub(1);
            if row.leases == 0 && !row.kept {
                rows.sweep();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put<'b>(blobs: &'b Blobs, text: &'static str) -> Result<Lease<'b>, Full> {
        blobs.put(
            BlobId::of(text.as_bytes()),
            Bytes::from_static(text.as_bytes()),
        )
    }

    fn has(blobs: &Blobs, text: &str) -> bool {
        blobs
            .get(BlobId::of(text.as_bytes()))
            .is_some_and(|bytes| bytes == text.as_bytes())
    }

    #[test]
    fn a_digest_is_written_in_lower_case_hex() {
        let id = BlobId::of(b"abc");
        // The example of FIPS 180-2, appendix B.1.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(id.to_string(), hex);
        assert_eq!(BlobId::parse(hex), Some(id));
        assert_eq!(BlobId::parse("ba78"), None);
        assert_eq!(BlobId::parse(&"z".repeat(64)), None);
    }

    #[test]
    fn what_no_accepted_command_names_is_dropped() {
        let blobs = Blobs::new(100);
        let lease = put(&blobs, "refused").expect("room");
        assert!(has(&blobs, "refused"));
        drop(lease);
        assert!(!has(&blobs, "refused"));
        put(&blobs, "accepted").expect("room").keep().expect("here");
        assert!(has(&blobs, "accepted"));
    }

    #[test]
    fn the_same_bytes_lie_here_once_and_stay_as_long_as_anybody_needs_them() {
        let blobs = Blobs::new(4);
        let first = put(&blobs, "same").expect("room");
        let second = put(&blobs, "same").expect("no more room is needed");
        drop(first);
        assert!(has(&blobs, "same"));
        second.keep().expect("here");
        // A repeat that is answered from its saved reply does not take the bytes of the first along.
        drop(put(&blobs, "same").expect("no more room is needed"));
        assert!(has(&blobs, "same"));
    }

    #[test]
    fn the_store_is_bounded_and_gives_room_back() {
        let blobs = Blobs::new(4);
        let lease = put(&blobs, "four").expect("room");
        assert_eq!(put(&blobs, "5").err(), Some(Full { capacity: 4 }));
        drop(lease);
        put(&blobs, "5").expect("room").keep().expect("here");
        assert_eq!(put(&blobs, "four").err(), Some(Full { capacity: 4 }));
        assert_eq!(format!("{blobs:?}"), "Blobs { files: 1, bytes: 1, .. }");
    }

    #[test]
    fn what_the_store_has_counts_and_is_all_that_was_kept() {
        let blobs = Blobs::new(10);
        put(&blobs, "lost").expect("room").keep().expect("here");
        blobs.load(&[(BlobId::of(b"stored"), 6)]);
        assert!(!has(&blobs, "lost") && !has(&blobs, "stored"));
        assert_eq!(put(&blobs, "5 and").err(), Some(Full { capacity: 10 }));
        // Whoever sends the same bytes again brings them into memory, and needs no room.
        let again = put(&blobs, "stored").expect("no more room is needed");
        drop(again);
        assert!(has(&blobs, "stored"));
        put(&blobs, "four").expect("room").keep().expect("here");
    }

    #[test]
    fn a_reset_frees_what_was_kept_and_leaves_what_is_on_its_way() {
        let blobs = Blobs::new(100);
        put(&blobs, "old").expect("room").keep().expect("here");
        let coming = put(&blobs, "coming").expect("room");
        let again = put(&blobs, "old and coming").expect("room");
        put(&blobs, "old and coming")
            .expect("room")
            .keep()
            .expect("here");
        blobs.clear();
        assert!(!has(&blobs, "old"));
        assert!(has(&blobs, "coming") && has(&blobs, "old and coming"));
        coming.keep().expect("here");
        drop(again);
        assert!(has(&blobs, "coming"));
        assert!(!has(&blobs, "old and coming"));
    }
}
