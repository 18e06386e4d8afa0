#!/usr/bin/env bash
# Compares durable stores with memory, side by side in one run: POST /v1/transfers, each with a key of its own.
#
# Rounds alternate between the stores, so that whatever else the machine does hits all; the median round counts. Then
# the sandbox of SQLite is filled, if that is asked for, to so many commands, and what a long journal costs is printed:
# the bytes of a command on disk; how long it takes from a start to the first reply, after a kill, from the snapshot of
# an orderly end, and by carrying out all rows again; and how long the export of it takes and the import elsewhere. A
# million commands take some minutes and some GB of memory and of the disk of `TMPDIR`. Needs wrk, jq and sqlite3
# (installed through apt-get when missing).
#
# usage: benches/stores.sh [rounds] [seconds per round] [connections] [commands]
#        benches/stores.sh 0 0 32 1000000           no rounds: what a million commands cost
#        STORES='memory postgres://user@host/database' benches/stores.sh      other stores than memory and SQLite
#        MOCK=target/debug/layer2-mock benches/stores.sh                      a program that is there, instead of a new one
source "$(dirname "$0")/lib.sh"

rounds=${1:-3} seconds=${2:-5} connections=${3:-32} commands=${4:-0}
need 'wrk jq curl sqlite3' wrk jq curl sqlite3
[[ -n ${MOCK:-} ]] || cargo build --quiet --release --locked -p layer2-mock
file=$scratch/sandboxes.db
read -ra stores <<<"${STORES:-memory sqlite:$file}"

size() { stat -c %s "$file"* | awk '{bytes += $1} END {print bytes}'; }
port() { echo "$((4020 + $1))"; } # index
serve() { start "$1" "$(port "$1")" --store "${stores[$1]}"; } # index
line() { printf '%-48s %s\n' "$1" "$2"; } # what result
since() { echo "$((($(now) - $1) / 1000000)) ms"; } # when
control() { # server path [curl options]
    curl -sSf -H "Authorization: Bearer $(field "$1" .control_token)" "${@:3}" "$(field "$1" .url)$2"
}
rows() { control "$1" /metrics | awk '/^layer2_mock_journal_rows/ {print $2}'; } # server
crash() { # process
    kill -KILL "$1"
    wait "$1" 2>/dev/null || true
}

# Makes transfers until there are so many commands, or as many more as there are connections.
fill() { # server commands
    local have left
    while have=$(rows "$1") && ((have < $2)); do
        left=$(($2 - have))
        write_transfers "$1-fill"
        cat >>"$scratch/$1-fill.lua" <<LUA
local transfer, left = request, $((left + connections))
request = function()
    left = left - 1
    if left < 0 then wrk.thread:stop() end
    return transfer()
end
LUA
        run_wrk "$1-fill" "$connections" "$((left / 20000 + 1))" "$(field "$1" .url)/api/v1/transfers"
    done
}

# Starts the server of a store again, and tells how long it is until it shows an account.
restart() { # what index
    local before
    before=$(now)
    serve "$2"
    curl -sSf -o /dev/null -H "Authorization: Bearer $token" "$(field "$2" .payments.base_url)/v1/accounts/deposits/$source"
    line "$1" "$(since "$before")"
}

most_memory() { awk '/^VmHWM/ {printf "%d MiB of memory at most", $2 / 1024}' "/proc/$1/status"; } # process

# Imports the export at a server that has nothing, and looks whether all of it is there.
import() { # name store
    start "$1" 4030 --store "$2"
    local before there
    before=$(now)
    control "$1" /_control/v1/imports/kept -X POST -H 'Content-Type: application/octet-stream' -T "$scratch/export" >"$scratch/reply"
    line "import into ${2%%:*}" "$(since "$before"), $(most_memory "$pid")"
    there=$(rows "$1")
    if [[ $there != "$count" ]]; then
        echo "the import stands at command $there, and the export was made at $count" >&2
        return 1
    fi
    crash "$pid"
}

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
if ((rounds > 0)); then
    read -r base _ <<<"$(median <"$scratch/0.txt")"
    for index in "${!stores[@]}"; do
        read -r rate p99 <<<"$(median <"$scratch/$index.txt")"
        awk -v s="${stores[index]%%:*}" -v r="$rate" -v b="$base" -v p="$p99" \
            'BEGIN {printf "%-10s POST transfer, keyed  %d req/s, p99 %.2f ms, %.2f of the first store\n", s, r, p / 1000, r / b}'
    done
fi

for index in "${!stores[@]}"; do
    [[ ${stores[index]} == "sqlite:$file" ]] || continue
    sign_in "$index"
    fill "$index" "$commands"
    count=$(rows "$index")
    line 'commands' "$count"
    # Killed, it has not folded its log in, nor taken a snapshot at the end.
    crash "${pids[index]}"
    restart 'start after a kill' "$index"
    before=$(now)
    kill -TERM "$pid" && wait "$pid"
    line 'end in order, with a snapshot' "$(since "$before")"
    line 'on disk, with the last snapshot' "$(($(size) / count)) bytes a command"
    restart 'start from the snapshot of that end' "$index"
    crash "$pid"
    sqlite3 "$file" "PRAGMA wal_checkpoint(TRUNCATE); UPDATE sandboxes SET snapshot_seq = NULL, snapshot_parts = NULL;
        DELETE FROM snapshots; VACUUM;" >/dev/null
    line 'on disk, rows alone' "$(($(size) / count)) bytes a command"
    restart 'start that carries all rows out again' "$index"
    before=$(now)
    control "$index" /_control/v1/sandboxes/default/export -o "$scratch/export"
    line 'export' "$(since "$before"), $(most_memory "$pid")"
    bytes=$(stat -c %s "$scratch/export")
    line 'export, as a file' "$bytes bytes, $((bytes / count)) a command"
    crash "$pid"
    import fresh "sqlite:$scratch/fresh.db"
    import fresh memory
done
