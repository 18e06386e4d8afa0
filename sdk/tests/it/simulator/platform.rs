//! The platform of the simulation: tokens, signatures, keys and effects kept as the real one keeps them, behind a
//! network and a gateway that break.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use std::time::SystemTime;

use async_trait::async_trait;
use ed25519_dalek::Signature;
use ed25519_dalek::SigningKey;
use http::HeaderMap;
use http::StatusCode;
use layer2_sdk::IDEMPOTENCY_HEADER;
use layer2_sdk::Operation;
use layer2_sdk::SIGNATURE_HEADER;
use layer2_sdk::TIMESTAMP_HEADER;
use layer2_sdk::runtime::Clock as _;
use layer2_sdk::runtime::Sleep as _;
use layer2_sdk::runtime::TokioSleep;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;
use layer2_sdk::types::operation::Effect;
use layer2_sdk::types::operation::IdempotencyRule;
use layer2_sdk::types::operation::SignatureRule;

use super::Rng;
use super::VirtualTime;
use super::owed::Ended;
use super::owed::Purse;
use super::rules::Broken;
use super::rules::Rule;
use crate::stage::SEED;
use crate::stage::START;

/// How far from the platform's clock a signature may be.
const TOLERANCE_S: i64 = 300;

#[derive(Clone, Debug)]
pub(super) struct Platform {
    time: VirtualTime,
    forgets_keys: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    calm: bool,
    /// How far the platform's clock is ahead of the client's.
    skew_s: i64,
    /// Tokens and when they end, by the client's monotonic clock.
    tokens: HashMap<String, Duration>,
    tokens_given: u64,
    /// Token requests on their way, by the path of the endpoint.
    token_requests_now: HashMap<String, u32>,
    /// Saved replies by operation and key.
    saved: HashMap<(&'static str, String), String>,
    longest_pause: Duration,
    purse: Purse,
    calls: BTreeMap<u64, Memory>,
    broken: Option<Broken>,
}

/// What the platform knows of one call of a caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) effects: u32,
    pub(super) attempts: u32,
    /// Attempts of which a byte arrived.
    pub(super) arrived: u32,
    /// The client cannot know how one of the attempts ended.
    pub(super) doubt: bool,
    /// A token of the call was refused, at least once.
    pub(super) token_refused: bool,
    /// A signature of the call was refused for its time, at least once.
    pub(super) signature_refused: bool,
    /// How the last attempt ended; nothing while one is on its way.
    pub(super) ended: Option<Ended>,
    /// How long the last attempt was told to wait.
    pub(super) told_to_wait: Duration,
    /// What the last retry has cost.
    last_price: u64,
    keys: BTreeSet<String>,
    not_before: Duration,
}

/// How one exchange goes wrong, if it does.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Fine,
    /// The reply takes this long, the work is done at the end of it.
    Slow(Duration),
    NoConnection,
    /// The connection ends without a reply, the work done or not.
    Lost {
        worked: bool,
    },
    /// Nothing comes until the client gives up, the work done or not.
    Silent {
        worked: bool,
    },
    /// The request is held up on its way and does its work when the client has long given up.
    Late(Duration),
    /// The request arrives twice.
    Doubled,
    /// A gateway answers in the platform's place, before or after the platform has worked.
    Gateway {
        status: u16,
        worked: bool,
        pause: Option<Pause>,
    },
    /// The platform refuses, for a reason that has passed the next time.
    Refused,
    /// The token is withdrawn.
    Revoked,
    /// The body of the reply breaks off.
    Cut,
    /// The reply is no JSON.
    Garbled,
}

#[derive(Clone, Copy, Debug)]
enum Pause {
    Seconds(u64),
    /// The same as a date of the platform's clock.
    Until(u64),
}

/// What of a request matters to the platform.
#[derive(Clone, Debug)]
struct Order {
    marker: u64,
    operation: &'static Operation,
    key: Option<String>,
    token: String,
    signature: Option<(i64, bool)>,
}

impl Platform {
    pub(super) fn new(seed: u64, time: VirtualTime, budget: u32, forgets_keys: bool) -> Self {
        let mut rng = Rng(seed);
        let skew_s = match rng.below(4) {
            0 => i64::try_from(rng.below(200_000)).unwrap() - 100_000,
            _ => 0,
        };
        let state = State {
            rng,
            calm: false,
            skew_s,
            tokens: HashMap::new(),
            tokens_given: 0,
            token_requests_now: HashMap::new(),
            saved: HashMap::new(),
            longest_pause: Duration::ZERO,
            purse: Purse::of(budget),
            calls: BTreeMap::new(),
            broken: None,
        };
        Self {
            time,
            forgets_keys,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The storm is over.
    pub(super) fn calm_down(&self) {
        self.lock().calm = true;
    }

    pub(super) fn memory_of(&self, marker: u64) -> Memory {
        self.lock().calls.get(&marker).cloned().unwrap_or_default()
    }

    /// A new call of the same order begins: what the one before was told to wait for does not bind it.
    pub(super) fn begin_again(&self, marker: u64) {
        let mut state = self.lock();
        let memory = state.calls.entry(marker).or_default();
        memory.attempts = 0;
        memory.token_refused = false;
        memory.signature_refused = false;
        memory.not_before = Duration::ZERO;
        memory.ended = None;
        memory.last_price = 0;
    }

    /// Whether the client can pay one more retry for certain.
    pub(super) fn is_paid_for(&self) -> bool {
        let state = self.lock();
        state.purse.holds_another(state.calls.len())
    }

    pub(super) fn longest_pause(&self) -> Duration {
        self.lock().longest_pause
    }

    /// What must hold of all calls, whatever their callers were told.
    pub(super) fn hold_to_the_rules(&self) -> Result<(), Broken> {
        let state = self.lock();
        if let Some(broken) = &state.broken {
            return Err(broken.clone());
        }
        for (marker, memory) in &state.calls {
            if memory.effects > 1 {
                return Err(Rule::SecondEffect.broken((marker, memory)));
            }
            if memory.keys.len() > 1 {
                return Err(Rule::SeveralKeys.broken((marker, memory)));
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The work, if everything about the order is in place.
    fn work(&self, order: &Order) -> (StatusCode, String) {
        let now = self.time.monotonic();
        let mut state = self.lock();
        if state.tokens.get(&order.token).is_none_or(|end| now >= *end) {
            state.calls.entry(order.marker).or_default().token_refused = true;
            return refusal(401, "TOKEN_INVALID");
        }
        let platform_now =
            i64::try_from(START).unwrap() + i64::try_from(now.as_secs()).unwrap() + state.skew_s;
        match order.signature {
            None if order.operation.signature == SignatureRule::Required => {
                return refusal(401, "SIGNATURE_REQUIRED");
            }
            Some((second, genuine)) if !genuine || (second - platform_now).abs() > TOLERANCE_S => {
                let memory = state.calls.entry(order.marker).or_default();
                memory.signature_refused = true;
                return refusal(401, "SIGNATURE_INVALID");
            }
            _ => {}
        }
        let done = StatusCode::from_u16(order.operation.success[0]).unwrap();
        let saved_under = order.key.clone().map(|key| (order.operation.id, key));
        if let Some(under) = &saved_under
            && let Some(reply) = state.saved.get(under)
        {
            return (done, reply.clone());
        }
        if order.operation.effect == Effect::Write {
            state.calls.entry(order.marker).or_default().effects += 1;
        }
        let reply = order.reply();
        if let Some(under) = saved_under
            && !self.forgets_keys
        {
            state.saved.insert(under, reply.clone());
        }
        (done, reply)
    }

    fn reply(&self, status: StatusCode, body: impl Into<bytes::Bytes>) -> HttpReply {
        let mut headers = HeaderMap::new();
        let mut state = self.lock();
        if state.calm || state.rng.percent(90) {
            let now = platform_date(&self.time, state.skew_s);
            headers.insert("date", now.parse().unwrap());
        }
        HttpReply::new(status, headers, body)
    }

    /// Notes the arrival of an attempt and draws its fate.
    fn receive(&self, order: &Order) -> Fate {
        let now = self.time.monotonic();
        let mut state = self.lock();
        let fate = state.draw();
        let memory = state.calls.entry(order.marker).or_default();
        memory.attempts += 1;
        memory.told_to_wait = Duration::ZERO;
        let price = memory.ended.take().map_or(0, Ended::price);
        if price > 0 {
            memory.last_price = price;
        }
        if !matches!(fate, Fate::NoConnection) {
            memory.arrived += 1;
        }
        memory.keys.extend(order.key.clone());
        if now < memory.not_before {
            let early = memory.not_before - now;
            state.broken = Some(Rule::CameTooEarly.broken((order.marker, early)));
        }
        if !state.purse.spend(price) {
            let broken = Rule::SpentMoreThanItsBudget.broken((order.marker, &state.purse));
            state.broken = Some(broken);
        }
        fate
    }

    /// Notes how an attempt ended, unless its caller has gone.
    fn note(&self, marker: u64, ended: Ended) {
        let mut state = self.lock();
        let memory = state.calls.entry(marker).or_default();
        memory.ended = Some(ended);
        let last_price = memory.last_price;
        if ended == Ended::Well {
            state.purse.reward(last_price);
        }
    }

    fn doubt(&self, order: &Order) {
        self.lock().calls.entry(order.marker).or_default().doubt = true;
    }

    async fn meet(
        &self,
        order: Order,
        fate: Fate,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        match fate {
            Fate::Fine => Ok(self.answer(&order)),
            Fate::Slow(time) if time < limit => {
                TokioSleep.sleep(time).await;
                Ok(self.answer(&order))
            }
            Fate::Slow(time) | Fate::Late(time) => {
                self.doubt(&order);
                let platform = self.clone();
                tokio::spawn(async move {
                    TokioSleep.sleep(time).await;
                    platform.work(&order);
                });
                Err(self.times_out(limit).await)
            }
            Fate::NoConnection => Err(TransportError::NotSent("refused".into())),
            Fate::Lost { worked } => {
                self.work_unseen(&order, worked);
                Err(TransportError::NoReply("reset".into()))
            }
            Fate::Silent { worked } => {
                self.work_unseen(&order, worked);
                Err(self.times_out(limit).await)
            }
            Fate::Doubled => Ok(self.doubled(&order)),
            Fate::Gateway {
                status,
                worked,
                pause,
            } => Ok(self.gateway(&order, status, worked, pause)),
            Fate::Refused => {
                let (status, body) = refusal(400, "NOT_NOW");
                Ok(self.reply(status, body))
            }
            Fate::Revoked => {
                self.lock().tokens.remove(&order.token);
                Ok(self.answer(&order))
            }
            Fate::Cut => Err(self.cut(&order)),
            // Nobody can tell a file from another one by its bytes.
            Fate::Garbled if order.is_for_a_file() => Ok(self.answer(&order)),
            Fate::Garbled => Ok(self.garbled(&order)),
        }
    }

    /// The work, and its reply as it is.
    fn answer(&self, order: &Order) -> HttpReply {
        let (status, body) = self.work(order);
        self.reply(status, body)
    }

    /// The work, if it is done at all, of which nobody hears.
    fn work_unseen(&self, order: &Order, worked: bool) {
        self.doubt(order);
        if worked {
            self.work(order);
        }
    }

    /// A network repeats what it has no answer to; only what carries a key or changes nothing survives that.
    fn doubled(&self, order: &Order) -> HttpReply {
        let first = self.answer(order);
        if order.key.is_some() || order.operation.effect == Effect::Read {
            self.work(order);
        }
        first
    }

    fn cut(&self, order: &Order) -> TransportError {
        let reply = self.answer(order);
        TransportError::Cut {
            status: reply.status,
            headers: Box::new(reply.headers),
            source: "reset".into(),
        }
    }

    fn garbled(&self, order: &Order) -> HttpReply {
        let (status, body) = self.work(order);
        match status.is_success() {
            true => self.reply(status, "<html>"),
            false => self.reply(status, body),
        }
    }

    fn gateway(&self, order: &Order, status: u16, worked: bool, pause: Option<Pause>) -> HttpReply {
        if worked {
            self.work(order);
        }
        if status != 429 {
            self.doubt(order);
        }
        let mut reply = self.reply(StatusCode::from_u16(status).unwrap(), "busy");
        let now = self.time.monotonic();
        let mut state = self.lock();
        let Some(pause) = pause else {
            return reply;
        };
        // A date without the platform's own clock beside it cannot be read exactly.
        let (text, seconds) = match pause {
            Pause::Until(seconds) if reply.headers.contains_key("date") => {
                let until = SystemTime::UNIX_EPOCH
                    + Duration::from_secs(platform_second(&self.time, state.skew_s) + seconds);
                (httpdate::fmt_http_date(until), seconds)
            }
            Pause::Seconds(seconds) | Pause::Until(seconds) => (seconds.to_string(), seconds),
        };
        reply.headers.insert("retry-after", text.parse().unwrap());
        let pause = Duration::from_secs(seconds);
        state.longest_pause = state.longest_pause.max(pause);
        let memory = state.calls.entry(order.marker).or_default();
        memory.not_before = now + pause;
        memory.told_to_wait = pause;
        reply
    }

    async fn times_out(&self, limit: Duration) -> TransportError {
        TokioSleep.sleep(limit).await;
        TransportError::TimedOut("nothing came".into())
    }

    /// The token endpoint.
    async fn token(&self, path: &str, limit: Duration) -> Result<HttpReply, TransportError> {
        let _present = Present::enter(self, path);
        let (fate, time) = {
            let mut state = self.lock();
            let fate = if state.calm {
                100
            } else {
                state.rng.below(100)
            };
            (fate, state.rng.millis(400))
        };
        match fate {
            0..=3 => Err(TransportError::NotSent("refused".into())),
            4..=6 => Err(TransportError::NoReply("reset".into())),
            7..=9 => Err(self.times_out(limit).await),
            10..=14 => Ok(self.reply(StatusCode::SERVICE_UNAVAILABLE, "busy")),
            15 => Ok(self.reply(StatusCode::OK, "<html>")),
            16 => Ok(self.reply(StatusCode::BAD_REQUEST, r#"{"error":"invalid_scope"}"#)),
            _ => {
                TokioSleep.sleep(time).await;
                let body = self.give_token();
                Ok(self.reply(StatusCode::OK, body))
            }
        }
    }

    fn give_token(&self) -> String {
        let now = self.time.monotonic();
        let mut state = self.lock();
        state.tokens_given += 1;
        let token = format!("token-{}", state.tokens_given);
        let life = 5 + state.rng.below(60);
        // A platform that is short of patience ends a token before its time.
        let kept = if !state.calm && state.rng.percent(10) {
            life / 3
        } else {
            life
        };
        state
            .tokens
            .insert(token.clone(), now + Duration::from_secs(kept));
        format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{life}}}"#)
    }
}

#[async_trait]
impl HttpTransport for Platform {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        let Some(operation) = request.operation() else {
            return self.token(request.url().path(), limit).await;
        };
        let order = Order::read(&request, operation);
        let fate = self.receive(&order);
        let marker = order.marker;
        let result = self.meet(order, fate, limit).await;
        self.note(marker, Ended::of(&result));
        result
    }
}

impl State {
    fn draw(&mut self) -> Fate {
        if self.calm {
            return Fate::Fine;
        }
        if self.rng.percent(1) {
            self.skew_s += 1_000;
        }
        let worked = self.rng.percent(50);
        let pause = match self.rng.below(4) {
            0 => Some(Pause::Seconds(self.rng.below(20))),
            1 => Some(Pause::Until(self.rng.below(20))),
            _ => None,
        };
        match self.rng.below(20) {
            0 => Fate::NoConnection,
            1 | 2 => Fate::Lost { worked },
            3 => Fate::Silent { worked },
            4 => Fate::Late(self.rng.millis(60_000)),
            5 => Fate::Slow(self.rng.millis(12_000)),
            6 => Fate::Doubled,
            7 => Fate::Gateway {
                status: 429,
                worked: false,
                pause,
            },
            8 | 9 => Fate::Gateway {
                status: [408, 500, 502, 503, 503, 504][usize::try_from(self.rng.below(6)).unwrap()],
                worked,
                pause,
            },
            10 => Fate::Refused,
            11 => Fate::Revoked,
            12 => Fate::Cut,
            13 if worked => Fate::Garbled,
            _ => Fate::Fine,
        }
    }
}

impl Order {
    fn read(request: &HttpRequest, operation: &'static Operation) -> Self {
        let text = |name: &str| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let body = request.body();
        let body = std::str::from_utf8(&body).unwrap();
        // The number of a call stands in its path or in its description.
        let digits = |after: &str| -> String {
            let digits = after.chars().take_while(char::is_ascii_digit);
            digits.collect()
        };
        let marked = [request.url().path(), body]
            .into_iter()
            .find_map(|text| text.split_once("CALL-").map(|(_, after)| digits(after)));
        let signature = text(SIGNATURE_HEADER).map(|signature| {
            let timestamp = text(TIMESTAMP_HEADER).unwrap();
            let message = format!(
                "{timestamp}{}{}{body}",
                request.method(),
                request.url().path()
            );
            (timestamp.parse().unwrap(), is_genuine(&message, &signature))
        });
        let token = text("authorization").unwrap();
        Self {
            marker: marked.unwrap().parse().unwrap(),
            operation,
            key: text(IDEMPOTENCY_HEADER).or_else(|| external_id(operation, body)),
            token: token.strip_prefix("Bearer ").unwrap().to_owned(),
            signature,
        }
    }

    fn is_for_a_file(&self) -> bool {
        self.operation.reply_media == Some("application/octet-stream")
    }

    /// What the platform says when it is done, with an id that names the call.
    fn reply(&self) -> String {
        let id = format!("T-{}", self.marker);
        if self.is_for_a_file() {
            return id;
        }
        let row = format!(r#"{{"id":"{id}"}}"#);
        format!(
            r#"{{"data":{{"type":"Business","id":"{id}","status":"EXECUTED","transactions":[{row}]}}}}"#
        )
    }
}

/// Counts who is at the token endpoint, also if he goes away in the middle.
struct Present<'p>(&'p Platform, &'p str);

impl<'p> Present<'p> {
    fn enter(platform: &'p Platform, path: &'p str) -> Self {
        let mut state = platform.lock();
        let now = state.token_requests_now.entry(path.to_owned()).or_default();
        *now += 1;
        if *now > 1 {
            state.broken = Some(Rule::TwoTokenRequestsAtOnce.broken(path));
        }
        drop(state);
        Self(platform, path)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        *state.token_requests_now.get_mut(self.1).unwrap() -= 1;
    }
}

/// The caller's own id in a body, where that is what a repetition is recognised by.
fn external_id(operation: &Operation, body: &str) -> Option<String> {
    if operation.idempotency != IdempotencyRule::ExternalId {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body.get("external_id")?.as_str().map(str::to_owned)
}

fn is_genuine(message: &str, signature: &str) -> bool {
    let seed: [u8; 32] = hex::decode(SEED).unwrap().try_into().unwrap();
    let bytes: [u8; 64] = hex::decode(signature).unwrap().try_into().unwrap();
    let key = SigningKey::from_bytes(&seed).verifying_key();
    let signature = Signature::from_bytes(&bytes);
    key.verify_strict(message.as_bytes(), &signature).is_ok()
}

fn refusal(status: u16, code: &str) -> (StatusCode, String) {
    let body =
        format!(r#"{{"errors":[{{"code":"{code}","description":"as the seed wants it"}}]}}"#);
    (StatusCode::from_u16(status).unwrap(), body)
}

fn platform_second(time: &VirtualTime, skew_s: i64) -> u64 {
    let now = i64::try_from(START + time.monotonic().as_secs()).unwrap();
    u64::try_from(now + skew_s).unwrap()
}

fn platform_date(time: &VirtualTime, skew_s: i64) -> String {
    let since_epoch = Duration::from_secs(platform_second(time, skew_s));
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch)
}
