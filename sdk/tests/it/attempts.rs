//! What is sent again, what is not, and what stays the same when it is.

use std::time::Duration;

use ed25519_dalek::Signature;
use ed25519_dalek::SigningKey;
use layer2_sdk::CallOptions;
use layer2_sdk::ErrorKind;
use layer2_sdk::GaveUp;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::RetryPolicy;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::AccountUpdateRequest;
use layer2_sdk::payments::TransferId;
use layer2_sdk::payments::TransferRequest;

use crate::stage::Answer;
use crate::stage::SEED;
use crate::stage::START;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::TRANSFER;
use crate::stage::header;
use crate::stage::json;
use crate::stage::line;
use crate::stage::refusal;
use crate::stage::wire;

pub(crate) const ACCEPT: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";
const CREATE: &str = "/api/v1/transfers";
pub(crate) const ACCEPTED: &str =
    r#"{"data":{"id":"11111111-2222-4333-8444-555555555555","status":"ACCEPTED"}}"#;
const CREATED: &str =
    r#"{"data":{"id":"11111111-2222-4333-8444-555555555555","status":"REQUESTED"}}"#;

pub(crate) fn transfer_id() -> TransferId {
    TransferId::new(TRANSFER).unwrap()
}

fn transfer() -> TransferRequest {
    serde_json::from_str(
        r#"{"source_account_id":"A_USD","destination_account_id":"B_USD","amount":125.50}"#,
    )
    .unwrap()
}

fn update() -> AccountUpdateRequest {
    serde_json::from_str(
        r#"{"updates":[{"field":"status","value":"CLOSED"}],"updated_by":"a","reason":"b"}"#,
    )
    .unwrap()
}

/// Checks a signature with the public key, over a string that is put together here.
fn assert_signed(timestamp: &str, signature: &str, path: &str, body: &str) {
    let seed: [u8; 32] = hex::decode(SEED).unwrap().try_into().unwrap();
    let message = format!("{timestamp}POST{path}{body}");
    let bytes: [u8; 64] = hex::decode(signature).unwrap().try_into().unwrap();
    assert_eq!(signature, signature.to_lowercase());
    SigningKey::from_bytes(&seed)
        .verifying_key()
        .verify_strict(message.as_bytes(), &Signature::from_bytes(&bytes))
        .unwrap();
}

#[tokio::test]
async fn a_503_is_sent_again_with_the_same_key_and_a_fresh_signature() {
    let stage = Stage::new().await;
    let busy = json(503, "{}").insert_header("retry-after", "7");
    stage
        .on("POST", ACCEPT, stage.script([busy, json(200, ACCEPTED)]))
        .await;

    let reply = stage
        .client()
        .transfers()
        .accept(&transfer_id())
        .await
        .unwrap();

    assert_eq!(reply.attempts(), 2);
    assert_eq!(stage.time.sleeps(), [Duration::from_secs(7)]);
    let sent = stage.received(ACCEPT).await;
    let key = reply.idempotency_key().unwrap().as_str();
    for (number, request) in sent.iter().enumerate() {
        assert_eq!(header(request, "x-l2f-idempotency-id"), key);
        assert_eq!(header(request, "x-l2f-request-id"), reply.request_id());
        assert_eq!(header(request, "authorization"), "Bearer token-1");
        let timestamp = header(request, "x-timestamp");
        assert_eq!(timestamp, (START + 7 * number as u64).to_string());
        assert_signed(timestamp, header(request, "x-signature"), ACCEPT, "");
        assert!(!request.headers.contains_key("api-version"));
    }
    assert_eq!(sent.len(), 2);
    assert_ne!(
        header(&sent[0], "x-signature"),
        header(&sent[1], "x-signature")
    );
}

#[tokio::test]
async fn a_lost_reply_is_asked_for_again_with_the_same_key_and_a_fresh_signature() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![Answer::HangUp, wire("200 OK", ACCEPTED)]).await;
    let wait = Duration::from_secs(2);
    let client = stage
        .builder_at(socket.base())
        .retry(RetryPolicy::default().with_backoff(wait, wait))
        .build()
        .unwrap();

    let reply = client.transfers().accept(&transfer_id()).await.unwrap();

    assert_eq!(reply.attempts(), 2);
    let sent = socket.requests();
    assert_eq!(sent.len(), 2);
    for (number, request) in sent.iter().enumerate() {
        assert_eq!(
            line(request, "x-l2f-idempotency-id"),
            reply.idempotency_key().unwrap().as_str()
        );
        let timestamp = line(request, "x-timestamp");
        assert_eq!(timestamp, (START + 2 * number as u64).to_string());
        assert_signed(timestamp, line(request, "x-signature"), ACCEPT, "");
    }
}

#[tokio::test]
async fn a_lost_reply_to_what_has_no_key_is_unknown_and_not_sent_again() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![Answer::HangUp, wire("200 OK", "{}")]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();

    let error = client
        .accounts()
        .update(&AccountId::new("A_USD").unwrap(), &update())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ReplyLost, Outcome::Unknown)
    );
    assert_eq!(error.gave_up(), Some(GaveUp::Rule));
    assert!(!error.is_retryable());
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.idempotency_key(), None);
    assert_eq!(socket.requests().len(), 1);
    assert!(stage.time.sleeps().is_empty());
}

#[tokio::test]
async fn what_never_repeats_is_not_sent_again_after_a_503() {
    let stage = Stage::new().await;
    let path = "/api/v1/accounts/deposits/A_USD";
    stage
        .on("PATCH", path, stage.script([json(503, "{}")]))
        .await;

    let error = stage
        .client()
        .accounts()
        .update(&AccountId::new("A_USD").unwrap(), &update())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Server, Outcome::Unknown)
    );
    assert_eq!(error.gave_up(), Some(GaveUp::Rule));
    assert_eq!(stage.received(path).await.len(), 1);
}

#[tokio::test]
async fn what_never_left_is_tried_again_whatever_the_operation() {
    let stage = Stage::new().await;
    // Bound and not listening: the port is ours for the whole test, and nobody answers there.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base = format!("http://{}/api", closed.local_addr().unwrap());
    let client = stage.builder_at(base).build().unwrap();

    let error = client
        .accounts()
        .update(&AccountId::new("A_USD").unwrap(), &update())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Connect, Outcome::NotSent)
    );
    assert_eq!(error.gave_up(), Some(GaveUp::Attempts));
    assert_eq!(error.attempts(), 3);
    assert!(error.is_retryable());
    assert_eq!(
        stage.time.sleeps(),
        [Duration::from_millis(250), Duration::from_millis(500)]
    );
}

#[tokio::test]
async fn three_failures_are_enough_and_the_error_carries_the_key() {
    let stage = Stage::new().await;
    stage
        .on("POST", CREATE, stage.script([refusal(503, "TRY_LATER")]))
        .await;
    let key = IdempotencyKey::new("order-4711").unwrap();
    let client = stage.client().with(
        CallOptions::new()
            .idempotency_key(key.clone())
            .request_id("trace-1"),
    );

    let error = client.transfers().create(&transfer()).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Server, Outcome::Unknown)
    );
    assert_eq!(
        (error.attempts(), error.gave_up()),
        (3, Some(GaveUp::Attempts))
    );
    assert!(error.is_retryable() && error.has_code("TRY_LATER"));
    assert_eq!(error.idempotency_key(), Some(&key));
    assert_eq!(error.request_id(), Some("trace-1"));
    assert_eq!(error.operation().unwrap().id, "transfers_create");
    for request in stage.received(CREATE).await {
        assert_eq!(header(&request, "x-l2f-idempotency-id"), "order-4711");
        assert!(
            !request.headers.contains_key("x-signature"),
            "creating takes no signature"
        );
    }
}

#[tokio::test]
async fn a_call_may_have_another_policy_than_its_client() {
    let stage = Stage::new().await;
    stage
        .on("POST", CREATE, stage.script([json(503, "{}")]))
        .await;
    let client = stage.client();
    let patient = RetryPolicy::default()
        .with_max_attempts(5)
        .with_backoff(Duration::from_secs(1), Duration::from_secs(1));
    for (options, attempts, waits) in [
        (CallOptions::new().retry(RetryPolicy::never()), 1, 0),
        (CallOptions::new().retry(patient), 5, 4),
        (CallOptions::new(), 3, 6),
    ] {
        let error = client
            .with(options)
            .transfers()
            .create(&transfer())
            .await
            .unwrap_err();
        assert_eq!(
            (error.attempts(), error.gave_up()),
            (attempts, Some(GaveUp::Attempts))
        );
        assert_eq!(stage.time.sleeps().len(), waits);
    }
}

#[tokio::test]
async fn an_unknown_outcome_carries_what_resumes_it() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![
        Answer::HangUp,
        Answer::HangUp,
        Answer::HangUp,
        wire("200 OK", CREATED),
        Answer::HangUp,
    ])
    .await;
    let client = stage.builder_at(socket.base()).build().unwrap();

    let error = client.transfers().create(&transfer()).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 3));
    assert_eq!(error.operation().unwrap().id, "transfers_create");
    assert!(error.request_id().is_some() && error.is_retryable());
    let again = client.with(error.resume_options().unwrap());
    let reply = again.transfers().create(&transfer()).await.unwrap();
    assert_eq!(reply.idempotency_key(), error.idempotency_key());

    let keys: std::collections::BTreeSet<_> = socket
        .requests()
        .iter()
        .map(|request| line(request, "x-l2f-idempotency-id").to_owned())
        .collect();
    assert_eq!(keys.len(), 1, "one key over both calls");
    // A call without a key has nothing to resume with.
    let error = client
        .accounts()
        .update(&AccountId::new("A_USD").unwrap(), &update())
        .await
        .unwrap_err();
    assert!(error.resume_options().is_none());
}

#[tokio::test]
async fn a_doubt_outlives_a_later_refusal() {
    let stage = Stage::new().await;
    let refused = wire(
        "400 Bad Request",
        r#"{"errors":[{"code":"VALIDATION_FAILED"}]}"#,
    );
    let socket = Socket::play(vec![Answer::HangUp, refused]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();

    let error = client.transfers().create(&transfer()).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.outcome(),
        Outcome::Unknown,
        "the first attempt may have been done"
    );
}

#[tokio::test]
async fn a_lost_reply_to_a_read_changed_nothing() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![Answer::HangUp; 3]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();

    let error = client.transfers().get(&transfer_id()).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ReplyLost, Outcome::NotDone)
    );
    assert!(error.is_retryable());
    assert_eq!(error.attempts(), 3);
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![Answer::Silence]).await;
    let client = stage
        .builder_at(socket.base())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();

    let client = client.with(CallOptions::new().timeout(Duration::from_millis(50)));
    let error = client.transfers().create(&transfer()).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::Unknown)
    );
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_date_in_retry_after_is_waited_for() {
    let stage = Stage::new().await;
    let later = stage.time.http_date(Duration::from_secs(9));
    let busy = json(429, "{}").insert_header("retry-after", later.as_str());
    stage
        .on("POST", CREATE, stage.script([busy, json(200, CREATED)]))
        .await;

    stage
        .client()
        .transfers()
        .create(&transfer())
        .await
        .unwrap();

    assert_eq!(stage.time.sleeps(), [Duration::from_secs(9)]);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_ends_the_call_at_once() {
    let stage = Stage::new().await;
    stage
        .on(
            "POST",
            CREATE,
            stage.script([json(429, "{}").insert_header("retry-after", "61")]),
        )
        .await;

    let error = stage
        .client()
        .transfers()
        .create(&transfer())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::RateLimited, Outcome::NotDone)
    );
    assert_eq!(error.gave_up(), Some(GaveUp::Deadline));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(stage.time.sleeps().is_empty());
    assert_eq!(stage.received(CREATE).await.len(), 1);

    let patient = stage
        .client()
        .with(CallOptions::new().deadline(Duration::from_secs(100)));
    let error = patient.transfers().create(&transfer()).await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.gave_up()),
        (2, Some(GaveUp::Deadline)),
        "a second wait does not fit"
    );
}

#[tokio::test]
async fn an_empty_budget_ends_retries_for_all_calls_of_the_client() {
    let stage = Stage::new().await;
    stage
        .on("POST", CREATE, stage.script([json(503, "{}")]))
        .await;
    let client = stage.builder().retry_budget(10).build().unwrap();

    let first = client.transfers().create(&transfer()).await.unwrap_err();
    assert_eq!(
        (first.attempts(), first.gave_up()),
        (3, Some(GaveUp::Attempts))
    );
    let second = client
        .clone()
        .transfers()
        .create(&transfer())
        .await
        .unwrap_err();
    assert_eq!(
        (second.attempts(), second.gave_up()),
        (1, Some(GaveUp::Budget))
    );
}

#[tokio::test]
async fn what_follows_from_the_request_is_no_header_of_the_caller() {
    let stage = Stage::new().await;
    for name in [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "x-l2f-idempotency-id",
    ] {
        let value = http::HeaderValue::from_static("7");
        let options = CallOptions::new().header(name.parse().unwrap(), value);
        let error = stage
            .client()
            .with(options)
            .transfers()
            .create(&transfer())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (ErrorKind::InvalidRequest, Outcome::NotSent, 0)
        );
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(stage.received(CREATE).await.is_empty());
}

#[tokio::test]
async fn a_refusal_carries_the_request_id_that_the_platform_echoed() {
    let stage = Stage::new().await;
    let refused = refusal(400, "SAME_ACCOUNT").insert_header("x-l2f-request-id", "platform-7");
    stage.on("POST", CREATE, stage.script([refused])).await;

    let error = stage
        .client()
        .transfers()
        .create(&transfer())
        .await
        .unwrap_err();

    assert_eq!(error.request_id(), Some("platform-7"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stage = Stage::new().await;
    stage
        .on(
            "POST",
            ACCEPT,
            stage.script([json(307, "").insert_header("location", "/elsewhere")]),
        )
        .await;

    let error = stage
        .client()
        .transfers()
        .accept(&transfer_id())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::UnexpectedReply, Outcome::Unknown)
    );
    assert!(stage.received("/elsewhere").await.is_empty());
}
