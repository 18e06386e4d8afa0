//! How deep a walk came.

use std::collections::BTreeMap;

/// Something that a lane must have seen, and how often at least.
pub(super) type Depth = (&'static str, u64);

/// Where work is done at once, nothing comes between an acceptance and its execution but a price.
pub(super) const AT_ONCE: &[Depth] = &[
    ("account CLOSED", 10),
    ("application moved", 100),
    ("command repeated", 700),
    ("counterparty CLOSED", 1),
    ("customer CLOSED", 1),
    ("exchange EXECUTED as a purchase", 100),
    ("exchange EXECUTED as a sale", 100),
    ("exchange EXECUTED in ETHEREUM_SEPOLIA_ETH", 25),
    ("exchange EXECUTED in FIAT_TESTNET_EUR", 25),
    ("exchange EXECUTED in SOLANA_DEVNET_SOL", 10),
    ("exchange REJECTED", 5),
    ("inbound POSTED", 1_200),
    ("inbound assigned", 40),
    ("inbound taken back", 120),
    ("inbound taken back uncovered", 1),
    ("judged to be refused", 2_500),
    ("judged to be taken", 1_500),
    ("key used again", 150),
    ("paper handed in", 2),
    ("paper waived", 2),
    ("refused ACCOUNT_NOT_USABLE", 200),
    ("refused COUNTERPARTY_NOT_USABLE", 50),
    ("refused EXCHANGE_EXPIRED", 100),
    ("refused INSUFFICIENT_FUNDS", 100),
    ("refused TRANSFER_EXPIRED", 60),
    ("refused WITHDRAWAL_EXPIRED", 50),
    ("subscription deleted", 15),
    ("transfer EXECUTED", 300),
    ("transfer EXECUTED in ETHEREUM_SEPOLIA_ETH", 35),
    ("transfer EXECUTED in FIAT_TESTNET_EUR", 25),
    ("withdrawal EXECUTED", 300),
    ("withdrawal RETURNED", 80),
    ("withdrawal with a fee", 120),
    ("world examined", 70),
];

/// Where work takes its time, accounts are frozen and orders cancelled meanwhile.
pub(super) const IN_TIME: &[Depth] = &[
    ("account CLOSED", 10),
    ("application moved", 100),
    ("command repeated", 700),
    ("counterparty CLOSED", 1),
    ("customer CLOSED", 1),
    ("exchange EXECUTED as a purchase", 80),
    ("exchange EXECUTED as a sale", 80),
    ("exchange EXECUTED in ETHEREUM_SEPOLIA_ETH", 25),
    ("exchange EXECUTED in FIAT_TESTNET_EUR", 25),
    ("exchange EXECUTED in SOLANA_DEVNET_SOL", 10),
    ("exchange REJECTED", 5),
    ("inbound POSTED", 1_000),
    ("inbound assigned", 40),
    ("inbound sent back", 8),
    ("inbound taken back", 100),
    ("inbound taken back uncovered", 1),
    ("judged to be refused", 2_500),
    ("judged to be taken", 1_500),
    ("key used again", 150),
    ("paper handed in", 2),
    ("paper waived", 2),
    ("refused INSUFFICIENT_FUNDS", 100),
    ("subscription deleted", 15),
    ("transfer EXECUTED", 250),
    ("transfer EXECUTED in ETHEREUM_SEPOLIA_ETH", 35),
    ("transfer EXECUTED in FIAT_TESTNET_EUR", 25),
    ("transfer REJECTED", 2),
    ("withdrawal CANCELLED", 25),
    ("withdrawal EXECUTED", 200),
    ("withdrawal REJECTED", 30),
    ("withdrawal RETURNED", 20),
    ("withdrawal with a fee", 100),
    ("world examined", 70),
];

/// The older version cannot cancel a withdrawal, and asks for no papers.
pub(super) const LAYER2: &[Depth] = &[
    ("account CLOSED", 10),
    ("command repeated", 700),
    ("counterparty CLOSED", 1),
    ("customer CLOSED", 1),
    ("exchange EXECUTED as a purchase", 80),
    ("exchange EXECUTED as a sale", 80),
    ("exchange EXECUTED in ETHEREUM_SEPOLIA_ETH", 25),
    ("exchange EXECUTED in FIAT_TESTNET_EUR", 25),
    ("exchange EXECUTED in SOLANA_DEVNET_SOL", 10),
    ("exchange REJECTED", 5),
    ("inbound POSTED", 1_000),
    ("inbound assigned", 40),
    ("inbound sent back", 8),
    ("inbound taken back", 100),
    ("judged to be refused", 2_500),
    ("judged to be taken", 1_500),
    ("refused INSUFFICIENT_FUNDS", 100),
    ("subscription deleted", 15),
    ("transfer EXECUTED", 250),
    ("transfer EXECUTED in ETHEREUM_SEPOLIA_ETH", 35),
    ("transfer EXECUTED in FIAT_TESTNET_EUR", 25),
    ("transfer REJECTED", 2),
    ("withdrawal EXECUTED", 200),
    ("withdrawal REJECTED", 30),
    ("withdrawal RETURNED", 20),
    ("withdrawal with a fee", 100),
    ("world examined", 70),
];

/// Prints what was seen, for a reader of `--no-capture`.
#[expect(clippy::print_stdout, reason = "a walk is tuned by what it prints")]
pub(super) fn print(lane: &str, steps: u64, seen: &BTreeMap<String, u64>) {
    println!("lane {lane}: {steps} steps");
    for (what, count) in seen {
        println!("{count:>8}  {what}");
    }
}

/// A walk that came less deep than it should has become shallow.
pub(super) fn assert(lane: &str, depths: &[Depth], seen: &BTreeMap<String, u64>) {
    let count = |what: &str| seen.get(what).copied().unwrap_or_default();
    let missed: Vec<String> = depths
        .iter()
        .filter(|(what, least)| count(what) < *least)
        .map(|(what, least)| format!("{what}: {} instead of {least}", count(what)))
        .collect();
    assert!(missed.is_empty(), "lane {lane} is shallow: {missed:#?}");
}
