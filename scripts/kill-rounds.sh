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
KILL_ROUNDS=$rounds cargo test --quiet --locked -p layer2-mock --test it stores::killed
echo "$rounds rounds: nothing acknowledged was lost, and nothing happened twice"
