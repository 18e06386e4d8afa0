//! Tests of what lies in the file: snapshots, rows that were moved or changed, and sandboxes side by side.

use std::path::PathBuf;

use layer2_types::payments;
use layer2_world::{
    command::{ClientCommand, Command, Fingerprint, Internal},
    request::{Actor, OperationRef, Request},
    settings::Settings,
};

use super::*;
use crate::{
    clocks::{ClockMode, MANUAL_START},
    journal::{Mark, Row, Snapshot, Write},
    sandbox::Sandbox as Living,
};

/// A file that is removed when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let folder =
            std::env::temp_dir().join(format!("layer2-mock-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        Scratch(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("sandboxes.db")
    }

    fn open(&self) -> SqliteStore {
        let store = SqliteStore::open(&self.path(), None, &Seed::new([1; 32]));
        store.expect("a store").with_snapshot_kib(Some(8))
    }

    /// Does something to the file that no server does.
    fn tamper(&self, statement: &str) {
        let connection = rusqlite::Connection::open(self.path()).expect("file");
        let changed = connection.execute(statement, []).expect(statement);
        assert!(changed > 0, "{statement}");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn charter(name: &str) -> Charter {
    Charter {
        name: name.to_owned(),
        seed: None,
        settings: Settings::default(),
        clock: ClockMode::Manual,
        start: MANUAL_START,
        inherited: None,
        identity: None,
    }
}

async fn load(kept: Kept) -> Result<Living, String> {
    let charter = kept.charter.map_err(|error| error.to_string())?;
    let genesis = charter.genesis(&Seed::new([1; 32]));
    let opened = Living::open(genesis, ClockMode::Manual, kept.journal).await;
    let state = opened.snapshot().await;
    state.map_err(|error| error.to_string())?;
    Ok(opened)
}

async fn made(store: &SqliteStore, name: &str) -> Living {
    let charter = charter(name);
    let journal = store.create(&charter).await.expect("made");
    let kept = Kept {
        name: name.to_owned(),
        charter: Ok(charter),
        journal,
    };
    load(kept).await.expect("empty")
}

/// The sandboxes of the file, or why one of them does not come back.
async fn again(scratch: &Scratch) -> Result<Vec<Living>, String> {
    let store = scratch.open();
    let mut living = Vec::new();
    for kept in store.sandboxes().await.map_err(|error| error.to_string())? {
        living.push(load(kept).await?);
    }
    store.close().await.expect("closed");
    Ok(living)
}

/// Moves the clock far enough that due work makes a row, and says how many there are.
async fn a_year(sandbox: &Living) -> u64 {
    let (now, _) = sandbox.clock().await.expect("sound");
    let target = now + jiff::SignedDuration::from_hours(400 * 24);
    sandbox.advance_towards(target).await.expect("sound");
    while sandbox.advance_towards(target).await.expect("sound") {
        sandbox.step(0).await.expect("sound");
    }
    sandbox.accepted()
}

#[tokio::test]
async fn a_snapshot_stands_for_the_rows_before_it() {
    let scratch = Scratch::new("snapshot");
    let store = scratch.open();
    let sandbox = made(&store, "a").await;
    let first = a_year(&sandbox).await;
    assert!(first > 0);
    sandbox.keep_snapshot().await.expect("kept");
    assert_eq!(rows_after_snapshot(&store).await, 0);
    let second = first + 1;
    let settled = sandbox.step(0).await.expect("sound");
    drop(settled);
    let state = sandbox.snapshot().await.expect("sound");
    store.close().await.expect("closed");
    let brought_back = again(&scratch).await.expect("whole");
    assert_eq!(brought_back[0].snapshot().await, Ok(state));
    assert!(brought_back[0].accepted() <= second);
    assert_eq!(brought_back[0].accepted(), sandbox.accepted());

    // The rows that the snapshot holds explain how things came about; the start does not carry them out.
    scratch.tamper("UPDATE rows SET body = zeroblob(60)");
    assert!(again(&scratch).await.is_ok());
    // Without the snapshot they would be needed.
    scratch.tamper("UPDATE sandboxes SET snapshot_seq = NULL");
    let refused = again(&scratch).await.expect_err("changed rows");
    assert!(
        refused.contains("row 1 of the journal of the sandbox `a`"),
        "{refused}"
    );
}

/// A command that makes a row of about a thousand bytes.
fn subscribe(number: usize) -> ClientCommand {
    let url = format!("http://127.0.0.1:9/{}/{number}", "x".repeat(700));
    ClientCommand {
        request: Request {
            op: OperationRef::Payments(payments::OperationId::SubscriptionsCreate),
            path: Vec::new(),
            query: Vec::new(),
            body: Some(format!(
                r#"{{"event_type":"ACCOUNT_OPEN","callback_url":"{url}"}}"#
            )),
            actor: Actor::Client,
        },
        key: None,
        fingerprint: Fingerprint::new([7; 32]),
    }
}

#[tokio::test]
async fn a_journal_that_outweighs_its_snapshot_gets_a_new_one_while_commands_go_on() {
    let scratch = Scratch::new("tended");
    let store = scratch.open();
    let sandbox = Arc::new(made(&store, "a").await);
    let (mut taken, mut last) = (Vec::new(), 0);
    for number in 0..200 {
        let sent = sandbox.command(subscribe(number), None).await;
        sent.expect("sound").expect("accepted");
        sandbox.tend_journal();
        let kept = store.sandboxes().await.expect("sound").remove(0);
        let opened = kept.journal.open().await.expect("sound");
        if let Some(snapshot) = opened.snapshot.filter(|snapshot| snapshot.seq > last) {
            last = snapshot.seq;
            taken.push(snapshot.text.len());
        }
    }
    assert!((2..20).contains(&taken.len()), "{taken:?}");
    assert!(taken.is_sorted(), "each holds more: {taken:?}");
    let state = sandbox.snapshot().await;
    store.close().await.expect("closed");
    let brought_back = again(&scratch).await.expect("whole");
    assert_eq!(brought_back[0].accepted(), 200);
    assert!(brought_back[0].snapshot().await == state);
}

/// How many rows the next start would carry out.
async fn rows_after_snapshot(store: &SqliteStore) -> usize {
    let kept = store.sandboxes().await.expect("sound").remove(0);
    let opened = kept.journal.open().await.expect("sound");
    let seq = opened.snapshot.map_or(0, |snapshot| snapshot.seq);
    kept.journal.rows(seq, 1_000).await.expect("sound").len()
}

#[tokio::test]
async fn a_record_at_another_place_is_told_by_its_name() {
    let scratch = Scratch::new("moved");
    let store = scratch.open();
    for name in ["a", "b"] {
        a_year(&made(&store, name).await).await;
    }
    store.close().await.expect("closed");
    assert_eq!(again(&scratch).await.expect("whole").len(), 2);
    let whole = std::fs::read(scratch.path()).expect("file");
    for (statement, named) in [
        (
            "UPDATE rows SET body = (SELECT body FROM rows ORDER BY place DESC LIMIT 1)
             WHERE place = (SELECT min(place) FROM rows)",
            "row 1 of the journal of the sandbox `a` does not open",
        ),
        (
            "UPDATE sandboxes SET head = (SELECT head FROM sandboxes WHERE name = 'b')",
            "the head of the sandbox `a` does not open",
        ),
        (
            "UPDATE sandboxes SET name = 'c' WHERE name = 'b'",
            "what the sandbox `c` was made from does not open",
        ),
        (
            "UPDATE sandboxes SET generation = 1 WHERE name = 'a'",
            "row 1 of the journal of the sandbox `a` does not open",
        ),
        (
            "UPDATE rows SET place = place + 1 WHERE place = (SELECT min(place) FROM rows)",
            "row 2 of the journal of the sandbox `a` does not open",
        ),
    ] {
        std::fs::write(scratch.path(), &whole).expect("file");
        scratch.tamper(statement);
        let refused = again(&scratch).await.expect_err(statement);
        assert!(refused.contains(named), "{statement}: {refused}");
    }
}

/// How many parts of snapshots lie in the file.
async fn parts(store: &SqliteStore) -> i64 {
    let counted = store.writer.ask(|connection| {
        let count = connection.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0));
        count.map_err(schema::failed)
    });
    counted.await.expect("a number")
}

#[tokio::test]
async fn a_long_snapshot_lies_in_parts_and_a_later_reset_drops_it() {
    let scratch = Scratch::new("parts");
    let store = scratch.open();
    let journal = store.create(&charter("a")).await.expect("made");
    let row = Row {
        seq: 1,
        now: MANUAL_START,
        command: Command::Internal(Internal::RunDue),
        digest: [0; 32],
        rules: 0,
    };
    let mark = journal.write(Write::Row { row, file: None });
    assert_eq!(mark, Mark(1));
    if let Some(safe) = journal.durable(mark) {
        safe.await.expect("safe");
    }
    assert!(journal.outgrows_snapshot() && !journal.wants_snapshot());
    let long = Snapshot {
        generation: 0,
        seq: 1,
        text: "é".repeat(5_000_000),
    };
    journal.snapshot(long.clone()).await.expect("kept");
    assert!(!journal.outgrows_snapshot());
    let opened = journal.open().await.expect("sound");
    assert!(opened.snapshot == Some(long));
    let later = Snapshot {
        generation: 0,
        seq: 2,
        text: "later".to_owned(),
    };
    journal.snapshot(later.clone()).await.expect("kept");
    let opened = journal.open().await.expect("sound");
    assert!(opened.snapshot == Some(later));
    assert_eq!(parts(&store).await, 1, "of the later one alone");

    let head = Head {
        generation: 1,
        ..Head::default()
    };
    journal.write(Write::Reset(head));
    let late = Snapshot {
        generation: 0,
        seq: 1,
        text: "late".to_owned(),
    };
    journal.snapshot(late).await.expect("dropped");
    let opened = journal.open().await.expect("sound");
    assert_eq!((opened.head, opened.snapshot), (head, None));
    assert_eq!(parts(&store).await, 0);
    assert_eq!(journal.rows(0, 10).await, Ok(Vec::new()));
    store.close().await.expect("closed");
    let closed = store.create(&charter("b")).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))));
}

/// A power cut takes what was not synchronised, which no test can bring about: so the settings are what is held here.
#[tokio::test]
async fn a_commit_is_synchronised_before_it_is_told() {
    let scratch = Scratch::new("durable");
    let sealer = Sealer::new(&Seed::new([1; 32]));
    for opened in ["made", "opened again"] {
        let connection = file::open(&scratch.path(), None, &sealer).expect(opened);
        let setting = |name: &str| -> String {
            let value = connection.pragma_query_value(None, name, |row| {
                let value: rusqlite::types::Value = row.get(0)?;
                Ok(format!("{value:?}"))
            });
            value.expect(name)
        };
        // 2 is FULL: the log is synchronised at each commit (https://sqlite.org/pragma.html#pragma_synchronous).
        assert_eq!(setting("synchronous"), "Integer(2)", "{opened}");
        assert_eq!(setting("journal_mode"), r#"Text("wal")"#, "{opened}");
        assert_eq!(setting("locking_mode"), r#"Text("exclusive")"#, "{opened}");
        assert_eq!(setting("fullfsync"), "Integer(1)", "{opened}");
    }
}

#[tokio::test]
async fn a_start_stops_at_the_row_whose_result_is_another_one() {
    let scratch = Scratch::new("diverged");
    let store = scratch.open();
    let sandbox = made(&store, "a").await;
    for number in 0..3 {
        let sent = sandbox.command(subscribe(number), None).await;
        sent.expect("sound").expect("accepted");
    }
    let mut rows = sandbox.rows().await.expect("rows");
    assert_eq!(rows.len(), 3);
    let mut other = rows.remove(1);
    other.digest[0] ^= 1;
    let place = Place::Row {
        sandbox: "a",
        generation: 0,
        seq: 2,
    };
    let sealed = crate::store::record::seal_row(&store.sealer, place, &other).expect("sealed");
    store.close().await.expect("closed");
    let hex = hex::encode(sealed);
    // Rows lie in their order.
    scratch.tamper(&format!(
        "UPDATE rows SET body = x'{hex}' WHERE place = (SELECT place FROM rows ORDER BY place LIMIT 1 OFFSET 1)"
    ));
    let refused = again(&scratch).await.expect_err("another result");
    assert!(refused.contains("row 2 of the journal"), "{refused}");
    assert!(refused.contains("the version that wrote it"), "{refused}");
    assert!(refused.contains("nothing was changed"), "{refused}");
}
