//! Ids made from their origin instead of a running generator.
//!
//! An id is a hash of the sandbox's seed, of what made it (the n-th accepted client command, or a job), of its kind and
//! of how many of that kind the same origin made before. When an internal command lands is decided by the network;
//! since it never is an origin of its own, it cannot shift the ids of anything that follows.
//!
//! The text has the form of a version 4 UUID, as the ids that the platform makes were observed to have.

use core::fmt;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::packed;
use crate::seed::SecretSeed;
use crate::seed::Seed;

/// What caused a row of the world to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The sandbox came with it.
    Genesis,
    /// The n-th accepted command of a client, of a business or of control; the first is 1.
    Client(u64),
    /// A job of the schedule, by its number.
    Job(u64),
}

impl Origin {
    /// The origin as bytes, for a hash.
    pub(crate) fn to_bytes(self) -> [u8; 9] {
        let (tag, number) = match self {
            Self::Genesis => (0, 0),
            Self::Client(ordinal) => (1, ordinal),
            Self::Job(job) => (2, job),
        };
        let mut bytes = [0; 9];
        bytes[0] = tag;
        bytes[1..].copy_from_slice(&u64::to_le_bytes(number));
        bytes
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Genesis => f.write_str("genesis"),
            Self::Client(ordinal) => write!(f, "command {ordinal}"),
            Self::Job(job) => write!(f, "job {job}"),
        }
    }
}

/// What an id names. The label enters the hash, so two kinds never share an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is the resource of the same name")]
pub enum IdKind {
    AccessCode,
    Application,
    Address,
    AddressLease,
    BankAccount,
    Business,
    Counterparty,
    Delivery,
    Deposit,
    Document,
    Entry,
    Event,
    Exchange,
    Hold,
    Inbound,
    Individual,
    Memo,
    PlaidAccessToken,
    PlaidItem,
    PlaidPublicToken,
    PlaidRequest,
    Subscription,
    Transaction,
    Transfer,
    Withdrawal,
}

impl IdKind {
    const fn label(self) -> &'static str {
        match self {
            Self::AccessCode => "access-code",
            Self::Application => "application",
            Self::Address => "address",
            Self::AddressLease => "address-lease",
            Self::BankAccount => "bank-account",
            Self::Business => "business",
            Self::Counterparty => "counterparty",
            Self::Delivery => "delivery",
            Self::Deposit => "deposit",
            Self::Document => "document",
            Self::Entry => "entry",
            Self::Event => "event",
            Self::Exchange => "exchange",
            Self::Hold => "hold",
            Self::Inbound => "inbound",
            Self::Individual => "individual",
            Self::Memo => "memo",
            Self::PlaidAccessToken => "plaid-access-token",
            Self::PlaidItem => "plaid-item",
            Self::PlaidPublicToken => "plaid-public-token",
            Self::PlaidRequest => "plaid-request",
            Self::Subscription => "subscription",
            Self::Transaction => "transaction",
            Self::Transfer => "transfer",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// Makes the ids of one origin.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: Seed,
    origin: Origin,
    made: BTreeMap<IdKind, u32>,
}

impl Ids {
    /// Ids for what `origin` makes.
    pub fn new(seed: &Seed, origin: Origin) -> Self {
        Self {
            seed: seed.clone(),
            origin,
            made: BTreeMap::new(),
        }
    }

    /// The next id of a kind, as UUID text.
    pub fn next(&mut self, kind: IdKind) -> String {
        uuid_text(self.next_bytes(kind))
    }

    /// Passes over the next id of a kind.
    pub fn skip(&mut self, kind: IdKind) {
        *self.made.entry(kind).or_insert(0) += 1;
    }

    /// The next id of a kind as the 128 bits that the ledger takes.
    pub fn next_bits(&mut self, kind: IdKind) -> u128 {
        let mut half = [0; 16];
        half.copy_from_slice(&self.next_bytes(kind)[..16]);
        u128::from_be_bytes(half)
    }

    /// The next id of a kind as a key of 32 bytes.
    pub fn next_key(&mut self, kind: IdKind) -> SecretSeed {
        let bytes = self.next_bytes(kind);
        self.seed.secret("id-key", &[&bytes])
    }

    /// The next id of a kind as `length` letters and digits, the form of Plaid's item ids.
    pub fn next_opaque(&mut self, kind: IdKind, length: usize) -> String {
        let bytes = self.next_bytes(kind);
        // One hash has 32 bytes; a second block keeps longer ids from repeating it.
        let more = self.seed.derive("id-tail", &[&bytes]);
        bytes
            .iter()
            .chain(&more)
            .take(length)
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
            .collect()
    }

    fn next_bytes(&mut self, kind: IdKind) -> [u8; 32] {
        let n = self.made.entry(kind).or_insert(0);
        let bytes = self.seed.derive(
            "id",
            &[
                &self.origin.to_bytes(),
                kind.label().as_bytes(),
                &n.to_le_bytes(),
            ],
        );
        *n += 1;
        bytes
    }
}

/// An id of something that is not made but follows from what is there, such as a statement: UUID text from what it is of.
pub(crate) fn derived(seed: &Seed, label: &str, of: &[u8]) -> String {
    uuid_text(seed.derive("derived-id", &[label.as_bytes(), of]))
}

const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789";

/// Sixteen bytes as the text of a version 4 UUID (RFC 9562, 5.4: version and variant bits are fixed).
fn uuid_text(bytes: [u8; 32]) -> String {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half[6] = (half[6] & 0x0f) | 0x40;
    half[8] = (half[8] & 0x3f) | 0x80;
    packed::uuid_text(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_origin_kind_and_count_alone() {
        let seed = Seed::new([1; 32]);
        let mut one = Ids::new(&seed, Origin::Client(1));
        let first = one.next(IdKind::Transfer);
        let second = one.next(IdKind::Transfer);
        let mut again = Ids::new(&seed, Origin::Client(1));
        // Another kind in between changes nothing.
        let _ = again.next(IdKind::Event);
        assert_eq!(again.next(IdKind::Transfer), first);
        let mut skipping = again.clone();
        skipping.skip(IdKind::Transfer);
        let third = skipping.next(IdKind::Transfer);
        assert!(third != first && third != second);
        assert_eq!(again.next(IdKind::Transfer), second);
        assert_ne!(first, second);
        assert_ne!(
            Ids::new(&seed, Origin::Job(1)).next(IdKind::Transfer),
            first
        );
        assert_ne!(
            Ids::new(&seed, Origin::Client(2)).next(IdKind::Transfer),
            first
        );
    }

    #[test]
    fn ids_have_the_form_of_uuid_version_4() {
        let text = Ids::new(&Seed::new([2; 32]), Origin::Genesis).next(IdKind::Event);
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&text.as_bytes()[19]));
    }
}
