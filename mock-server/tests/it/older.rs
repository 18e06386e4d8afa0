//! What a client saw at the end of the life that `scripts/older-store.sh` has each version of the rules lead.

use std::{collections::BTreeMap, fs, path::PathBuf};

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::support::{Caller, Reply};

/// What to do about a red test of these files.
pub(crate) const HELP: &str = "what a command does or what a snapshot holds has changed: raise RULES_VERSION, commit, and keep what \
    the new version writes with scripts/older-store.sh; the files of the versions before stay as they are";

/// What is kept of a version of the rules in a file of this form.
pub(crate) fn kept(rules: u32, form: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/older");
    let path = folder.join(format!("rules-{rules}.{form}"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; {HELP}", path.display()))
}

/// What a client saw.
#[derive(Deserialize)]
pub(crate) struct Seen {
    /// The transfer that was requested under the key `kept`.
    pub(crate) transfer: String,
    reads: Vec<Read>,
}

#[derive(Deserialize)]
struct Read {
    path: String,
    reply: String,
}

impl Seen {
    pub(crate) fn of(rules: u32) -> Seen {
        serde_json::from_slice(&kept(rules, "json")).expect("what was seen")
    }

    /// A client sees what it saw, whatever else newer rules may show, and the key has its reply.
    pub(crate) async fn is_shown_to(&self, caller: &Caller) {
        for Read { path, reply } in &self.reads {
            let now = caller.get(path).await;
            let (Ok(before), Ok(after)) =
                (serde_json::from_str(reply), serde_json::from_str(&now.text))
            else {
                assert_eq!(&now.text, reply, "{path}");
                continue;
            };
            assert_eq!(lost(&before, &after), None, "{path}");
        }
        let again = keyed(caller).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.json()["data"]["id"], self.transfer.as_str());
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

/// The request that was made under a key.
pub(crate) async fn keyed(caller: &Caller) -> Reply {
    let body = r#"{"source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": 12.5}"#;
    let key = [("x-l2f-idempotency-id", "kept")];
    let path = "/api/v1/transfers";
    caller.send(Method::POST, path, Some(body), &key).await
}
