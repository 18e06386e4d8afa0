//! What the layers of the SDK cost: its calls beside bare reqwest and serde_json, in one run, as ratios.
//!
//! ```text
//! cargo run --release -p layer2-benches --bin sdk-call            # 101 pairs of rounds of 256 calls
//! cargo run --release -p layer2-benches --bin sdk-call -- 15 640
//! ```
//!
//! The figures are meant to hold on a machine that does other things as well. Rounds are short and come in pairs, bare
//! and SDK one right after the other, in turns with either of them first: what else runs meets both sides alike. Each
//! pair has its ratio, and the median of the ratios is told, with the quartiles around it. Beside the time on the clock
//! stands that on the processor, which leaves out the waiting for one.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "a program that measures and prints, and stops where it cannot go on"
)]

use std::alloc::System;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use layer2_benches::calls::{Failure, Sides, Way, order, sdk};
use layer2_benches::platform::{Platform, serve};
use layer2_sdk::SignRequests;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What one call of a round took, on average.
#[derive(Clone, Copy, Debug)]
struct Round {
    clock_us: f64,
    cpu_us: f64,
    allocations: f64,
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
    let platform = Platform::start(std::env::current_exe()?)?;
    let sides = Arc::new(Sides::new(platform.base())?);

    cold_start(&platform).await?;
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
async fn cold_start(platform: &Platform) -> Result<(), Failure> {
    let client = sdk(platform.base(), SignRequests::Never)?;
    let began = Instant::now();
    let mut calls: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            Box::pin(async move {
                client.transfers().create(&order()?).await?;
                Ok::<_, Failure>(())
            })
        })
        .collect();
    // Each has looked for a token and waits for one before the endpoint may hand it out.
    for call in &mut calls {
        if call.as_mut().now_or_never().is_some() {
            return Err("a call ended without a token".into());
        }
    }
    platform.release_tokens().await?;
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    for call in calls {
        call.await??;
    }
    println!(
        "1,000 calls and no token: {} token request(s), {} ms",
        platform.token_requests().await?,
        began.elapsed().as_millis()
    );
    Ok(())
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
