#!/usr/bin/env bash
# Compares durable stores with memory, side by side in one run: POST /v1/transfers, each with a key of its own.
#
# Rounds alternate between the stores, so that whatever else the machine does hits all; the median round counts. Then
# prints the bytes on disk of a command, and how long a start takes from the last snapshot and by carrying out all rows
# again. Needs wrk, jq and sqlite3 (installed through apt-get when missing).
#
# usage: benches/stores.sh [rounds] [seconds per round] [connections]
#        STORES='memory postgres://user@host/database' benches/stores.sh      other stores than memory and SQLite
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
for tool in wrk jq curl sqlite3; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk jq curl sqlite3 >/dev/null; }
done
cargo build --quiet --release --locked -p layer2-mock
binary=${CARGO_TARGET_DIR:-target}/release/layer2-mock

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
read -ra stores <<<"${STORES:-memory sqlite:$scratch/sandboxes.db}"

now() { date +%s%N; }
field() { jq -r "$2" "$scratch/$1.json"; } # index, path
size() { cat "$scratch"/sandboxes.db* | wc -c; }

# Starts a server and waits until its ready file is there; sets `pid`.
start() { # index store
    rm -f "$scratch/$1.json"
    "$binary" serve --listen "127.0.0.1:$((4020 + $1))" --store "$2" --ready-file "$scratch/$1.json" >>"$scratch/$1.log" 2>&1 &
    pid=$!
    until [[ -f $scratch/$1.json ]]; do
        kill -0 "$pid" || { cat "$scratch/$1.log" >&2; exit 1; }
        sleep 0.01
    done
}

prepare() { # index
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
local n, id = 0, tostring({}) .. os.time() .. os.clock()
id = id:gsub("[^%w]", "")
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    return wrk.format()
end
LUA
}

# Prints "requests-per-second p99" and fails on any reply that is not 2xx.
load() { # index
    wrk -t1 -c"$connections" -d"${seconds}s" --latency -s "$scratch/$1.lua" "http://127.0.0.1:$((4020 + $1))/api/v1/transfers" >"$scratch/wrk.log"
    if grep -qE 'Non-2xx|Socket errors' "$scratch/wrk.log"; then cat "$scratch/wrk.log" >&2; exit 1; fi
    awk '/ 99%/ {p = $2} /^Requests\/sec/ {r = $2} END {printf "%.0f %s\n", r, p}' "$scratch/wrk.log"
}

median() { sort -n | awk '{v[NR] = $0} END {print v[int((NR + 1) / 2)]}'; }

pids=()
for index in "${!stores[@]}"; do
    start "$index" "${stores[index]}"
    pids+=("$pid")
    prepare "$index"
    : >"$scratch/$index.txt"
done
for ((round = 0; round < rounds; round++)); do
    for index in "${!stores[@]}"; do
        load "$index" >>"$scratch/$index.txt"
    done
done
read -r base _ <<<"$(median <"$scratch/0.txt")"
for index in "${!stores[@]}"; do
    read -r rate p99 <<<"$(median <"$scratch/$index.txt")"
    awk -v s="${stores[index]%%:*}" -v r="$rate" -v b="$base" -v p="$p99" \
        'BEGIN {printf "%-10s POST transfer, keyed  %d req/s, p99 %s, %.2f of the first store\n", s, r, p, r / b}'
done

for index in "${!stores[@]}"; do
    [[ ${stores[index]} == sqlite:* ]] || continue
    # Killed, it has not folded its log in, nor taken a snapshot at the end.
    kill -KILL "${pids[index]}"
    wait "${pids[index]}" 2>/dev/null || true
    before=$(now) && start "$index" "${stores[index]}" && after=$(now)
    rows=$(curl -sf "http://127.0.0.1:$((4020 + index))/metrics" | awk '/^layer2_mock_journal_rows/ {print $2}')
    printf 'start after a kill with %d commands             %d ms\n' "$rows" $(((after - before) / 1000000))
    kill -TERM "$pid" && wait "$pid"
    printf 'on disk, with the last snapshot                    %d bytes a command\n' $(($(size) / rows))
    before=$(now) && start "$index" "${stores[index]}" && after=$(now)
    printf 'start from a snapshot at the end                   %d ms\n' $(((after - before) / 1000000))
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    sqlite3 "$scratch/sandboxes.db" "PRAGMA wal_checkpoint(TRUNCATE); UPDATE sandboxes SET snapshot_seq = NULL; DELETE FROM snapshots; VACUUM;" >/dev/null
    printf 'on disk, rows alone                                %d bytes a command\n' $(($(size) / rows))
    before=$(now) && start "$index" "${stores[index]}" && after=$(now)
    printf 'start that carries all rows out again              %d ms\n' $(((after - before) / 1000000))
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
done
