//! Webhooks of shared sandboxes: sent once each while all servers live, and by another one when the one that sends dies.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio_postgres::{AsyncMessage, Client, NoTls, Notification};

use super::{servers, start};
use crate::postgres::database::Database;

/// How often each event has come.
#[derive(Default)]
pub(super) struct Inbox {
    events: Mutex<BTreeMap<String, usize>>,
    came: Notify,
}

impl Inbox {
    /// Waits until so many different events have come.
    async fn has(&self, number: usize) {
        loop {
            let came = self.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if self.events.lock().expect("inbox").len() >= number {
                return;
            }
            came.await;
        }
    }

    pub(super) fn assert_once_each(&self, number: usize) {
        let events = self.events.lock().expect("inbox");
        assert_eq!(events.len(), number);
        assert!(events.values().all(|times| *times == 1), "{events:?}");
    }
}

/// Starts a receiver and gives its URL.
pub(super) async fn receiver() -> (String, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("bind");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let app = Router::new()
        .route("/hook", post(take))
        .with_state(Arc::clone(&inbox));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, inbox)
}

async fn take(State(inbox): State<Arc<Inbox>>, body: Bytes) {
    let event: Value = serde_json::from_slice(&body).expect("JSON");
    let id = event["event_id"].as_str().expect("id").to_owned();
    *inbox.events.lock().expect("inbox").entry(id).or_default() += 1;
    inbox.came.notify_waiters();
}

pub(super) fn subscription(url: &str) -> String {
    json!({"event_type": "TRANSACTION_POSTED", "callback_url": url}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_sent_once_whichever_server_made_it() {
    let database = Database::new().await;
    let servers = servers::<3>(&database).await;
    let (url, inbox) = receiver().await;
    servers[1]
        .1
        .post("/api/v1/subscriptions", &subscription(&url))
        .await
        .ok();
    for round in 0..10 {
        for (_, caller) in &servers {
            caller.fund("1").await;
        }
        // One that sends itself, and one that waits for another to send.
        let settled = servers[round % 3].1.settle().await;
        assert_eq!(settled["complete"], true, "{settled}");
        inbox.assert_once_each((round + 1) * 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_one_that_sends_ends_another_one_sends() {
    let database = Database::new().await;
    let (first, caller) = start(&database).await;
    let (url, inbox) = receiver().await;
    caller
        .post("/api/v1/subscriptions", &subscription(&url))
        .await
        .ok();
    caller.fund("1").await;
    inbox.has(1).await;
    let (_second, other) = start(&database).await;
    // The first one sends what the second one makes, as it is told of it.
    other.fund("1").await;
    inbox.has(2).await;
    drop(first);
    other.fund("1").await;
    inbox.has(3).await;
    inbox.assert_once_each(3);
}

/// A client that hears what servers tell each other.
async fn listener(database: &Database) -> (Client, mpsc::UnboundedReceiver<Notification>) {
    let connected = tokio_postgres::connect(&database.url(), NoTls).await;
    let (client, mut connection) = connected.expect("connect");
    let (heard, hearing) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(news) = message {
                let _ = heard.send(news);
            }
        }
    });
    client
        .batch_execute("LISTEN layer2")
        .await
        .expect("listens");
    (client, hearing)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_that_sends_is_told_of_what_is_to_be_sent_and_not_of_every_command() {
    const TRANSFERS: usize = 20;
    let database = Database::new().await;
    let (_first, caller) = start(&database).await;
    let (url, inbox) = receiver().await;
    let subscription = subscription(&url);
    caller
        .post("/api/v1/subscriptions", &subscription)
        .await
        .ok();
    caller.fund("100").await;
    inbox.has(1).await;
    caller.settle().await;
    let (_second, other) = start(&database).await;
    let (client, mut hearing) = listener(&database).await;
    let mut told = async || {
        // What was told before this answer has come before it.
        client.batch_execute("SELECT 1").await.expect("answered");
        std::iter::from_fn(|| hearing.try_recv().ok()).count()
    };
    for _ in 0..TRANSFERS {
        other.transfer("1").await;
    }
    let of_transfers = told().await;
    assert!(of_transfers <= 2, "{of_transfers} of {TRANSFERS}");
    other.fund("1").await;
    inbox.has(2).await;
    assert!(told().await > 0);
}
