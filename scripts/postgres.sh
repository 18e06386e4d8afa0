#!/usr/bin/env bash
# A PostgreSQL server of one's own in a scratch folder, for tests and benches: Debian's programs, a free port of the
# loopback address, a password nobody needs to know.
#
#   scripts/postgres.sh programs            prints the folder of the programs, or fails if there are none
#   scripts/postgres.sh make FOLDER         makes a cluster, starts it and prints its URL
#   scripts/postgres.sh make FOLDER durable the same, with every commit synchronised to the disk: for benches
#   scripts/postgres.sh stop FOLDER         stops it at once, as a crash would
#   scripts/postgres.sh start FOLDER        starts it again, on the same port
set -euo pipefail

programs() {
    local folder
    for folder in $(ls -rvd /usr/lib/postgresql/*/bin 2>/dev/null) "$(dirname "$(command -v pg_ctl || true)")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    echo "no PostgreSQL server is installed; install one: apt-get install postgresql" >&2
    return 1
}

# The server refuses to run as root.
as_server() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
        return
    fi
    local user=nobody
    if id postgres >/dev/null 2>&1; then user=postgres; fi
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
}

control() { as_server "$bin/pg_ctl" --silent --wait --timeout=60 --pgdata="$folder/data" "$@" >"$folder/control.log" 2>&1; }

start() { control --log="$folder/server.log" --options="-p $1" start </dev/null; }

command=${1:-}
bin=$(programs)
if [ "$command" = programs ]; then
    printf '%s\n' "$bin"
    exit
fi
folder=${2:?a folder}

case "$command" in
make)
    mkdir -p "$folder"
    # The programs run as another user, who has to get at the folder and at nothing above it.
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password"
    if [ "$(id -u)" -eq 0 ]; then
        as_server id -u >"$folder/user"
        chown -R "$(cat "$folder/user")" "$folder"
    fi
    cd /
    as_server "$bin/initdb" --no-sync --locale=C --encoding=UTF8 --username=layer2 --auth=scram-sha-256 \
        --pwfile="$folder/password" --pgdata="$folder/data" >"$folder/initdb.log"
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = ''"
        echo "max_connections = 200"
        echo "shared_buffers = '128MB'"
        # What is in a scratch folder need not survive the machine.
        if [ "${3:-}" != durable ]; then
            echo "fsync = off"
        fi
    } >>"$folder/data/postgresql.conf"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + RANDOM % 12000))
        if start "$port"; then
            printf '%s' "$port" >"$folder/port"
            printf 'postgres://layer2:%s@127.0.0.1:%s/postgres\n' "$(cat "$folder/password")" "$port"
            exit
        fi
    done
    echo "the PostgreSQL server does not start; see $folder/server.log" >&2
    exit 1
    ;;
start)
    cd /
    start "$(cat "$folder/port")"
    ;;
stop)
    cd /
    control --mode=immediate stop
    ;;
*)
    echo "unknown command: $command" >&2
    exit 2
    ;;
esac
