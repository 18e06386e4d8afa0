#!/usr/bin/env bash
# Shows what a growing sandbox costs: latency at 1,000 and at 1,000,000 transactions, and bytes per transaction.
#
# The same requests are measured in the same run before and after the sandbox is filled, so that the ratio of the two is
# what size costs. Money is moved by transfers from one account to another: two transactions each. The bytes are what the
# process grew by, with everything that a transaction leaves behind: postings, the transfer and its saved replies, events
# and the rows of the journal. Needs wrk and jq (installed through apt-get when missing).
#
# usage: benches/scale.sh [transactions] [seconds per measurement] [connections]
set -euo pipefail
cd "$(dirname "$0")/.."

transactions=${1:-1000000} seconds=${2:-5} connections=${3:-8}
for tool in wrk jq curl; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk jq curl >/dev/null; }
done
cargo build --quiet --release --locked -p layer2-mock
target=${CARGO_TARGET_DIR:-target}

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT

# Unsigned accepts: verifying signatures is not what is looked at here.
"$target/release/layer2-mock" serve --listen 127.0.0.1:4012 --signatures if-sent --ready-file "$scratch/ready.json" \
    >"$scratch/mock.log" 2>&1 &
mock=$!
url=http://127.0.0.1:4012
until curl -sf -o /dev/null "$url/healthz"; do :; done

field() { jq -r "$1" "$scratch/ready.json"; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; } # KiB

token=$(curl -sf -X POST -u "$(field .payments.client_id):$(field .payments.client_secret)" \
    "$(field .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)
# The first two accounts in dollars of a new sandbox.
read -r source destination <<<"$(field '[.accounts[] | select(.asset_type_id == "FIAT_TESTNET_USD") | .id][:2] | join(" ")')"
curl -sf -o /dev/null -H "Authorization: Bearer $(field .control_token)" -H 'Content-Type: application/json' \
    -d "{\"account_id\": \"$source\", \"amount\": 1000000000}" "$url/_control/v1/sandboxes/default/inbound"

cat >"$scratch/get.lua" <<LUA
wrk.headers["Authorization"] = "Bearer $token"
LUA
cat >"$scratch/create.lua" <<LUA
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer $token"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"source_account_id": "$source", "destination_account_id": "$destination", "amount": 1}'
local n, id = 0, tostring({}) .. os.time() .. os.clock()
id = id:gsub("[^%w]", "")
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    return wrk.format()
end
LUA
# A connection that has made a transfer accepts one next: whichever was made last.
sed '$d' "$scratch/create.lua" | sed '/^request = /,$d' >"$scratch/move.lua"
cat >>"$scratch/move.lua" <<LUA
local made = {}
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    local transfer = table.remove(made)
    if transfer then
        return wrk.format("POST", "/api/v1/transfers/" .. transfer .. "/accept", nil, "")
    end
    return wrk.format()
end
response = function(status, headers, body)
    local transfer, state = body:match('"id":"([^"]+)"'), body:match('"status":"([^"]+)"')
    if state == "REQUESTED" then made[#made + 1] = transfer end
end
LUA

load() { # script seconds url
    wrk -t1 -c"$connections" -d"$2s" --latency -s "$scratch/$1.lua" "$3" >"$scratch/wrk.log"
    if grep -qE 'Non-2xx|Socket errors' "$scratch/wrk.log"; then cat "$scratch/wrk.log" >&2; exit 1; fi
}
# The last page of one row each tells how many there are.
total() {
    curl -sf -H "Authorization: Bearer $token" "$url/api/v1/transactions?page_size=1" |
        jq -r '.links.last | capture("page=(?<n>[0-9]+)").n | tonumber + 1'
}
fill() { # transactions
    local have
    while have=$(total) && ((have < $1)); do load move "$((($1 - have) / 60000 + 1))" "$url/api/v1/transfers"; done
}
percentile() { awk -v p="$1%" '$1 == p {v = $2; f = v ~ /us$/ ? 1 : v ~ /ms$/ ? 1000 : 1000000; print v * f}' "$scratch/wrk.log"; }

measure() { # what is measured becomes lines of "label p50 p99", in microseconds
    local label path
    while read -r label script path; do
        load "$script" "$seconds" "$url$path"
        echo "$label $(percentile 50) $(percentile 99)"
    done <<EOF
account get /api/v1/accounts/deposits/$source
page_of_transactions get /api/v1/transactions?page_size=20
page_of_an_account get /api/v1/accounts/deposits/$source/transactions?page_size=20
create_transfer create /api/v1/transfers
EOF
}

fill 1000
measure >"$scratch/small"
before=$(rss "$mock") from=$(total)
fill "$transactions"
after=$(rss "$mock") to=$(total)
measure >"$scratch/large"

awk -v kib=$((after - before)) -v n=$((to - from)) 'BEGIN {printf "%.0f bytes a transaction, over %d\n", kib * 1024 / n, n}'
printf '%-22s%16s%16s%16s%16s%11s\n' 'latency in us' "p50 at 1,000" "p50 at $to" "p99 at 1,000" "p99 at $to" 'p99 ratio'
paste -d" " "$scratch/small" "$scratch/large" |
    awk '{printf "%-22s%16d%16d%16d%16d%11.2f\n", $1, $2, $5, $3, $6, $6 / $3}'
