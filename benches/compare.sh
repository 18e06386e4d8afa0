#!/usr/bin/env bash
# Compares the mock server with a bare axum handler, side by side in one run, and prints ratios.
#
# Rounds alternate between the two servers, so that whatever else the machine does hits both; the median round counts.
# The accept of a transfer is signed and is compared with a handler that verifies one signature and does nothing else.
# Also prints start-up time, idle memory and CPU per request. Needs wrk and jq (installed through apt-get when missing).
#
# usage: benches/compare.sh [rounds] [seconds per round] [connections]
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
for tool in wrk jq curl; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk jq curl >/dev/null; }
done
cargo build --quiet --release --locked -p layer2-mock -p layer2-benches --bins

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT

# The clock starts before the fork and stops at the first 200.
started=$(date +%s%N)
./target/release/layer2-mock serve --listen 127.0.0.1:4010 --ready-file "$scratch/ready.json" >"$scratch/mock.log" 2>&1 &
mock=$!
until curl -sf -o /dev/null http://127.0.0.1:4010/healthz; do :; done
ready=$(date +%s%N)
field() { jq -r "$1" "$scratch/ready.json"; }
./target/release/bare-axum 127.0.0.1:4011 "$(field .payments.verify_key)" &
bare=$!
until curl -s -o /dev/null http://127.0.0.1:4011/; do :; done

rss() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }
cpu() { awk '{print ($14 + $15) * 10}' "/proc/$1/stat"; } # milliseconds, at 100 ticks a second

printf 'start to first reply  %d ms (with the shell and curl around it)\n' $(((ready - started) / 1000000))
printf 'idle memory           %s MiB (bare %s MiB)\n' "$(rss "$mock")" "$(rss "$bare")"

token=$(curl -sf -X POST -u "$(field .payments.client_id):$(field .payments.client_secret)" \
    "$(field .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)
control="http://127.0.0.1:4010/_control/v1/sandboxes/default"
# The first two accounts in dollars of a new sandbox.
read -r source destination <<<"$(field '[.accounts[] | select(.asset_type_id == "FIAT_TESTNET_USD") | .id][:2] | join(" ")')"
curl -sf -o /dev/null -H "Authorization: Bearer $(field .control_token)" -H 'Content-Type: application/json' \
    -d "{\"account_id\": \"$source\", \"amount\": 1000000000}" "$control/inbound"

cat >"$scratch/get.lua" <<LUA
wrk.headers["Authorization"] = "Bearer $token"
LUA
# Every POST carries a key of its own, so none is a replay.
cat >"$scratch/post.lua" <<LUA
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

# The same, and notes the id of each transfer that was made.
sed '$d' "$scratch/post.lua" >"$scratch/make.lua"
cat >>"$scratch/make.lua" <<LUA
end
local ids = assert(io.open("$scratch/ids", "w"))
response = function(status, headers, body)
    ids:write(body:match('"id":"([^"]+)"'), "\\n")
end
LUA
# One signed accept per line of the file, each once.
cat >"$scratch/accept.lua" <<LUA
local requests, n = {}, 0
init = function()
    for line in io.lines("$scratch/signed") do
        local id, seconds, signature = line:match("(%S+) (%S+) (%S+)")
        wrk.headers["x-timestamp"], wrk.headers["x-signature"] = seconds, signature
        wrk.headers["x-l2f-idempotency-id"] = id
        wrk.headers["Authorization"] = "Bearer $token"
        requests[#requests + 1] = wrk.format("POST", "/api/v1/transfers/" .. id .. "/accept")
    end
end
request = function()
    n = n + 1
    return requests[n] or error("more requests than transfers were prepared")
end
LUA

# Prints "requests-per-second cpu-microseconds-per-request" and fails on any reply that is not 2xx.
load() { # pid url script
    local before after
    before=$(cpu "$1")
    wrk -t1 -c"$connections" -d"${seconds}s" -s "$scratch/$3.lua" "$2" >"$scratch/wrk.log"
    after=$(cpu "$1")
    if grep -qE 'Non-2xx|Socket errors' "$scratch/wrk.log"; then cat "$scratch/wrk.log" >&2; exit 1; fi
    awk -v ms=$((after - before)) '/requests in/ {n = $1} /^Requests\/sec/ {r = $2} END {printf "%.0f %.1f\n", r, ms * 1000 / n}' "$scratch/wrk.log"
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

compare() { # label path script [what each round needs]
    local round prepare=${4:-true}
    : >"$scratch/mock.txt" : >"$scratch/bare.txt"
    for ((round = 0; round < rounds; round++)); do
        "$prepare"
        load "$bare" "http://127.0.0.1:4011$2" "$3" >>"$scratch/bare.txt"
        load "$mock" "http://127.0.0.1:4010$2" "$3" >>"$scratch/mock.txt"
    done
    local m b mc bc
    m=$(cut -d' ' -f1 "$scratch/mock.txt" | median) b=$(cut -d' ' -f1 "$scratch/bare.txt" | median)
    mc=$(cut -d' ' -f2 "$scratch/mock.txt" | median) bc=$(cut -d' ' -f2 "$scratch/bare.txt" | median)
    awk -v l="$1" -v m="$m" -v b="$b" -v mc="$mc" -v bc="$bc" \
        'BEGIN {printf "%-22s%d req/s against %d: ratio %.2f; CPU %.1f us against %.1f us a request\n", l, m, b, m / b, mc, bc}'
}

compare 'GET account' "/api/v1/accounts/deposits/$source" get
compare 'POST transfer, keyed' /api/v1/transfers post
# As many transfers as a round of accepts can take; making one takes less time than accepting it.
sign_accepts() {
    wrk -t1 -c"$connections" -d"$((seconds * 2))s" -s "$scratch/make.lua" http://127.0.0.1:4010/api/v1/transfers >/dev/null
    ./target/release/sign-accepts "$(field .payments.signing_key)" <"$scratch/ids" >"$scratch/signed"
}
compare 'POST accept, signed' '' accept sign_accepts
printf 'memory after the load %s MiB\n' "$(rss "$mock")"
