#!/usr/bin/env bash
# Compares durable stores with memory, side by side in one run: POST /v1/transfers, each with a key of its own.
#
# Rounds alternate between the stores, so that whatever else the machine does hits all; the median round counts. Then
# prints the bytes on disk of a command, and how long a start takes from the last snapshot and by carrying out all rows
# again. Needs wrk, jq and sqlite3 (installed through apt-get when missing).
#
# usage: benches/stores.sh [rounds] [seconds per round] [connections]
#        STORES='memory postgres://user@host/database' benches/stores.sh      other stores than memory and SQLite
source "$(dirname "$0")/lib.sh"

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
need 'wrk jq curl sqlite3' wrk jq curl sqlite3
cargo build --quiet --release --locked -p layer2-mock
read -ra stores <<<"${STORES:-memory sqlite:$scratch/sandboxes.db}"

size() { cat "$scratch"/sandboxes.db* | wc -c; }
port() { echo "$((4020 + $1))"; } # index
serve() { start "$1" "$(port "$1")" --store "${stores[$1]}"; } # index

pids=()
for index in "${!stores[@]}"; do
    serve "$index"
    pids+=("$pid")
    sign_in "$index"
    write_transfers "$index"
    : >"$scratch/$index.txt"
done
for ((round = 0; round < rounds; round++)); do
    for index in "${!stores[@]}"; do
        run_wrk "$index" "$connections" "$seconds" "$(field "$index" .url)/api/v1/transfers"
        read_wrk 99 "$index" >>"$scratch/$index.txt"
    done
done
read -r base _ <<<"$(median <"$scratch/0.txt")"
for index in "${!stores[@]}"; do
    read -r rate p99 <<<"$(median <"$scratch/$index.txt")"
    awk -v s="${stores[index]%%:*}" -v r="$rate" -v b="$base" -v p="$p99" \
        'BEGIN {printf "%-10s POST transfer, keyed  %d req/s, p99 %.2f ms, %.2f of the first store\n", s, r, p / 1000, r / b}'
done

for index in "${!stores[@]}"; do
    [[ ${stores[index]} == sqlite:* ]] || continue
    # Killed, it has not folded its log in, nor taken a snapshot at the end.
    kill -KILL "${pids[index]}"
    wait "${pids[index]}" 2>/dev/null || true
    before=$(now) && serve "$index" && after=$(now)
    rows=$(curl -sf "$(field "$index" .url)/metrics" | awk '/^layer2_mock_journal_rows/ {print $2}')
    printf 'start after a kill with %d commands             %d ms\n' "$rows" $(((after - before) / 1000000))
    kill -TERM "$pid" && wait "$pid"
    printf 'on disk, with the last snapshot                    %d bytes a command\n' $(($(size) / rows))
    before=$(now) && serve "$index" && after=$(now)
    printf 'start from a snapshot at the end                   %d ms\n' $(((after - before) / 1000000))
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    sqlite3 "$scratch/sandboxes.db" "PRAGMA wal_checkpoint(TRUNCATE); UPDATE sandboxes SET snapshot_seq = NULL; DELETE FROM snapshots; VACUUM;" >/dev/null
    printf 'on disk, rows alone                                %d bytes a command\n' $(($(size) / rows))
    before=$(now) && serve "$index" && after=$(now)
    printf 'start that carries all rows out again              %d ms\n' $(((after - before) / 1000000))
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
done
