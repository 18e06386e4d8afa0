//! The blocking client, from plain threads and from where it must not be used.

use std::time::Duration;

use http::HeaderMap;
use http::StatusCode;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::ErrorKind;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::blocking;
use layer2_sdk::payments::TransactionsListParams;
use layer2_sdk::payments::TransferId;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;

use crate::stage::SEED;
use crate::stage::TRANSFER;

/// A transfer for whoever asks for one, and two pages of transactions.
#[derive(Debug)]
struct Server;

#[async_trait::async_trait]
impl HttpTransport for Server {
    async fn execute(
        &self,
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpReply, TransportError> {
        let body = match request.operation().map(|operation| operation.id) {
            None => r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#,
            Some("transactions_list") if request.url().query().is_none_or(str::is_empty) => {
                r#"{"data":{"transactions":[{"id":"1"},{"id":"2"}]},"links":{"next":"?page=1"}}"#
            }
            Some("transactions_list") => {
                r#"{"data":{"transactions":[{"id":"3"}]},"links":{"next":""}}"#
            }
            Some(_) => r#"{"data":{"id":"11111111-2222-4333-8444-555555555555"}}"#,
        };
        Ok(HttpReply::new(StatusCode::OK, HeaderMap::new(), body))
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .environment(Environment::custom(
            "http://localhost/api",
            "http://localhost/token",
        ))
        .credentials("c", "s")
        .signing_key(SEED)
        .transport(Server)
}

fn id() -> TransferId {
    TransferId::new(TRANSFER).unwrap()
}

#[test]
fn a_plain_thread_waits_for_any_call_and_any_number_of_threads_may() {
    let client = blocking::Client::build(builder()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let key = IdempotencyKey::new(format!("order-{number}")).unwrap();
            let keyed = client.with(CallOptions::new().idempotency_key(key.clone()));
            scope.spawn(move || {
                let reply = keyed
                    .wait(async |client| client.transfers().accept(&id()).await)
                    .unwrap();
                assert_eq!(reply.idempotency_key(), Some(&key));
            });
        }
    });
}

#[test]
fn a_list_is_an_iterator_over_all_pages() {
    let client = blocking::Client::build(builder()).unwrap();
    let rows = client.iter(|client| {
        client
            .transactions()
            .list_stream(TransactionsListParams::new())
    });
    let ids: Vec<_> = rows.map(|row| row.unwrap().id.to_string()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
}

#[test]
fn an_iterator_tells_what_its_items_came_with() {
    let client = blocking::Client::build(builder()).unwrap();
    let mut rows = client.iter(|client| {
        client
            .transactions()
            .list_stream(TransactionsListParams::new())
    });
    assert!(rows.reply().is_none(), "nothing was asked");
    let mut next_pages = Vec::new();
    while let Some(row) = rows.next() {
        row.unwrap();
        let reply = rows.reply().unwrap();
        assert_eq!((reply.status(), reply.attempts()), (StatusCode::OK, 1));
        next_pages.push(reply.next.clone().unwrap());
    }
    assert_eq!(next_pages, ["?page=1", "?page=1", ""]);
}

#[test]
fn work_of_several_calls_and_errors_of_its_own_is_waited_for() {
    #[derive(Debug, PartialEq)]
    struct TooFew(usize);

    let client = blocking::Client::build(builder()).unwrap();
    let worked = client.run(async |client| {
        let kept = client.transfers().get(&id()).await;
        let again = client.transfers().get(&id()).await;
        let count = [kept, again].iter().flatten().count();
        if count < 3 {
            Err(TooFew(count))
        } else {
            Ok(())
        }
    });
    assert_eq!(worked.unwrap(), Err(TooFew(2)));
}

#[test]
fn inside_a_runtime_it_is_refused_and_dropped_without_a_panic() {
    let client = blocking::Client::build(builder()).unwrap();
    for multi in [false, true] {
        let mut runtime = match multi {
            false => tokio::runtime::Builder::new_current_thread(),
            true => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime.enable_all().build().unwrap();
        let client = client.clone();
        runtime.block_on(async {
            let error = client
                .wait(async |client| client.transfers().get(&id()).await)
                .unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Config, Outcome::NotSent)
            );
            let mut rows = client.iter(|client| {
                client
                    .transactions()
                    .list_stream(TransactionsListParams::new())
            });
            assert!(rows.next().unwrap().is_err() && rows.next().is_none());
            // The asynchronous one below works, and so does a thread that may wait.
            client.async_client().transfers().get(&id()).await.unwrap();
            let moved = client.clone();
            tokio::task::spawn_blocking(move || drop(moved))
                .await
                .unwrap();
            // Its own runtime ends here if this is the last clone.
            drop(blocking::Client::build(builder()).unwrap());
        });
    }
}

#[test]
fn a_blocking_thread_of_a_runtime_is_refused_and_a_thread_of_its_own_is_not() {
    let client = blocking::Client::build(builder()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let refused = client.clone();
        let refused = tokio::task::spawn_blocking(move || {
            refused.wait(async |client| client.transfers().get(&id()).await)
        });
        assert_eq!(
            refused.await.unwrap().unwrap_err().kind(),
            ErrorKind::Config
        );
        let waiting = std::thread::spawn(move || {
            client.wait(async |client| client.transfers().get(&id()).await)
        });
        assert!(waiting.join().unwrap().is_ok());
    });
}
