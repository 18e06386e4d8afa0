//! A database that takes no more.

use layer2_mock::Profile;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::builder;
use crate::{
    postgres::database::Database,
    support::{Caller, Reply, TestServer, Watched as _},
    webhooks::sent::OnTheirWay,
};

/// Whatever needs room for a row is told what a full disk is told.
const FILL: &str = "
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON layer2_rows EXECUTE FUNCTION no_room()";

const EMPTY: &str = "DROP TRIGGER no_room ON layer2_rows";

/// A server on which work takes its time, so that some is due later.
async fn slow(database: &Database) -> (TestServer, Caller) {
    let server = builder(database)
        .profile(Profile::Realistic)
        .watched()
        .await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

async fn transfer(caller: &Caller, key: &str) -> Reply {
    let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1}"#;
    let headers = [("x-l2f-idempotency-id", key)];
    let path = "/api/v1/transfers";
    caller.send(Method::POST, path, Some(body), &headers).await
}

fn assert_full(reply: &Reply) {
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.code(), "STORE_UNAVAILABLE", "{}", reply.text);
    assert!(reply.text.contains("full"), "{}", reply.text);
    assert_eq!(reply.header("retry-after"), Some("1"));
}

/// Everything that needs no write is answered, whatever is due, and nothing that needs one.
async fn serves_reads(caller: &Caller, id: &str) {
    let account = caller.get("/api/v1/accounts/deposits/ACME_USD").await;
    assert_eq!(account.ok()["data"]["current_balance"].to_string(), "100");
    caller.get(&format!("/api/v1/transfers/{id}")).await.ok();
    caller.control(Method::GET, "/clock", None).await.ok();
    let explain = format!("/explain/{id}");
    caller.control(Method::GET, &explain, None).await.ok();
    assert!(!caller.export().await.is_empty());
    assert_full(&transfer(caller, "new").await);
    let again = transfer(caller, "kept").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok()["data"]["id"], id);
    assert_full(&transfer(caller, "new").await);
}

#[tokio::test]
async fn a_full_database_serves_reads_and_repeats_while_work_is_due() {
    let database = Database::new().await;
    let (_one, first) = slow(&database).await;
    let (_two, second) = slow(&database).await;
    let month = json!({"seconds": 86_400 * 30}).to_string();
    let advance = async || {
        first
            .control(Method::POST, "/clock/advance", Some(&month))
            .await
    };
    first.fund("100").await;
    advance().await.ok();
    let made = transfer(&first, "kept").await.ok();
    let id = made["data"]["id"].as_str().expect("id");
    first.fund("7").await;
    let client = database.client().await;
    client.batch_execute(FILL).await.expect("full");
    // The clock gets as far as the work, whose outcome cannot be written down.
    assert_full(&advance().await);
    for caller in [&first, &second, &first] {
        serves_reads(caller, id).await;
    }
    let (_three, third) = slow(&database).await;
    serves_reads(&third, id).await;

    client.batch_execute(EMPTY).await.expect("room");
    for (caller, key) in [(&second, "one"), (&third, "two"), (&first, "three")] {
        let made = transfer(caller, key).await;
        assert_eq!(made.header("idempotent-replayed"), None);
        made.ok();
    }
    first.settle().await;
    for caller in [&first, &second, &third] {
        let account = caller.get("/api/v1/accounts/deposits/ACME_USD").await;
        assert_eq!(account.ok()["data"]["current_balance"].to_string(), "107");
    }
}

#[tokio::test]
async fn webhooks_whose_outcomes_found_no_room_are_all_sent_again_when_there_is_room() {
    let database = Database::new().await;
    let client = database.client().await;
    let (_server, caller) = slow(&database).await;
    let mut sent = OnTheirWay::by_an_advance_of(&caller).await;
    client.batch_execute(FILL).await.expect("full");
    sent.answer();
    assert_full(&sent.told().await);
    client.batch_execute(EMPTY).await.expect("room");
    sent.come_again(&caller.settle().await).await;
}
