//! What the client tells about its work: `tracing` spans with the names of OpenTelemetry's HTTP conventions.
//!
//! One span per call and one per attempt below it. Neither carries a body, a header, a query or an id of a resource:
//! the path is told as the template of the operation (`url.template`). A subscriber that bridges to OpenTelemetry needs
//! no mapping.

use http::StatusCode;
use layer2_types::operation::Operation;
use reqwest::Url;
use tracing::Span;
use tracing::field::Empty;

use crate::error::Error;

/// The span of a whole call.
pub(crate) fn call_span(operation: &Operation, base: &Url, request_id: &str) -> Span {
    tracing::info_span!(
        "layer2.call",
        "otel.name" = %operation,
        "otel.kind" = "client",
        "http.request.method" = operation.method.as_str(),
        "url.template" = operation.path,
        "server.address" = base.host_str(),
        "server.port" = base.port_or_known_default(),
        "layer2.api" = operation.api.as_str(),
        "layer2.operation" = operation.id,
        "layer2.request_id" = request_id,
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "layer2.outcome" = Empty,
        "layer2.attempts" = Empty,
    )
}

/// The span of one attempt. `resend` counts from zero.
pub(crate) fn attempt_span(operation: &Operation, resend: u32) -> Span {
    tracing::info_span!(
        "layer2.attempt",
        "otel.kind" = "client",
        "http.request.method" = operation.method.as_str(),
        "url.template" = operation.path,
        "http.request.resend_count" = (resend > 0).then_some(resend),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// Notes the status of a reply.
pub(crate) fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if !status.is_success() {
        span.record("error.type", status.as_str());
    }
}

/// Notes how a call ended.
pub(crate) fn record_failure(span: &Span, error: &Error) {
    match error.status() {
        Some(status) => record_status(span, status),
        None => {
            span.record("error.type", error.kind().as_str());
        }
    }
    span.record("layer2.outcome", tracing::field::debug(error.outcome()));
    span.record("layer2.attempts", error.attempts());
}
