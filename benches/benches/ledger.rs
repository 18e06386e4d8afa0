//! How many two-line entries the ledger posts in a second on one core, and what a hold costs.
//!
//! `cargo bench -p layer2-benches --bench ledger`; the throughput line is the figure to read.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark that cannot go on stops"
)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use layer2_ledger::{
    AccountIx, AccountKind, Asset, AssetCode, Book, Draft, EntryId, HoldDraft, HoldId,
    LedgerAccountId, MinorUnits, Stamp,
};

const BATCH: u32 = 10_000;

struct Bank {
    book: Book,
    custody: AccountIx,
    customers: [AccountIx; 2],
}

fn bank() -> Bank {
    let usd = AssetCode::new("FIAT_TESTNET_USD").expect("a legal code");
    let mut book = Book::new();
    book.define(Asset::new(usd.clone(), 2).expect("a legal scale"))
        .expect("defined once");
    let mut open = |id: &str, kind| {
        book.open(LedgerAccountId::new(id).expect("a legal id"), &usd, kind)
            .expect("opened once")
    };
    let custody = open("custody:FIAT_TESTNET_USD", AccountKind::Custody);
    let customers = [
        open("customer:A", AccountKind::Customer),
        open("customer:B", AccountKind::Customer),
    ];
    let funding = Draft::new(EntryId::new(0), Stamp::new(0, 0))
        .debit(custody, MinorUnits::new(1_000_000_000))
        .credit(customers[0], MinorUnits::new(1_000_000_000));
    book.post(&funding).expect("funded");
    Bank {
        book,
        custody,
        customers,
    }
}

fn benchmarks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("post two lines", |bencher| {
        bencher.iter_batched(
            bank,
            |mut bank| {
                let [from, to] = bank.customers;
                for n in 1..=u64::from(BATCH) {
                    let draft = Draft::new(EntryId::new(n.into()), Stamp::new(1, n))
                        .debit(from, MinorUnits::new(1))
                        .credit(to, MinorUnits::new(1));
                    bank.book.post(&draft).expect("funds are there");
                }
                bank
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("hold and settle", |bencher| {
        bencher.iter_batched(
            bank,
            |mut bank| {
                let from = bank.customers[0];
                for n in 1..=u64::from(BATCH) {
                    let hold = HoldId::new(n.into());
                    let amount = MinorUnits::new(1);
                    bank.book
                        .place(&HoldDraft::new(hold, from, amount, Stamp::new(1, n)))
                        .expect("funds are there");
                    let draft = Draft::new(EntryId::new(n.into()), Stamp::new(2, n))
                        .settling(hold)
                        .debit(from, amount)
                        .credit(bank.custody, amount);
                    bank.book.post(&draft).expect("the hold settles");
                }
                black_box(bank)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
