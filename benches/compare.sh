#!/usr/bin/env bash
# Compares the mock server with a bare axum handler, side by side in one run, and prints ratios.
#
# Rounds alternate between the two servers, so that whatever else the machine does hits both; the median round counts.
# The accept of a transfer is signed and is compared with a handler that verifies one signature and does nothing else.
# Also prints start-up time, idle memory and CPU per request. Needs wrk and jq (installed through apt-get when missing).
#
# usage: benches/compare.sh [rounds] [seconds per round] [connections]
source "$(dirname "$0")/lib.sh"

rounds=${1:-3} seconds=${2:-5} connections=${3:-32}
need 'wrk jq curl' wrk jq curl
cargo build --quiet --release --locked -p layer2-mock -p layer2-benches --bins

# The clock starts before the fork and stops at the first 200.
started=$(now)
"$target/release/layer2-mock" serve --listen 127.0.0.1:4019 >"$scratch/first.log" 2>&1 &
until curl -sf -o /dev/null http://127.0.0.1:4019/healthz; do kill -0 $! || { cat "$scratch/first.log" >&2; exit 1; }; done
ready=$(now)
kill $!

start mock 4010
mock=$pid
"$target/release/bare-axum" 127.0.0.1:4011 "$(field mock .payments.verify_key)" &
bare=$!
until curl -s -o /dev/null http://127.0.0.1:4011/; do kill -0 "$bare" || exit 1; done

rss() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }
cpu() { awk '{print ($14 + $15) * 10}' "/proc/$1/stat"; } # milliseconds, at 100 ticks a second

printf 'start to first reply  %d ms (with the shell and curl around it)\n' $(((ready - started) / 1000000))
printf 'idle memory           %s MiB (bare %s MiB)\n' "$(rss "$mock")" "$(rss "$bare")"

sign_in mock
fund mock
cat >"$scratch/get.lua" <<LUA
wrk.headers["Authorization"] = "Bearer $token"
LUA
write_transfers post

# The same, and notes the id of each transfer that was made.
sed '$d' "$scratch/post.lua" >"$scratch/make.lua"
cat >>"$scratch/make.lua" <<LUA
end
local ids = assert(io.open("$scratch/ids", "w"))
response = function(status, headers, body)
    ids:write(body:match('"id":"([^"]+)"'), "\\n")
end
LUA
# One signed accept per line of the file, each once.
cat >"$scratch/accept.lua" <<LUA
local requests, n = {}, 0
init = function()
    for line in io.lines("$scratch/signed") do
        local id, seconds, signature = line:match("(%S+) (%S+) (%S+)")
        wrk.headers["x-timestamp"], wrk.headers["x-signature"] = seconds, signature
        wrk.headers["x-l2f-idempotency-id"] = id
        wrk.headers["Authorization"] = "Bearer $token"
        requests[#requests + 1] = wrk.format("POST", "/api/v1/transfers/" .. id .. "/accept")
    end
end
request = function()
    n = n + 1
    return requests[n] or error("more requests than transfers were prepared")
end
LUA

# Prints "requests-per-second cpu-microseconds-per-request".
load() { # pid url script
    local before after
    before=$(cpu "$1")
    run_wrk "$3" "$connections" "$seconds" "$2"
    after=$(cpu "$1")
    awk -v ms=$((after - before)) '/requests in/ {n = $1} /^Requests\/sec/ {r = $2} END {printf "%.0f %.1f\n", r, ms * 1000 / n}' "$scratch/$3.wrk"
}

compare() { # label path script [what each round needs]
    local round prepare=${4:-true}
    : >"$scratch/mock.txt" : >"$scratch/bare.txt"
    for ((round = 0; round < rounds; round++)); do
        "$prepare"
        load "$bare" "http://127.0.0.1:4011$2" "$3" >>"$scratch/bare.txt"
        load "$mock" "http://127.0.0.1:4010$2" "$3" >>"$scratch/mock.txt"
    done
    local m b mc bc
    m=$(cut -d' ' -f1 "$scratch/mock.txt" | median) b=$(cut -d' ' -f1 "$scratch/bare.txt" | median)
    mc=$(cut -d' ' -f2 "$scratch/mock.txt" | median) bc=$(cut -d' ' -f2 "$scratch/bare.txt" | median)
    awk -v l="$1" -v m="$m" -v b="$b" -v mc="$mc" -v bc="$bc" \
        'BEGIN {printf "%-22s%d req/s against %d: ratio %.2f; CPU %.1f us against %.1f us a request\n", l, m, b, m / b, mc, bc}'
}

compare 'GET account' "/api/v1/accounts/deposits/$source" get
compare 'POST transfer, keyed' /api/v1/transfers post
# As many transfers as a round of accepts can take; making one takes less time than accepting it.
sign_accepts() {
    run_wrk make "$connections" "$((seconds * 2))" http://127.0.0.1:4010/api/v1/transfers
    "$target/release/sign-accepts" "$(field mock .payments.signing_key)" <"$scratch/ids" >"$scratch/signed"
}
compare 'POST accept, signed' '' accept sign_accepts
printf 'memory after the load %s MiB\n' "$(rss "$mock")"
