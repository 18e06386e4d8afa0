//! What the layers of the SDK cost: its calls beside bare reqwest and serde_json, in one run, as ratios.
//!
//! ```text
//! cargo run --release -p layer2-benches --bin sdk-call            # 30 rounds of 1,000 calls
//! cargo run --release -p layer2-benches --bin sdk-call -- 10 640
//! ```
//!
//! The bare call is what one would write by hand: a bearer token that is at hand, a key of its own per call, the body
//! from a struct, the reply into a struct; the signed one has one Ed25519 signature more. The server is another process,
//! so that its allocations are not counted. Rounds alternate, and the best round of each side counts, as whatever else the
//! machine does only ever adds. Beside the time on the clock stands that on the processor, over all rounds.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "a program that measures and prints, and stops where it cannot go on"
)]

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use ed25519_dalek::{Signer as _, SigningKey};
use layer2_sdk::payments::{AccountId, TransferId, TransferReply, TransferRequest};
use layer2_sdk::{Client, Environment, SignRequests};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SEED: [u8; 32] = [7; 32];
const REPLY: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555","status":"REQUESTED","created_timestamp":"2026-01-05T09:00:00.000000-05:00","source_details":{"source_account_id":"ACME_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_debit":125.5},"destination_details":{"destination_account_id":"ACME_PAYROLL_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_credit":125.5}}}"#;
const TOKEN: &str = r#"{"access_token":"0123456789012345678901234567890123456789","token_type":"Bearer","expires_in":43200}"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Bare,
    Sdk,
    BareSigned,
    SdkSigned,
}

/// What one round of one way took.
#[derive(Clone, Copy, Debug)]
struct Round {
    nanos_per_call: f64,
    cpu_ms: f64,
    allocations_per_call: f64,
}

/// Both sides, ready to call.
struct Sides {
    base: String,
    http: reqwest::Client,
    key: SigningKey,
    sdk: Client,
    signing_sdk: Client,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let first = args.next();
    if first.as_deref() == Some("--serve") {
        return serve().await;
    }
    let rounds: usize = first.map_or(Ok(30), |text| text.parse())?;
    let calls: u32 = args.next().map_or(Ok(1_000), |text| text.parse())?;
    let server = Server::start()?;
    let sides = Arc::new(Sides::new(&server.base)?);

    cold_start(&server.base).await?;
    println!();
    println!(
        "| tasks | call | bare | SDK | ratio | processor bare | SDK | ratio | allocations bare | SDK | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for tasks in [1_u32, 64] {
        for (name, bare, ours) in [
            ("with a key", Way::Bare, Way::Sdk),
            ("signed", Way::BareSigned, Way::SdkSigned),
        ] {
            compare(&sides, name, (bare, ours), tasks, (rounds, calls)).await?;
        }
    }
    Ok(())
}

async fn compare(
    sides: &Arc<Sides>,
    name: &str,
    (bare, ours): (Way, Way),
    tasks: u32,
    (rounds, calls): (usize, u32),
) -> Result<(), Failure> {
    let (mut of_bare, mut of_ours) = (Vec::new(), Vec::new());
    for way in [bare, ours] {
        round(sides, way, tasks, calls / 4).await?;
    }
    for _ in 0..rounds {
        of_bare.push(round(sides, bare, tasks, calls).await?);
        of_ours.push(round(sides, ours, tasks, calls).await?);
    }
    let best = |of: fn(&Round) -> f64, rounds: &[Round]| {
        rounds
            .iter()
            .map(of)
            .min_by(f64::total_cmp)
            .unwrap_or_default()
    };
    let time = |rounds: &[Round]| best(|round| round.nanos_per_call, rounds);
    let count = |rounds: &[Round]| best(|round| round.allocations_per_call, rounds);
    let made = f64::from(calls / tasks * tasks) * rounds as f64;
    let cpu = |rounds: &[Round]| rounds.iter().map(|round| round.cpu_ms).sum::<f64>() / made * 1e3;
    println!(
        "| {tasks} | {name} | {:.1} us | {:.1} us | {:.2} | {:.1} us | {:.1} us | {:.2} | {:.1} | {:.1} | {:.2} |",
        time(&of_bare) / 1e3,
        time(&of_ours) / 1e3,
        time(&of_ours) / time(&of_bare),
        cpu(&of_bare),
        cpu(&of_ours),
        cpu(&of_ours) / cpu(&of_bare),
        count(&of_bare),
        count(&of_ours),
        count(&of_ours) / count(&of_bare),
    );
    Ok(())
}

/// `calls` calls by `tasks` tasks at once.
async fn round(sides: &Arc<Sides>, way: Way, tasks: u32, calls: u32) -> Result<Round, Failure> {
    let allocations = ALLOCATOR.stats();
    let cpu = cpu_ms()?;
    let began = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let sides = Arc::clone(sides);
            tokio::spawn(async move {
                for _ in 0..calls / tasks {
                    sides.call(way).await?;
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    let count = tasks.len();
    for task in tasks {
        task.await??;
    }
    let took = began.elapsed();
    let made = f64::from(calls / u32::try_from(count)? * u32::try_from(count)?);
    let allocated = ALLOCATOR.stats() - allocations;
    let times = allocated.allocations + allocated.reallocations;
    Ok(Round {
        nanos_per_call: took.as_nanos() as f64 / made,
        cpu_ms: cpu_ms()? - cpu,
        allocations_per_call: times as f64 / made,
    })
}

/// A thousand calls without a token.
async fn cold_start(base: &str) -> Result<(), Failure> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let count = async || -> Result<u64, Failure> {
        Ok(http
            .get(format!("{base}/count"))
            .send()
            .await?
            .text()
            .await?
            .parse()?)
    };
    let before = count().await?;
    let client = sdk(base, SignRequests::Never)?;
    let began = Instant::now();
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.transfers().create(&order()).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await??;
    }
    println!(
        "1,000 calls and no token: {} token request(s), {} ms",
        count().await? - before,
        began.elapsed().as_millis()
    );
    Ok(())
}

impl Sides {
    fn new(base: &str) -> Result<Self, Failure> {
        Ok(Self {
            base: base.to_owned(),
            http: reqwest::Client::builder().no_proxy().build()?,
            key: SigningKey::from_bytes(&SEED),
            sdk: sdk(base, SignRequests::Never)?,
            signing_sdk: sdk(base, SignRequests::WhereTaken)?,
        })
    }

    async fn call(&self, way: Way) -> Result<(), Failure> {
        match way {
            Way::Bare => self.bare("/v1/transfers", Some(order()), false).await,
            Way::Sdk => {
                self.sdk.transfers().create(&order()).await?;
                Ok(())
            }
            Way::BareSigned => self.bare(ACCEPT, None, true).await,
            Way::SdkSigned => {
                let id = TransferId::new(TRANSFER)?;
                self.signing_sdk.transfers().accept(&id).await?;
                Ok(())
            }
        }
    }

    async fn bare(
        &self,
        path: &str,
        order: Option<TransferRequest>,
        signed: bool,
    ) -> Result<(), Failure> {
        let mut request = self
            .http
            .post(format!("{}/api{path}", self.base))
            .bearer_auth("0123456789012345678901234567890123456789")
            .header("x-l2f-idempotency-id", uuid::Uuid::new_v4().to_string());
        if let Some(order) = order {
            request = request.json(&order);
        }
        if signed {
            let seconds = jiff::Timestamp::now().as_second();
            let message = format!("{seconds}POST/api{path}");
            let signature = self.key.sign(message.as_bytes());
            request = request
                .header("x-timestamp", seconds)
                .header("x-signature", hex::encode(signature.to_bytes()));
        }
        let reply: TransferReply = request.send().await?.error_for_status()?.json().await?;
        std::hint::black_box(reply);
        Ok(())
    }
}

const TRANSFER: &str = "11111111-2222-4333-8444-555555555555";
const ACCEPT: &str = "/v1/transfers/11111111-2222-4333-8444-555555555555/accept";

fn sdk(base: &str, sign: SignRequests) -> Result<Client, layer2_sdk::Error> {
    Client::builder()
        .environment(Environment::custom(
            format!("{base}/api"),
            format!("{base}/token"),
        ))
        .credentials("client-id", "client-secret")
        .signing_key(hex::encode(SEED))
        .sign_requests(sign)
        .build()
}

fn order() -> TransferRequest {
    let account = |id| AccountId::new(id).expect("a legal id");
    let amount = "125.50".parse().expect("an amount");
    TransferRequest::new(account("ACME_USD"), account("ACME_PAYROLL_USD"), amount)
}

/// What this process has had of the processor, its user and its system part, in steps of ten milliseconds.
fn cpu_ms() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat
        .rsplit_once(") ")
        .ok_or("no fields in /proc/self/stat")?;
    let ticks = fields.split(' ').skip(11).take(2);
    ticks.map(|ticks| Ok(ticks.parse::<f64>()? * 10.0)).sum()
}

/// This program once more, as the server.
struct Server {
    process: std::process::Child,
    base: String,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        use std::io::BufRead as _;
        let mut process = std::process::Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdout(std::process::Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut base = String::new();
        std::io::BufReader::new(output).read_line(&mut base)?;
        Ok(Self {
            process,
            base: base.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn serve() -> Result<(), Failure> {
    let tokens = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&tokens);
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
                // Long enough that all callers are waiting.
                tokio::time::sleep(Duration::from_millis(50)).await;
                TOKEN
            }),
        )
        .route(
            "/count",
            axum::routing::get(async move || count.load(Ordering::Relaxed).to_string()),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
