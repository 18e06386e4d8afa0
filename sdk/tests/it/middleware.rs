//! What a middleware hands on, and what becomes of the rest.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::OpenReply;
use layer2_sdk::transport::TransportError;

use crate::files::DOWNLOAD;
use crate::files::document;
use crate::files::scan;
use crate::stage::Stage;

/// A middleware that hands on both ways of sending.
#[derive(Debug)]
struct Through(Arc<dyn HttpTransport>);

#[async_trait]
impl HttpTransport for Through {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        self.0.execute(request, limit).await
    }

    async fn open(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<OpenReply, TransportError> {
        self.0.open(request, limit).await
    }
}

/// A middleware that knows whole replies alone.
#[derive(Debug)]
struct WholeOnly(Arc<dyn HttpTransport>);

#[async_trait]
impl HttpTransport for WholeOnly {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        self.0.execute(request, limit).await
    }
}

#[tokio::test]
async fn a_download_is_a_stream_through_a_middleware_that_hands_it_on() {
    let stage = Stage::new().await;
    let answers = [scan(2_000), scan(2_000)];
    stage.on("GET", DOWNLOAD, stage.script(answers)).await;
    // Only a body that is read whole has to fit into it.
    let builder = || stage.builder().reply_limit(1_000);

    let client = builder().wrap_transport(Through).build().unwrap();
    let stream = client.documents().download_stream(&document()).await;
    let bytes = stream.unwrap().into_inner().bytes().await.unwrap();
    assert_eq!(bytes, vec![7; 2_000]);

    let client = builder().wrap_transport(WholeOnly).build().unwrap();
    let stream = client.documents().download_stream(&document()).await;
    let error = stream.unwrap_err();
    assert!(error.to_string().contains("reply_limit"), "{error}");
}
