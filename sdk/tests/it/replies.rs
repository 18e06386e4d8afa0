//! What a caller is told: replies that do not read, refusals, and calls that are not sent.

use layer2_sdk::CallOptions;
use layer2_sdk::ErrorKind;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::Platform;
use layer2_sdk::RetryPolicy;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::TransactionsListParams;
use layer2_sdk::payments::TransferId;

use crate::stage::Answer;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::TRANSFER;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;
use crate::stage::wire;

const GET: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555";
const ACCEPT: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";

fn transfer_id() -> TransferId {
    TransferId::new(TRANSFER).unwrap()
}

#[tokio::test]
async fn a_success_that_does_not_read_is_done_and_keeps_its_bytes() {
    let stage = Stage::new().await;
    let body = r#"{"data":{"id":["secret-4711"],"status":"ACCEPTED"}}"#;
    stage
        .on("POST", ACCEPT, stage.script([json(200, body)]))
        .await;

    let error = stage
        .client()
        .transfers()
        .accept(&transfer_id())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Decode, Outcome::Done)
    );
    assert_eq!(error.raw_body(), Some(body.as_bytes()));
    assert_eq!(error.status().unwrap().as_u16(), 200);
    assert_eq!(error.attempts(), 1);
    assert!(!error.is_retryable());
    assert!(error.idempotency_key().is_some());
    assert!(error.to_string().contains("data.id"), "{error}");
    assert!(!format!("{error:?} {error}").contains("4711"), "{error:?}");
    assert_eq!(stage.received(ACCEPT).await.len(), 1);
}

#[tokio::test]
async fn an_amount_that_cannot_be_held_is_named_and_not_rounded() {
    let stage = Stage::new().await;
    let body =
        r#"{"data":{"id":"t","source_details":{"amount_to_debit":12345678901234567890123456789}}}"#;
    stage.on("GET", GET, stage.script([json(200, body)])).await;

    let error = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error
            .to_string()
            .contains("`data.source_details.amount_to_debit`"),
        "{error}"
    );
    assert_eq!(error.raw_body(), Some(body.as_bytes()));
}

#[tokio::test]
async fn a_success_whose_body_breaks_off_is_fetched_again_by_its_key_or_stays_done() {
    let stage = Stage::new().await;
    let cut = Answer::Write("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\"".to_owned());
    let whole = wire("200 OK", r#"{"data":{"id":"t","status":"ACCEPTED"}}"#);
    let socket = Socket::play(vec![cut.clone(), whole]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();
    assert_eq!(
        client
            .transfers()
            .accept(&transfer_id())
            .await
            .unwrap()
            .attempts(),
        2
    );

    let socket = Socket::play(vec![cut.clone(), cut.clone(), cut]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();
    let error = client.transfers().accept(&transfer_id()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ReplyCut, Outcome::Done)
    );
}

#[tokio::test]
async fn a_refusal_tells_its_codes_and_is_not_repeated() {
    let stage = Stage::new().await;
    let cases = [
        (400, ErrorKind::Refused),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Refused),
        (422, ErrorKind::Refused),
    ];
    for (status, kind) in cases {
        let stage = Stage::new().await;
        let reply = refusal(status, "SOME_CODE").insert_header("x-l2f-request-id", "theirs");
        stage.on("POST", ACCEPT, stage.script([reply])).await;
        let error = stage
            .client()
            .transfers()
            .accept(&transfer_id())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (kind, Outcome::NotDone),
            "{status}"
        );
        assert_eq!(error.codes().collect::<Vec<_>>(), ["SOME_CODE"]);
        assert!(!error.is_retryable());
        assert_eq!(stage.received(ACCEPT).await.len(), 1);
    }
    drop(stage);
}

#[tokio::test]
async fn an_error_tells_what_came_around_its_reply() {
    let marked = |status: u16, body: &str| json(status, body).insert_header("x-of-the-reply", "7");
    for (status, body, kind) in [
        (403, "{}", ErrorKind::Forbidden),
        (429, "{}", ErrorKind::RateLimited),
        (500, "{}", ErrorKind::Server),
        (202, "{}", ErrorKind::UnexpectedReply),
        (200, "[]", ErrorKind::Decode),
    ] {
        let stage = Stage::new().await;
        let reply = stage.script([marked(status, body)]);
        stage.on("POST", ACCEPT, reply).await;
        let error = stage.client().transfers().accept(&transfer_id()).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.headers().unwrap()["x-of-the-reply"], "7", "{kind:?}");
    }

    // A body that breaks off has its headers, and what had no reply has none.
    let head = "HTTP/1.1 200 OK\r\nx-of-the-reply: 7\r\ncontent-length: 500\r\n\r\n{";
    for (answer, is_told) in [
        (Answer::Write(head.to_owned()), true),
        (Answer::HangUp, false),
    ] {
        let stage = Stage::new().await;
        let socket = Socket::play(vec![answer]).await;
        let builder = stage.builder_at(socket.base()).retry(RetryPolicy::never());
        let client = builder.build().unwrap();
        let error = client.transfers().accept(&transfer_id()).await.unwrap_err();
        let told = error.headers().map(|headers| &headers["x-of-the-reply"]);
        assert_eq!(told.is_some(), is_told, "{error}");
    }

    // A token endpoint that refuses.
    let stage = Stage::without_tokens().await;
    stage.on("POST", TOKEN_PATH, marked(400, "{}")).await;
    let error = stage.client().transfers().accept(&transfer_id()).await;
    let error = error.unwrap_err();
    assert_eq!(error.headers().unwrap()["x-of-the-reply"], "7");
}

#[tokio::test]
async fn a_doubt_is_answered_by_what_the_platform_can_tell_apart() {
    let stage = Stage::new().await;
    let failed = || stage.script([json(500, "{}")]);
    stage.on("POST", ACCEPT, failed()).await;
    stage
        .on("PATCH", "/api/v1/accounts/deposits/A", failed())
        .await;

    let keyed = stage.client().transfers().accept(&transfer_id()).await;
    let keyed = keyed.unwrap_err();
    let update = serde_json::from_str(r#"{"updates":[],"updated_by":"a","reason":"b"}"#).unwrap();
    let account = AccountId::new("A").unwrap();
    let keyless = stage.client().accounts().update(&account, &update).await;
    let keyless = keyless.unwrap_err();

    for (error, again) in [(keyed, true), (keyless, false)] {
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(error.idempotency_key().is_some(), again);
        let said = error.to_string();
        assert_eq!(said.contains("same idempotency key"), again, "{said}");
        assert_ne!(said.contains("before anything else"), again, "{said}");
    }
}

#[tokio::test]
async fn a_saved_reply_is_known_by_its_mark() {
    let ours = http::HeaderName::from_static("x-was-saved");
    for (mark, value, of, is_replayed) in [
        (None, "true", None, false),
        (Some("idempotent-replayed"), "true", None, true),
        (Some("idempotent-replayed"), "false", None, false),
        (Some("x-was-saved"), "yes", None, false),
        (Some("x-was-saved"), "yes", Some(&ours), true),
        (Some("idempotent-replayed"), "true", Some(&ours), false),
    ] {
        let stage = Stage::new().await;
        let body = r#"{"data":{"id":"t"}}"#;
        let reply = || match mark {
            Some(name) => json(200, body).insert_header(name, value),
            None => json(200, body),
        };
        stage.on("POST", ACCEPT, stage.script([reply()])).await;
        stage.on("GET", GET, stage.script([reply()])).await;
        let builder = match of {
            Some(name) => stage.builder().replayed_header(name.clone()),
            None => stage.builder(),
        };
        let client = builder.build().unwrap();
        let accepted = client.transfers().accept(&transfer_id()).await.unwrap();
        assert_eq!(accepted.is_replayed(), is_replayed, "{mark:?} {value}");
        assert_eq!(accepted.map(|_| ()).is_replayed(), is_replayed);
        let read = client.transfers().get(&transfer_id()).await.unwrap();
        assert!(!read.is_replayed(), "a read carries no key");
    }
}

#[tokio::test]
async fn a_reply_tells_what_came_around_it() {
    let stage = Stage::new().await;
    let reply = json(200, r#"{"data":{"id":"t-1"}}"#).insert_header("x-l2f-request-id", "theirs");
    stage.on("GET", GET, stage.script([reply])).await;

    let reply = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap();

    assert_eq!(reply.id.as_str(), "t-1");
    assert_eq!(reply.status().as_u16(), 200);
    assert_eq!(reply.request_id(), "theirs");
    assert_eq!(reply.headers()["content-type"], "application/json");
    assert_eq!(reply.idempotency_key(), None, "a read has no key");
    let sent = stage.received(GET).await;
    assert!(!sent[0].headers.contains_key("x-l2f-idempotency-id"));
}

#[tokio::test]
async fn ids_that_would_change_the_path_are_not_sent() {
    let stage = Stage::new().await;
    for text in ["..", ".", "", "a/../..", "../../../x"] {
        // A reply's id is kept as it was sent, so such an id can come back from a server.
        let id: TransferId = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
        let result = stage.client().transfers().accept(&id).await;
        let error = result.unwrap_err();
        // Slashes are escaped by the generated code and stay in their segment; the server then says what it thinks.
        if text.contains('/') {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
        } else {
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::InvalidRequest, Outcome::NotSent),
                "{text}"
            );
            assert_eq!(error.attempts(), 0);
        }
    }
    let all = stage.server.received_requests().await.unwrap();
    assert!(
        all.iter()
            .all(|request| !request.url.path().starts_with("/api/v1/accept")),
        "{all:?}"
    );
}

#[tokio::test]
async fn calls_that_cannot_be_right_are_not_sent() {
    let stage = Stage::new().await;
    let not_sent = |error: layer2_sdk::Error| {
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
        (error.kind(), error.to_string())
    };

    let old = stage
        .builder()
        .platform(Platform::Layer2V1_0_5)
        .build()
        .unwrap();
    let (kind, text) = not_sent(
        old.transactions()
            .list(&TransactionsListParams::new())
            .await
            .unwrap_err(),
    );
    assert_eq!(kind, ErrorKind::NotOnPlatform);
    assert!(
        text.contains("layer2-1.0.5") && text.contains("rail-1.1.2"),
        "{text}"
    );

    let unsigned = layer2_sdk::Client::builder()
        .environment(layer2_sdk::Environment::custom(
            stage.base(),
            stage.token_url(),
        ))
        .credentials("c", "s")
        .build()
        .unwrap();
    let (kind, text) = not_sent(
        unsigned
            .transfers()
            .accept(&transfer_id())
            .await
            .unwrap_err(),
    );
    assert_eq!(kind, ErrorKind::Signer);
    assert!(text.contains("signing_key"), "{text}");

    let by_hand = CallOptions::new().header(
        http::HeaderName::from_static("x-signature"),
        http::HeaderValue::from_static("00"),
    );
    let (kind, _) = not_sent(
        stage
            .client()
            .with(by_hand)
            .transfers()
            .get(&transfer_id())
            .await
            .unwrap_err(),
    );
    assert_eq!(kind, ErrorKind::InvalidRequest);

    let keyed = CallOptions::new().idempotency_key(IdempotencyKey::new("k").unwrap());
    let update = serde_json::from_str(r#"{"updates":[],"updated_by":"a","reason":"b"}"#).unwrap();
    let account = AccountId::new("A").unwrap();
    let (kind, _) = not_sent(
        stage
            .client()
            .with(keyed)
            .accounts()
            .update(&account, &update)
            .await
            .unwrap_err(),
    );
    assert_eq!(kind, ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn options_of_a_call_reach_the_wire() {
    let stage = Stage::new().await;
    stage
        .on(
            "GET",
            GET,
            stage.script([json(200, r#"{"data":{"id":"t"}}"#)]),
        )
        .await;
    stage
        .on(
            "POST",
            ACCEPT,
            stage.script([json(200, r#"{"data":{"id":"t"}}"#)]),
        )
        .await;
    let options = CallOptions::new().sign(true).header(
        http::HeaderName::from_static("x-team"),
        http::HeaderValue::from_static("blue"),
    );
    stage
        .client()
        .with(options)
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap();
    let unsigned = stage.client().with(CallOptions::new().sign(false));
    unsigned.transfers().accept(&transfer_id()).await.unwrap();

    let read = &stage.received(GET).await[0];
    assert_eq!(header(read, "x-team"), "blue");
    assert_eq!(header(read, "x-signature").len(), 128);
    assert!(
        !stage.received(ACCEPT).await[0]
            .headers
            .contains_key("x-signature")
    );
}
