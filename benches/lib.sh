# Shared by the scripts of this folder, which source it: a scratch folder, servers, what wrk sends and how its log reads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
scratch=$(mktemp -d)
at_exit=()
finish() {
    kill $(jobs -p) 2>/dev/null || true
    local step
    for step in "${at_exit[@]}"; do eval "$step" || true; done
    rm -rf "$scratch"
}
trap finish EXIT

# Installs the packages that hold the programs when one of these is missing.
need() { # "programs" packages…
    local program
    for program in $1; do
        command -v "$program" >/dev/null && continue
        apt-get update -qq
        apt-get install -y -qq "${@:2}" >/dev/null
        return
    done
}

now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $0} END {print v[int((NR + 1) / 2)]}'; }
field() { jq -r "$2" "$scratch/$1.json"; } # server, path

# Starts a server, of the program that `MOCK` names if it does, and waits until its ready file is there; sets `pid`.
start() { # server port arguments…
    rm -f "$scratch/$1.json"
    "${MOCK:-$target/release/layer2-mock}" serve --listen "127.0.0.1:$2" --ready-file "$scratch/$1.json" "${@:3}" >>"$scratch/$1.log" 2>&1 &
    pid=$!
    until [[ -f $scratch/$1.json ]]; do
        kill -0 "$pid" || { cat "$scratch/$1.log" >&2; exit 1; }
        sleep 0.01
    done
}

# Sets `token`, and `source` and `destination` to the first two accounts in dollars of a new sandbox.
sign_in() { # server
    token=$(curl -sf -X POST -u "$(field "$1" .payments.client_id):$(field "$1" .payments.client_secret)" \
        "$(field "$1" .payments.token_url)?grant_type=client_credentials" | jq -r .access_token)
    read -r source destination <<<"$(field "$1" '[.accounts[] | select(.asset_type_id == "FIAT_TESTNET_USD") | .id][:2] | join(" ")')"
}

# Pays a billion into `source`, so that no load runs out of money.
fund() { # server
    curl -sf -o /dev/null -H "Authorization: Bearer $(field "$1" .control_token)" -H 'Content-Type: application/json' \
        -d "{\"account_id\": \"$source\", \"amount\": 1000000000}" "$(field "$1" .url)/_control/v1/sandboxes/default/inbound"
}

# Writes the script of wrk that makes transfers. Every POST carries a key of its own, so none is a replay.
write_transfers() { # name
    cat >"$scratch/$1.lua" <<LUA
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer $token"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"source_account_id": "$source", "destination_account_id": "$destination", "amount": 1}'
local n, id = 0, "$1" .. tostring({}) .. os.time() .. os.clock()
id = id:gsub("[^%w]", "")
request = function()
    n = n + 1
    wrk.headers["x-l2f-idempotency-id"] = id .. "-" .. n
    return wrk.format()
end
LUA
}

# Runs wrk and leaves its log in `$scratch/<name>.wrk`; fails on any reply that is not 2xx. A reply that takes long is a
# matter of the percentiles, and none of the connection that waits for it.
run_wrk() { # name connections seconds url
    wrk -t1 -c"$2" -d"$3s" --timeout 60s --latency -s "$scratch/$1.lua" "$4" >"$scratch/$1.wrk"
    if grep -qE 'Non-2xx|Socket errors' "$scratch/$1.wrk"; then
        cat "$scratch/$1.wrk" >&2
        return 1
    fi
}

# Reads logs of wrk: the sum of their requests a second, then the longest of their percentiles in microseconds.
read_wrk() { # percentile names…
    local name
    for name in "${@:2}"; do cat "$scratch/$name.wrk"; done | awk -v p="$1%" '
        function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
        $1 == p {if (us($2) > worst) worst = us($2)} /^Requests\/sec/ {r += $2} END {printf "%.0f %.0f\n", r, worst}'
}
