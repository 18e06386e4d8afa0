//! One of three servers is killed in the middle of its work (SIGKILL): what it had begun has happened once or not at all,
//! and whoever asks another one under the same key learns which, or has it done.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::task::JoinSet;

use super::balance;
use crate::{
    postgres::database::Database,
    program::Running,
    support::{Caller, folder},
};

const SENDERS: usize = 12;

const EACH: usize = 12;

/// The real program on the database.
async fn start(database: &Database) -> Running {
    Running::start(&database.url(), folder().path()).await
}

/// The body of a good reply, from the first caller that gives one. A server that is dead gives none.
async fn insist(callers: &[Caller], request: impl Fn(&Caller) -> RequestBuilder) -> Value {
    for caller in callers {
        let Ok(reply) = request(caller).send().await else {
            continue;
        };
        let status = reply.status();
        let Ok(text) = reply.text().await else {
            continue;
        };
        assert!(status.is_success(), "{status} {text}");
        return serde_json::from_str(&text).expect("JSON");
    }
    panic!("nobody answers");
}

/// A transfer of one cent, under one key its request and under another its acceptance.
async fn transfer(callers: &[Caller], key: &str) -> String {
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;
    let headers = [("x-l2f-idempotency-id", key)];
    let made = insist(callers, |caller| {
        caller.request(Method::POST, "/api/v1/transfers", Some(body), &headers)
    });
    let id = made.await["data"]["id"].as_str().expect("id").to_owned();
    let path = format!("/api/v1/transfers/{id}/accept");
    let key = format!("{key}-accept");
    insist(callers, |caller| caller.signed(&path, &key)).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_had_begun_is_settled_by_another_under_the_same_key() {
    let database = Database::new().await;
    let mut first = start(&database).await;
    let second = start(&database).await;
    let third = start(&database).await;
    second.caller.fund("100").await;
    let callers = [&first, &second, &third].map(|server| server.caller.clone());
    let done = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let mut callers = callers.clone();
        // Half of them have the one that dies as their first.
        if sender % 2 == 1 {
            callers.rotate_left(1);
        }
        let done = Arc::clone(&done);
        senders.spawn(async move {
            let mut ids = Vec::new();
            for number in 0..EACH {
                ids.push(transfer(&callers, &format!("{sender}-{number}")).await);
                done.fetch_add(1, Ordering::AcqRel);
            }
            ids
        });
    }
    while done.load(Ordering::Acquire) < SENDERS * EACH / 3 {
        tokio::task::yield_now().await;
    }
    first.kill();
    let ids: BTreeSet<String> = senders.join_all().await.into_iter().flatten().collect();
    assert_eq!(ids.len(), SENDERS * EACH, "each key has one transfer");
    let moved = i64::try_from(SENDERS * EACH).expect("a small number");
    for caller in [&second.caller, &third.caller] {
        assert_eq!(balance(caller, "JANE_USD").await, moved);
        assert_eq!(balance(caller, "ACME_USD").await, 10_000 - moved);
        let books = caller.control(Method::GET, "/ledger/trial-balance", None);
        assert_eq!(books.await.ok()["balanced"], true);
    }
}
