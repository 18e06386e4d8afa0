#!/usr/bin/env bash
# What the SDK costs to build and to carry: clean builds of it with several sets of features, in the development profile,
# and the size of a release program that makes one call, beside that of the same call by bare reqwest and serde_json.
#
# The programs are built as one would where size counts: one codegen unit, LTO over all crates, stripped.
#
# usage: benches/builds.sh times | sizes
source "$(dirname "$0")/lib.sh"

times() {
    local features took
    for features in '' '--no-default-features --features payments,rustls' \
        '--no-default-features --features payments,webhooks,rustls-no-provider'; do
        took=$(now)
        # The words of the options stay apart.
        # shellcheck disable=SC2086
        CARGO_TARGET_DIR="$scratch/target" cargo build --quiet --locked --package layer2-sdk $features
        took=$(($(now) - took))
        rm -rf "$scratch/target"
        printf 'clean build  %5.1f s  %s\n' "$((took / 100000000))e-1" "${features:-default features}"
    done
}

program() { # name dependencies; the source comes from standard input
    mkdir -p "$scratch/$1/src"
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
    cp "Cargo.lock" "$scratch/$1/Cargo.lock"
    CARGO_TARGET_DIR="$scratch/target" cargo build --quiet --release --manifest-path "$scratch/$1/Cargo.toml"
    printf 'program, %-5s %s\n' "$1" "$(du -h --apparent-size "$scratch/target/release/one-call-$1" | cut -f1)"
}

sizes() {
    program sdk "layer2-sdk = { path = \"$PWD/sdk\" }" <<'RUST'
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
}

case ${1:-} in
times | sizes) "$1" ;;
*)
    echo "usage: benches/builds.sh times | sizes" >&2
    exit 2
    ;;
esac
