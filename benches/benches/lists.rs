//! What a page of a list costs in a sandbox of 1,000 transactions and in one of 100,000: it has to be the same.
//!
//! `cargo bench -p layer2-benches --bench lists`; compare the lines of one list with each other.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark that cannot go on stops"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use layer2_world::{
    Actor, ClientCommand, Command, Context, Fingerprint, Genesis, Internal, Request, Seed,
    Settings, World,
};

const START: &str = "2026-01-05T14:00:00Z";

fn start() -> jiff::Timestamp {
    START.parse().expect("an instant")
}

fn request(op: &str, path: &[(&str, &str)], query: &[(&str, &str)], body: Option<&str>) -> Request {
    let owned = |pairs: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    Request {
        op: op.parse().expect("an operation"),
        path: owned(path),
        query: owned(query),
        body: body.map(str::to_owned),
        actor: match op.starts_with("control.") {
            true => Actor::Control,
            false => Actor::Client,
        },
    }
}

/// A world in which money came so many times, a minute after each other.
fn world(transactions: u64) -> World {
    let mut world = World::new(Genesis {
        name: "default".to_owned(),
        seed: Seed::new([7; 32]),
        settings: Settings::default(),
        start: start(),
    });
    let (path, money) = (
        [("sandbox", "default")],
        r#"{"account_id":"ACME_USD","amount":1.25}"#,
    );
    let arrival = Command::Client(ClientCommand {
        request: request("control.inbound_create", &path, &[], Some(money)),
        key: None,
        fingerprint: Fingerprint::new([0; 32]),
    });
    for n in 0..transactions {
        let minutes = i64::try_from(n).expect("a number of minutes");
        let now = start() + jiff::SignedDuration::from_mins(minutes);
        for (command, seq) in [
            (&arrival, 2 * n + 1),
            (&Command::Internal(Internal::RunDue), 2 * n + 2),
        ] {
            let context = Context { now, seq };
            world
                .execute(command, context)
                .expect("an accepted command");
        }
    }
    world
}

fn benchmarks(criterion: &mut Criterion) {
    let account = [("account_id", "ACME_USD")];
    let sandbox = [("sandbox", "default")];
    let lists: [(&str, Request); 5] = [
        (
            "transactions",
            request("payments.transactions_list", &[], &[], None),
        ),
        (
            "transactions of an account, newest first",
            request(
                "payments.transactions_list_for_account",
                &account,
                &[("order", "DESC")],
                None,
            ),
        ),
        (
            "transactions of a day",
            request(
                "payments.transactions_list_for_account",
                &account,
                &[("start_date", "2026-01-05"), ("end_date", "2026-01-05")],
                None,
            ),
        ),
        (
            "entries of an account",
            request(
                "control.ledger_entries",
                &sandbox,
                &[("account_id", "ACME_USD")],
                None,
            ),
        ),
        (
            "money from outside",
            request("control.inbound_list", &sandbox, &[], None),
        ),
    ];
    for transactions in [1_000, 100_000] {
        let world = world(transactions);
        let now = start() + jiff::SignedDuration::from_hours(24 * 365);
        for (name, list) in &lists {
            let mut group = criterion.benchmark_group(*name);
            group.bench_with_input(
                BenchmarkId::from_parameter(transactions),
                list,
                |bencher, list| {
                    bencher.iter(|| black_box(world.query(list, now).expect("a page")));
                },
            );
            group.finish();
        }
    }
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
