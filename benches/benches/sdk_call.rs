//! One call at a time by the SDK and by hand: `cargo bench -p layer2-benches --bench sdk_call`.
//!
//! For ratios, for many tasks at once and for allocations there is the program `sdk-call`, whose rounds take turns.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark that cannot go on stops"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use layer2_benches::calls::{Sides, Way};
use layer2_benches::platform::Platform;

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let platform = Platform::start(env!("CARGO_BIN_EXE_sdk-call")).expect("a platform");
    let sides = Sides::new(platform.base()).expect("two sides");
    runtime.block_on(platform.release_tokens()).expect("tokens");
    for (name, ways) in [
        ("keyed call", [("by hand", Way::Bare), ("SDK", Way::Sdk)]),
        (
            "signed call",
            [("by hand", Way::BareSigned), ("SDK", Way::SdkSigned)],
        ),
    ] {
        let mut group = criterion.benchmark_group(name);
        for (side, way) in ways {
            group.bench_function(side, |bencher| {
                bencher.iter(|| runtime.block_on(sides.call(way)).expect("a reply"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
