//! What outlives the servers, and what the database shows to those who are not to know.

use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client;

use super::{balance, builder, start};
use crate::{
    files::document,
    postgres::database::Database,
    support::{Caller, Reply, Watched as _},
};

#[tokio::test]
async fn a_start_brings_back_all_that_there_was() {
    let database = Database::new().await;
    let (server, caller) = start(&database).await;
    caller.fund("5").await;
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1.5}"#;
    let key = [("x-l2f-idempotency-id", "made-before")];
    let path = "/api/v1/transfers";
    let made = caller.send(Method::POST, path, Some(body), &key).await;
    let seconds = json!({"seconds": 3_600}).to_string();
    caller
        .control(Method::POST, "/clock/advance", Some(&seconds))
        .await
        .ok();
    let journal = server.journal("default").expect("journal");
    let snapshot = server.snapshot("default").expect("snapshot");
    let clock = caller.control(Method::GET, "/clock", None).await.ok();
    let epoch = caller.control(Method::POST, "/tokens/expire", None).await;
    epoch.ok();
    drop(server);

    let client = database.client().await;
    let kept = client
        .query_one("SELECT count(*) FROM layer2_snapshots", &[])
        .await;
    assert_eq!(
        kept.expect("snapshots").get::<_, i64>(0),
        1,
        "left at the end"
    );
    let (server, again) = start(&database).await;
    assert_eq!(server.journal("default").expect("journal"), journal);
    assert_eq!(server.snapshot("default").expect("snapshot"), snapshot);
    let now = again.control(Method::GET, "/clock", None).await.ok();
    assert_eq!(now["data"]["now"], clock["data"]["now"]);
    let repeated = again.send(Method::POST, path, Some(body), &key).await;
    assert_eq!(repeated.text, made.text);
    assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
    assert_eq!(balance(&again, "ACME_USD").await, 500);
    let stale = Caller {
        url: again.url.clone(),
        ..caller
    };
    assert_eq!(stale.get("/api/v1/customers").await.status, 401);

    // Without its snapshot the journal alone leads there.
    drop(server);
    client
        .batch_execute("UPDATE layer2_sandboxes SET snapshot = NULL; DELETE FROM layer2_snapshots")
        .await
        .expect("forgotten");
    let (server, _) = start(&database).await;
    assert_eq!(server.snapshot("default").expect("snapshot"), snapshot);
}

#[tokio::test]
async fn a_file_that_one_server_took_in_is_given_out_by_another_until_a_reset() {
    let database = Database::new().await;
    let (_first, here) = start(&database).await;
    let (_second, there) = start(&database).await;
    let path = document(&here, "ADA").await;
    let upload = here
        .request(
            Method::POST,
            &path,
            None,
            &[("content-type", "application/octet-stream")],
        )
        .body("%PDF-1.7 a bill");
    Reply::read(upload.send().await.expect("sent")).await.ok();
    let path = format!("{path}/download");
    assert_eq!(there.get(&path).await.text, "%PDF-1.7 a bill");
    there.control(Method::POST, "/reset", None).await.ok();
    assert_eq!(here.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_database_shows_no_secret_and_nothing_that_people_wrote() {
    let database = Database::new().await;
    let server = builder(&database).seed(20_261_121).start().await;
    let server = server.expect("start");
    let caller = Caller::new(&server).await;
    let made = caller
        .http
        .post(format!("{}/_control/v1/sandboxes", caller.url))
        .bearer_auth(&caller.control)
        .header("content-type", "application/json")
        .body(json!({"name": "team", "seed": "open-sesame"}).to_string());
    assert!(made.send().await.expect("made").status().is_success());
    let body = json!({
        "source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": 1,
        "description": "between-you-and-me",
    });
    caller
        .post("/api/v1/transfers", &body.to_string())
        .await
        .ok();
    let info = server.info();
    drop(server);

    let client = database.client().await;
    let mut all = Vec::new();
    for (table, column) in [
        ("layer2_store", "proof"),
        ("layer2_sandboxes", "charter"),
        ("layer2_rows", "content"),
        ("layer2_snapshots", "content"),
    ] {
        let rows = client
            .query(&format!("SELECT {column} FROM {table}"), &[])
            .await
            .expect(table);
        assert!(!rows.is_empty(), "{table}");
        all.extend(rows.iter().flat_map(|row| row.get::<_, Vec<u8>>(0)));
    }
    for hidden in [
        "between-you-and-me",
        "open-sesame",
        "ACME_USD",
        &info.payments.client_secret,
        &info.payments.signing_key,
        &caller.token,
    ] {
        let hidden = hidden.as_bytes();
        assert!(!all.windows(hidden.len()).any(|window| window == hidden));
    }
}

#[tokio::test]
async fn a_journal_without_its_last_row_is_refused_and_can_be_reset() {
    let database = Database::new().await;
    let (server, caller) = start(&database).await;
    caller.fund("5").await;
    let client = database.client().await;
    for statement in [
        "DELETE FROM layer2_rows r USING layer2_sandboxes s WHERE r.sandbox = s.id AND r.seq = s.seq",
        // A server that has seen it all need not read it.
        "UPDATE layer2_sandboxes SET snapshot = NULL",
    ] {
        let changed = client.execute(statement, &[]).await;
        assert!(changed.expect(statement) > 0, "{statement}");
    }
    assert_eq!(balance(&caller, "ACME_USD").await, 500);
    let (_other, again) = start(&database).await;
    let refused = again.get("/api/v1/accounts/deposits/ACME_USD").await;
    assert_eq!(refused.code(), "STORE_UNAVAILABLE", "{}", refused.text);
    assert!(refused.text.contains("its journal ends at row"));
    caller.control(Method::POST, "/reset", None).await.ok();
    assert_eq!(balance(&again, "ACME_USD").await, 0);
    drop(server);
}

/// Notes how each row was written.
const NOTE: &str = "
    CREATE TABLE noted (setting text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO noted VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT ON layer2_rows FOR EACH STATEMENT EXECUTE FUNCTION note()";

/// A power cut takes what was not synchronised, which no test can bring about: so the setting is what is held here.
#[tokio::test]
async fn a_commit_is_synchronised_before_it_is_told() {
    let database = Database::new().await;
    drop(start(&database).await);
    let client = database.client().await;
    client.batch_execute(NOTE).await.expect("a trigger");
    let url = database.url();
    let (_, name) = url.rsplit_once('/').expect("a name");
    for (set, used) in [
        ("off", "on"),
        ("local", "local"),
        ("remote_apply", "remote_apply"),
    ] {
        let of_database = format!("ALTER DATABASE {name} SET synchronous_commit = {set}");
        client.batch_execute(&of_database).await.expect("set");
        let (_server, caller) = start(&database).await;
        caller.fund("1").await;
        assert_eq!(noted(&client).await, [used], "{set}");
    }
    let url = format!("{url}?options=-c%20synchronous_commit%3Doff");
    let store = url.parse().expect("a store");
    let server = builder(&database).store(store).watched().await;
    Caller::new(&server).await.fund("1").await;
    assert_eq!(noted(&client).await, ["on"]);
}

/// What was noted since the last time, each once.
async fn noted(client: &Client) -> Vec<String> {
    let taken =
        "WITH taken AS (DELETE FROM noted RETURNING setting) SELECT DISTINCT setting FROM taken";
    let rows = client.query(taken, &[]).await.expect("noted");
    rows.iter().map(|row| row.get(0)).collect()
}
