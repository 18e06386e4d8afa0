//! The work itself: replays, lost replies, clients that go away, journals, sandboxes side by side.

use std::net::TcpStream;

use crate::{
    socket::exchange,
    support::{self, Caller, Reply, TestServer, Watched as _},
};
use layer2_mock::{ClockMode, ReplayError, SandboxServer, World, replay};
use reqwest::Method;
use serde_json::{Value, json};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().clock(ClockMode::Manual).watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

const TRANSFER: &str =
    r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1.50}"#;

async fn create(caller: &Caller, key: &str, body: &str) -> Reply {
    caller
        .send(
            Method::POST,
            "/api/v1/transfers",
            Some(body),
            &[("x-l2f-idempotency-id", key)],
        )
        .await
}

#[tokio::test]
async fn the_same_request_gets_the_saved_reply_and_another_is_refused() {
    let (server, caller) = server().await;
    let first = create(&caller, "k-1", TRANSFER).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let rows = server.journal("default").expect("journal").len();
    // Other spelling, same exact JSON.
    let same =
        r#"{"amount": 1.5, "destination_account_id": "JANE_USD", "source_account_id": "ACME_USD"}"#;
    let again = create(&caller, "k-1", same).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    assert_eq!(
        server.journal("default").expect("journal").len(),
        rows,
        "a replay leaves no row"
    );
    let other = create(&caller, "k-1", &TRANSFER.replace("1.50", "1.51")).await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (400, "IDEMPOTENCY_KEY_REUSED")
    );
}

#[tokio::test]
async fn a_lost_reply_is_no_byte_and_the_work_is_done_once() {
    let (server, caller) = server().await;
    caller.fund("100").await;
    let path = format!("/api/v1/transfers/{}/accept", caller.transfer("40").await);
    let fault = r#"{"kind":"reply_lost","operation":"payments.transfers_accept"}"#;
    let ordered = caller.control(Method::POST, "/faults", Some(fault)).await;
    assert_eq!(ordered.status, 201);
    assert_eq!(
        ordered.json()["data"],
        json!({"id": "fault-1", "kind": "reply_lost", "operation": "payments.transfers_accept",
               "point": "after_work", "nth": 1, "count": 1, "percent": 100, "seen": 0, "hits": 0,
               "remaining": 1})
    );
    let sent = caller.signed(&path, "accept-1").build().expect("request");
    let (bytes, _) = exchange(&server, &sent);
    assert_eq!(bytes, b"", "not one byte of the reply");
    let retried = caller.post_signed(&path, "accept-1").await;
    assert_eq!(retried.header("idempotent-replayed"), Some("true"));
    assert_eq!(retried.ok()["data"]["status"], "ACCEPTED");
    caller.settle().await;
    let account = caller.get("/api/v1/accounts/deposits/ACME_USD").await.ok();
    assert_eq!(account["data"]["current_balance"], json!(60), "{account}");
    let faults = caller.control(Method::GET, "/faults", None).await.ok();
    assert_eq!(faults["data"]["faults"][0]["remaining"], 0);
    let log = server.requests("default").expect("log");
    assert_eq!(log.iter().filter(|record| record.lost).count(), 1);
}

#[tokio::test]
async fn the_journal_is_the_sandbox() {
    let (server, caller) = server().await;
    caller.fund("100").await;
    for amount in ["1", "2.5", "3"] {
        let path = format!("/api/v1/transfers/{}/accept", caller.transfer(amount).await);
        caller.post_signed(&path, amount).await.ok();
    }
    let path = format!("/api/v1/transfers/{}/accept", caller.transfer("1000").await);
    assert_eq!(
        caller.post_signed(&path, "too-much").await.code(),
        "INSUFFICIENT_FUNDS"
    );
    caller
        .control(Method::POST, "/clock/advance", Some(r#"{"seconds":7200}"#))
        .await
        .ok();
    let mut rows = server.journal("default").expect("journal");
    let genesis = server.genesis("default").expect("genesis");
    let world = replay(genesis.clone(), &rows).expect("the same world");
    assert_eq!(Some(world.snapshot().unwrap()), server.snapshot("default"));
    assert_ne!(
        world.snapshot().unwrap(),
        World::new(genesis.clone()).snapshot().unwrap()
    );
    let last = rows.len() - 1;
    rows[last].digest[0] ^= 1;
    let parted = replay(genesis.clone(), &rows).expect_err("another history");
    assert_eq!(parted.seq(), rows[last].seq);
    rows.remove(0);
    let gap = replay(genesis, &rows).expect_err("a gap");
    assert!(matches!(gap, ReplayError::Gap { .. }), "{gap}");
}

#[tokio::test]
async fn sandboxes_share_nothing() {
    let (server, caller) = server().await;
    let made = make(&caller, json!({"name": "other"})).await;
    assert_eq!(made.status, 201);
    let info = made.json()["data"].clone();
    assert_eq!(
        info["customers"],
        caller.control(Method::GET, "", None).await.ok()["data"]["customers"]
    );
    assert_ne!(
        info["payments"]["client_secret"],
        serde_json::to_value(server.info()).expect("info")["payments"]["client_secret"]
    );
    let other = Caller::of(&info).await;
    let id = caller.transfer("1").await;
    caller.get(&format!("/api/v1/transfers/{id}")).await.ok();
    let reply = other.get(&format!("/api/v1/transfers/{id}")).await;
    is_refused(&reply, 404, "NOT_FOUND");
    assert_ne!(other.transfer("1").await, id, "ids come from the sandbox");
}

#[tokio::test]
async fn sandboxes_come_and_go_but_for_the_default_one() {
    let (_server, caller) = server().await;
    let other = json!({"name": "other"});
    let made = make(&caller, other.clone()).await.ok();
    is_refused(&make(&caller, other).await, 409, "ALREADY_EXISTS");
    let named = make(&caller, json!({})).await.ok();
    assert_eq!(named["data"]["sandbox"], "sandbox-1");
    let other = Caller::of(&made["data"]).await;
    other.control(Method::DELETE, "", None).await.ok();
    let gone = other.get("/api/v1/customers").await;
    is_refused(&gone, 401, "TOKEN_INVALID");
    let kept = caller.control(Method::DELETE, "", None).await;
    is_refused(&kept, 409, "DEFAULT_SANDBOX");
    let list = caller.sandboxes(Method::GET, "", None).await.ok();
    let names: Vec<&str> = list["data"]["sandboxes"]
        .as_array()
        .expect("list")
        .iter()
        .filter_map(|row| row["sandbox"].as_str())
        .collect();
    assert_eq!(names, ["default", "sandbox-1"]);
}

async fn make(caller: &Caller, sandbox: Value) -> Reply {
    caller.sandboxes(Method::POST, "", Some(sandbox)).await
}

fn is_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (status, code)
    );
}

#[tokio::test]
async fn a_reset_begins_again_with_the_same_credentials() {
    let (server, caller) = server().await;
    let first = server.snapshot("default");
    let id = caller.transfer("1").await;
    caller.control(Method::POST, "/reset", None).await.ok();
    assert_eq!(server.snapshot("default"), first);
    assert_eq!(server.journal("default").expect("journal"), []);
    assert_eq!(
        caller.get(&format!("/api/v1/transfers/{id}")).await.status,
        404
    );
    assert_eq!(
        caller.transfer("1").await,
        id,
        "the same commands give the same ids"
    );
}

#[tokio::test]
async fn two_servers_start_alike_and_a_seed_makes_another() {
    let (one, two) = (
        support::builder().watched().await,
        support::builder().watched().await,
    );
    assert_eq!(
        one.info().payments.client_secret,
        two.info().payments.client_secret
    );
    assert_eq!(one.control_token(), two.control_token());
    let other = support::builder().seed(7).watched().await;
    assert_ne!(
        one.info().payments.client_secret,
        other.info().payments.client_secret
    );
    assert_ne!(one.control_token(), other.control_token());
}

#[tokio::test]
async fn accounting_creates_once_by_external_id() {
    let (server, caller) = server().await;
    let accounting = server.info().accounting;
    let reply = caller
        .http
        .post(&accounting.token_url)
        .basic_auth(
            accounting.client_id.as_str(),
            Some(&accounting.client_secret),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "grant_type=client_credentials&scope={}",
            accounting.scope
        ))
        .send()
        .await
        .expect("token");
    let token = Reply::read(reply).await.ok();
    assert_eq!(token["expires_in"], 3600);
    let token = token["access_token"].as_str().expect("token").to_owned();
    let body =
        json!({"external_id": "b-1", "legal_name": "Acme", "us_state": "MA", "entity_type": "LLC"})
            .to_string();
    let create = || {
        caller
            .http
            .post(format!("{}/v1/businesses", server.url()))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(body.clone())
    };
    let first = Reply::read(create().send().await.expect("sent")).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let second = Reply::read(create().send().await.expect("sent")).await;
    assert_eq!(second.status, 200);
    assert_eq!(first.json()["data"]["id"], second.json()["data"]["id"]);
    let missing = caller
        .http
        .get(format!("{}/v1/businesses/none", server.url()))
        .bearer_auth(&token);
    let missing = Reply::read(missing.send().await.expect("sent")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json()["errors"][0]["error_enum"],
        "SpecifiedIdNotFound"
    );
}

#[test]
fn a_server_needs_no_runtime_of_the_caller() {
    let (one, two) = (
        SandboxServer::start_blocking().expect("one"),
        SandboxServer::start_blocking().expect("two"),
    );
    assert_ne!(one.url(), two.url());
    let address = two.url().strip_prefix("http://").expect("http").to_owned();
    drop(two);
    assert!(
        TcpStream::connect(address).is_err(),
        "a dropped server is gone"
    );
}
