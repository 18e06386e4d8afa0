//! A front: passes requests on to a server that it is told, as a proxy before it would, and says what passed.
//!
//! The programs are processes of their own. What they do at the same time, and how much they ask for, is seen from here.

use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

/// Longest body that passes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A proxy on a port of its own.
#[derive(Clone, Default)]
pub(crate) struct Front {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    http: reqwest::Client,
    /// Scheme, host and port of the server behind.
    behind: OnceLock<String>,
    /// Requests to this path wait for each other, if there is one.
    gate: OnceLock<(&'static str, Barrier)>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    paths: Vec<String>,
    now: usize,
    most: usize,
}

impl Front {
    /// Listens. Gives scheme, host and port.
    pub(crate) async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(pass).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    /// Names the server behind.
    pub(crate) fn pass_to(&self, url: &str) {
        self.inner.behind.set(url.to_owned()).unwrap();
    }

    /// Lets requests to a path pass in groups of so many alone: fewer at once would wait until their time is over.
    pub(crate) fn gather(&self, path: &'static str, at_once: usize) {
        let gate = (path, Barrier::new(at_once));
        assert!(self.inner.gate.set(gate).is_ok(), "one gate");
    }

    /// The most requests below a path that were on their way at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.inner.seen.lock().unwrap().most
    }

    /// How many requests to a path have passed.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.inner.seen.lock().unwrap();
        seen.paths.iter().filter(|passed| *passed == path).count()
    }
}

async fn pass(State(front): State<Front>, request: Request) -> Response {
    let inner = &front.inner;
    let path = request.uri().path().to_owned();
    {
        let mut seen = inner.seen.lock().unwrap();
        seen.now += 1;
        seen.most = seen.most.max(seen.now);
        seen.paths.push(path.clone());
    }
    if let Some((gated, barrier)) = inner.gate.get()
        && path == *gated
    {
        barrier.wait().await;
    }
    let reply = forward(inner, request).await;
    inner.seen.lock().unwrap().now -= 1;
    reply.unwrap_or_else(|why| (StatusCode::BAD_GATEWAY, why).into_response())
}

async fn forward(inner: &Inner, request: Request) -> Result<Response, String> {
    let behind = inner.behind.get().ok_or("nobody is behind yet")?;
    let (head, body) = request.into_parts();
    let url = format!("{behind}{}", head.uri);
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|why| why.to_string())?;
    let sent = inner
        .http
        .request(head.method, url)
        .headers(head.headers)
        .body(body);
    let reply = sent.send().await.map_err(|why| why.to_string())?;
    let mut response = Response::builder().status(reply.status());
    for (name, value) in reply.headers() {
        response = response.header(name, value);
    }
    let body = reply.bytes().await.map_err(|why| why.to_string())?;
    response
        .body(Body::from(body))
        .map_err(|why| why.to_string())
}
