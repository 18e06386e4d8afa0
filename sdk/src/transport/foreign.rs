//! The guard around transports that are not ours: whatever they do, a call keeps its time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::HttpReply;
use super::HttpRequest;
use super::HttpTransport;
use super::OpenReply;
use super::TransportError;

/// How much later than its limit a transport may be before it is given up. One that keeps the limit by itself can still
/// tell a status that came from one that did not.
const GRACE: Duration = Duration::from_millis(100);

/// A transport of the application, or ours with its middleware.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Arc<dyn HttpTransport>);

#[async_trait]
impl HttpTransport for Guarded {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        tokio::time::timeout(limit.saturating_add(GRACE), self.0.execute(request, limit))
            .await
            .unwrap_or_else(|elapsed| Err(TransportError::TimedOut(elapsed.into())))
    }

    async fn open(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<OpenReply, TransportError> {
        tokio::time::timeout(limit.saturating_add(GRACE), self.0.open(request, limit))
            .await
            .unwrap_or_else(|elapsed| Err(TransportError::TimedOut(elapsed.into())))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use reqwest::Url;

    use super::*;

    /// Never answers and never looks at the clock.
    #[derive(Debug)]
    struct Stuck;

    #[async_trait]
    impl HttpTransport for Stuck {
        async fn execute(&self, _: HttpRequest, _: Duration) -> Result<HttpReply, TransportError> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_transport_that_ignores_its_limit_is_given_up() {
        let url = Url::parse("http://localhost/token").unwrap();
        let request = HttpRequest::of_token(url, HeaderMap::new(), None);
        let began = tokio::time::Instant::now();
        let result = Guarded(Arc::new(Stuck))
            .execute(request, Duration::from_secs(7))
            .await;
        assert!(matches!(result, Err(TransportError::TimedOut(_))));
        assert!(began.elapsed() < Duration::from_millis(7_200));
    }
}
