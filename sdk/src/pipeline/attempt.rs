//! One attempt: made ready, sent once, judged.
//!
//! Every reply, whatever it says, teaches the platform's clock. A 401 is looked at once more: another token may turn it
//! around, or a signature by the clock that was just learned.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::StatusCode;
use reqwest::Url;
use tracing::Instrument as _;
use tracing::Span;

use super::dress;
use super::dress::Ready;
use super::left;
use super::prepare::Prepared;
use super::too_late;
use crate::auth::Origin;
use crate::call::CallLayer;
use crate::error::Error;
use crate::telemetry;
use crate::transport::HttpReply;
use crate::transport::HttpRequest;
use crate::transport::TransportError;
use crate::verdict;
use crate::verdict::Failure;
use crate::verdict::Remedy;

/// Longest body of a refusal that is read where a file was asked for.
const REFUSAL_LIMIT: usize = 1024 * 1024;

/// What an attempt may do and may not do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// When the time of the call is over, on the monotonic clock.
    pub(super) deadline: Duration,
    /// What a 401 of this call was answered with already. Nothing is tried twice: the second answer is final.
    pub(super) tried: Tried,
}

/// The remedies of a 401 that a call has used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    grant: bool,
    time: bool,
}

impl Tried {
    pub(super) fn note(&mut self, remedy: Remedy) {
        match remedy {
            Remedy::Grant => self.grant = true,
            Remedy::Time => self.time = true,
        }
    }
}

/// Makes one attempt.
pub(super) async fn attempt(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    terms: Terms,
) -> Result<HttpReply, Failure> {
    let started = match start_at_once(layer, prepared, terms)? {
        Some(started) => started,
        None => {
            let ready = Box::pin(dress::ready(layer, prepared, terms.deadline));
            start(layer, ready.await?, terms)?
        }
    };
    let base = &prepared.lane.base;
    let span = telemetry::attempt_span(layer.operation, base, layer.record.attempts());
    layer.record.count_attempt();
    let result = started.exchange.instrument(span.clone()).await;
    learn(layer, prepared, started.sent, &result);
    let is_401 = matches!(&result, Ok(reply) if reply.status == StatusCode::UNAUTHORIZED);
    let failure = match judge(layer, base, &span, result) {
        Err(failure) if is_401 => failure,
        judged => return judged,
    };
    let with = (started.origin, started.signed_with);
    Err(Box::pin(unauthorized(layer, prepared, terms, with, failure)).await)
}

/// A success, or what the failure means.
fn judge(
    layer: &CallLayer,
    base: &Url,
    span: &Span,
    result: Result<HttpReply, TransportError>,
) -> Result<HttpReply, Failure> {
    let failure = match result {
        Ok(reply) if reply.status.is_success() => {
            telemetry::record_status(span, reply.status);
            return Ok(reply);
        }
        Ok(reply) => verdict::on_refusal(reply, layer.operation, &layer.shared),
        Err(broken) => verdict::on_broken(broken, layer.operation, base),
    };
    telemetry::record_error(span, &failure.error);
    Err(failure)
}

/// An exchange that is about to begin, and what is needed to understand its reply.
struct Started<'a> {
    exchange: Exchange<'a>,
    /// When it was sent, by the wall clock and by the monotonic one.
    sent: (jiff::Timestamp, Duration),
    origin: Origin,
    signed_with: Option<i64>,
}

/// The same as [`start`] for what can leave without waiting for anything.
fn start_at_once<'a>(
    layer: &'a CallLayer,
    prepared: &Prepared<'_>,
    terms: Terms,
) -> Result<Option<Started<'a>>, Error> {
    let ready = dress::at_once(layer, prepared)?;
    ready.map(|ready| start(layer, ready, terms)).transpose()
}

/// Hands a request to the transport, if there is time for it. A function of its own: a request that is held over a wait
/// makes the future of every call longer.
fn start(layer: &CallLayer, ready: Ready, terms: Terms) -> Result<Started<'_>, Error> {
    let CallLayer {
        shared, options, ..
    } = layer;
    let sent = shared.runtime.clock.monotonic();
    let time = terms.deadline.saturating_sub(sent);
    if time.is_zero() {
        // What would leave now could be done, and nobody would wait for the answer.
        return Err(too_late(
            "the time of the call was over before the request could leave: give the call a longer deadline",
        ));
    }
    let limit = options.timeout.unwrap_or(shared.attempt_timeout).min(time);
    Ok(Started {
        exchange: exchange(layer, ready.request, limit),
        sent: (shared.runtime.clock.now(), sent),
        origin: ready.origin,
        signed_with: ready.signed_with,
    })
}

/// Learns the platform's clock and its word for the call from what came back.
fn learn(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    (sent_at, sent): (jiff::Timestamp, Duration),
    result: &Result<HttpReply, TransportError>,
) {
    let headers = match result {
        Ok(reply) => &reply.headers,
        Err(broken) => match broken.headers() {
            Some(headers) => headers,
            None => return,
        },
    };
    layer.record.echoed(headers);
    let now = layer.shared.runtime.clock.monotonic();
    let learned = &prepared.lane.skew;
    if learned.learn(sent_at, now.saturating_sub(sent), headers) {
        telemetry::clock_skewed(&prepared.lane.base, learned.offset_ms());
    }
}

/// What a 401 means, and what may turn it around.
async fn unauthorized(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    terms: Terms,
    (origin, signed_with): (Origin, Option<i64>),
    failure: Failure,
) -> Failure {
    if verdict::names_signature(&failure.error) {
        return wants_signature(prepared, terms, signed_with, failure);
    }
    let auth = &prepared.lane.auth;
    let other_grant = if terms.tried.grant {
        // The grant of a last refusal is kept: it is as new as any, and the next call shall not pay for another one.
        false
    } else {
        // A provider that hangs gets no other grant in time, which is what the answer says.
        let time = left(&layer.shared, terms.deadline);
        let another = tokio::time::timeout(time, auth.refused(&origin)).await;
        another.unwrap_or(false)
    };
    Failure {
        remedy: other_grant.then_some(Remedy::Grant),
        error: failure.error.with_message(auth.said_no()),
        ..failure
    }
}

/// What a refusal of the signature, or of its absence, means. The token is good, and stays.
fn wants_signature(
    prepared: &Prepared<'_>,
    terms: Terms,
    signed_with: Option<i64>,
    failure: Failure,
) -> Failure {
    let Some(offset_ms) = signed_with else {
        return Failure {
            remedy: None,
            error: failure.error.with_message(
                "the platform wants this call signed, and it was sent without a signature: give the builder \
                 `signing_key` and `sign_requests(SignRequests::All)`, and the call no `sign(false)`",
            ),
            ..failure
        };
    };
    // Another call may have learned the time while this one was on its way.
    let other_time = !terms.tried.time && prepared.lane.skew.has_moved_from(offset_ms);
    Failure {
        remedy: other_time.then_some(Remedy::Time),
        error: failure.error.with_message(
            "the platform refused the signature: check that the client signs with the private key whose public key \
             the platform has",
        ),
        ..failure
    }
}

/// What a transport makes of a request.
pub(super) type Exchange<'a> =
    Pin<Box<dyn Future<Output = Result<HttpReply, TransportError>> + Send + 'a>>;

/// Sends the request once. The transport keeps the limit, see [`crate::transport`]. Its future comes in a box already, so
/// nothing is put around it: whatever holds a request makes the future of every call longer.
pub(super) fn exchange(layer: &CallLayer, request: HttpRequest, limit: Duration) -> Exchange<'_> {
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
