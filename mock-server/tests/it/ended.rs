//! A server that is ended in order while clients write and webhooks are on their way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    broken,
    support::{Caller, Reply, TestServer},
    webhooks::receivers::Held,
};

/// Makes transfers until it is told that the server ends, or cannot reach it any more. Counts what is acknowledged.
async fn write(caller: Caller, acknowledged: Arc<AtomicUsize>) {
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;
    loop {
        let request = caller.request(reqwest::Method::POST, "/api/v1/transfers", Some(body), &[]);
        let Ok(response) = request.send().await else {
            return;
        };
        if !response.status().is_success() {
            let refused = Reply::read(response).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.code(), "STORE_UNAVAILABLE", "{}", refused.text);
            assert_eq!(refused.header("retry-after"), Some("1"));
            return;
        }
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
}

/// Ends a server under load, and gives how many transfers it has acknowledged. It has two sandboxes; the one that is written
/// to is the first one to be given its last snapshot.
pub(crate) async fn under_load(server: TestServer, caller: &Caller) -> usize {
    const WRITERS: usize = 8;
    const RECEIVERS: usize = 14;
    let other = broken::make(caller, "other").await;
    let mut held = Held::start().await;
    let subscription =
        json!({"event_type": "TRANSACTION_POSTED", "callback_url": held.url}).to_string();
    for _ in 0..RECEIVERS {
        let made = caller.post("/api/v1/subscriptions", &subscription);
        made.await.ok();
    }
    caller.fund("100").await;
    for _ in 0..RECEIVERS {
        held.arrivals.recv().await.expect("it is sent");
    }
    for _ in 0..100 {
        other.fund("1").await;
    }
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write(caller.clone(), Arc::clone(&acknowledged)));
    }
    while acknowledged.load(Ordering::Acquire) < 2 * WRITERS {
        tokio::task::yield_now().await;
    }
    let ending = tokio::task::spawn_blocking(move || drop(server));
    held.gate.add_permits(RECEIVERS);
    ending.await.expect("it ends");
    while let Some(writer) = writers.join_next().await {
        writer.expect("refused in order");
    }
    acknowledged.load(Ordering::Acquire)
}

/// All that was acknowledged is there.
pub(crate) fn assert_kept(server: &TestServer, acknowledged: usize) {
    let rows = server.journal("default").expect("journal");
    let commands = rows.iter().map(|row| format!("{:?}", row.command));
    let made = commands.filter(|command| command.contains("transfers_create"));
    assert!(made.count() >= acknowledged);
}
