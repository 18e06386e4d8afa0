#!/usr/bin/env bash
# Checks the SDK with each of its features alone, with none, with the pairs that a reader would choose, and with all.
#
# A feature that forgot to ask for what it uses compiles in a workspace, where some other crate asks for it; alone it does
# not. Warnings are errors, so that a feature leaves no code behind that nobody calls.
#
# usage: scripts/features.sh
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTFLAGS="${RUSTFLAGS:-} -D warnings"

check() {
    printf '%-60s' "${1:-(none)}"
    local started=$SECONDS
    cargo check --quiet --locked --package layer2-sdk --no-default-features --features "$1"
    printf ' ok, %d s\n' $((SECONDS - started))
}

features=$(cargo metadata --format-version 1 --no-deps --locked |
    python3 -c 'import json, sys
packages = json.load(sys.stdin)["packages"]
sdk = next(package for package in packages if package["name"] == "layer2-sdk")
print("\n".join(sorted(sdk["features"])))')

check ''
for feature in $features; do
    check "$feature"
done
for tls in rustls rustls-no-provider native-tls; do
    check "payments,webhooks,$tls"
done
check 'payments,blocking,rustls'
check 'accounting,blocking,rustls'
check 'payments,accounting,plaid,control,webhooks,axum,blocking,rustls'
