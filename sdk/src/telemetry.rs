//! What the client tells about its work: `tracing` spans and events with the names of OpenTelemetry's HTTP conventions.
//!
//! One span per call, `layer2.call`, from the first check to the decoded reply, also for a call that is refused before
//! anything is sent. Below it one per attempt, `layer2.attempt`, and one per request for a token, `layer2.token`: the
//! client spans of the conventions, whose `otel.name` is method and template and whose length is the duration of the
//! request. A subscriber that bridges to OpenTelemetry needs no mapping.
//!
//! `error.type` is the same word wherever a failure is told: the status of the reply if that is what failed, else the kind
//! of the error, so that a success whose body broke off or does not read is `reply_cut` or `decode` and not `200`. The
//! status of a token endpoint stands on the span of its own request alone. What goes wrong with a file or with the links
//! of a list after the reply was read is told by no span.
//!
//! No span or event carries a body, a header, a query or an id of a resource: the path is told as the template of the
//! operation (`url.template`), and `url.full`, which would hold ids, is left out.
//!
//! | event | level | tells |
//! |---|---|---|
//! | `layer2.retry` | debug | another attempt follows: why (`error.type`), after how many, and after which wait |
//! | `layer2.gave_up` | info | no other follows, though one could have helped: `layer2.gave_up` |
//! | `layer2.sent_again` | debug | a 401 is answered with another token, or with the time that the reply taught |
//! | `layer2.replayed` | warn | the first attempt of a call got a saved reply: its key was used before |
//! | `layer2.token.fetched` | debug | a token came, and how long it lives |
//! | `layer2.token.not_renewed` | warn | the old token serves on |
//! | `layer2.clock.skewed` | warn | the platform's clock differs from ours; signatures follow it |

use std::time::Duration;

use http::StatusCode;
use layer2_types::operation::Operation;
use reqwest::Url;
use tracing::Span;
use tracing::field::Empty;

use crate::error::Error;
use crate::error::GaveUp;
use crate::verdict::Remedy;

/// The span of a whole call.
pub(crate) fn call_span(operation: &Operation, base: Option<&Url>, request_id: &str) -> Span {
    tracing::info_span!(
        "layer2.call",
        "otel.name" = %operation,
        "otel.kind" = "internal",
        "otel.status_code" = Empty,
        "http.request.method" = operation.method.as_str(),
        "url.template" = operation.path,
        "server.address" = base.and_then(Url::host_str),
        "server.port" = base.and_then(Url::port_or_known_default),
        "layer2.api" = operation.api.as_str(),
        "layer2.operation" = operation.id,
        "layer2.request_id" = (!request_id.is_empty()).then_some(request_id),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "layer2.outcome" = Empty,
        "layer2.attempts" = Empty,
    )
}

/// The span of one attempt. `resend` counts from zero.
pub(crate) fn attempt_span(operation: &Operation, base: &Url, resend: u32) -> Span {
    tracing::info_span!(
        "layer2.attempt",
        "otel.name" = %format_args!("{} {}", operation.method.as_str(), operation.path),
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "http.request.method" = operation.method.as_str(),
        "url.template" = operation.path,
        "url.scheme" = base.scheme(),
        "server.address" = base.host_str(),
        "server.port" = base.port_or_known_default(),
        "http.request.resend_count" = (resend > 0).then_some(resend),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// The span of one request to a token endpoint. `resend` counts from zero.
pub(crate) fn token_span(url: &Url, resend: u32) -> Span {
    tracing::info_span!(
        "layer2.token",
        "otel.name" = %format_args!("POST {}", url.path()),
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "http.request.method" = "POST",
        "url.template" = url.path(),
        "url.scheme" = url.scheme(),
        "server.address" = url.host_str(),
        "server.port" = url.port_or_known_default(),
        "http.request.resend_count" = (resend > 0).then_some(resend),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// Notes the status of a success.
pub(crate) fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

/// Notes why an attempt failed.
pub(crate) fn record_error(span: &Span, error: &Error) {
    if let Some(status) = error.api_status() {
        record_status(span, *status);
    }
    span.record("error.type", error_type(error));
    span.record("otel.status_code", "ERROR");
}

/// Notes why there is no token, on the span of the request for it.
pub(crate) fn record_no_token(span: &Span, error: &Error) {
    let refused = error.status().filter(|status| !status.is_success());
    let why = refused.as_ref().map(StatusCode::as_str);
    span.record("error.type", why.unwrap_or(error.kind().as_str()));
    span.record("otel.status_code", "ERROR");
}

/// Notes that a call has a reply.
pub(crate) fn record_success(span: &Span, status: StatusCode, attempts: u32) {
    record_status(span, status);
    span.record("layer2.attempts", attempts);
}

/// Notes that a call has failed.
pub(crate) fn record_failure(span: &Span, error: &Error) {
    record_error(span, error);
    span.record("layer2.outcome", tracing::field::debug(error.outcome()));
    span.record("layer2.attempts", error.attempts());
}

/// Another attempt follows.
pub(crate) fn retrying(operation: &Operation, error: &Error, attempts: u32, wait: Duration) {
    tracing::debug!(
        name: "layer2.retry",
        {
            "layer2.operation" = operation.id,
            "error.type" = error_type(error),
            "http.response.status_code" = error.api_status().map(StatusCode::as_u16),
            "layer2.attempts" = attempts,
            "layer2.wait_ms" = millis(wait),
            "layer2.retry_after_ms" = error.retry_after().map(millis)
        },
        "trying again"
    );
}

/// No other attempt follows, though one could have helped.
pub(crate) fn gave_up(operation: &Operation, error: &Error, attempts: u32, why: GaveUp) {
    tracing::info!(
        name: "layer2.gave_up",
        {
            "layer2.operation" = operation.id,
            "error.type" = error_type(error),
            "layer2.attempts" = attempts,
            "layer2.gave_up" = ?why
        },
        "not tried again"
    );
}

/// A 401 is answered with other means at once.
pub(crate) fn sending_again(operation: &Operation, remedy: Remedy) {
    tracing::debug!(
        name: "layer2.sent_again",
        {
            "layer2.operation" = operation.id,
            "layer2.reason" = match remedy {
                Remedy::Grant => "token",
                Remedy::Time => "clock",
            }
        },
        "sending again after a 401"
    );
}

/// The first attempt of a call got the saved reply of an earlier call.
pub(crate) fn replayed(operation: &Operation) {
    tracing::warn!(
        name: "layer2.replayed",
        {
            "layer2.operation" = operation.id
        },
        "the platform gave a saved reply: as it should if this call was resumed, and if it was meant as a new one give it \
         a key of its own"
    );
}

/// A token came.
pub(crate) fn token_fetched(generation: u64, life: Duration) {
    tracing::debug!(
        name: "layer2.token.fetched",
        {
            "layer2.token.generation" = generation,
            "layer2.token.life_s" = life.as_secs()
        },
        "got a token"
    );
}

/// The old token serves on. The text says why and holds no secret.
pub(crate) fn token_not_renewed(why: &str) {
    tracing::warn!(
        name: "layer2.token.not_renewed",
        {
            "error.message" = why
        },
        "token not renewed, the old one is used while it is valid"
    );
}

/// The clocks differ.
pub(crate) fn clock_skewed(base: &Url, offset_ms: i64) {
    tracing::warn!(
        name: "layer2.clock.skewed",
        {
            "server.address" = base.host_str(),
            "layer2.clock.offset_ms" = offset_ms
        },
        "the platform's clock differs from this machine's; signatures follow the platform's"
    );
}

/// The status of the reply that refused the call, else the kind of the failure: the same word on spans and events.
fn error_type(error: &Error) -> &str {
    let refused = error.api_status().filter(|status| !status.is_success());
    refused.map_or(error.kind().as_str(), StatusCode::as_str)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
