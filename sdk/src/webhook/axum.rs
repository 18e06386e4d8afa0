//! An extractor for axum that reads the raw body and hands over a verified event.
//!
//! The verifier lives in the router's state (`Arc<Verifier>` by `FromRef`). A delivery that does not hold is answered
//! before the handler runs: 401 for a signature, 400 for a form or a body that broke off, 413 for one beyond the limit.
//! The answer names no details, since whoever sent it may not be the platform; the reason goes to the log.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::BytesMut;
use futures_util::StreamExt as _;

use crate::webhook::Event;
use crate::webhook::Verifier;
use crate::webhook::WebhookError;

/// Longest body that is read. Events are thin; this is a hundred times what one needs.
const BODY_LIMIT: usize = 256 * 1024;

/// A delivery whose signature holds, with its event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// When it was signed, by the sender's clock.
    pub signed_at: jiff::Timestamp,
}

impl<S> FromRequest<S> for Delivery
where
    S: Send + Sync,
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let verifier = Arc::<Verifier>::from_ref(state);
        let (parts, body): (_, Body) = request.into_parts();
        let body = read(body).await?;
        let verified = verifier.verify(&parts.headers, &body)?;
        Ok(Self {
            event: verified.event()?,
            signed_at: verified.signed_at(),
        })
    }
}

/// The whole body, or which of two things is in its way: to the platform a repeat helps against the one alone.
async fn read(body: Body) -> Result<BytesMut, Rejection> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Rejection::BrokenOff)?;
        if bytes.len() + chunk.len() > BODY_LIMIT {
            return Err(Rejection::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Why a request did not reach the handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The body broke off.
    #[error("the body broke off before its end: the sender hung up, or something between cut it")]
    BrokenOff,
    /// It is not a delivery that holds.
    #[error(transparent)]
    NotVerified(#[from] WebhookError),
    /// The body is longer than an event can be.
    #[error("the body is longer than {BODY_LIMIT} bytes, which no event is")]
    TooLong,
}

impl Rejection {
    /// The status that the sender gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotVerified(
                WebhookError::NoKeyMatches { .. } | WebhookError::OutsideTolerance { .. },
            ) => StatusCode::UNAUTHORIZED,
            Self::BrokenOff | Self::NotVerified(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        tracing::warn!(reason = %self, "webhook refused");
        self.status().into_response()
    }
}
