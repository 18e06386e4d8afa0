#!/usr/bin/env bash
# Kills the server in the middle of its work for so many rounds and holds what is left against what it had acknowledged
# (mock-server/tests/it/stores/killed.rs):
#
#   scripts/kill-rounds.sh [ROUNDS] [sqlite|postgres|database]
#
# 300 rounds over SQLite without a word; they take some minutes. With `postgres` the server works over a database of
# PostgreSQL's in a scratch folder, and with `database` it is this database that is killed and started again. A failure
# names the round and what was lost.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-300}
store=${2:-sqlite}
test=stores::killed::nothing_acknowledged_is_lost_and_nothing_happens_twice
case "$rounds $store" in
[1-9]*' sqlite' | [1-9]*' postgres') ;;
[1-9]*' database') test=stores::killed::a_database_that_dies_and_comes_back_loses_and_repeats_nothing ;;
*) rounds=none ;;
esac
if ! [[ $rounds =~ ^[0-9]+$ ]]; then
    echo "usage: scripts/kill-rounds.sh [ROUNDS] [sqlite|postgres|database], ROUNDS a number above 0; received: $*" >&2
    exit 2
fi
log=$(mktemp)
# The server of the database runs as a user of its own and passes through here.
scratch=$(mktemp -d)
chmod 711 "$scratch"
trap 'scripts/postgres.sh stop "$scratch/server" >/dev/null 2>&1 || true; rm -rf "$log" "$scratch"' EXIT
if [ "$store" = postgres ]; then
    TEST_POSTGRES=$(scripts/postgres.sh make "$scratch/server")
    export TEST_POSTGRES
fi
# The database that is killed is one of the test's own.
TEST_STORE=${store/database/postgres} KILL_ROUNDS=$rounds \
    cargo test --quiet --locked -p layer2-mock --test it -- --exact "$test" | tee "$log"
# A name that no test has any more passes too.
if ! grep -q '^test result: ok. 1 passed' "$log"; then
    echo "the rounds were not run: the test has another name, which belongs into this script" >&2
    exit 1
fi
echo "$rounds rounds over $store: nothing acknowledged was lost, and nothing happened twice"
