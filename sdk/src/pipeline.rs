//! The one loop through which every request goes.
//!
//! Per call: guards, request id, idempotency key. Per attempt, in this order: a grant from the authentication layer,
//! the authorization on a copy of the request, the timestamp and, last, the signature over the bytes that leave; then
//! the exchange, the lesson about the platform's clock, and the verdict. Whatever must be equal over the attempts is
//! made before the loop, whatever must be fresh is made in it. Generated code and hand-written operations both end up
//! in [`send`]; nothing else in the crate sends a request to an API.

use std::time::Duration;

use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Operation;
use layer2_types::signing_string;
use tracing::Instrument as _;

use crate::budget::RetryCost;
use crate::call::CallLayer;

use crate::client::Lane;
use crate::client::Shared;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::GaveUp;
use crate::error::Outcome;
use crate::guard;
use crate::idempotency::IDEMPOTENCY_HEADER;
use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;
use crate::retry;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::SignDecision;
use crate::signing::TIMESTAMP_HEADER;
use crate::telemetry;
use crate::transport::Broken;
use crate::transport::Exchange;
use crate::verdict;
use crate::verdict::Failure;

/// Header that carries the request id both ways.
pub const REQUEST_ID_HEADER: &str = "x-l2f-request-id";

/// Headers that the layers own; a caller cannot set them by hand.
const OWNED: [&str; 7] = [
    "authorization",
    "plaid-client-id",
    "plaid-secret",
    IDEMPOTENCY_HEADER,
    REQUEST_ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
];

/// Sends `request` for the operation of `layer` until it succeeds or nothing more may be tried.
pub(crate) async fn send(layer: &CallLayer, request: reqwest::Request) -> Result<Exchange, Error> {
    let operation = layer.operation;
    let prepared = match prepare(layer, request) {
        Ok(prepared) => prepared,
        Err(error) => return Err(layer.record.complete(error, operation)),
    };
    let span = telemetry::call_span(operation, &prepared.lane.base, layer.record.request_id());
    let result = attempts(layer, prepared).instrument(span.clone()).await;
    match result {
        Ok(exchange) => {
            telemetry::record_status(&span, exchange.status);
            span.record("layer2.attempts", layer.record.attempts());
            Ok(exchange)
        }
        Err(error) => {
            let error = layer.record.complete(error, operation);
            telemetry::record_failure(&span, &error);
            Err(error)
        }
    }
}

/// A request that is complete but for what every attempt makes anew.
struct Prepared<'a> {
    lane: &'a Lane,
    request: reqwest::Request,
    body: bytes::Bytes,
    may_repeat: bool,
}

fn prepare<'a>(layer: &'a CallLayer, mut request: reqwest::Request) -> Result<Prepared<'a>, Error> {
    let CallLayer {
        shared,
        options,
        operation,
        record,
    } = layer;
    let lane = shared.lane(operation.api)?;
    guard::platform(operation, shared.platform)?;
    guard::path(operation, &lane.base, request.url())?;
    guard::overlay_query(request.url_mut(), &options.page_query);

    let body = match request.body() {
        None => bytes::Bytes::new(),
        Some(body) => body
            .as_bytes()
            .map(bytes::Bytes::copy_from_slice)
            .ok_or_else(|| {
                invalid(
                    "the body is a stream: it can neither be signed nor sent twice, give its bytes",
                )
            })?,
    };
    let headers = request.headers_mut();
    for (name, value) in &options.headers {
        if OWNED.contains(&name.as_str()) {
            return Err(invalid(format!(
                "the header {name} belongs to the client; use the call option for it"
            )));
        }
        headers.insert(name.clone(), value.clone());
    }
    let request_id = request_id(options, shared)?;
    headers.insert(
        HeaderName::from_static(REQUEST_ID_HEADER),
        header_value(&request_id, "request id")?,
    );
    record.sent_as(request_id);
    if let Some(key) = idempotency_key(operation, options, shared)? {
        headers.insert(
            HeaderName::from_static(IDEMPOTENCY_HEADER),
            header_value(key.as_str(), "idempotency key")?,
        );
        record.keyed_with(key);
    }
    let may_repeat = retry::may_repeat(operation, &body);
    Ok(Prepared {
        lane,
        request,
        body,
        may_repeat,
    })
}

fn request_id(options: &CallOptions, shared: &Shared) -> Result<String, Error> {
    match &options.request_id {
        Some(id) if id.is_empty() => Err(invalid("the request id is empty")),
        Some(id) => Ok(id.clone()),
        None => Ok(shared.runtime.uuid().map_err(no_entropy)?.to_string()),
    }
}

/// The caller's key, else a random one, for operations that take one. Once per call.
fn idempotency_key(
    operation: &Operation,
    options: &CallOptions,
    shared: &Shared,
) -> Result<Option<IdempotencyKey>, Error> {
    match (operation.idempotency, &options.idempotency_key) {
        (IdempotencyRule::Header, Some(key)) => Ok(Some(key.clone())),
        (IdempotencyRule::Header, None) => IdempotencyKey::random(&shared.runtime)
            .map(Some)
            .map_err(no_entropy),
        (_, None) => Ok(None),
        (IdempotencyRule::ExternalId, Some(_)) => Err(invalid(
            "this operation takes no idempotency key; what it creates is recognised by the `external_id` in the body",
        )),
        (_, Some(_)) if operation.effect == layer2_types::operation::Effect::Read => Ok(None),
        (_, Some(_)) => Err(invalid(
            "this operation takes no idempotency key, so a key would promise a safety that it does not have",
        )),
    }
}

/// State of the loop.
struct Progress {
    started: Duration,
    /// Strongest thing known about the work after the attempts so far.
    known: Outcome,
    /// Attempts that count against the policy; what is sent again after a 401 does not.
    counted: u32,
    token_renewed: bool,
    last_retry: Option<RetryCost>,
}

async fn attempts(layer: &CallLayer, prepared: Prepared<'_>) -> Result<Exchange, Error> {
    let CallLayer {
        shared,
        options,
        operation,
        record,
    } = layer;
    let deadline = options.deadline.unwrap_or(shared.deadline);
    let mut progress = Progress {
        started: shared.runtime.clock.monotonic(),
        known: Outcome::NotSent,
        counted: 1,
        token_renewed: false,
        last_retry: None,
    };
    loop {
        let left = deadline.saturating_sub(progress.elapsed(shared));
        let failure = match attempt(layer, &prepared, left).await {
            Ok(exchange) => {
                shared.budget.reward(progress.last_retry);
                record.answered(&exchange);
                return Ok(exchange);
            }
            Err(failure) => failure,
        };
        progress.known = progress.known.max(failure.error.outcome());
        if failure.grant_refused && !progress.token_renewed {
            progress.token_renewed = true;
            continue;
        }
        let repeatable = prepared.may_repeat || failure.error.outcome() == Outcome::NotSent;
        // The token layer has tried again by itself and says whether that may work later.
        let passing = failure.transient || failure.error.is_retryable();
        let worth_it = passing && (prepared.may_repeat || progress.known <= Outcome::NotDone);
        let wait = shared.retry.backoff(progress.counted, &shared.runtime);
        let wait = failure
            .error
            .retry_after()
            .map_or(wait, |told| told.max(wait));
        let gave_up = if !failure.transient {
            None
        } else if !repeatable {
            Some(GaveUp::Rule)
        } else if progress.counted >= shared.retry.max_attempts {
            Some(GaveUp::Attempts)
        } else if progress.elapsed(shared).saturating_add(wait) >= deadline {
            Some(GaveUp::Deadline)
        } else if !shared.budget.pay(failure.cost) {
            Some(GaveUp::Budget)
        } else {
            progress.last_retry = Some(failure.cost);
            progress.counted += 1;
            tracing::debug!(operation = %operation, wait_ms = wait.as_millis(), "trying again");
            shared.runtime.sleep.sleep(wait).await;
            continue;
        };
        let error = failure
            .error
            .at_least(progress.known)
            .with_retryable(worth_it);
        return Err(match gave_up {
            Some(why) => error.with_gave_up(why),
            None => error,
        });
    }
}

impl Progress {
    fn elapsed(&self, shared: &Shared) -> Duration {
        shared
            .runtime
            .clock
            .monotonic()
            .saturating_sub(self.started)
    }
}

/// One attempt: grant, dress, exchange, learn, judge.
async fn attempt(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    left: Duration,
) -> Result<Exchange, Failure> {
    let CallLayer {
        shared,
        options,
        operation,
        record,
    } = layer;
    let lane = prepared.lane;
    let grant = tokio::time::timeout(left, lane.auth.grant(shared.tools()))
        .await
        .map_err(|_| {
            before(
                ErrorKind::Timeout,
                "the time of the call ran out while it waited for a token",
            )
        })??;

    let mut request = prepared
        .request
        .try_clone()
        .ok_or_else(|| invalid("the body cannot be sent twice"))?;
    grant.dress(request.headers_mut());
    sign(layer, lane, &mut request, &prepared.body).await?;

    let span = telemetry::attempt_span(operation, record.attempts());
    record.count_attempt();
    let limit = options.timeout.unwrap_or(shared.attempt_timeout).min(left);
    let sent_at = shared.runtime.clock.now();
    let sent = shared.runtime.clock.monotonic();
    let result = shared
        .transport
        .execute(request, limit)
        .instrument(span.clone())
        .await;
    if let Ok(Exchange { headers, .. }) | Err(Broken::Cut { headers, .. }) = &result {
        lane.skew.learn(
            sent_at,
            shared.runtime.clock.monotonic().saturating_sub(sent),
            headers,
        );
    }
    match result {
        Ok(exchange) => {
            telemetry::record_status(&span, exchange.status);
            if exchange.status.is_success() {
                return Ok(exchange);
            }
            let mut failure = verdict::on_refusal(&exchange, operation, shared);
            if exchange.status == StatusCode::UNAUTHORIZED {
                failure.grant_refused = lane.auth.refused(&grant).await;
            }
            Err(failure)
        }
        Err(broken) => Err(verdict::on_broken(broken, operation, &span)),
    }
}

/// Timestamp and signature, the last things that are put on a request.
async fn sign(
    layer: &CallLayer,
    lane: &Lane,
    request: &mut reqwest::Request,
    body: &[u8],
) -> Result<(), Error> {
    let CallLayer {
        shared,
        options,
        operation,
        ..
    } = layer;
    let policy = if operation.api == layer2_types::Api::Payments {
        shared.sign
    } else {
        Default::default()
    };
    let signer = match (
        policy.decide(operation.signature, options.sign),
        &shared.signer,
    ) {
        (SignDecision::No, _) | (SignDecision::IfPossible, None) => return Ok(()),
        (SignDecision::Must, None) => {
            return Err(before(
                ErrorKind::Signer,
                "this operation needs a signature and the client has no signer: give the builder the private key with \
                 `signing_key`, or send it unsigned with `CallOptions::sign(false)`",
            ));
        }
        (_, Some(signer)) => signer,
    };
    let seconds = lane.skew.platform_seconds(shared.runtime.clock.now());
    let url = request.url();
    let path_and_query = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let message = signing_string(seconds, request.method().as_str(), &path_and_query, body);
    let signature = signer
        .sign(&message)
        .await
        .map_err(|source| before(ErrorKind::Signer, "the signer failed").with_source(source))?;
    let headers = request.headers_mut();
    headers.insert(
        HeaderName::from_static(TIMESTAMP_HEADER),
        HeaderValue::from(seconds),
    );
    headers.insert(
        HeaderName::from_static(SIGNATURE_HEADER),
        header_value(&hex::encode(signature), "signature")?,
    );
    Ok(())
}

fn header_value(text: &str, what: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| {
        invalid(format!(
            "the {what} has a character that no HTTP header may carry"
        ))
    })
}

fn no_entropy(source: crate::runtime::NoEntropy) -> Error {
    before(ErrorKind::Config, "no random bytes for an idempotency key").with_source(source)
}

fn invalid(message: impl Into<String>) -> Error {
    before(ErrorKind::InvalidRequest, message)
}

fn before(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::before_sending(kind, message)
}
