#!/usr/bin/env bash
# Shows what a growing sandbox costs: latency at 1,000 and at 1,000,000 transactions, and bytes per transaction.
#
# The same requests are measured in the same run before and after the sandbox is filled, so that the ratio of the two is
# what size costs. Money is moved by transfers from one account to another: two transactions each. The bytes are what the
# process grew by, with everything that a transaction leaves behind: postings, the transfer and its saved replies, events
# and the rows of the journal. Needs wrk and jq (installed through apt-get when missing).
#
# usage: benches/scale.sh [transactions] [seconds per measurement] [connections]
source "$(dirname "$0")/lib.sh"

transactions=${1:-1000000} seconds=${2:-5} connections=${3:-8}
need 'wrk jq curl' wrk jq curl
cargo build --quiet --release --locked -p layer2-mock

# Unsigned accepts: verifying signatures is not what is looked at here.
start mock 4012 --signatures if-sent
mock=$pid
url=$(field mock .url)
rss() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; } # KiB

sign_in mock
fund mock

cat >"$scratch/get.lua" <<LUA
wrk.headers["Authorization"] = "Bearer $token"
LUA
write_transfers create
# A connection that has made a transfer accepts one next: whichever was made last.
sed '$d' "$scratch/create.lua" | sed '/^request = /,$d' >"$scratch/move.lua"
cat >>"$scratch/move.lua" <<LUA
local made = {}
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    local transfer = table.remove(made)
    if transfer then
        return wrk.format("POST", "/api/v1/transfers/" .. transfer .. "/accept", nil, "")
    end
    return wrk.format()
end
response = function(status, headers, body)
    local transfer, state = body:match('"id":"([^"]+)"'), body:match('"status":"([^"]+)"')
    if state == "REQUESTED" then made[#made + 1] = transfer end
end
LUA

# The last page of one row each tells how many there are.
total() {
    curl -sf -H "Authorization: Bearer $token" "$url/api/v1/transactions?page_size=1" |
        jq -r '.links.last | capture("page=(?<n>[0-9]+)").n | tonumber + 1'
}
fill() { # transactions
    local have
    while have=$(total) && ((have < $1)); do run_wrk move "$connections" "$((($1 - have) / 60000 + 1))" "$url/api/v1/transfers"; done
}
percentile() { read_wrk "$1" "$2" | cut -d" " -f2; } # percentile script

measure() { # what is measured becomes lines of "label p50 p99", in microseconds
    local label path
    while read -r label script path; do
        run_wrk "$script" "$connections" "$seconds" "$url$path"
        echo "$label $(percentile 50 "$script") $(percentile 99 "$script")"
    done <<EOF
account get /api/v1/accounts/deposits/$source
page_of_transactions get /api/v1/transactions?page_size=20
page_of_an_account get /api/v1/accounts/deposits/$source/transactions?page_size=20
create_transfer create /api/v1/transfers
EOF
}

fill 1000
measure >"$scratch/small"
before=$(rss "$mock") from=$(total)
fill "$transactions"
after=$(rss "$mock") to=$(total)
measure >"$scratch/large"

awk -v kib=$((after - before)) -v n=$((to - from)) 'BEGIN {printf "%.0f bytes a transaction, over %d\n", kib * 1024 / n, n}'
printf '%-22s%16s%16s%16s%16s%11s\n' 'latency in us' "p50 at 1,000" "p50 at $to" "p99 at 1,000" "p99 at $to" 'p99 ratio'
paste -d" " "$scratch/small" "$scratch/large" |
    awk '{printf "%-22s%16d%16d%16d%16d%11.2f\n", $1, $2, $5, $3, $6, $6 / $3}'
