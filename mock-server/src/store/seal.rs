//! What a store writes is sealed: whoever reads the file or the database learns positions, sizes and names of sandboxes,
//! and no secret, no token and nothing of what people wrote.
//!
//! The key follows from the seed of the server, so a store opens under the seed that it was made with and under no other.
//! Each record is sealed by XChaCha20-Poly1305 with a nonce of its own, drawn at random: 24 bytes are enough for that
//! (draft-irtf-cfrg-xchacha-03, section 1). Its place is authenticated with it, so a record that is moved to another place
//! does not open there. A place names its sandbox; where a name may be used again, the records of a sandbox are sealed
//! under a key that follows from its identity, so that those of the one before do not open either.

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use layer2_world::seed::Seed;

#[cfg(any(feature = "postgres", test))]
use super::Identity;
use super::StoreError;

/// Bytes of a nonce, which stand before what is sealed.
const NONCE: usize = 24;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// The record that shows under which seed a store was made.
    Check,
    Charter {
        sandbox: &'a str,
    },
    Head {
        sandbox: &'a str,
    },
    Row {
        sandbox: &'a str,
        generation: u64,
        seq: u64,
    },
    SnapshotPart {
        sandbox: &'a str,
        generation: u64,
        seq: u64,
        part: u64,
        parts: u64,
    },
    Blob {
        sandbox: &'a str,
        generation: u64,
        digest: &'a [u8; 32],
    },
    /// A part of an exported file.
    File {
        sandbox: &'a str,
        /// SHA-256 of what stands in clear before the parts.
        title: &'a [u8; 32],
        part: u64,
        is_last: bool,
    },
}

impl Place<'_> {
    /// The place as bytes: one for each kind, then its parts, those of any length with their lengths.
    fn to_bytes(self) -> Vec<u8> {
        let (kind, sandbox, numbers, digest): (u8, &str, &[u64], &[u8]) = match self {
            Place::Check => (0, "", &[], &[]),
            Place::Charter { sandbox } => (1, sandbox, &[], &[]),
            Place::Head { sandbox } => (2, sandbox, &[], &[]),
            Place::Row {
                sandbox,
                generation,
                seq,
            } => (3, sandbox, &[generation, seq], &[]),
            Place::SnapshotPart {
                sandbox,
                generation,
                seq,
                part,
                parts,
            } => (4, sandbox, &[generation, seq, part, parts], &[]),
            Place::Blob {
                sandbox,
                generation,
                digest,
            } => (5, sandbox, &[generation], digest),
            Place::File {
                sandbox,
                title,
                part,
                is_last,
            } => (6, sandbox, &[part, u64::from(is_last)], title),
        };
        let mut bytes = vec![kind];
        bytes.extend((sandbox.len() as u64).to_be_bytes());
        bytes.extend(sandbox.as_bytes());
        for number in numbers {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(digest);
        bytes
    }
}

/// The record for an error: what it is, and of which sandbox.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Check => f.write_str("the check of the seed"),
            Place::Charter { sandbox } => write!(f, "what the sandbox `{sandbox}` was made from"),
            Place::Head { sandbox } => write!(f, "the head of the sandbox `{sandbox}`"),
            Place::Row { sandbox, seq, .. } => {
                write!(f, "row {seq} of the journal of the sandbox `{sandbox}`")
            }
            Place::SnapshotPart {
                sandbox, seq, part, ..
            } => write!(
                f,
                "part {part} of the snapshot of the sandbox `{sandbox}` at row {seq}"
            ),
            Place::File { sandbox, part, .. } => {
                write!(f, "part {part} of the exported sandbox `{sandbox}`")
            }
            Place::Blob { sandbox, .. } => write!(f, "a file of the sandbox `{sandbox}`"),
        }
    }
}

/// Seals and opens records.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    #[cfg_attr(
        not(any(feature = "postgres", test)),
        allow(
            dead_code,
            reason = "only a database tells sandboxes of one name apart"
        )
    )]
    key: Seed,
}

impl Sealer {
    pub(crate) fn new(server: &Seed) -> Sealer {
        Sealer::under(server.child("store-key", &[]))
    }

    /// Seals what belongs to one sandbox and to no other one of its name.
    #[cfg(any(feature = "postgres", test))]
    pub(crate) fn of_sandbox(&self, identity: &Identity) -> Sealer {
        Sealer::under(self.key.child("sandbox", &[identity.as_bytes()]))
    }

    fn under(key: Seed) -> Sealer {
        Sealer {
            cipher: XChaCha20Poly1305::new(key.as_bytes().into()),
            key,
        }
    }

    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| {
            StoreError::Unavailable(format!("the system gives no random numbers ({error})"))
        })?;
        let payload = Payload {
            msg: plain,
            aad: &place.to_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&nonce.into(), payload)
            .map_err(|_| StoreError::Unusable(format!("{place} is too long to be sealed")))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// What was sealed at this place.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let opened = sealed
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, sealed)| {
                let payload = Payload {
                    msg: sealed,
                    aad: &place.to_bytes(),
                };
                self.cipher.decrypt(&(*nonce).into(), payload).ok()
            });
        opened.ok_or_else(|| {
            StoreError::Unusable(format!(
                "{place} does not open: it was changed, or it is not the one of this place; restore the store from a copy"
            ))
        })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(** redacted **)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_at_its_place_and_nowhere_else() {
        let sealer = Sealer::new(&Seed::new([1; 32]));
        let row = |sandbox, generation, seq| Place::Row {
            sandbox,
            generation,
            seq,
        };
        let home = row("a", 0, 1);
        let sealed = sealer.seal(home, b"Jane Doe").expect("sealed");
        assert_eq!(sealer.open(home, &sealed).expect("opened"), b"Jane Doe");
        assert!(!sealed.windows(4).any(|window| window == b"Jane"));
        assert_ne!(sealer.seal(home, b"Jane Doe").expect("sealed"), sealed);
        let digest = [7; 32];
        for elsewhere in [
            row("b", 0, 1),
            row("a", 1, 1),
            row("a", 0, 2),
            Place::Check,
            Place::Charter { sandbox: "a" },
            Place::Head { sandbox: "a" },
            Place::SnapshotPart {
                sandbox: "a",
                generation: 0,
                seq: 1,
                part: 0,
                parts: 1,
            },
            Place::Blob {
                sandbox: "a",
                generation: 0,
                digest: &digest,
            },
        ] {
            let refused = sealer.open(elsewhere, &sealed).expect_err("moved");
            assert!(refused.to_string().contains("does not open"), "{refused}");
        }
        let other = Sealer::new(&Seed::new([2; 32]));
        assert!(other.open(home, &sealed).is_err(), "another seed");
        let [one, two] = [0, 1].map(|_| Identity::draw().expect("drawn"));
        let of_one = sealer.of_sandbox(&one);
        let sealed_by_one = of_one.seal(home, b"Jane Doe").expect("sealed");
        assert!(of_one.open(home, &sealed_by_one).is_ok());
        let again = sealer.of_sandbox(&one);
        assert!(again.open(home, &sealed_by_one).is_ok());
        assert!(sealer.of_sandbox(&two).open(home, &sealed_by_one).is_err());
        assert!(sealer.open(home, &sealed_by_one).is_err());
        assert!(of_one.open(home, &sealed).is_err());
        for at in [0, NONCE, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(home, &changed).is_err(), "byte {at}");
        }
        assert!(sealer.open(home, &sealed[..NONCE]).is_err());
        assert!(!format!("{sealer:?}").contains('1'));
    }
}
