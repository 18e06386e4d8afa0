#!/usr/bin/env bash
# Kills the server in the middle of its work for so many rounds and holds what is left against what it had acknowledged
# (mock-server/tests/it/stores/killed.rs):
#
#   scripts/kill-rounds.sh [ROUNDS]
#
# 300 rounds without a number; they take some minutes. A failure names the round and what was lost.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-300}
if ! [[ $rounds =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: scripts/kill-rounds.sh [ROUNDS], a number above 0; received: $rounds" >&2
    exit 2
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
KILL_ROUNDS=$rounds cargo test --quiet --locked -p layer2-mock --test it -- \
    --exact stores::killed::nothing_acknowledged_is_lost_and_nothing_happens_twice | tee "$log"
# A name that no test has any more passes too.
if ! grep -q '^test result: ok. 1 passed' "$log"; then
    echo "the rounds were not run: the test has another name, which belongs into this script" >&2
    exit 1
fi
echo "$rounds rounds: nothing acknowledged was lost, and nothing happened twice"
