//! Clients and platforms that are wrong on purpose. A rule that lets one of them pass is no rule.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use http::header::RETRY_AFTER;
use layer2_sdk::IDEMPOTENCY_HEADER;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// Every attempt has a key of its own.
    NewKeyPerAttempt,
    /// A lost reply counts as a request that never left.
    LostMeansNotSent,
    /// A 503 counts as a refusal.
    BusyMeansRefused,
    /// `Retry-After` is not heard.
    Deaf,
    /// One attempt more than the policy allows.
    TriesOnceMore,
    /// The platform does not remember keys.
    PlatformWithoutMemory,
}

impl Mutant {
    pub(super) const ALL: [Self; 6] = [
        Self::NewKeyPerAttempt,
        Self::LostMeansNotSent,
        Self::BusyMeansRefused,
        Self::Deaf,
        Self::TriesOnceMore,
        Self::PlatformWithoutMemory,
    ];

    pub(super) fn around(self, inner: Arc<dyn HttpTransport>) -> impl HttpTransport {
        Warped {
            inner,
            mutant: self,
            count: AtomicU64::new(0),
        }
    }
}

#[derive(Debug)]
struct Warped {
    inner: Arc<dyn HttpTransport>,
    mutant: Mutant,
    count: AtomicU64,
}

#[async_trait]
impl HttpTransport for Warped {
    async fn execute(
        &self,
        mut request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        if self.mutant == Mutant::NewKeyPerAttempt
            && request.headers().contains_key(IDEMPOTENCY_HEADER)
        {
            let key = format!("other-{}", self.count.fetch_add(1, Ordering::Relaxed));
            let headers = request.headers_mut();
            headers.insert(IDEMPOTENCY_HEADER, key.parse().unwrap());
        }
        let mut result = self.inner.execute(request, limit).await;
        match (self.mutant, &mut result) {
            (Mutant::LostMeansNotSent, Err(error)) => {
                let source = "the mutant says so".into();
                if matches!(error, TransportError::NoReply(_)) {
                    *error = TransportError::NotSent(source);
                }
            }
            (Mutant::BusyMeansRefused, Ok(reply))
                if reply.status == StatusCode::SERVICE_UNAVAILABLE =>
            {
                reply.status = StatusCode::BAD_REQUEST;
            }
            (Mutant::Deaf, Ok(reply)) => {
                reply.headers.remove(RETRY_AFTER);
            }
            _ => {}
        }
        result
    }
}
