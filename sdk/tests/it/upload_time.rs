//! How long the attempts of an upload may take: longer than those of other calls, by the length of the file.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use http::StatusCode;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::ErrorKind;
use layer2_sdk::Upload;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;

use crate::files::document;
use crate::stage::Counting;
use crate::stage::Time;

/// Notes how long each attempt may take, and lets that pass without an answer.
#[derive(Clone, Debug, Default)]
struct Silent {
    limits: Arc<Mutex<Vec<Duration>>>,
    time: Time,
}

#[async_trait]
impl HttpTransport for Silent {
    async fn execute(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        if request.operation().is_none() {
            let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#;
            return Ok(HttpReply::new(StatusCode::OK, HeaderMap::new(), token));
        }
        self.limits.lock().unwrap().push(limit);
        self.time.advance(limit);
        Err(TransportError::TimedOut("it says nothing".into()))
    }
}

impl Silent {
    /// The limits of the attempts of one upload of 1,250,000 bytes, in milliseconds.
    async fn limits_of_upload(
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
        options: CallOptions,
    ) -> Vec<u128> {
        let silent = Self::default();
        let builder = Client::builder()
            .environment(Environment::custom(
                "http://localhost/api",
                "http://localhost/token",
            ))
            .credentials("client-1", "secret")
            .clock(silent.time.clone())
            .sleep(silent.time.clone())
            .dice(Counting::default())
            .transport(silent.clone());
        let client = change(builder).build().unwrap().with(options);
        let scan = Upload::from_bytes("scan.pdf", vec![7; 1_250_000]).unwrap();
        let error = client.documents().upload(&document(), &scan).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout);
        let limits = silent.limits.lock().unwrap();
        limits.iter().map(Duration::as_millis).collect()
    }
}

#[tokio::test]
async fn an_upload_has_the_time_that_its_bytes_take_on_a_slow_line() {
    let none = CallOptions::new;
    // 250 ms pass between the attempts, which is the longest wait.
    let by_default = Silent::limits_of_upload(|builder| builder, none()).await;
    assert_eq!(by_default, [40_000, 39_750]);
    let faster = Silent::limits_of_upload(|builder| builder.upload_rate(250_000), none()).await;
    assert_eq!(faster, [35_000, 34_750]);
    let never_slow = Silent::limits_of_upload(|builder| builder.upload_rate(0), none()).await;
    assert_eq!(never_slow, [30_000, 29_750]);
}

#[tokio::test]
async fn what_a_call_says_of_its_time_is_taken_as_it_is() {
    let timeout = CallOptions::new().timeout(Duration::from_secs(7));
    let limits = Silent::limits_of_upload(|builder| builder, timeout).await;
    assert_eq!(limits, [7_000, 7_000, 7_000]);
    let deadline = CallOptions::new().deadline(Duration::from_secs(50));
    let limits = Silent::limits_of_upload(|builder| builder, deadline).await;
    assert_eq!(limits, [40_000, 9_750]);
}
