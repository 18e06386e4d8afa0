//! The one loop through which every request goes.
//!
//! Per call: guards, request id, idempotency key. Per attempt, in this order: a grant from the authentication layer,
//! the authorization on a copy of the request, the timestamp and, last, the signature over the bytes that leave; then
//! the exchange, the lesson about the platform's clock, and the verdict. Everything that waits (for a token, a signer, a
//! reply, the next attempt) does so within the time that is left of the call. Whatever must be equal over the attempts is
//! made before the loop, whatever must be fresh is made in it. Generated code and hand-written operations both end up
//! in [`send`]; nothing else in the crate sends a request to an API.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header::USER_AGENT;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Operation;
use tracing::Instrument as _;

use crate::auth::Grant;
use crate::budget::Payment;
use crate::budget::RetryCost;
use crate::call::CallLayer;
use crate::client::Lane;
use crate::client::Shared;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::guard;
use crate::idempotency::IDEMPOTENCY_HEADER;
use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;
use crate::retry;
use crate::retry::Decision;
use crate::retry::Situation;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::SignDecision;
use crate::signing::TIMESTAMP_HEADER;
use crate::skew;
use crate::telemetry;
use crate::transport::HttpReply;
use crate::transport::HttpRequest;
use crate::transport::TransportError;
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
///
/// Dropped before it is ready: nothing is sent afterwards, what was paid for a retry that never left comes back, and
/// no lock stays closed. What the request that was on its way has done is unknown.
pub(crate) async fn send(layer: &CallLayer, request: reqwest::Request) -> Result<HttpReply, Error> {
    let operation = layer.operation;
    let prepared = match prepare(layer, request) {
        Ok(prepared) => prepared,
        Err(error) => return Err(layer.record.complete(error, operation)),
    };
    let span = telemetry::call_span(operation, &prepared.lane.base, layer.record.sent_id());
    // Boxed: the state of the loop would otherwise be part of every caller's future. In three boxes, this one, that of
    // what makes ready and the transport's: an allocator has short pieces at hand, and looks for a long one.
    let attempts = Box::pin(attempts(layer, &prepared));
    let result = attempts.instrument(span.clone()).await;
    match result {
        Ok(reply) => {
            telemetry::record_status(&span, reply.status);
            span.record("layer2.attempts", layer.record.attempts());
            Ok(reply)
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
    may_repeat: bool,
}

fn prepare<'a>(layer: &'a CallLayer, mut request: reqwest::Request) -> Result<Prepared<'a>, Error> {
    let CallLayer {
        shared,
        options,
        operation,
        record,
        ..
    } = layer;
    let lane = shared.lane(operation.api)?;
    guard::platform(operation, shared.platform)?;
    guard::path(operation, &lane.base, request.url())?;
    guard::overlay_query(request.url_mut(), &options.page_query);

    if request.body().is_some_and(|body| body.as_bytes().is_none()) {
        return Err(invalid(
            "the body is a stream: it can neither be signed nor sent twice, give its bytes",
        ));
    }
    let may_repeat = retry::may_repeat(operation, body_of(&request));
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, shared.user_agent.clone());
    for (name, value) in &options.headers {
        let scheme = &shared.signing_scheme;
        let owned = OWNED.contains(&name.as_str())
            || *name == scheme.signature_header
            || *name == scheme.timestamp_header;
        if owned {
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
    Ok(Prepared {
        lane,
        request,
        may_repeat,
    })
}

fn body_of(request: &reqwest::Request) -> &[u8] {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    body.unwrap_or_default()
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
    /// When the time of the call is over, on the monotonic clock.
    deadline: Duration,
    /// Strongest thing known about the work after the attempts so far.
    known: Outcome,
    /// Attempts that count against the policy; what is sent again after a 401 does not.
    counted: u32,
    sent_again: bool,
    last_retry: Option<RetryCost>,
}

async fn attempts(layer: &CallLayer, prepared: &Prepared<'_>) -> Result<HttpReply, Error> {
    let CallLayer {
        shared,
        options,
        operation,
        ..
    } = layer;
    let policy = options.retry.as_ref().unwrap_or(&shared.retry);
    let now = shared.runtime.clock.monotonic();
    let mut progress = Progress {
        deadline: now.saturating_add(options.deadline.unwrap_or(shared.deadline)),
        known: Outcome::NotSent,
        counted: 1,
        sent_again: false,
        last_retry: None,
    };
    loop {
        let failure = match attempt(layer, prepared, progress.deadline).await {
            Ok(reply) => {
                shared.budget.reward(progress.last_retry);
                return Ok(reply);
            }
            Err(failure) => failure,
        };
        progress.known = progress.known.max(failure.error.outcome());
        if failure.send_again && !progress.sent_again {
            progress.sent_again = true;
            telemetry::sending_again(operation, &failure.error);
            continue;
        }
        let situation = Situation {
            attempts: progress.counted,
            may_repeat: prepared.may_repeat,
            known: progress.known,
            left: left(shared, progress.deadline),
            wait: policy.backoff(progress.counted, &shared.runtime),
        };
        let mut payment = None;
        let pay = || {
            payment = shared.budget.pay(failure.cost);
            payment.is_some()
        };
        match retry::decide(policy, &failure, situation, pay) {
            Decision::Again(wait) => {
                telemetry::retrying(operation, &failure.error, progress.counted, wait);
                shared.runtime.sleep.sleep(wait).await;
                progress.last_retry = payment.map(Payment::spend);
                progress.counted += 1;
            }
            Decision::Stop { gave_up, retryable } => {
                let error = failure
                    .error
                    .at_least(progress.known)
                    .with_retryable(retryable);
                let Some(why) = gave_up else {
                    return Err(error);
                };
                telemetry::gave_up(operation, &error, progress.counted, why);
                return Err(error.with_gave_up(why));
            }
        }
    }
}

/// What is left of the time of a call.
fn left(shared: &Shared, deadline: Duration) -> Duration {
    deadline.saturating_sub(shared.runtime.clock.monotonic())
}

/// One attempt: grant, dress, exchange, learn, judge.
async fn attempt(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    deadline: Duration,
) -> Result<HttpReply, Failure> {
    let CallLayer {
        shared,
        options,
        operation,
        record,
        ..
    } = layer;
    let Ready {
        grant,
        request,
        signed_with,
    } = Box::pin(ready(layer, prepared, deadline)).await?;
    let time = left(shared, deadline);
    if time.is_zero() {
        // What would leave now could be done, and nobody would wait for the answer.
        return Err(
            too_late("the time of the call was over before the request could leave").into(),
        );
    }

    let span = telemetry::attempt_span(operation, &prepared.lane.base, record.attempts());
    record.count_attempt();
    let limit = options.timeout.unwrap_or(shared.attempt_timeout);
    let limit = limit.min(time);
    let sent_at = shared.runtime.clock.now();
    let sent = shared.runtime.clock.monotonic();
    let result = exchange(layer, request, limit)
        .instrument(span.clone())
        .await;
    let took = shared.runtime.clock.monotonic().saturating_sub(sent);
    let headers = match &result {
        Ok(reply) => Some(&reply.headers),
        Err(broken) => broken.headers(),
    };
    let learned = &prepared.lane.skew;
    if let Some(headers) = headers {
        record.echoed(headers);
        if learned.learn(sent_at, took, headers) {
            telemetry::clock_skewed(&prepared.lane.base, learned.offset_ms());
        }
    }
    let reply = match result {
        Ok(reply) => reply,
        Err(broken) => return Err(verdict::on_broken(broken, operation, &span)),
    };
    telemetry::record_status(&span, reply.status);
    if reply.status.is_success() {
        return Ok(reply);
    }
    let failure = verdict::on_refusal(&reply, operation, shared);
    if reply.status != StatusCode::UNAUTHORIZED {
        return Err(failure);
    }
    let auth = &prepared.lane.auth;
    if let Some(offset_ms) = signed_with
        && verdict::names_signature(&failure.error)
    {
        let said = "the platform refused the signature: check that the client signs with the private key whose public \
                    key the platform has";
        return Err(Failure {
            // Another call may have learned the time while this one was on its way.
            send_again: learned.has_moved_from(offset_ms),
            error: failure.error.with_message(said),
            ..failure
        });
    }
    // A provider that hangs gets no other grant in time, which is what the answer says.
    let another = Box::pin(auth.refused(&grant));
    let another = tokio::time::timeout(left(shared, deadline), another).await;
    Err(Failure {
        send_again: another.unwrap_or(false),
        error: failure.error.with_message(auth.said_no()),
        ..failure
    })
}

/// Sends the request once. The transport keeps the limit, see [`crate::transport`]. Its future comes in a box already, so
/// nothing is put around it: whatever holds a request makes the future of every call longer.
fn exchange(layer: &CallLayer, request: reqwest::Request, limit: Duration) -> Exchange<'_> {
    let request = HttpRequest::of_operation(request, layer.operation);
    let transport = &layer.shared.transport;
    if !layer.leaves_body_open {
        return transport.execute(request, limit);
    }
    let opened = async move {
        let reply = transport.open(request, limit).await?;
        if !reply.status.is_success() {
            return reply.read(REFUSAL_LIMIT).await;
        }
        layer.record.opened(reply.body);
        Ok(HttpReply::new(
            reply.status,
            reply.headers,
            bytes::Bytes::new(),
        ))
    };
    // The limit of an open body is that of each silence in it; a refusal that trickles shall not outlast the attempt.
    Box::pin(async move {
        tokio::time::timeout(limit, opened)
            .await
            .unwrap_or_else(|elapsed| Err(TransportError::TimedOut(elapsed.into())))
    })
}

/// What a transport makes of a request.
type Exchange<'a> = Pin<Box<dyn Future<Output = Result<HttpReply, TransportError>> + Send + 'a>>;

/// Longest body of a refusal that is read where a file was asked for.
const REFUSAL_LIMIT: usize = 1024 * 1024;

/// A request that may leave.
struct Ready {
    grant: Grant,
    request: reqwest::Request,
    /// How far ahead the platform's clock was taken to be when it was signed; none without a signature.
    signed_with: Option<i64>,
}

/// The request of one attempt with its grant and its signature. A token endpoint, a credentials provider or a signer
/// that hangs costs the call its time and no more.
async fn ready(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    deadline: Duration,
) -> Result<Ready, Error> {
    let shared = &layer.shared;
    let waiting = left(shared, deadline);
    let dressed = tokio::time::timeout(waiting, async {
        let grant = prepared.lane.auth.grant(shared.tools(waiting)).await?;
        let mut request = prepared
            .request
            .try_clone()
            .ok_or_else(|| invalid("the body cannot be sent twice"))?;
        grant.dress(request.headers_mut());
        let signed_with = sign(layer, prepared.lane, &mut request).await?;
        Ok(Ready {
            grant,
            request,
            signed_with,
        })
    });
    dressed.await.unwrap_or_else(|_| {
        Err(too_late(
            "the time of the call ran out while it waited for a token or a signature",
        ))
    })
}

/// Timestamp and signature, the last things that are put on a request. Says how far ahead the platform's clock was taken
/// to be, if it signed.
async fn sign(
    layer: &CallLayer,
    lane: &Lane,
    request: &mut reqwest::Request,
) -> Result<Option<i64>, Error> {
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
        (SignDecision::No, _) | (SignDecision::IfPossible, None) => return Ok(None),
        (SignDecision::Must, None) => {
            return Err(before(
                ErrorKind::Signer,
                "this operation needs a signature and the client has no signer: give the builder the private key with \
                 `signing_key`, or send it unsigned with `CallOptions::sign(false)`",
            ));
        }
        (_, Some(signer)) => signer,
    };
    let offset_ms = lane.skew.offset_ms();
    let seconds = skew::seconds_at(shared.runtime.clock.now(), offset_ms);
    let scheme = &shared.signing_scheme;
    let message = scheme.message(
        seconds,
        request.method().as_str(),
        (&lane.base, request.url()),
        body_of(request),
    );
    let signature = signer.sign(&message).await.map_err(|source| {
        // A key service that is down may be up later, and nothing has left.
        before(ErrorKind::Signer, "the signer failed")
            .with_source(source)
            .with_retryable(true)
    })?;
    let headers = request.headers_mut();
    headers.insert(scheme.timestamp_header.clone(), HeaderValue::from(seconds));
    headers.insert(scheme.signature_header.clone(), scheme.encode(&signature));
    Ok(Some(offset_ms))
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

/// The time of a call was over while nothing had left: with more of it the same call may work.
fn too_late(message: &str) -> Error {
    before(ErrorKind::Timeout, message).with_retryable(true)
}

fn before(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::before_sending(kind, message)
}

#[cfg(all(test, feature = "payments"))]
mod tests {
    use http::Method;
    use layer2_types::payments::OperationId;
    use reqwest::Request;

    use super::*;
    use crate::client::Client;

    /// Longest piece that a thread's cache of glibc holds.
    const AT_HAND: usize = 1_032;

    #[test]
    fn no_box_of_a_call_is_longer_than_what_an_allocator_has_at_hand() {
        let client = Client::builder()
            .credentials("client-id", "client-secret")
            .build()
            .unwrap();
        let operation = OperationId::TransfersAccept.operation();
        let layer = CallLayer::new(client.shared(), client.options(), operation);
        let url = "https://localhost/v1/transfers/T/accept";
        let request = Request::new(Method::POST, url.parse().unwrap());
        let sent = exchange(&layer, request.try_clone().unwrap(), Duration::ZERO);
        let prepared = Prepared {
            lane: layer.shared.lane(operation.api).unwrap(),
            request,
            may_repeat: true,
        };
        let sizes = [
            size_of_val(&attempts(&layer, &prepared)),
            size_of_val(&ready(&layer, &prepared, Duration::ZERO)),
            size_of_val(&*sent),
        ];
        assert!(sizes.iter().all(|size| *size <= AT_HAND), "{sizes:?}");
    }
}
