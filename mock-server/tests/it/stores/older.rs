//! What each version of the rules has left: a store that was stopped in order, an export, and what a client saw.
//!
//! `scripts/older-store.sh` keeps them, once for each version and never again. They are held against the present rules in
//! two ways. All of them open and show what they showed, so a change that cannot read what users keep is seen; and those
//! of the present version are exactly what these rules make of their journal, so a change that forgets to raise the
//! number is seen as well.

use std::fs;

use layer2_mock::{ClockMode, RULES_VERSION, replay};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Kept;
use crate::{
    images::digest,
    older::{HELP, Seen, kept, keyed},
    support::{Caller, builder},
};

/// What is kept of one version.
struct Older {
    rules: u32,
    store: Vec<u8>,
    export: Vec<u8>,
    /// At the end of either.
    seen: Seen,
}

/// All versions, from the first one on.
fn versions() -> Vec<Older> {
    let version = |rules| Older {
        rules,
        store: kept(rules, "db"),
        export: kept(rules, "layer2"),
        seen: Seen::of(rules),
    };
    (1..=RULES_VERSION).map(version).collect()
}

impl Older {
    /// A store with the file in it.
    fn kept(&self) -> Kept {
        let kept = Kept::new();
        fs::write(kept.path(), &self.store).expect("file");
        kept
    }
}

#[tokio::test]
async fn a_store_that_was_left_in_order_goes_on_under_newer_rules() {
    for older in versions() {
        let kept = older.kept();
        let (server, caller) = kept.start().await;
        let journal = server.journal("default").expect("rows of before");
        assert!(journal.iter().all(|row| row.rules == older.rules));
        older.seen.is_shown_to(&caller).await;
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
        older.seen.is_shown_to(&caller).await;
        let made = caller.import("other", &older.export).await.ok();
        older
            .seen
            .is_shown_to(&Caller::of(&made["data"]).await)
            .await;
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
