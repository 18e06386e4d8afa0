#!/usr/bin/env bash
# Makes mock-server/tests/data/rules-0.db again: what a server of an older version of the rules leaves when it is stopped
# in order. A test opens it. It has to be made again when a snapshot of the state cannot be read any more, and that is
# a decision: files that users keep cannot be read either then.
#
# The rules are set back for one build and restored. Needs curl and jq.
set -euo pipefail
cd "$(dirname "$0")/.."

rules=mock-server/world/src/world.rs
scratch=$(mktemp -d)
cp "$rules" "$scratch/world.rs"
trap 'cp "$scratch/world.rs" "$rules"; kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
sed -i -E 's/(pub const RULES_VERSION: u32 = )[0-9]+;/\10;/' "$rules"
cargo build --quiet --locked -p layer2-mock

"${CARGO_TARGET_DIR:-target}/debug/layer2-mock" --listen 127.0.0.1:0 --clock manual \
    --store "sqlite:$scratch/rules-0.db" --ready-file "$scratch/ready.json" >"$scratch/mock.log" 2>&1 &
mock=$!
until [[ -f $scratch/ready.json ]]; do
    kill -0 "$mock" || { cat "$scratch/mock.log" >&2; exit 1; }
    sleep 0.05
done
field() { jq -r "$1" "$scratch/ready.json"; }
control() { # path body
    curl -sf -o /dev/null -H "Authorization: Bearer $(field .control_token)" -H 'Content-Type: application/json' \
        -d "$2" "$(field .url)/_control/v1/sandboxes/default/$1"
}
token=$(curl -sf -X POST -u "$(field .payments.client_id):$(field .payments.client_secret)" \
    "$(field .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)

control inbound '{"account_id": "ACME_USD", "amount": 100}'
curl -sf -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H 'x-l2f-idempotency-id: kept' \
    -d '{"source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": 12.5}' \
    "$(field .payments.base_url)/v1/transfers" | jq -r '"transfer \(.data.id)"'
control clock/advance '{"seconds": 90}'
kill -TERM "$mock"
wait "$mock"
cp "$scratch/rules-0.db" mock-server/tests/data/rules-0.db
