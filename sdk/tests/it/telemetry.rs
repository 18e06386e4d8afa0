//! What a call tells a subscriber: names of OpenTelemetry, and nothing that is secret or personal.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use layer2_sdk::payments::TransferId;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use crate::stage::START;
use crate::stage::Stage;
use crate::stage::TRANSFER;
use crate::stage::json;
use crate::stage::refusal;

/// Writes down every field of every span of the client.
#[derive(Clone, Default)]
struct Notes {
    lines: Arc<Mutex<Vec<String>>>,
    ids: Arc<AtomicU64>,
}

impl Visit for Notes {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.lines
            .lock()
            .unwrap()
            .push(format!("{field}={value:?}"));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("layer2_sdk")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.lines
            .lock()
            .unwrap()
            .push(format!("span {}", span.metadata().name()));
        span.record(&mut self.clone());
        Id::from_u64(self.ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.lines
            .lock()
            .unwrap()
            .push(format!("event {}", event.metadata().name()));
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_call_and_its_attempts_are_told_without_what_is_secret() {
    let notes = Notes::default();
    let guard = tracing::subscriber::set_default(notes.clone());
    let stage = Stage::new().await;
    let path = format!("/api/v1/transfers/{TRANSFER}/accept");
    let accepted = json(200, &format!(r#"{{"data":{{"id":"{TRANSFER}"}}}}"#));
    stage
        .on("POST", &path, stage.script([json(503, "{}"), accepted]))
        .await;
    stage
        .client()
        .transfers()
        .accept(&TransferId::new(TRANSFER).unwrap())
        .await
        .unwrap();
    drop(guard);

    let lines = notes.lines.lock().unwrap().clone();
    let count = |line: &str| lines.iter().filter(|told| told.as_str() == line).count();
    assert_eq!(
        (count("span layer2.call"), count("span layer2.attempt")),
        (1, 2),
        "{lines:#?}"
    );
    assert_eq!(
        count("error.type=\"503\""),
        2,
        "the attempt and the retry that follows say the same: {lines:#?}"
    );
    assert_eq!(count("error.type=\"server\""), 0, "{lines:#?}");
    for line in [
        r#"http.request.method="POST""#,
        r#"url.template="/v1/transfers/{transfer_id}/accept""#,
        "server.address=\"127.0.0.1\"",
        "otel.name=payments.transfers_accept",
        "http.request.resend_count=1",
        "http.response.status_code=503",
        "error.type=\"503\"",
        "layer2.attempts=2",
        "event layer2.token.fetched",
        "event layer2.retry",
        "otel.name=POST /v1/transfers/{transfer_id}/accept",
        "otel.kind=\"client\"",
        "otel.status_code=\"ERROR\"",
        "url.scheme=\"http\"",
    ] {
        assert!(count(line) >= 1, "{line} in {lines:#?}");
    }
    let all = lines.join("\n");
    for secret in [TRANSFER, "s3cr3t", "token-1", "Bearer"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

/// What is told while a call is made against these replies.
async fn told(replies: Vec<wiremock::ResponseTemplate>) -> Vec<String> {
    let notes = Notes::default();
    let guard = tracing::subscriber::set_default(notes.clone());
    let stage = Stage::new().await;
    let path = format!("/api/v1/transfers/{TRANSFER}/accept");
    stage.on("POST", &path, stage.script(replies)).await;
    let id = TransferId::new(TRANSFER).unwrap();
    let _ = stage.client().transfers().accept(&id).await;
    drop(guard);
    let lines = notes.lines.lock().unwrap().clone();
    let events = lines.into_iter().filter(|line| {
        line.starts_with("event ")
            || line.starts_with("layer2.gave_up=")
            || line.starts_with("layer2.reason=")
            || line.starts_with("layer2.clock.offset_ms=")
    });
    events.collect()
}

#[tokio::test]
async fn every_decision_of_the_layers_is_an_event() {
    let accepted = || json(200, &format!(r#"{{"data":{{"id":"{TRANSFER}"}}}}"#));
    let token = "event layer2.token.fetched";
    let retry = "event layer2.retry";

    assert_eq!(
        told(vec![json(503, "{}")]).await,
        [
            token,
            retry,
            retry,
            "event layer2.gave_up",
            "layer2.gave_up=Attempts"
        ]
    );
    assert_eq!(
        told(vec![refusal(401, "TOKEN_EXPIRED"), accepted()]).await,
        [
            token,
            "event layer2.sent_again",
            "layer2.reason=\"token\"",
            token
        ]
    );
    let ahead = httpdate::fmt_http_date(
        std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(START + 1_000),
    );
    let stale = refusal(401, "SIGNATURE_INVALID").insert_header("date", ahead.as_str());
    let late = accepted().insert_header("date", ahead.as_str());
    assert_eq!(
        told(vec![stale, late]).await,
        [
            token,
            "event layer2.clock.skewed",
            "layer2.clock.offset_ms=1000500",
            "event layer2.sent_again",
            "layer2.reason=\"clock\""
        ]
    );
}
