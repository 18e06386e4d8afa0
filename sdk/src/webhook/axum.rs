//! An extractor for axum that reads the raw body and hands over a verified event.
//!
//! The verifier lives in the router's state (`Arc<Verifier>` by `FromRef`). A delivery that does not hold is answered
//! before the handler runs: 401 for a signature, 400 for a form, 413 for a body beyond the limit. The answer names no
//! details, since whoever sent it may not be the platform; the reason goes to the log.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;

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
        let body = axum::body::to_bytes(body, BODY_LIMIT)
            .await
            .map_err(|_| Rejection::TooLong)?;
        let verified = verifier.verify(&parts.headers, &body)?;
        Ok(Self {
            event: verified.event()?,
            signed_at: verified.signed_at(),
        })
    }
}

/// Why a request did not reach the handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It is not a delivery that holds.
    #[error(transparent)]
    NotVerified(#[from] WebhookError),
    /// The body broke off, or is longer than an event can be.
    #[error("the body broke off or is longer than {BODY_LIMIT} bytes")]
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
            Self::NotVerified(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        tracing::warn!(reason = %self, "webhook refused");
        self.status().into_response()
    }
}
