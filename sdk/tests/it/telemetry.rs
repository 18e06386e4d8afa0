//! What a call tells a subscriber: names of OpenTelemetry, and nothing that is secret or personal.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use layer2_sdk::payments::TransferId;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use crate::stage::Stage;
use crate::stage::TRANSFER;
use crate::stage::json;

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
    for line in [
        r#"http.request.method="POST""#,
        r#"url.template="/v1/transfers/{transfer_id}/accept""#,
        "server.address=\"127.0.0.1\"",
        "otel.name=payments.transfers_accept",
        "http.request.resend_count=1",
        "http.response.status_code=503",
        "error.type=\"503\"",
        "layer2.attempts=2",
    ] {
        assert!(count(line) >= 1, "{line} in {lines:#?}");
    }
    let all = lines.join("\n");
    for secret in [TRANSFER, "s3cr3t", "token-1", "Bearer"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}
