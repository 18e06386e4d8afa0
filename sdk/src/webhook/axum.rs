//! An extractor for axum that reads the raw body and hands over a verified event.
//!
//! The verifier lives in the router's state (`Arc<Verifier>` by `FromRef`). A delivery that does not hold is answered
//! before the handler runs: 401 for a signature, 400 for a form or a body that broke off, 413 for one beyond the limit of
//! the verifier. The answer names no details, since whoever sent it may not be the platform; the reason goes to the log.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::StreamExt as _;

use crate::webhook::Event;
use crate::webhook::Verifier;
use crate::webhook::WebhookError;

/// A delivery whose signature holds, with its event.
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// When it was signed, by the sender's clock.
    pub signed_at: jiff::Timestamp,
    /// The headers of the request, such as the `webhook-id` of Standard Webhooks.
    pub headers: HeaderMap,
    /// The bytes that were signed, for an archive that others shall be able to verify.
    pub body: Bytes,
}

/// Without the headers and the bytes, which may hold personal data.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event", &self.event)
            .field("signed_at", &self.signed_at)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
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
        let body = read(body, verifier.longest_body()).await?;
        let verified = verifier.verify_reloading(&parts.headers, &body).await?;
        let (event, signed_at) = (verified.event()?, verified.signed_at());
        Ok(Self {
            event,
            signed_at,
            headers: parts.headers,
            body,
        })
    }
}

/// The whole body, or which of two things is in its way: to the platform a repeat helps against the one alone.
async fn read(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Rejection::BrokenOff)?;
        if bytes.len() + chunk.len() > limit {
            return Err(Rejection::TooLong { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
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
    /// The body is longer than the verifier allows.
    #[error(
        "the body is longer than {limit} bytes, which no event is; if this one is genuine, raise `Verifier::body_limit`"
    )]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl Rejection {
    /// The status that the sender gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
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
