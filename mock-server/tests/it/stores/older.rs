//! What each version of the rules has left: a store that was stopped in order, an export, and what a client saw.
//!
//! `scripts/older-store.sh` keeps them, once for each version and never again. They are held against the present rules in
//! two ways. All of them open and show what they showed, so a change that cannot read what users keep is seen; and those
//! of the present version are exactly what these rules make of their journal, so a change that forgets to raise the
//! number is seen as well.

use std::{collections::BTreeMap, fs, path::PathBuf};

use layer2_mock::{ClockMode, RULES_VERSION, replay};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Kept;
use crate::{
    images::digest,
    support::{Caller, Reply, builder},
};

/// What to do about a red test here.
const HELP: &str = "what a command does or what a snapshot holds has changed: raise RULES_VERSION, commit, and keep what \
    the new version writes with scripts/older-store.sh; the files of the versions before stay as they are";

/// What is kept of one version.
struct Older {
    rules: u32,
    store: Vec<u8>,
    export: Vec<u8>,
    seen: Seen,
}

/// What a client saw, at the end of either.
#[derive(Deserialize)]
struct Seen {
    /// The transfer that was requested under the key `kept`.
    transfer: String,
    reads: Vec<Read>,
}

#[derive(Deserialize)]
struct Read {
    path: String,
    reply: String,
}

/// All versions, from the first one on.
fn versions() -> Vec<Older> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/older");
    let version = |rules: u32| {
        let read = |form: &str| {
            let path = folder.join(format!("rules-{rules}.{form}"));
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; {HELP}", path.display()))
        };
        Older {
            rules,
            store: read("db"),
            export: read("layer2"),
            seen: serde_json::from_slice(&read("json")).expect("what was seen"),
        }
    };
    (1..=RULES_VERSION).map(version).collect()
}

impl Older {
    /// A store with the file in it.
    fn kept(&self) -> Kept {
        let kept = Kept::new("older");
        fs::write(kept.path(), &self.store).expect("file");
        kept
    }

    /// A client sees what it saw, whatever else newer rules may show, and the key has its reply.
    async fn is_shown_to(&self, caller: &Caller) {
        for Read { path, reply } in &self.seen.reads {
            let now = caller.get(path).await;
            let (Ok(before), Ok(after)) =
                (serde_json::from_str(reply), serde_json::from_str(&now.text))
            else {
                assert_eq!(&now.text, reply, "{path}");
                continue;
            };
            assert_eq!(
                lost(&before, &after),
                None,
                "{path} of rules {}",
                self.rules
            );
        }
        let again = keyed(caller).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.json()["data"]["id"], self.seen.transfer.as_str());
    }
}

/// The first member that was there and is not, or is another one.
fn lost(before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let after: BTreeMap<_, _> = after.iter().collect();
            before.iter().find_map(|(name, before)| {
                let after = after.get(name).copied().unwrap_or(&Value::Null);
                lost(before, after).map(|place| format!("/{name}{place}"))
            })
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            let mut pairs = before.iter().zip(after).enumerate();
            pairs.find_map(|(n, (before, after))| Some(format!("/{n}{}", lost(before, after)?)))
        }
        _ => (before != after).then(|| format!(": {before} became {after}")),
    }
}

async fn keyed(caller: &Caller) -> Reply {
    let body = r#"{"source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": 12.5}"#;
    let key = [("x-l2f-idempotency-id", "kept")];
    let path = "/api/v1/transfers";
    caller.send(Method::POST, path, Some(body), &key).await
}

#[tokio::test]
async fn a_store_that_was_left_in_order_goes_on_under_newer_rules() {
    for older in versions() {
        let kept = older.kept();
        let (server, caller) = kept.start().await;
        let journal = server.journal("default").expect("rows of before");
        assert!(journal.iter().all(|row| row.rules == older.rules));
        older.is_shown_to(&caller).await;
        let path = format!("/explain/{}", older.seen.transfer);
        let explained = caller.control(Method::GET, &path, None).await.ok();
        let cause = &explained["data"]["causes"][0]["operation"];
        assert_eq!(cause, "payments.transfers_create");
        caller.transfer("1").await;
        let state = server.snapshot("default");
        drop(server);

        let (server, caller) = kept.start().await;
        assert!(server.snapshot("default") == state);
        let rows = server.journal("default").expect("rows of either version");
        assert_eq!(rows.len(), journal.len() + 1);
        assert_eq!(rows[..journal.len()], journal);
        assert_eq!(rows[journal.len()].rules, RULES_VERSION);
        let again = keyed(&caller).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
}

#[tokio::test]
async fn an_export_opens_under_newer_rules() {
    for older in versions() {
        // On whatever store the tests run: that of the file does not matter.
        let server = builder().clock(ClockMode::Manual).start().await;
        let server = server.expect("start");
        let caller = Caller::new(&server).await;
        caller.restore(&older.export).await.ok();
        older.is_shown_to(&caller).await;
        let made = caller.import("other", &older.export).await.ok();
        older.is_shown_to(&Caller::of(&made["data"]).await).await;
    }
}

#[tokio::test]
async fn the_present_rules_make_of_their_journal_what_they_made_of_it_at_first() {
    let present = versions().pop().expect("a version");
    let kept = present.kept();
    let (server, _) = kept.start().await;
    let rows = server.journal("default").expect("rows");
    assert!(rows.len() > 15, "{} rows", rows.len());
    let genesis = server.genesis("default").expect("genesis");
    let world = replay(genesis, &rows).unwrap_or_else(|error| panic!("{error}; {HELP}"));
    let state = world.snapshot().expect("text");
    assert!(
        server.snapshot("default").as_ref() == Some(&state),
        "{HELP}"
    );
    // The export was made at the same moment.
    let now = hex::encode(Sha256::digest(&state));
    assert_eq!(json!(now), digest(&present.export), "{HELP}");
}
