#!/usr/bin/env bash
# Compares servers that share a database of PostgreSQL's with memory, side by side in one run: POST /v1/transfers, each
# with a key of its own, all in one sandbox. The database is one of its own that synchronises every commit to the disk.
#
# Rounds alternate between memory, one server on a database and three servers on another one, over which the connections
# are spread; the median round counts. Needs wrk, jq and PostgreSQL (installed through apt-get when missing).
#
# usage: benches/postgres.sh [rounds] [seconds per round] [connections]
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
for tool in wrk jq curl psql; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk jq curl postgresql >/dev/null; }
done
cargo build --quiet --release --locked -p layer2-mock
binary=${CARGO_TARGET_DIR:-target}/release/layer2-mock

scratch=$(mktemp -d)
# The database has a user of its own, who passes through here.
chmod 711 "$scratch"
trap 'kill $(jobs -p) 2>/dev/null || true; scripts/postgres.sh stop "$scratch/postgres" || true; rm -rf "$scratch"' EXIT
database=$(scripts/postgres.sh make "$scratch/postgres" durable)
for name in one three; do psql --quiet "$database" --command "CREATE DATABASE $name"; done

field() { jq -r "$2" "$scratch/$1.json"; } # server, path

# Starts a server and waits until its ready file is there.
start() { # server port store
    "$binary" serve --listen "127.0.0.1:$2" --store "$3" --ready-file "$scratch/$1.json" >>"$scratch/$1.log" 2>&1 &
    until [[ -f $scratch/$1.json ]]; do
        kill -0 $! || { cat "$scratch/$1.log" >&2; exit 1; }
        sleep 0.01
    done
    local token source destination
    token=$(curl -sf -X POST -u "$(field "$1" .payments.client_id):$(field "$1" .payments.client_secret)" \
        "$(field "$1" .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)
    read -r source destination <<<"$(field "$1" '[.accounts[] | select(.asset_type_id == "FIAT_TESTNET_USD") | .id][:2] | join(" ")')"
    # Every POST carries a key of its own, so none is a replay.
    cat >"$scratch/$1.lua" <<LUA
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer $token"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"source_account_id": "$source", "destination_account_id": "$destination", "amount": 1}'
local n, id = 0, "$1" .. tostring({}) .. os.time() .. os.clock()
id = id:gsub("[^%w]", "")
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    return wrk.format()
end
LUA
}

# Loads the servers at once, each with its share of the connections. Prints the sum of their requests per second and the
# longest of their p99 in milliseconds, and fails on any reply that is not 2xx.
load() { # servers…
    local server share=$((connections / $#)) loads=()
    for server in "$@"; do
        wrk -t1 -c"$share" -d"${seconds}s" --latency -s "$scratch/$server.lua" "$(field "$server" .url)/api/v1/transfers" >"$scratch/$server.wrk" &
        loads+=($!)
    done
    wait "${loads[@]}"
    for server in "$@"; do
        if grep -qE 'Non-2xx|Socket errors' "$scratch/$server.wrk"; then cat "$scratch/$server.wrk" >&2; exit 1; fi
    done
    for server in "$@"; do cat "$scratch/$server.wrk"; done | awk '
        function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
        / 99%/ {if (ms($2) > p) p = ms($2)} /^Requests\/sec/ {r += $2} END {printf "%.0f %.2f\n", r, p}'
}

median() { sort -n | awk '{v[NR] = $0} END {print v[int((NR + 1) / 2)]}'; }

start memory 4020 memory
start one 4021 "${database%/*}/one"
for number in 1 2 3; do start "three$number" "$((4021 + number))" "${database%/*}/three"; done
for ((round = 0; round < rounds; round++)); do
    load memory >>"$scratch/memory.txt"
    load one >>"$scratch/one.txt"
    load three1 three2 three3 >>"$scratch/three.txt"
done
read -r base _ <<<"$(median <"$scratch/memory.txt")"
for name in memory one three; do
    read -r rate p99 <<<"$(median <"$scratch/$name.txt")"
    awk -v n="$name" -v r="$rate" -v b="$base" -v p="$p99" -v c="$connections" 'BEGIN {
        label["memory"] = "memory, one server"; label["one"] = "PostgreSQL, one server"; label["three"] = "PostgreSQL, three servers"
        printf "%-26s POST transfer, keyed, %d connections  %d req/s, p99 %s ms, %.2f of memory\n", label[n], c, r, p, r / b}'
done
for name in one three; do
    psql --quiet --tuples-only --no-align "${database%/*}/$name" --command \
        "SELECT '$name: ' || sum(pg_total_relation_size(c.oid)) / (SELECT count(*) FROM layer2_rows) || ' bytes a command in the database'
         FROM pg_class c WHERE c.relname LIKE 'layer2%' AND c.relkind = 'r'"
done
