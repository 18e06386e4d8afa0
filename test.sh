#!/usr/bin/env bash
# Everything that must hold before a change lands. Needs the Rust toolchain, and installs PostgreSQL through apt-get where it
# is missing; the last line counts the tests, each once.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"

log=$(mktemp)
# A PostgreSQL server for the tests, which runs as a user of its own and passes through here.
database=$(mktemp -d)
chmod 711 "$database"
trap 'rm -f "$log"; scripts/postgres.sh stop "$database/server" >/dev/null 2>&1 || true; rm -rf "$database"' EXIT
passed=0

step() { printf '\n== %s\n' "$1"; }

# Runs the tests with nextest where it is installed and with cargo's own runner otherwise; `count` is what passed.
run_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --no-fail-fast "$@" 2>&1 | tee "$log"
        count=$(sed -nE 's/.* ([0-9]+) tests? run: ([0-9]+) passed.*/\2/p' "$log" | tail -n 1)
    else
        cargo test --no-fail-fast "$@" 2>&1 | tee "$log"
        count=$(sed -nE 's/^test result: ok\. ([0-9]+) passed.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    fi
    count=${count:-0}
}

step 'format'
cargo fmt --all --check

step 'lints'
cargo clippy --workspace --all-targets --locked -- -D warnings

step 'generated code is current'
cargo run --locked --quiet -p layer2-codegen -- --check

step 'a database'
if ! scripts/postgres.sh programs >/dev/null 2>&1; then
    privileged=()
    if [ "$(id -u)" -ne 0 ]; then privileged=(sudo); fi
    "${privileged[@]}" apt-get update -qq
    "${privileged[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql
fi
TEST_POSTGRES=$(scripts/postgres.sh make "$database/server")
export TEST_POSTGRES

step 'tests'
run_tests --workspace --locked
passed=$count

for store in sqlite postgres; do
    step "the server over $store"
    TEST_STORE=$store run_tests --package layer2-mock --test it --locked
done

# Workspace unification hides a feature that a published crate forgot to ask for, so each is built and tested alone.
step 'each published crate alone'
again=0
for package in layer2-types layer2-ledger layer2-world layer2-sdk layer2-mock; do
    run_tests --package "$package" --locked
    again=$((again + count))
done
for feature in payments accounting plaid control; do
    cargo check --quiet --locked --package layer2-types --no-default-features --features "$feature"
    cargo check --quiet --locked --package layer2-sdk --no-default-features --features "$feature,rustls"
done

step 'documentation tests'
cargo test --doc --workspace --locked 2>&1 | tee "$log"
passed=$((passed + $(sed -nE 's/^test result: ok\. ([0-9]+) passed.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')))

step 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

step 'packages'
cargo package --workspace --locked --allow-dirty --no-verify --quiet

step 'the quickstart, as a reader would run it'
cargo run --locked --quiet -p layer2-examples --bin quickstart

printf '\n%s of them passed again in their crate alone\n' "$again"
printf '%s passed, 0 failed\n' "$passed"
