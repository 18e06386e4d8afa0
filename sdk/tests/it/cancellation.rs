//! Callers that hang up: dropping the future of a call at any point leaves the client as it was.

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use http::StatusCode;
use layer2_sdk::Client;
use layer2_sdk::Environment;
use layer2_sdk::GaveUp;
use layer2_sdk::payments::TransferId;
use layer2_sdk::runtime::Sleep;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;
use tokio::sync::Notify;

use crate::stage::TRANSFER;

const TOKEN: &str = r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#;
const REPLY: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555"}}"#;

/// A server that answers tokens when it is let, and every call with a status of the test's choice.
#[derive(Clone, Debug, Default)]
struct Server {
    may_answer: Arc<Notify>,
    token_requests: Arc<Mutex<u32>>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

#[async_trait]
impl HttpTransport for Server {
    async fn execute(
        &self,
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpReply, TransportError> {
        if request.operation().is_none() {
            *self.token_requests.lock().unwrap() += 1;
            self.may_answer.notified().await;
            return Ok(HttpReply::new(StatusCode::OK, HeaderMap::new(), TOKEN));
        }
        let status = self.statuses.lock().unwrap().pop().unwrap_or(200);
        let status = StatusCode::from_u16(status).unwrap();
        Ok(HttpReply::new(status, HeaderMap::new(), REPLY))
    }
}

/// A wait that never ends unless the test lets it.
#[derive(Clone, Debug, Default)]
struct Gate(Arc<Notify>);

#[async_trait]
impl Sleep for Gate {
    async fn sleep(&self, _: Duration) {
        self.0.notified().await;
    }
}

fn client(server: &Server, gate: &Gate) -> Client {
    Client::builder()
        .environment(Environment::custom(
            "http://localhost/api",
            "http://localhost/token",
        ))
        .credentials("c", "s")
        .transport(server.clone())
        .sleep(gate.clone())
        // Enough for one retry and no more.
        .retry_budget(5)
        .build()
        .unwrap()
}

/// Polls a future once and drops it.
async fn begin_and_drop(future: impl Future) {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_caller_who_leaves_while_he_fetches_the_token_leaves_the_way_free() {
    let (server, gate) = (Server::default(), Gate::default());
    let client = client(&server, &gate);
    let id = TransferId::new(TRANSFER).unwrap();
    let transfers = client.transfers();

    let mut waiting = Box::pin(transfers.get(&id));
    begin_and_drop(transfers.get(&id)).await;
    assert_eq!(*server.token_requests.lock().unwrap(), 1);
    // The next one flies by himself, and is not told the failure of somebody who went away.
    server.may_answer.notify_one();
    waiting.as_mut().await.unwrap();
    assert_eq!(*server.token_requests.lock().unwrap(), 2);
}

#[tokio::test]
async fn who_waits_behind_a_caller_that_leaves_takes_his_place() {
    let (server, gate) = (Server::default(), Gate::default());
    let client = client(&server, &gate);
    let id = TransferId::new(TRANSFER).unwrap();
    let transfers = client.transfers();

    let mut leader = Box::pin(transfers.get(&id));
    let mut follower = Box::pin(transfers.get(&id));
    std::future::poll_fn(|context| {
        assert!(leader.as_mut().poll(context).is_pending());
        assert!(follower.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    assert_eq!(*server.token_requests.lock().unwrap(), 1, "one flies");
    drop(leader);
    server.may_answer.notify_one();
    follower.await.unwrap();
    assert_eq!(*server.token_requests.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_caller_who_leaves_before_his_retry_gets_its_price_back() {
    let (server, gate) = (Server::default(), Gate::default());
    let client = client(&server, &gate);
    let id = TransferId::new(TRANSFER).unwrap();
    let transfers = client.transfers();
    server.may_answer.notify_one();
    transfers.get(&id).await.unwrap();

    // Ten callers fail and leave in the wait before their retry. The budget has room for one retry alone.
    for _ in 0..10 {
        server.statuses.lock().unwrap().push(503);
        begin_and_drop(transfers.get(&id)).await;
    }
    server.statuses.lock().unwrap().push(503);
    gate.0.notify_one();
    assert_eq!(transfers.get(&id).await.unwrap().attempts(), 2);

    // The proof that the budget is as small as that: two who wait at once are one too many.
    server.statuses.lock().unwrap().extend([503, 503]);
    let mut waiting = Box::pin(transfers.get(&id));
    std::future::poll_fn(|context| {
        assert!(waiting.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    let error = transfers.get(&id).await.unwrap_err();
    assert_eq!(error.gave_up(), Some(GaveUp::Budget));
}
