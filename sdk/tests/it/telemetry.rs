//! What a call tells a subscriber: names of OpenTelemetry, and nothing that is secret or personal.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::BoxError;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Credentials;
use layer2_sdk::CredentialsProvider;
use layer2_sdk::Error;
use layer2_sdk::ErrorKind;
use layer2_sdk::Platform;
use layer2_sdk::RetryPolicy;
use layer2_sdk::payments::TransactionsListParams;
use layer2_sdk::payments::TransferId;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use crate::stage::Answer;
use crate::stage::START;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::TRANSFER;
use crate::stage::json;
use crate::stage::refusal;
use crate::stage::token;

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

#[tokio::test]
async fn a_saved_reply_of_another_call_is_warned_of() {
    let saved = || {
        let body = format!(r#"{{"data":{{"id":"{TRANSFER}"}}}}"#);
        json(200, &body).insert_header("idempotent-replayed", "true")
    };
    let token = "event layer2.token.fetched";
    assert_eq!(told(vec![saved()]).await, [token, "event layer2.replayed"]);
    // What a retry gets back is the call's own reply.
    let retried = told(vec![json(503, "{}"), saved()]).await;
    assert_eq!(retried, [token, "event layer2.retry"]);
}

/// Keeps the spans of the client, each with what it was told in the end.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Told>>>);

/// A span by its name, and its fields.
type Told = (&'static str, BTreeMap<&'static str, String>);

struct Fields<'f>(&'f mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        let before = self.0.insert(field.name(), text);
        assert_eq!(before, None, "{field} is told once");
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("layer2_sdk")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = BTreeMap::new();
        span.record(&mut Fields(&mut fields));
        let mut spans = self.0.lock().unwrap();
        spans.push((span.metadata().name(), fields));
        Id::from_u64(u64::try_from(spans.len()).unwrap())
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let place = usize::try_from(id.into_u64()).unwrap() - 1;
        let mut spans = self.0.lock().unwrap();
        values.record(&mut Fields(&mut spans[place].1));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Spans {
    /// Why the last span of a name failed, and which status it saw; none without such a span.
    fn last(&self, name: &str) -> Option<(Option<String>, Option<String>)> {
        let spans = self.0.lock().unwrap();
        let (_, fields) = spans.iter().rfind(|(known, _)| *known == name)?;
        let why = fields.get("error.type").cloned();
        let is_error = fields.get("otel.status_code").map(String::as_str) == Some("ERROR");
        assert_eq!(is_error, why.is_some(), "{fields:?}");
        Some((why, fields.get("http.response.status_code").cloned()))
    }
}

/// A vault that is down.
#[derive(Debug)]
struct Down;

#[async_trait]
impl CredentialsProvider for Down {
    async fn credentials(&self) -> Result<Credentials, BoxError> {
        Err("no connection".into())
    }
}

async fn fail(client: &Client, kind: ErrorKind) -> Error {
    if kind == ErrorKind::NotOnPlatform {
        let all = TransactionsListParams::new();
        return client.transactions().list(&all).await.unwrap_err();
    }
    let id = TransferId::new(TRANSFER).unwrap();
    client.transfers().accept(&id).await.unwrap_err()
}

/// What is told of a failure: why, and with which status.
type Why = (Option<&'static str>, Option<&'static str>);

/// Fails with each kind in its turn and gives what the spans of the call, of its last attempt and of its token say.
struct Table {
    seen: HashSet<ErrorKind>,
}

impl Table {
    async fn row(
        &mut self,
        kind: ErrorKind,
        client: ClientBuilder,
        call: Why,
        below: [Option<Why>; 2],
    ) {
        let client = client.retry(RetryPolicy::never()).build().unwrap();
        self.row_of(kind, &client, call, below).await;
    }

    async fn row_of(
        &mut self,
        kind: ErrorKind,
        client: &Client,
        call: Why,
        below: [Option<Why>; 2],
    ) {
        let spans = Spans::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        let error = fail(client, kind).await;
        drop(guard);
        assert_eq!(error.kind(), kind, "{error}");
        let expected = [Some(call), below[0], below[1]];
        for (name, why) in ["layer2.call", "layer2.attempt", "layer2.token"]
            .into_iter()
            .zip(expected)
        {
            let why = why.map(|(why, status)| (why.map(str::to_owned), status.map(str::to_owned)));
            assert_eq!(spans.last(name), why, "{name} of {kind:?}");
        }
        self.seen.insert(kind);
    }
}

const ACCEPT: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";

#[tokio::test]
async fn every_kind_of_failure_is_told_on_its_spans() {
    let mut table = Table {
        seen: HashSet::new(),
    };
    let token = Some((None, Some("200")));

    // What the platform answered.
    for (kind, status, body, why, of_attempt) in [
        (ErrorKind::Refused, "409", "{}", "409", Some("409")),
        (ErrorKind::Forbidden, "403", "{}", "403", Some("403")),
        (ErrorKind::NotFound, "404", "{}", "404", Some("404")),
        (ErrorKind::RateLimited, "429", "{}", "429", Some("429")),
        (ErrorKind::Server, "500", "{}", "500", Some("500")),
        (ErrorKind::Unauthorized, "401", "{}", "401", Some("401")),
        (ErrorKind::UnexpectedReply, "302", "{}", "302", Some("302")),
        (
            ErrorKind::UnexpectedReply,
            "202",
            "{}",
            "unexpected_reply",
            None,
        ),
        (ErrorKind::Decode, "200", "[]", "decode", None),
    ] {
        let stage = Stage::new().await;
        let reply = json(status.parse().unwrap(), body);
        stage.on("POST", ACCEPT, stage.script([reply])).await;
        let attempt = Some((of_attempt, Some(status)));
        let call = (Some(why), Some(status));
        table
            .row(kind, stage.builder(), call, [attempt, token])
            .await;
    }

    // What never answered, or not whole.
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\"";
    for (kind, answer, why, status) in [
        (
            ErrorKind::ReplyCut,
            Answer::Write(cut.to_owned()),
            "reply_cut",
            Some("200"),
        ),
        (ErrorKind::ReplyLost, Answer::HangUp, "reply_lost", None),
        (ErrorKind::Timeout, Answer::Silence, "timeout", None),
    ] {
        let stage = Stage::new().await;
        let socket = Socket::play(vec![answer]).await;
        let builder = stage.builder_at(socket.base());
        let builder = builder.attempt_timeout(Duration::from_millis(300));
        let told = (Some(why), status);
        table.row(kind, builder, told, [Some(told), token]).await;
    }
    let stage = Stage::new().await;
    let told = (Some("connect"), None);
    let nobody = stage.builder_at("http://127.0.0.1:1/api".to_owned());
    table
        .row(ErrorKind::Connect, nobody, told, [Some(told), token])
        .await;

    never_sent(&mut table).await;
    // A file that cannot be written comes after the call that brought it.
    assert_eq!(table.seen.len(), 18);
}

/// What is refused before anything is sent to the API.
async fn never_sent(table: &mut Table) {
    let told = |why: &'static str| (Some(why), None);
    for (reply, of_token) in [
        (json(400, r#"{"error":"invalid_scope"}"#), ("400", "400")),
        (json(200, "{}"), ("token", "200")),
    ] {
        let stage = Stage::without_tokens().await;
        stage.on("POST", TOKEN_PATH, reply).await;
        let of_token = Some((Some(of_token.0), Some(of_token.1)));
        table
            .row(
                ErrorKind::Token,
                stage.builder(),
                told("token"),
                [None, of_token],
            )
            .await;
    }

    let stage = Stage::new().await;
    let down = stage.builder().credentials_provider(Down);
    table
        .row(
            ErrorKind::Credentials,
            down,
            told("credentials"),
            [None, None],
        )
        .await;
    let old = stage.builder().platform(Platform::Layer2V1_0_5);
    table
        .row(
            ErrorKind::NotOnPlatform,
            old,
            told("not_on_platform"),
            [None, None],
        )
        .await;
    let keyless = stage.builder_without_key_at(stage.base());
    table
        .row(ErrorKind::Signer, keyless, told("signer"), [None, None])
        .await;
    let elsewhere = Client::builder().control("http://127.0.0.1:1/_control/v1", "t");
    table
        .row(ErrorKind::Config, elsewhere, told("config"), [None, None])
        .await;

    let name = http::HeaderName::from_static("x-signature");
    let by_hand = CallOptions::new().header(name, http::HeaderValue::from_static("00"));
    let client = stage.client().with(by_hand);
    let kind = ErrorKind::InvalidRequest;
    table
        .row_of(kind, &client, told("invalid_request"), [None, None])
        .await;
}

#[tokio::test]
async fn requests_for_a_token_are_spans_of_their_own() {
    let stage = Stage::without_tokens().await;
    let replies = [json(503, "{}"), token("first", 1_000)];
    stage.on("POST", TOKEN_PATH, stage.script(replies)).await;
    let accepted = json(200, &format!(r#"{{"data":{{"id":"{TRANSFER}"}}}}"#));
    stage.on("POST", ACCEPT, stage.script([accepted])).await;

    let spans = Spans::default();
    let guard = tracing::subscriber::set_default(spans.clone());
    let id = TransferId::new(TRANSFER).unwrap();
    stage.client().transfers().accept(&id).await.unwrap();
    drop(guard);

    let spans = spans.0.lock().unwrap().clone();
    let of_token: Vec<_> = spans
        .iter()
        .filter(|(name, _)| *name == "layer2.token")
        .collect();
    let field = |place: usize, name: &str| of_token[place].1.get(name).map(String::as_str);
    assert_eq!(of_token.len(), 2);
    for place in 0..2 {
        assert_eq!(field(place, "otel.kind"), Some("client"));
        assert_eq!(field(place, "otel.name"), Some("POST /oauth2/abc/v1/token"));
        assert_eq!(field(place, "server.address"), Some("127.0.0.1"));
    }
    assert_eq!(field(0, "error.type"), Some("503"));
    assert_eq!(field(0, "http.request.resend_count"), None);
    assert_eq!(field(1, "error.type"), None);
    assert_eq!(field(1, "http.request.resend_count"), Some("1"));
}
