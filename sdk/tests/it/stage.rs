//! What the tests stand on: time by hand, a server with a script, a socket that hangs up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;

use async_trait::async_trait;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::runtime::Clock;
use layer2_sdk::runtime::Dice;
use layer2_sdk::runtime::NoEntropy;
use layer2_sdk::runtime::Sleep;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use wiremock::Mock;
use wiremock::MockServer;
use wiremock::Request;
use wiremock::Respond;
use wiremock::ResponseTemplate;
use wiremock::matchers::method;
use wiremock::matchers::path;

pub(crate) const START: u64 = 1_700_000_000;
pub(crate) const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
pub(crate) const TRANSFER: &str = "11111111-2222-4333-8444-555555555555";

/// Clock and sleep in one: sleeping moves the clock and is written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time {
    passed_ms: Arc<AtomicU64>,
    sleeps: Arc<Mutex<Vec<Duration>>>,
}

impl Time {
    pub(crate) fn advance(&self, by: Duration) {
        self.passed_ms
            .fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }

    pub(crate) fn http_date(&self, ahead: Duration) -> String {
        let now = Duration::from_secs(START) + Clock::monotonic(self);
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + now + ahead)
    }
}

impl Clock for Time {
    fn now(&self) -> jiff::Timestamp {
        let seconds = i64::try_from(START).unwrap();
        jiff::Timestamp::from_second(seconds).unwrap() + Clock::monotonic(self)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Sleep for Time {
    async fn sleep(&self, duration: Duration) {
        self.sleeps.lock().unwrap().push(duration);
        self.advance(duration);
    }
}

/// Counts up, so that no two draws are the same; always draws the longest wait.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU64);

impl Dice for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        bytes.fill(0xff);
        for id in bytes.chunks_exact_mut(16) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            id[..8].copy_from_slice(&count.to_be_bytes());
        }
        Ok(())
    }
}

/// A server with an API and a token endpoint, and the time of the client that talks to it.
pub(crate) struct Stage {
    pub(crate) server: MockServer,
    pub(crate) time: Time,
}

impl Stage {
    /// With a token endpoint that always has a token.
    pub(crate) async fn new() -> Self {
        let stage = Self::without_tokens().await;
        let count = AtomicU64::new(0);
        let date = stage.time.clone();
        stage
            .on("POST", TOKEN_PATH, move |_: &Request| {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                token(&format!("token-{number}"), 1_000)
                    .insert_header("date", date.http_date(Duration::ZERO))
            })
            .await;
        stage
    }

    pub(crate) async fn without_tokens() -> Self {
        Self {
            server: MockServer::start().await,
            time: Time::default(),
        }
    }

    pub(crate) fn base(&self) -> String {
        format!("{}/api", self.server.uri())
    }

    pub(crate) fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.server.uri())
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        self.builder_at(self.base())
    }

    /// A client whose API is elsewhere, with the tokens of this stage.
    pub(crate) fn builder_at(&self, base: String) -> ClientBuilder {
        self.builder_without_key_at(base).signing_key(SEED)
    }

    /// The same, with no way to sign yet.
    pub(crate) fn builder_without_key_at(&self, base: String) -> ClientBuilder {
        Client::builder()
            .environment(Environment::custom(base, self.token_url()))
            .credentials("client-1", "s3cr3t-of-client-1")
            .clock(self.time.clone())
            .sleep(self.time.clone())
            .dice(Counting::default())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) async fn on(&self, verb: &str, at: &str, respond: impl Respond + 'static) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(respond)
            .mount(&self.server)
            .await;
    }

    /// Replies in this order, the last one for ever.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = ResponseTemplate>) -> Script {
        Script {
            replies: Mutex::new(replies.into_iter().collect()),
            time: self.time.clone(),
        }
    }

    pub(crate) async fn received(&self, at: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter()
            .filter(|request| request.url.path() == at)
            .collect()
    }
}

pub(crate) const TOKEN_PATH: &str = "/oauth2/abc/v1/token";

pub(crate) struct Script {
    replies: Mutex<VecDeque<ResponseTemplate>>,
    time: Time,
}

impl Respond for Script {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut replies = self.replies.lock().unwrap();
        let reply = if replies.len() > 1 {
            replies.pop_front()
        } else {
            replies.front().cloned()
        }
        .unwrap();
        drop(replies);
        // A date of its own wins; else the server's clock is the client's.
        match reply_has_date(&reply) {
            true => reply,
            false => reply.insert_header("date", self.time.http_date(Duration::ZERO)),
        }
    }
}

fn reply_has_date(reply: &ResponseTemplate) -> bool {
    format!("{reply:?}").contains("\"date\"")
}

pub(crate) fn token(value: &str, life: u64) -> ResponseTemplate {
    json(
        200,
        &format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"{value}"}}"#),
    )
}

pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json")
}

pub(crate) fn refusal(status: u16, code: &str) -> ResponseTemplate {
    json(
        status,
        &format!(r#"{{"errors":[{{"code":"{code}","description":"as the test wants it"}}]}}"#),
    )
}

pub(crate) fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request
        .headers
        .get(name)
        .unwrap_or_else(|| panic!("no header {name}"))
        .to_str()
        .unwrap()
}

/// Several attempts went out, all of them under one key.
pub(crate) fn assert_one_key(sent: &[Request]) {
    let keys = sent
        .iter()
        .map(|request| header(request, "x-l2f-idempotency-id"));
    let keys: Vec<_> = keys.collect();
    assert!(keys.len() > 1, "{keys:?}");
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

/// A server that plays one scripted answer per connection and keeps what it read.
pub(crate) struct Socket {
    pub(crate) address: std::net::SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What the socket does once it has read a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Closes without a byte.
    HangUp,
    /// Writes these bytes and closes.
    Write(String),
    /// Keeps the connection open and says nothing.
    Silence,
}

impl Socket {
    pub(crate) async fn play(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = read_request(&mut stream).await;
                kept.lock().unwrap().push(head);
                match answer {
                    Answer::HangUp => drop(stream),
                    Answer::Write(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
                    Answer::Silence => silent.push(stream),
                }
            }
            // Held open as long as the test runs.
            std::future::pending::<()>().await;
        });
        Self { address, heads }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// The requests as they were read, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A reply as it stands on the wire, closing the connection.
pub(crate) fn wire(status: &str, body: &str) -> Answer {
    Answer::Write(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

/// The value of a header in a request read from a socket.
pub(crate) fn line<'r>(request: &'r str, name: &str) -> &'r str {
    let values = request.lines().filter_map(|line| line.split_once(": "));
    let mut named = values.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let Some((_, value)) = named.next() else {
        panic!("no header {name} in {request}")
    };
    value
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "the client closed in the middle of a request");
        bytes.extend_from_slice(&chunk[..read]);
    }
}
