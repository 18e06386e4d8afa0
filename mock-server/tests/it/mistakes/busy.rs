//! What the control API says while somebody else moves the clock.

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::post as route};
use reqwest::Method;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinHandle};

use super::setting::{Mistake, Setting, control, post};
use crate::support::Reply;

/// A call that settles and waits for a receiver which does not answer.
pub(super) struct Held {
    gate: Arc<Semaphore>,
    settling: JoinHandle<Reply>,
}

impl Held {
    /// Lets the receiver answer and the call end.
    pub(super) async fn release(self) {
        self.gate.add_permits(100);
        let settled = self.settling.await.expect("settled").ok();
        assert_eq!(settled["complete"], true, "{settled}");
    }
}

pub(super) async fn set_up(at: &mut Setting) -> Held {
    at.files.insert("file", at.caller.export().await);
    let gate = Arc::new(Semaphore::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("bind");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let held = Arc::clone(&gate);
    let hook = move || async move {
        arrived.send(()).expect("test");
        held.acquire().await.expect("open").forget();
        StatusCode::OK
    };
    let app = Router::new().route("/hook", route(hook));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let body = json!({"event_type": "TRANSACTION_POSTED", "callback_url": url});
    at.ok(post("/api/v1/subscriptions", body)).await;
    at.caller.fund("5").await;
    arrivals.recv().await.expect("the delivery is on its way");
    let caller = at.caller.clone();
    let settling = tokio::spawn(async move { caller.control(Method::POST, "/settle", None).await });
    // The turn is looked at before the number of seconds, so this says who has it and moves nothing.
    let ages = Some(r#"{"seconds":99999999999}"#);
    for _ in 0..10_000 {
        let probe = at.caller.control(Method::POST, "/clock/advance", ages);
        if probe.await.code() == "CLOCK_BUSY" {
            return Held { gate, settling };
        }
    }
    panic!("nobody has the turn");
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let minute = json!({"seconds": 60});
    let mut all = at.requests(vec![
        ("advance", post(&control("/clock/advance"), minute)),
        ("settle", post(&control("/settle"), "")),
        ("reset", post(&control("/reset"), "")),
    ]);
    all.push(("restore", at.sending("/sandboxes/default/restore", "file")));
    all
}
