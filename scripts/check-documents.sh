#!/bin/sh
# Holds the bundles in openapi/ to tools that are not ours: a public linter must find nothing, not even a warning, and
# the TypeScript that a public generator makes of them must compile strictly. Needs node and npm; the tools are pinned
# in package.json beside this script and live in a scratch folder below target/.
#
# usage: scripts/check-documents.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
scratch="$root/target/document-checks"
apis='payments accounting plaid control'

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

mkdir -p "$scratch"
cd "$scratch"
cp "$here/redocly.yaml" .
if ! cmp -s "$here/package-lock.json" package-lock.json || ! [ -d node_modules ]; then
    rm -rf node_modules package-lock.json
    cp "$here/package.json" .
    cp "$here/package-lock.json" package-lock.new
    mv package-lock.new package-lock.json
    # No script of a package is run: all three tools are plain JavaScript.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || { rm -f package-lock.json; exit 1; }
fi

rm -f -- *.json.report *.ts
for api in $apis; do
    bundle="$root/openapi/$api.json"
    # The linter succeeds when there are only warnings; here they fail too.
    node_modules/.bin/redocly lint --config redocly.yaml --format=json "$bundle" >"$api.json.report" 2>"$api.log" || true
    if ! grep -q '"problems": *\[\]' "$api.json.report"; then
        echo "$api: the linter finds something" >&2
        node_modules/.bin/redocly lint --config redocly.yaml "$bundle" >&2 || true
        exit 1
    fi
    node_modules/.bin/openapi-typescript --redocly redocly.yaml "$bundle" -o "$api.ts" >"$api.log" 2>&1 ||
        { cat "$api.log" >&2; exit 1; }
    # An empty module compiles too; each document has paths and schemas to show for itself.
    for part in 'export interface paths {' 'export interface components {' 'export interface operations {'; do
        grep -q "$part" "$api.ts" || { echo "$api.ts: no \`$part\`" >&2; exit 1; }
    done
done
node_modules/.bin/tsc --strict --noEmit --target es2022 --module esnext --moduleResolution bundler *.ts >tsc.log 2>&1 ||
    { cat tsc.log >&2; exit 1; }
echo "documents: the linter finds nothing in $(echo "$apis" | wc -w | tr -d ' ') bundles, and their TypeScript compiles"
