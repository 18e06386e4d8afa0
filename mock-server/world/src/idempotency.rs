//! Saved replies of keyed commands.
//!
//! Only accepted commands are saved, and for ever: a key that was refused can be used again, a key that was accepted
//! always gives its first reply. The scope of a key is the actor and the operation. The same key with another request is
//! a mistake of the caller and is refused with what differs, as far as the saved request is known. As they are kept for
//! ever, they are kept small ([`Shapes`]).

use core::hash::Hash;
use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use hashbrown::HashTable;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use sha2::Digest as _;
use sha2::Sha256;

use crate::command::ClientCommand;
use crate::command::Fingerprint;
use crate::command::IdempotencyKey;
use crate::packed::Name;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::request::Actor;
use crate::request::OperationRef;
use crate::request::Reply;
use crate::rows::Rows;
use crate::shapes::Shaped;
use crate::shapes::Shapes;

/// All saved replies of a sandbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct SavedReplies {
    rows: Rows<SavedReply>,
    shapes: Shapes,
    /// Numbers of rows by the hash of their scope and key. It is only ever asked, never walked.
    places: HashTable<u32>,
}

/// The reply of an accepted command, and what is needed to recognise the command.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedReply {
    /// Who asked, but for the client: most replies are its.
    actor: Option<Box<Actor>>,
    op: OperationRef,
    key: Name,
    /// The first half of the fingerprint: more than chance could ever meet twice.
    fingerprint: [u8; 16],
    /// Digests of path and query, to tell which of them differs.
    path: u64,
    query: u64,
    status: u16,
    body: Shaped,
}

impl SavedReplies {
    /// The saved reply of a repeated command; none if the key is new; a rejection if the request is another one.
    pub(crate) fn replay(
        &self,
        command: &ClientCommand,
        key: &IdempotencyKey,
    ) -> Result<Option<Reply>, Rejection> {
        let request = &command.request;
        let Some(saved) = self.row(&request.actor, request.op, key) else {
            return Ok(None);
        };
        if saved.fingerprint != half(command.fingerprint) {
            return Err(reused(saved, command, key));
        }
        let lost = || Rejection::internal("A saved reply could not be read.");
        self.reply(saved).map(Some).ok_or_else(lost)
    }

    /// Saves the reply of an accepted command.
    pub(crate) fn save(&mut self, command: &ClientCommand, key: &IdempotencyKey, reply: &Reply) {
        let request = &command.request;
        let number = self.rows.push(SavedReply {
            actor: (request.actor != Actor::Client).then(|| Box::new(request.actor.clone())),
            op: request.op,
            key: Name::new(key.as_str()),
            fingerprint: half(command.fingerprint),
            path: digest(&request.path),
            query: digest(&request.query),
            status: reply.status,
            body: self.shapes.put(request.op, &reply.body),
        });
        self.note(number);
    }

    fn row(&self, actor: &Actor, op: OperationRef, key: &IdempotencyKey) -> Option<&SavedReply> {
        let key = Name::new(key.as_str());
        let is_it = |row: &SavedReply| row.op == op && row.key == key && row.actor() == actor;
        let place = self.places.find(hash(actor, op, &key), |place| {
            self.rows.get(u64::from(*place)).is_some_and(is_it)
        })?;
        self.rows.get(u64::from(*place))
    }

    fn reply(&self, saved: &SavedReply) -> Option<Reply> {
        Some(Reply {
            status: saved.status,
            body: self.shapes.get(saved.op, &saved.body)?,
        })
    }

    #[expect(
        clippy::expect_used,
        reason = "so many rows take hundreds of gigabytes, and a broken sandbox is better than a row that is never found again"
    )]
    fn note(&mut self, number: u64) {
        let Self { rows, places, .. } = self;
        let hash = |place: &u32| {
            let row = rows.get(u64::from(*place));
            row.map_or(0, |row| hash(row.actor(), row.op, &row.key))
        };
        let place = u32::try_from(number).expect("fewer than 2^32 replies are saved");
        places.insert_unique(hash(&place), place, hash);
    }
}

impl SavedReply {
    fn actor(&self) -> &Actor {
        self.actor.as_deref().unwrap_or(&Actor::Client)
    }
}

fn half(fingerprint: Fingerprint) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&fingerprint.as_bytes()[..16]);
    half
}

fn hash(actor: &Actor, op: OperationRef, key: &Name) -> u64 {
    let mut hasher = DefaultHasher::new();
    (actor, op, key).hash(&mut hasher);
    hasher.finish()
}

/// A digest of parameters; the same in every version of this program, as snapshots hold it.
fn digest(pairs: &[(String, String)]) -> u64 {
    if pairs.is_empty() {
        return 0;
    }
    let mut hash = Sha256::new();
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(first)
}

#[derive(Serialize)]
struct Facts<'a> {
    rows: &'a Rows<SavedReply>,
    shapes: &'a Shapes,
}

#[derive(Deserialize)]
struct StoredFacts {
    rows: Rows<SavedReply>,
    shapes: Shapes,
}

/// The rows and their shapes; places follow from them.
impl Serialize for SavedReplies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rows, shapes, .. } = self;
        Facts { rows, shapes }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SavedReplies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let StoredFacts { rows, shapes } = StoredFacts::deserialize(deserializer)?;
        let mut saved = Self {
            rows,
            shapes,
            places: HashTable::new(),
        };
        for number in 1..=saved.rows.made() {
            saved.note(number);
        }
        Ok(saved)
    }
}

fn reused(saved: &SavedReply, command: &ClientCommand, key: &IdempotencyKey) -> Rejection {
    let request = &command.request;
    let what = match (
        saved.path != digest(&request.path),
        saved.query != digest(&request.query),
    ) {
        (true, true) => "path and query differ",
        (true, false) => "path differs",
        (false, true) => "query differs",
        // The fingerprint covers path, query and body, so what is left is the body.
        (false, false) => "body differs",
    };
    Problem::new(
        code::IDEMPOTENCY_KEY_REUSED,
        format!(
            "This idempotency key was used for another request of `{}`: the {what}.",
            request.op.operation().id
        ),
    )
    .at("x-l2f-idempotency-id")
    .received(key.as_str())
    .expected("the same request as the first time, or a key that was not used yet")
    .hint("Make one key per logical operation and keep it for its retries alone.")
    .bad_request()
}
