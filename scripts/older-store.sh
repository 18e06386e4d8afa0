#!/usr/bin/env bash
# Keeps what a commit of this repository writes, for the tests that newer versions of the rules read it:
#
#   scripts/older-store.sh COMMIT
#   scripts/older-store.sh COMMIT postgres
#
# builds the server of that commit, lets a sandbox live, and writes mock-server/tests/data/older/rules-N.db (a store that was
# stopped in order), rules-N.layer2 (an export) and rules-N.json (what a client saw), N being the version of the rules of the commit.
# The second form writes rules-N.sql, a database that was left in order after the same life.
#
# What is there is never written again. A version that cannot read these files cannot read those of its users either: it
# needs a migration, not another file. Run it once for each version, with the last commit that has it, before
# `RULES_VERSION` is raised. Needs curl and jq, for the second form PostgreSQL and its pg_dump.
set -euo pipefail
cd "$(dirname "$0")/.."

commit=$(git rev-parse --verify "${1:?a commit}^{commit}")
rules=$(git show "$commit:mock-server/world/src/world.rs" | sed -n -E 's/^pub const RULES_VERSION: u32 = ([0-9]+);/\1/p')
: "${rules:?the commit names no RULES_VERSION}"
kept=$PWD/mock-server/tests/data/older/rules-$rules
forms=(db layer2 json)
if [[ ${2:-} == postgres ]]; then forms=(sql); fi
if [[ -e $kept.${forms[0]} ]]; then
    echo "$kept.${forms[0]} is kept already, and stays as it is" >&2
    exit 1
fi

scratch=$(mktemp -d)
tree=$scratch/tree
trap 'kill $(jobs -p) 2>/dev/null || true; scripts/postgres.sh stop "$scratch/postgres" 2>/dev/null || true; git worktree remove --force "$tree" 2>/dev/null || true; rm -rf "$scratch"' EXIT
git worktree add --quiet --detach "$tree" "$commit"
target=${CARGO_TARGET_DIR:-$scratch/target}
(cd "$tree" && CARGO_TARGET_DIR=$target cargo build --quiet --locked -p layer2-mock)

store=sqlite:$scratch/kept.db
if [[ ${forms[0]} == sql ]]; then
    # The database has a user of its own, who passes through here.
    chmod 711 "$scratch"
    store=$(scripts/postgres.sh make "$scratch/postgres")
fi
"$target/debug/layer2-mock" --listen 127.0.0.1:0 --clock manual \
    --store "$store" --ready-file "$scratch/ready.json" >"$scratch/mock.log" 2>&1 &
mock=$!
until [[ -f $scratch/ready.json ]]; do
    kill -0 "$mock" || { cat "$scratch/mock.log" >&2; exit 1; }
    sleep 0.05
done
field() { jq -r "$1" "$scratch/ready.json"; }
base=$(field .payments.base_url)
sandbox=$(field .url)/_control/v1/sandboxes/default
token=$(curl -sf -X POST -u "$(field .payments.client_id):$(field .payments.client_secret)" \
    "$(field .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)
call() { # method path body [curl options]
    local method=$1 path=$2 body=$3
    shift 3
    curl -sSf -X "$method" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        "$@" ${body:+-d "$body"} "$base/v1/$path"
}
control() { # method path [body]
    curl -sSf -X "$1" -H "Authorization: Bearer $(field .control_token)" -H 'Content-Type: application/json' \
        ${3:+-d "$3"} "$sandbox/$2"
}
id() { jq -r .data.id; }
accept() { # path body
    field .payments.signing_key >"$scratch/key"
    "$target/debug/layer2-mock" sign --path "/api/v1/$1" --body "$2" --key-file "$scratch/key" >"$scratch/signed"
    call POST "$1" "$2" -H "@$scratch/signed" >"$scratch/out"
}
account() { # customer account asset
    call POST accounts/deposits "{\"customer_id\": \"$1\", \"account_to_open\": {\"account_id\": \"$2\",
        \"product_id\": \"DEPOSIT_BASIC\", \"asset_type_id\": \"$3\"}}" >"$scratch/out"
}

# Something of every table: the state machines, what waits, what was saved for keys, and files.
call POST subscriptions '{"event_type": "TRANSACTION_POSTED", "callback_url": "http://127.0.0.1:1/hook"}' >"$scratch/out"
account ACME ACME_BTC BITCOIN_TESTNET_BTC
control POST inbound '{"account_id": "ACME_USD", "amount": 100}' >"$scratch/out"
control POST inbound '{"memo": "nobody knows it", "asset_type_id": "FIAT_TESTNET_USD", "amount": 5}' >"$scratch/out"
transfer=$(call POST transfers '{"source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": 12.5}' \
    -H 'x-l2f-idempotency-id: kept' | id)
exchange=$(call POST exchanges/market '{"source_account_id": "ACME_USD", "destination_account_id": "ACME_BTC",
    "amount": 10, "action": "FIX_SOURCE"}' | id)
accept "exchanges/$exchange/accept" '{"maximum_slippage": 0.01}'
address='{"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA", "postal_code": "02110", "country_code": "US"}'
counterparty=$(call POST counterparties "{\"counterparty_type\": \"FIAT_US\", \"customer_id\": \"ACME\",
    \"description\": \"Landlord\", \"supported_rails\": [\"ACH\"], \"profile\": {\"profile_type\": \"CORPORATION\",
    \"name\": \"Harbor Estates LLC\", \"relationship_to_customer\": \"SUPPLIER\", \"address\": $address},
    \"account_information\": {\"asset_type_id\": \"FIAT_TESTNET_USD\", \"account_number\": \"000123456789\",
    \"type\": \"CHECKING\", \"routing_number\": \"021001208\", \"institution_name\": \"Example Bank\",
    \"institution_address\": $address}}" | id)
control POST settle >"$scratch/out"
withdrawal=$(call POST withdrawals "{\"withdrawal_rail\": \"ACH\", \"source_account_id\": \"ACME_USD\",
    \"destination_counterparty_id\": \"$counterparty\", \"amount\": 3, \"purpose\": \"RENTAL_PROPERTY\",
    \"description\": \"Rent\", \"memo\": \"RENT03\"}" | id)
application=$(call POST applications '{"application_type": "INDIVIDUAL", "customer_id": "ADA",
    "account_to_open": {"account_id": "ADA_USD", "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"},
    "terms_and_conditions_accepted": true, "customer_details": {"first_name": "Ada", "last_name": "Example"}}' | id)
document=$(call GET "applications/$application/status" '' | jq -r '.data.application_document_errors[0].id')
printf '%%PDF-1.7 of Ada' >"$scratch/proof.pdf"
curl -sSf -H "Authorization: Bearer $token" -F "file=@$scratch/proof.pdf" "$base/v1/documents/$document" >"$scratch/out"
control POST clock/advance '{"seconds": 90}' >"$scratch/out"
control GET export >"$scratch/kept.layer2"

for path in accounts/deposits "transfers/$transfer" "exchanges/$exchange" "withdrawals/$withdrawal" \
    "counterparties/$counterparty" "applications/$application" "documents/$document/download" subscriptions \
    accounts/deposits/ACME_USD/transactions; do
    jq -n --arg path "/api/v1/$path" --arg reply "$(call GET "$path" '')" '{path: $path, reply: $reply}'
done | jq -s --arg transfer "$transfer" '{transfer: $transfer, reads: .}' >"$scratch/kept.json"
kill -TERM "$mock"
wait "$mock"
if [[ ${forms[0]} == sql ]]; then
    if [[ -e $kept.json ]]; then diff "$kept.json" "$scratch/kept.json"; fi
    # Statements alone: what a session is set to, and what only psql reads, differs from one version to the next.
    "$(scripts/postgres.sh programs)/pg_dump" --inserts --no-owner --no-privileges "$store" |
        sed -E '/^(--|\\|SET |SELECT pg_catalog.set_config|$)/d' >"$scratch/kept.sql"
fi
mkdir -p "$(dirname "$kept")"
for form in "${forms[@]}"; do
    cp "$scratch/kept.$form" "$kept.$form"
    echo "kept $kept.$form of $commit"
done
