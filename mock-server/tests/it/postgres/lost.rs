//! A database that goes away and comes back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use reqwest::{Method, StatusCode};
use tokio::task::JoinSet;

use super::{balance, builder, servers, start};
use crate::{
    postgres::database::Database,
    support::{Caller, Reply},
};

/// A refusal that says to come again.
fn assert_come_again(reply: &Reply) {
    assert_eq!(
        reply.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        reply.text
    );
    assert_eq!(reply.code(), "STORE_UNAVAILABLE", "{}", reply.text);
    let seconds = reply.header("retry-after").expect("Retry-After");
    assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
}

#[tokio::test]
async fn while_the_database_is_away_everything_is_told_to_come_again_and_then_goes_on() {
    let database = Database::alone().await;
    let (server, caller) = start(&database).await;
    caller.fund("5").await;
    let cluster = database.cluster.as_ref().expect("of its own");
    cluster.stop();
    let body = r#"{"account_id":"ACME_USD","amount":1}"#;
    for _ in 0..3 {
        let written = caller.control(Method::POST, "/inbound", Some(body)).await;
        assert_come_again(&written);
        let read = caller.get("/api/v1/accounts/deposits/ACME_USD").await;
        assert_come_again(&read);
    }
    let health = reqwest::get(format!("{}/healthz", server.url())).await;
    assert!(health.expect("healthy").status().is_success());

    cluster.start_again();
    assert_eq!(balance(&caller, "ACME_USD").await, 500);
    caller.fund("1").await;
    assert_eq!(balance(&caller, "ACME_USD").await, 600);
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

/// Sends a transfer of one cent under a key, to one server and then the next, until one has answered; what is not
/// answered well is a refusal that says to come again.
async fn insist(callers: &[Caller], key: &str) -> String {
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;
    let headers = [("x-l2f-idempotency-id", key)];
    for caller in callers.iter().cycle() {
        let sent = caller.send(Method::POST, "/api/v1/transfers", Some(body), &headers);
        let reply = sent.await;
        if reply.status.is_success() {
            return reply.json()["data"]["id"].as_str().expect("id").to_owned();
        }
        assert_come_again(&reply);
    }
    unreachable!("it goes round for ever")
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_again_and_again_lose_and_repeat_nothing() {
    const SENDERS: usize = 8;
    const EACH: usize = 25;
    let database = Database::new().await;
    let servers = servers::<2>(&database).await;
    let callers: Vec<Caller> = servers.iter().map(|(_, caller)| caller.clone()).collect();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let mut callers = callers.clone();
        callers.rotate_left(sender % 2);
        let acknowledged = Arc::clone(&acknowledged);
        senders.spawn(async move {
            let mut ids = Vec::new();
            for number in 0..EACH {
                ids.push(insist(&callers, &format!("cut-{sender}-{number}")).await);
                acknowledged.fetch_add(1, Ordering::AcqRel);
            }
            ids
        });
    }
    let mut ids = Vec::new();
    let mut cut = 0;
    // All connections are cut, again and again, whenever some more transfers have been acknowledged.
    for enough in (10..SENDERS * EACH).step_by(10) {
        while acknowledged.load(Ordering::Acquire) < enough {
            tokio::task::yield_now().await;
        }
        cut += database.cut_connections().await;
    }
    while let Some(of_one) = senders.join_next().await {
        ids.extend(of_one.expect("a sender"));
    }
    assert!(cut > 0);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), SENDERS * EACH, "each key has one transfer");
    let journals = [0, 1].map(|index: usize| servers[index].0.journal("default"));
    assert_eq!(journals[0], journals[1]);
    assert_eq!(
        journals[0].as_ref().map(Vec::len),
        Some(SENDERS * EACH),
        "each transfer is there once"
    );
    let snapshots = [0, 1].map(|index: usize| servers[index].0.snapshot("default"));
    assert_eq!(snapshots[0], snapshots[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_while_nothing_is_written_keep_nobody_from_reading() {
    let database = Database::new().await;
    let (server, caller) = start(&database).await;
    caller.fund("5").await;
    let journal = server.journal("default");
    let server = Arc::new(server);
    let mut cut = 0;
    for _ in 0..40 {
        let reader = Arc::clone(&server);
        let read = tokio::task::spawn_blocking(move || reader.journal("default"));
        cut += database.cut_connections().await;
        assert_eq!(read.await.expect("it ends"), journal);
    }
    assert!(cut > 0);
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_with_a_reason() {
    let database = Database::new().await;
    let (_server, caller) = start(&database).await;
    caller.fund("5").await;

    let refused = builder(&database).seed(7).start().await.expect_err("seed");
    assert_eq!(refused.kind(), layer2_mock::StartErrorKind::Store);
    assert!(refused.to_string().contains("another seed"), "{refused}");

    let client = database.client().await;
    client
        .batch_execute("UPDATE layer2_store SET version = 99")
        .await
        .expect("newer");
    let refused = builder(&database).start().await.expect_err("newer tables");
    assert!(refused.to_string().contains("version 99"), "{refused}");

    for (url, reason) in [
        (format!("{}?sslmode=require", database.url()), "encrypted"),
        (format!("{}?colour=red", database.url()), "postgres://USER"),
        (format!("{}_gone", database.url()), "does not exist"),
        (
            "postgres://nobody:open-sesame@127.0.0.1:1/x".to_owned(),
            "refused",
        ),
    ] {
        let store = url.parse().expect("a store");
        let refused = builder(&database).store(store).start().await;
        let refused = refused.expect_err(reason).to_string();
        assert!(refused.contains(reason), "{refused}");
        for secret in ["sesame", "layer2:"] {
            assert!(!refused.contains(secret), "{refused}");
        }
    }
}
