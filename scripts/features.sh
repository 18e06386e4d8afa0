#!/usr/bin/env bash
# Checks the SDK and the server with each of their features alone and with none, the SDK with the pairs that a reader
# would choose, and with all.
#
# A feature that forgot to ask for what it uses compiles in a workspace, where some other crate asks for it; alone it does
# not. Warnings are errors, so that a feature leaves no code behind that nobody calls. They are asked of clippy, whose
# arguments reach our crates alone: `RUSTFLAGS` would have every dependency built anew.
#
# With each feature that brings TLS, and without any, the tests of TLS run as well: handshakes with a server of theirs.
#
# usage: scripts/features.sh
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

check() { # package, features
    printf '%-12s %-72s' "$1" "${2:-(none)}"
    local started=$SECONDS
    cargo clippy --quiet --locked --package "$1" --no-default-features --features "$2" -- -D warnings
    printf ' ok, %d s\n' $((SECONDS - started))
}

handshake() { # features
    printf '%-12s %-72s' 'tls' "$1"
    local started=$SECONDS
    cargo test --quiet --locked --package layer2-sdk --test tls --no-default-features --features "$1" >"$log" 2>&1 ||
        { cat "$log"; exit 1; }
    printf ' ok, %d s\n' $((SECONDS - started))
}

features() { # package
    cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json, sys
packages = json.load(sys.stdin)["packages"]
package = next(package for package in packages if package["name"] == sys.argv[1])
print("\n".join(sorted(package["features"])))' "$1"
}

for package in layer2-sdk layer2-mock; do
    check "$package" ''
    for feature in $(features "$package"); do
        check "$package" "$feature"
    done
done
handshake payments
for tls in rustls rustls-no-provider native-tls; do
    check layer2-sdk "payments,webhooks,$tls"
    handshake "payments,$tls"
done
check layer2-sdk 'payments,blocking,rustls'
check layer2-sdk 'accounting,blocking,rustls'
check layer2-sdk 'payments,accounting,plaid,control,webhooks,axum,blocking,rustls'
