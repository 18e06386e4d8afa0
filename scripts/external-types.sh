#!/usr/bin/env bash
# Lists the types and traits of other crates that the public API of the published client crates names, and holds them
# against scripts/external-types.txt.
#
# Each of them ties our version to that crate's: its next major version is one of ours. A new one is therefore a
# decision, which is made by a line in that file. Derived and blanket implementations do not count, nor does `std`.
#
# rustdoc's JSON is not stable yet, so the installed one is told to give it all the same. Only rustdoc is told: build
# scripts look for the same word, and every dependency would be built anew.
#
# usage: scripts/external-types.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"$scratch/rustdoc"
chmod +x "$scratch/rustdoc"

document() { # package, features
    RUSTDOC="$scratch/rustdoc" cargo rustdoc --quiet --locked --package "$1" --lib --no-default-features --features "$2" -- \
        -Z unstable-options --output-format json
}

document layer2-types payments,accounting,plaid,control
document layer2-sdk payments,accounting,plaid,control,webhooks,axum,blocking,rustls

python3 - "${CARGO_TARGET_DIR:-target}/doc" scripts/external-types.txt <<'PYTHON'
import json
import sys

target, list_file = sys.argv[1:]
OURS = {"core", "alloc", "std", "layer2_types", "layer2_sdk"}


def named(node):
    """Ids of all types and traits that are named below a node."""
    if isinstance(node, list):
        for child in node:
            yield from named(child)
    elif isinstance(node, dict):
        if "id" in node and ("path" in node or "source" in node):
            yield node["id"]
        for child in node.values():
            yield from named(child)


def foreign(crate):
    with open(f"{target}/{crate}.json") as file:
        document = json.load(file)
    found = {}
    for item in document["index"].values():
        inner = item["inner"]
        made = inner.get("impl")
        if item["crate_id"] != 0 or (made and (made["is_synthetic"] or made["blanket_impl"])):
            continue
        if "automatically_derived" in json.dumps(item["attrs"]):
            continue
        for id in named(inner):
            path = document["paths"].get(str(id))
            if path is None or path["crate_id"] == 0:
                continue
            if path["path"][0] not in OURS:
                where = item["span"] and "{}:{}".format(item["span"]["filename"], item["span"]["begin"][0])
                found.setdefault("::".join(path["path"]), where)
    return found


with open(list_file) as file:
    lines = [line.split("#")[0].strip() for line in file]
allowed = {line for line in lines if line}
found = foreign("layer2_types") | foreign("layer2_sdk")
if not found:
    sys.exit("no foreign type was found, so the form of rustdoc's JSON has changed: correct this script")
for path in sorted(found.keys() - allowed):
    print(f"not in {list_file}: {path}, named at {found[path]}")
for path in sorted(allowed - found.keys()):
    print(f"only in {list_file}: {path}")
if found.keys() != allowed:
    sys.exit(1)
crates = sorted({path.split("::")[0] for path in found})
print(f"{len(found)} types and traits of {len(crates)} crates: {', '.join(crates)}")
PYTHON
