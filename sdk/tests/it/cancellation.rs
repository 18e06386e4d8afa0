//! Callers that hang up: dropping the future of a call at any point leaves the client as it was.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::HeaderMap;
use http::StatusCode;
use layer2_sdk::BoxError;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::GaveUp;
use layer2_sdk::Signer;
use layer2_sdk::payments::DocumentId;
use layer2_sdk::payments::TransferId;
use layer2_sdk::runtime::Sleep;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::OpenReply;
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
    /// The operations that were called, in order.
    calls: Arc<Mutex<Vec<&'static str>>>,
    /// Calls get no reply while this is set.
    silent: Arc<AtomicBool>,
    /// Exchanges and bodies that were dropped or have ended.
    ended: Arc<AtomicU32>,
}

/// Counts the end of what it is part of.
struct Ends(Arc<AtomicU32>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Server {
    fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    fn ended(&self) -> u32 {
        self.ended.load(Ordering::SeqCst)
    }

    /// Notes a call and, unless the server is silent, lets it pass.
    async fn admit(&self, request: &HttpRequest) {
        let operation = request.operation().unwrap();
        self.calls.lock().unwrap().push(operation.id);
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
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
        let _ends = Ends(Arc::clone(&self.ended));
        self.admit(&request).await;
        let status = self.statuses.lock().unwrap().pop().unwrap_or(200);
        let status = StatusCode::from_u16(status).unwrap();
        Ok(HttpReply::new(status, HeaderMap::new(), REPLY))
    }

    /// A body of one chunk, after which nothing comes.
    async fn open(&self, request: HttpRequest, _: Duration) -> Result<OpenReply, TransportError> {
        let ends = Ends(Arc::clone(&self.ended));
        self.admit(&request).await;
        let first = futures_util::stream::iter([Ok(Bytes::from_static(b"%PDF"))]);
        let rest = futures_util::stream::once(async move {
            let _ends = ends;
            std::future::pending().await
        });
        Ok(OpenReply::new(
            StatusCode::OK,
            HeaderMap::new(),
            first.chain(rest),
        ))
    }
}

/// A key service that answers when it is let.
#[derive(Clone, Debug, Default)]
struct SlowSigner(Arc<Notify>);

#[async_trait]
impl Signer for SlowSigner {
    async fn sign(&self, _: &[u8]) -> Result<[u8; 64], BoxError> {
        self.0.notified().await;
        Ok([0; 64])
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
    builder(server, gate).build().unwrap()
}

fn builder(server: &Server, gate: &Gate) -> ClientBuilder {
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
}

/// Lets everything run that could: what a dropped call has left behind, if it has.
async fn let_others_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Polls a future once, which does not end it.
async fn begin(future: &mut Pin<Box<impl Future>>) {
    let poll = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context)));
    assert!(poll.await.is_pending());
}

/// Polls a future once and drops it.
async fn begin_and_drop(future: impl Future) {
    begin(&mut Box::pin(future)).await;
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
    begin(&mut leader).await;
    begin(&mut follower).await;
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
    begin(&mut waiting).await;
    let error = transfers.get(&id).await.unwrap_err();
    assert_eq!(error.gave_up(), Some(GaveUp::Budget));
}

#[tokio::test]
async fn a_caller_who_leaves_while_it_is_signed_sends_nothing() {
    let (server, gate, signer) = <(Server, Gate, SlowSigner)>::default();
    let client = builder(&server, &gate)
        .signer(signer.clone())
        .build()
        .unwrap();
    let id = TransferId::new(TRANSFER).unwrap();
    let transfers = client.transfers();
    server.may_answer.notify_one();
    transfers.get(&id).await.unwrap();

    begin_and_drop(transfers.accept(&id)).await;
    // The signature is ready now, and nobody is there any more to take it.
    signer.0.notify_waiters();
    let_others_run().await;
    assert_eq!(server.calls(), ["transfers_get"]);

    signer.0.notify_one();
    let reply = transfers.accept(&id).await.unwrap();
    assert_eq!(reply.attempts(), 1);
    assert_eq!(server.calls(), ["transfers_get", "transfers_accept"]);
    assert_eq!(*server.token_requests.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_while_the_reply_is_awaited_ends_the_exchange() {
    let (server, gate) = (Server::default(), Gate::default());
    let client = client(&server, &gate);
    let id = TransferId::new(TRANSFER).unwrap();
    let transfers = client.transfers();
    server.may_answer.notify_one();
    transfers.get(&id).await.unwrap();

    server.silent.store(true, Ordering::SeqCst);
    let mut call = Box::pin(transfers.get(&id));
    begin(&mut call).await;
    assert_eq!((server.calls().len(), server.ended()), (2, 1));
    drop(call);
    assert_eq!(server.ended(), 2, "the exchange went with its caller");
    server.silent.store(false, Ordering::SeqCst);
    gate.0.notify_waiters();
    let_others_run().await;
    assert_eq!(server.calls().len(), 2, "nothing is sent afterwards");
    assert_eq!(transfers.get(&id).await.unwrap().attempts(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_a_file_half_read_ends_its_body() {
    let (server, gate) = (Server::default(), Gate::default());
    let client = client(&server, &gate);
    let id = DocumentId::new("D-1").unwrap();
    let documents = client.documents();
    server.may_answer.notify_one();

    // While the head is awaited, and not a byte later.
    server.silent.store(true, Ordering::SeqCst);
    let mut head = Box::pin(documents.download_stream(&id));
    begin(&mut head).await;
    assert_eq!((server.calls().len(), server.ended()), (1, 0));
    drop(head);
    assert_eq!(server.ended(), 1);

    // Between two chunks, whoever holds the body: the stream itself, or one who reads it to its end.
    server.silent.store(false, Ordering::SeqCst);
    let mut file = documents.download_stream(&id).await.unwrap().into_inner();
    assert_eq!(file.next().await.unwrap().unwrap(), "%PDF");
    drop(file);
    assert_eq!(server.ended(), 2);
    let file = documents.download_stream(&id).await.unwrap().into_inner();
    begin_and_drop(file.bytes()).await;
    assert_eq!(server.ended(), 3);

    gate.0.notify_waiters();
    let_others_run().await;
    assert_eq!(server.calls(), ["documents_download"; 3]);
}
