//! Saved replies of keyed commands.
//!
//! Only accepted commands are saved, and for ever: a key that was refused can be used again, a key that was accepted
//! always gives its first reply. The scope of a key is the actor and the operation. The same key with another request is
//! a mistake of the caller and is refused with what differs, as far as the saved request is known.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::command::ClientCommand;
use crate::command::Fingerprint;
use crate::command::IdempotencyKey;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::request::Actor;
use crate::request::OperationRef;
use crate::request::Reply;

/// All saved replies of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedReplies {
    #[serde(with = "crate::snapshot::pairs")]
    rows: BTreeMap<(Actor, OperationRef, IdempotencyKey), SavedReply>,
}

/// The reply of an accepted command, and what is needed to recognise the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedReply {
    fingerprint: Fingerprint,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    reply: Reply,
}

impl SavedReplies {
    /// The saved reply of a repeated command; none if the key is new; a rejection if the request is another one.
    pub(crate) fn replay(
        &self,
        command: &ClientCommand,
        key: &IdempotencyKey,
    ) -> Result<Option<&Reply>, Rejection> {
        let request = &command.request;
        let Some(saved) = self.row(&request.actor, request.op, key) else {
            return Ok(None);
        };
        if saved.fingerprint == command.fingerprint {
            return Ok(Some(&saved.reply));
        }
        Err(reused(saved, command, key))
    }

    /// The saved reply of a key, whatever the request was.
    pub(crate) fn get(
        &self,
        actor: &Actor,
        op: OperationRef,
        key: &IdempotencyKey,
    ) -> Option<&Reply> {
        self.row(actor, op, key).map(|saved| &saved.reply)
    }

    /// Saves the reply of an accepted command.
    pub(crate) fn save(&mut self, command: &ClientCommand, key: &IdempotencyKey, reply: &Reply) {
        let request = &command.request;
        self.rows.insert(
            (request.actor.clone(), request.op, key.clone()),
            SavedReply {
                fingerprint: command.fingerprint,
                path: request.path.clone(),
                query: request.query.clone(),
                reply: reply.clone(),
            },
        );
    }

    fn row(&self, actor: &Actor, op: OperationRef, key: &IdempotencyKey) -> Option<&SavedReply> {
        self.rows.get(&(actor.clone(), op, key.clone()))
    }
}

fn reused(saved: &SavedReply, command: &ClientCommand, key: &IdempotencyKey) -> Rejection {
    let request = &command.request;
    let what = match (saved.path != request.path, saved.query != request.query) {
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
