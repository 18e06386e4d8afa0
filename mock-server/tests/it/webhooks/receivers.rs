//! Receivers of webhooks: those that answer as they are told, and those that wait until they are let.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, handler::Handler, routing::post};
use http::{HeaderMap, StatusCode, Uri};
use tokio::sync::{Semaphore, mpsc::UnboundedReceiver};

/// What a receiver got, and what it will answer next (204 when the list is empty).
#[derive(Default)]
pub(crate) struct Inbox {
    answers: VecDeque<u16>,
    pub(crate) received: Vec<(Uri, HeaderMap, Bytes)>,
}

pub(crate) type Shared = Arc<Mutex<Inbox>>;

/// Starts a receiver and gives its URL.
pub(crate) async fn receiver(answers: &[u16]) -> (String, Shared) {
    let inbox: Shared = Arc::new(Mutex::new(Inbox {
        answers: answers.iter().copied().collect(),
        received: Vec::new(),
    }));
    let kept = Arc::clone(&inbox);
    let hook = move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let mut inbox = kept.lock().expect("inbox");
        inbox.received.push((uri, headers, body));
        let answer = inbox.answers.pop_front().unwrap_or(204);
        StatusCode::from_u16(answer).expect("status")
    };
    let url = listen(hook).await;
    (format!("{url}?tenant=a"), inbox)
}

/// A receiver that answers one delivery for each permit of its gate.
pub(crate) struct Held {
    pub(crate) url: String,
    pub(crate) gate: Arc<Semaphore>,
    /// Something for each delivery that has arrived.
    pub(crate) arrivals: UnboundedReceiver<()>,
}

impl Held {
    pub(crate) async fn start() -> Held {
        let gate = Arc::new(Semaphore::new(0));
        let (arrived, arrivals) = tokio::sync::mpsc::unbounded_channel();
        let held = Arc::clone(&gate);
        let hook = move || async move {
            arrived.send(()).expect("test");
            held.acquire().await.expect("open").forget();
            StatusCode::OK
        };
        let url = listen(hook).await;
        Held {
            url,
            gate,
            arrivals,
        }
    }
}

/// Serves a hook at a free port and gives its URL.
pub(crate) async fn listen<T: 'static>(hook: impl Handler<T, ()>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("bind");
    let address = listener.local_addr().expect("address");
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/hook")
}
