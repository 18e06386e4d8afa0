//! A signer whose key is elsewhere: it asks a key service over the network and never sees the key.
//!
//! The key service of the example is a small server in this process with the two things that all of them have: an access
//! token of its own, and a call that signs bytes under the name of a key. The client signs through it and the mock server
//! verifies. Then the service goes down, and the client says that nothing was sent.
//!
//! ```text
//! cargo run -p layer2-examples --bin remote_signer
//! ```

use std::process::ExitCode;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::routing::post;
use clap::Parser;
use layer2_examples::{flow::Step, place::OnMock, say};
use layer2_sdk::mock::{self, Sandbox};
use layer2_sdk::payments::TransferRequest;
use layer2_sdk::{BoxError, Ed25519Signer, ErrorKind, Outcome, Signer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Signs through a key service. Needs a mock server, since the service of the example is given the key of a sandbox.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: OnMock,
}

/// Signs through a key service. It holds the name of a key and an access token, both of which may be rotated there.
#[derive(Clone)]
struct RemoteSigner {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl RemoteSigner {
    fn new(service: &str, key: &str, token: &str) -> Step<Self> {
        // A signature is wanted before the attempt is sent, and takes its time from the call.
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(2))
            .build()?;
        Ok(Self {
            http,
            url: format!("{service}/keys/{key}/sign"),
            token: token.to_owned(),
        })
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], BoxError> {
        let request = self.http.post(&self.url).bearer_auth(&self.token);
        let reply = request.body(message.to_vec()).send().await?;
        let signature = reply.error_for_status()?.bytes().await?;
        let length = signature.len();
        <[u8; 64]>::try_from(&*signature)
            .map_err(|_| format!("the key service sent {length} bytes, a signature has 64").into())
    }
}

/// Names the key and keeps the token.
impl std::fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteSigner")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The key service: it alone has the key.
struct KeyService {
    address: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl KeyService {
    async fn start(private_key: &str) -> Step<Self> {
        let key = std::sync::Arc::new(Ed25519Signer::parse(private_key)?);
        let app = Router::new()
            .route("/keys/{key}/sign", post(sign))
            .with_state(key);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(async {
                // Also if the sender is gone.
                let _ = stopped.await;
            });
            if let Err(why) = served.await {
                say!("  the key service stopped: {why}");
            }
        });
        Ok(Self {
            address,
            stop,
            running,
        })
    }

    /// Ends it with all its connections: one that the client has kept would still be answered.
    async fn go_down(self) -> Step<()> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        Ok(self.running.await?)
    }
}

async fn sign(
    State(key): State<std::sync::Arc<Ed25519Signer>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    message: axum::body::Bytes,
) -> Result<Vec<u8>, StatusCode> {
    let known = headers
        .get(AUTHORIZATION)
        .is_some_and(|token| token == "Bearer of-the-service");
    match (known, name.as_str()) {
        (false, _) => Err(StatusCode::UNAUTHORIZED),
        (true, "payments") => Ok(key.sign_now(&message).to_vec()),
        (true, _) => Err(StatusCode::NOT_FOUND),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    Options::parse().place.run(sign_elsewhere).await
}

async fn sign_elsewhere(sandbox: &Sandbox) -> Step<()> {
    let info = sandbox.info();
    let service = KeyService::start(&info.payments.signing_key).await?;

    // The environment of the sandbox has the private key; this program does without it.
    let signer = RemoteSigner::new(&service.address, "payments", "of-the-service")?;
    let mut keyless = info.clone();
    keyless.env.remove("LAYER2_SIGNING_KEY");
    let client = mock::builder(&keyless)?.signer(signer).build()?;

    let from = sandbox.account("FIAT_TESTNET_USD")?;
    let to = sandbox.open_account(&from, "SAVINGS").await?;
    sandbox.fund(&from, "100".parse()?).await?;
    let order = TransferRequest::new(from, to, "12.50".parse()?);
    let transfers = client.transfers();
    let requested = transfers.create(&order).await?;
    let accepted = transfers.accept(&requested.id).await?;
    say!("accepted {}, signed by the key service", accepted.id);

    let next = transfers.create(&order).await?;
    service.go_down().await?;
    let Err(error) = transfers.accept(&next.id).await else {
        return Err("nothing can be signed without the key service".into());
    };
    say!("refused: {error}");
    if (error.kind(), error.outcome()) != (ErrorKind::Signer, Outcome::NotSent) {
        return Err(error.into());
    }
    Ok(())
}
