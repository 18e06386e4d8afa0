//! What the layers of the SDK cost: its calls beside bare reqwest and serde_json, in one run, as ratios.
//!
//! ```text
//! cargo run --release -p layer2-benches --bin sdk-call            # 101 pairs of rounds of 256 calls
//! cargo run --release -p layer2-benches --bin sdk-call -- 15 640
//! ```
//!
//! The bare call is what one would write by hand: a bearer token that is at hand, a key of its own per call, the body
//! from a struct, the reply into a struct; the signed one has one Ed25519 signature more. The server is another process,
//! so that neither its allocations nor its processor time are counted.
//!
//! The figures are meant to hold on a machine that does other things as well. Rounds are short and come in pairs, bare
//! and SDK one right after the other, in turns with either of them first: what else runs meets both sides alike. Each
//! pair has its ratio, and the median of the ratios is told, with the quartiles around it. Beside the time on the clock
//! stands that on the processor, which leaves out the waiting for one.

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
use std::time::Instant;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use ed25519_dalek::{Signer as _, SigningKey};
use futures_util::FutureExt as _;
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

/// What one call of a round took, on average.
#[derive(Clone, Copy, Debug)]
struct Round {
    clock_us: f64,
    cpu_us: f64,
    allocations: f64,
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
    let rounds: usize = first.map_or(Ok(101), |text| text.parse())?;
    let calls: u32 = args.next().map_or(Ok(256), |text| text.parse())?;
    let server = Server::start()?;
    let sides = Arc::new(Sides::new(&server.base)?);

    cold_start(&server.base).await?;
    println!();
    println!("| tasks | call | of | bare | SDK | ratio | quartiles |");
    println!("|---|---|---|---|---|---|---|");
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
    for way in [bare, ours] {
        round(sides, way, tasks, calls).await?;
    }
    let mut pairs = Vec::with_capacity(rounds);
    for index in 0..rounds {
        pairs.push(if index % 2 == 0 {
            let first = round(sides, bare, tasks, calls).await?;
            (first, round(sides, ours, tasks, calls).await?)
        } else {
            let first = round(sides, ours, tasks, calls).await?;
            (round(sides, bare, tasks, calls).await?, first)
        });
    }
    for (of, unit, figure) in FIGURES {
        let side =
            |side: fn(&Pair) -> Round| quartiles(pairs.iter().map(|pair| figure(side(pair))));
        let ratio = quartiles(
            pairs
                .iter()
                .map(|(bare, ours)| figure(*ours) / figure(*bare)),
        );
        println!(
            "| {tasks} | {name} | {of} | {:.1}{unit} | {:.1}{unit} | {:.2} | {:.2} to {:.2} |",
            side(|pair| pair.0)[1],
            side(|pair| pair.1)[1],
            ratio[1],
            ratio[0],
            ratio[2],
        );
    }
    Ok(())
}

/// A round of bare calls and one of the SDK's, one after the other.
type Pair = (Round, Round);

/// What is told of a round: its name, its unit, where it stands.
type Figure = (&'static str, &'static str, fn(Round) -> f64);

const FIGURES: [Figure; 3] = [
    ("clock", " us", |round| round.clock_us),
    ("processor", " us", |round| round.cpu_us),
    ("allocations", "", |round| round.allocations),
];

/// The lower quartile, the median and the upper quartile.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| {
        let place = values.len().saturating_sub(1) * quarter / 4;
        values.get(place).copied().unwrap_or_default()
    })
}

/// `calls` calls by `tasks` tasks at once.
async fn round(sides: &Arc<Sides>, way: Way, tasks: u32, calls: u32) -> Result<Round, Failure> {
    let allocations = ALLOCATOR.stats();
    let cpu = cpu_nanos()?;
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
        clock_us: took.as_nanos() as f64 / 1e3 / made,
        cpu_us: (cpu_nanos()? - cpu) as f64 / 1e3 / made,
        allocations: times as f64 / made,
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
    let mut calls: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            Box::pin(async move { client.transfers().create(&order()).await.map(|_| ()) })
        })
        .collect();
    // Each has looked for a token and waits for one before the endpoint may hand it out.
    for call in &mut calls {
        if call.as_mut().now_or_never().is_some() {
            return Err("a call ended without a token".into());
        }
    }
    http.post(format!("{base}/release")).send().await?;
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
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

/// What the threads of this process have had of the processor; none of them ends before the program does.
fn cpu_nanos() -> Result<u64, Failure> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let ran = stat.split(' ').next().ok_or("an empty schedstat")?;
        nanos += ran.parse::<u64>()?;
    }
    Ok(nanos)
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
    // The endpoint hands no token out before this is true.
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
            axum::routing::get(async move || count.load(Ordering::Relaxed).to_string()),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
