//! A platform that answers at once and keeps nothing, as a process of its own: neither its allocations nor its processor
//! time are those of the calls.

use std::io::BufRead as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};

use crate::calls::Failure;

const REPLY: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555","status":"REQUESTED","created_timestamp":"2026-01-05T09:00:00.000000-05:00","source_details":{"source_account_id":"ACME_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_debit":125.5},"destination_details":{"destination_account_id":"ACME_PAYROLL_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_credit":125.5}}}"#;
const TOKEN: &str = r#"{"access_token":"0123456789012345678901234567890123456789","token_type":"Bearer","expires_in":43200}"#;

/// A running platform; ends when this is dropped.
#[derive(Debug)]
pub struct Platform {
    process: Child,
    base: String,
}

impl Platform {
    /// Starts `program` with the argument `--serve`, which is to call [`serve`], and waits for its address.
    ///
    /// # Errors
    /// The program cannot be run.
    pub fn start(program: impl AsRef<std::ffi::OsStr>) -> Result<Self, Failure> {
        let mut process = Command::new(program)
            .arg("--serve")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the platform has no output")?;
        let mut base = String::new();
        std::io::BufReader::new(output).read_line(&mut base)?;
        Ok(Self {
            process,
            base: base.trim().to_owned(),
        })
    }

    /// Where it listens: scheme, address and port.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Lets tokens be handed out, to those who wait for one and to all who ask from now on.
    ///
    /// # Errors
    /// The platform does not answer.
    pub async fn release_tokens(&self) -> Result<(), Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let reply = http.post(format!("{}/release", self.base)).send().await?;
        reply.error_for_status()?;
        Ok(())
    }

    /// How often a token was asked for.
    ///
    /// # Errors
    /// The platform does not answer.
    pub async fn token_requests(&self) -> Result<u64, Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let reply = http.get(format!("{}/count", self.base)).send().await?;
        Ok(reply.error_for_status()?.text().await?.parse()?)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves on a free port of the loopback address and prints where.
///
/// No token is handed out before [`Platform::release_tokens`], so that all callers can be waiting for one by then.
///
/// # Errors
/// The port cannot be had.
#[allow(
    clippy::print_stdout,
    reason = "the address is what this program tells"
)]
pub async fn serve() -> Result<(), Failure> {
    let tokens = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&tokens);
    let (release, released) = tokio::sync::watch::channel(false);
    let release = Arc::new(release);
    let json = [(CONTENT_TYPE, "application/json")];
    let app = Router::new()
        .route(
            "/api/v1/transfers",
            post(async move |_: bytes::Bytes| (json.clone(), REPLY)),
        )
        .route(
            "/api/v1/transfers/{id}/accept",
            post(async || ([(CONTENT_TYPE, "application/json")], REPLY)),
        )
        .route(
            "/token",
            post(async move || {
                tokens.fetch_add(1, Ordering::Relaxed);
                let mut released = released.clone();
                let waited = released.wait_for(|released| *released).await;
                waited
                    .map(|_| TOKEN)
                    .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
            }),
        )
        .route(
            "/release",
            post(async move || {
                release.send_replace(true);
            }),
        )
        .route(
            "/count",
            get(async move || count.load(Ordering::Relaxed).to_string()),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
