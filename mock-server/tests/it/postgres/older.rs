//! What each version of the rules has left in a database that was stopped in order. The first two knew no sealed heads.

use layer2_mock::RULES_VERSION;
use reqwest::{Method, StatusCode};
use tokio_postgres::Client;

use super::{
    builder, start,
    webhooks::{receiver, subscription},
};
use crate::{
    broken,
    older::{Seen, kept, keyed},
    postgres::database::Database,
};

#[tokio::test]
async fn a_database_that_was_left_in_order_goes_on_under_newer_rules() {
    for rules in 1..=RULES_VERSION {
        let database = Database::new().await;
        let statements = String::from_utf8(kept(rules, "sql")).expect("statements");
        let client = database.client().await;
        client.batch_execute(&statements).await.expect("loaded");
        let seen = Seen::of(rules);
        let (server, caller) = start(&database).await;
        let (_other, elsewhere) = start(&database).await;
        let journal = server.journal("default").expect("rows of before");
        assert!(journal.iter().all(|row| row.rules == rules));
        for caller in [&caller, &elsewhere] {
            seen.is_shown_to(caller).await;
            let clock = caller.control(Method::GET, "/clock", None).await.ok();
            assert_eq!(clock["data"]["offset_seconds"], 90, "{clock}");
        }
        caller.transfer("1").await;
        elsewhere.transfer("1").await;
        let state = server.snapshot("default");
        drop((server, _other));

        let (server, caller) = start(&database).await;
        assert!(server.snapshot("default") == state);
        let rows = server.journal("default").expect("rows of either version");
        assert_eq!(rows[..journal.len()], journal);
        let added: Vec<u32> = rows[journal.len()..].iter().map(|row| row.rules).collect();
        assert_eq!(added, [RULES_VERSION; 2]);
        let again = keyed(&caller).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        caller.control(Method::POST, "/reset", None).await.ok();
        caller.fund("1").await;
    }
}

/// The database is as it was for the version that made it.
#[tokio::test]
async fn an_older_database_is_left_alone_under_another_seed() {
    let database = Database::new().await;
    let statements = String::from_utf8(kept(1, "sql")).expect("statements");
    let client = database.client().await;
    client.batch_execute(&statements).await.expect("loaded");
    let refused = builder(&database).seed(7).start().await;
    let refused = refused.expect_err("another seed").to_string();
    assert!(refused.contains("another seed"), "{refused}");
    let version = client
        .query_one("SELECT version FROM layer2_store", &[])
        .await;
    assert_eq!(version.expect("version").get::<_, i32>(0), 1);
    start(&database).await;
}

/// A database with the first tables.
async fn first_tables() -> Database {
    let database = Database::new().await;
    let statements = String::from_utf8(kept(1, "sql")).expect("statements");
    let client = database.client().await;
    client.batch_execute(&statements).await.expect("loaded");
    database
}

async fn version(client: &Client) -> i32 {
    let asked = "SELECT version FROM layer2_store";
    client.query_one(asked, &[]).await.expect("version").get(0)
}

/// The locks of a server that knows the first tables alone.
const LOCKS_OF_BEFORE: &str = "
    SELECT pg_advisory_lock(hashtext('layer2 ' || current_schema()), (id % 2147483647)::integer),
        pg_advisory_lock(hashtext('layer2 clock ' || current_schema()), (id % 2147483647)::integer)
    FROM layer2_sandboxes";

/// What such a server asks: to read a sandbox, to lock it, to write its head, to make one.
const STATEMENTS_OF_BEFORE: [&str; 4] = [
    "SELECT s.generation, s.seq, s.epoch, s.advanced_seconds, s.advanced_nanoseconds FROM layer2_sandboxes s",
    "SELECT s.generation, s.seq, s.epoch, s.advanced_seconds, s.advanced_nanoseconds
        FROM layer2_sandboxes s WHERE s.id = 1 FOR NO KEY UPDATE",
    "UPDATE layer2_sandboxes SET generation = 0, seq = 1, epoch = 0, advanced_seconds = 0, advanced_nanoseconds = 0
        WHERE id = 1",
    "INSERT INTO layer2_sandboxes (name, charter) VALUES ('team', '\\x00') ON CONFLICT DO NOTHING RETURNING id",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_older_server_that_still_runs_writes_nothing_and_keeps_nobody_from_sending() {
    let database = first_tables().await;
    let older = database.client().await;
    older.batch_execute(LOCKS_OF_BEFORE).await.expect("locked");
    let mut prepared = Vec::new();
    for text in STATEMENTS_OF_BEFORE {
        prepared.push(older.prepare(text).await.expect(text));
    }
    let (_server, caller) = start(&database).await;
    for (statement, text) in prepared.iter().zip(STATEMENTS_OF_BEFORE) {
        older.execute(statement, &[]).await.expect_err(text);
    }
    let (url, inbox) = receiver().await;
    let subscription = subscription(&url);
    let made = caller.post("/api/v1/subscriptions", &subscription).await;
    made.ok();
    caller.fund("1").await;
    let settled = caller.settle().await;
    assert_eq!(settled["complete"], true, "{settled}");
    inbox.assert_once_each(1);
}

#[tokio::test]
async fn servers_that_start_at_once_bring_the_tables_up_together() {
    let database = first_tables().await;
    let seen = Seen::of(1);
    let ((_one, first), (_two, second)) = tokio::join!(start(&database), start(&database));
    for caller in [&first, &second] {
        seen.is_shown_to(caller).await;
    }
    first.transfer("1").await;
    second.transfer("1").await;
}

/// As a backup has them locked.
#[tokio::test]
async fn tables_that_are_in_use_are_left_as_they_are_and_it_says_what_to_stop() {
    let database = first_tables().await;
    let client = database.client().await;
    let lock = "BEGIN; LOCK TABLE layer2_sandboxes IN ACCESS SHARE MODE";
    client.batch_execute(lock).await.expect("locked");
    let refused = builder(&database).start().await;
    let refused = refused.expect_err("in use").to_string();
    assert!(refused.contains("stop older servers, backups"), "{refused}");
    assert_eq!(version(&client).await, 1);
    client.batch_execute("ROLLBACK").await.expect("unlocked");
    start(&database).await;
    assert_eq!(version(&client).await, 2);
}

#[tokio::test]
async fn once_a_newer_server_has_changed_the_tables_nothing_is_done_to_them() {
    let database = Database::new().await;
    let (_server, caller) = start(&database).await;
    let team = broken::make(&caller, "team").await;
    let client = database.client().await;
    let newer = "UPDATE layer2_store SET version = version + 1";
    client.batch_execute(newer).await.expect("newer");
    for refused in [
        team.get("/api/v1/accounts/deposits").await,
        caller.sandboxes(Method::DELETE, "/team", None).await,
        caller.sandboxes(Method::POST, "", None).await,
    ] {
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.code(), "STORE_UNAVAILABLE", "{}", refused.text);
    }
    let names = "SELECT name FROM layer2_sandboxes ORDER BY name";
    let names = client.query(names, &[]).await.expect("names");
    let names: Vec<String> = names.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["default", "team"]);
    let back = "UPDATE layer2_store SET version = version - 1";
    client.batch_execute(back).await.expect("back");
    team.fund("1").await;
}
