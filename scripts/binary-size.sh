#!/usr/bin/env bash
# Prints the size of a release program that makes one call with the SDK, and beside it that of the same call by bare
# reqwest and serde_json. Both are built with the settings of a size-conscious release: one codegen unit, LTO, stripped.
#
# usage: scripts/binary-size.sh
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
scratch="$root/target/binary-size"
mkdir -p "$scratch/sdk/src" "$scratch/bare/src"

program() { # name, dependencies; the source comes from standard input
    cat >"$scratch/$1/src/main.rs"
    cat >"$scratch/$1/Cargo.toml" <<TOML
[package]
name = "one-call-$1"
version = "0.0.0"
edition = "2024"

[dependencies]
tokio = { version = "1", features = ["macros", "rt"] }
$2

[profile.release]
lto = true
codegen-units = 1
strip = true

[workspace]
TOML
    cp "$root/Cargo.lock" "$scratch/$1/Cargo.lock"
    CARGO_TARGET_DIR="$scratch/target" cargo build --quiet --release --manifest-path "$scratch/$1/Cargo.toml"
    printf '%-5s %s\n' "$1" "$(du -h --apparent-size "$scratch/target/release/one-call-$1" | cut -f1)"
}

program sdk "layer2-sdk = { path = \"$root/sdk\" }" <<'RUST'
use layer2_sdk::{ClientBuilder, payments::CustomersListParams};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), layer2_sdk::Error> {
    let client = ClientBuilder::from_env()?.build()?;
    let customers = client.customers().list(&CustomersListParams::new()).await?;
    println!("{}", customers.items.len());
    Ok(())
}
RUST

program bare 'reqwest = { version = "0.13", default-features = false, features = ["json", "rustls"] }
serde = { version = "1", features = ["derive"] }' <<'RUST'
#[derive(serde::Deserialize)]
struct Reply {
    data: Data,
}

#[derive(serde::Deserialize)]
struct Data {
    customers: Vec<Customer>,
}

#[derive(serde::Deserialize)]
struct Customer {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::var("LAYER2_BASE_URL")?;
    let request = reqwest::Client::new().get(format!("{base}/v1/customers"));
    let reply: Reply = request.bearer_auth(std::env::var("TOKEN")?).send().await?.json().await?;
    println!("{}", reply.data.customers.len());
    Ok(())
}
RUST
