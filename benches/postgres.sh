#!/usr/bin/env bash
# Compares servers that share a database of PostgreSQL's with memory, side by side in one run: POST /v1/transfers, each
# with a key of its own, all in one sandbox. The database is one of its own that synchronises every commit to the disk.
#
# Rounds alternate between memory, one server on a database and three servers on another one, over which the connections
# are spread; the median round counts. Needs wrk, jq and PostgreSQL (installed through apt-get when missing).
#
# usage: benches/postgres.sh [rounds] [seconds per round] [connections]
#        MOCK=target/debug/layer2-mock benches/postgres.sh                    a program that is there, instead of a new one
source "$(dirname "$0")/lib.sh"

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
need 'wrk jq curl psql' wrk jq curl postgresql
[[ -n ${MOCK:-} ]] || cargo build --quiet --release --locked -p layer2-mock

# The database has a user of its own, who passes through here.
chmod 711 "$scratch"
at_exit+=('scripts/postgres.sh stop "$scratch/postgres"')
database=$(scripts/postgres.sh make "$scratch/postgres" durable)
for name in one three; do psql --quiet "$database" --command "CREATE DATABASE $name"; done

serve() { # server port store
    start "$1" "$2" --store "$3"
    sign_in "$1"
    write_transfers "$1"
}

# Loads the servers at once, each with its share of the connections.
load() { # servers…
    local server share=$((connections / $#)) loads=()
    for server in "$@"; do
        run_wrk "$server" "$share" "$seconds" "$(field "$server" .url)/api/v1/transfers" &
        loads+=($!)
    done
    for server in "${loads[@]}"; do wait "$server"; done
    read_wrk 99 "$@"
}

serve memory 4050 memory
serve one 4051 "${database%/*}/one"
for number in 1 2 3; do serve "three$number" "$((4051 + number))" "${database%/*}/three"; done
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
        printf "%-26s POST transfer, keyed, %d connections  %d req/s, p99 %.2f ms, %.2f of memory\n", label[n], c, r, p / 1000, r / b}'
done
for name in one three; do
    psql --quiet --tuples-only --no-align "${database%/*}/$name" --command \
        "SELECT '$name: ' || sum(pg_total_relation_size(c.oid)) / (SELECT count(*) FROM layer2_rows) || ' bytes a command in the database'
         FROM pg_class c WHERE c.relname LIKE 'layer2%' AND c.relkind = 'r'"
done
