#!/usr/bin/env bash
# What is looked at before a release, beside ./test.sh: what needs the network or tools that a build does not, or takes
# too long for every change. All of it is run, whatever fails; the last lines say what failed and what could not be run
# for want of a tool.
#
#   documents       the bundles before a public linter and TypeScript          node, npm
#   external types  the types of other crates in the public API                python3
#   features        the SDK and the server with each feature alone             python3
#   deny            licences, bans, sources and published advisories           cargo install --locked cargo-deny
#   hack            the published crates with each feature, without the rest   cargo install --locked cargo-hack
#   semver          the public API against the last release                    cargo install --locked cargo-semver-checks
#
# The crates are on no registry yet, so the last release is a commit: the newest tag, or what BASELINE names. Before the
# first one there is nothing to compare with.
#
# usage: scripts/before-release.sh [check...]
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
not_run=()

documents() { scripts/check-documents.sh; }

external_types() { scripts/external-types.sh; }

features() { scripts/features.sh; }

deny() { cargo deny --locked check; }

hack() { cargo hack check --quiet --locked --each-feature --package layer2-types --package layer2-sdk --package layer2-mock; }

semver() { cargo semver-checks --baseline-rev "$baseline" --package layer2-types --package layer2-sdk; }

# check, tools it needs: each a program, or a subcommand of cargo
run() {
    local check=$1 tool
    shift
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null && ! cargo "${tool#cargo-}" --version >/dev/null 2>&1; then
            not_run+=("$check (no $tool)")
            return
        fi
    done
    printf '\n== %s\n' "$check"
    "${check// /_}" || failed+=("$check")
}

baseline=${BASELINE:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
if [ $# -eq 0 ]; then
    set -- documents 'external types' features deny hack semver
fi
for check in "$@"; do
    case "$check" in
    documents) run "$check" node npm ;;
    'external types' | features) run "$check" python3 ;;
    deny) run "$check" cargo-deny ;;
    hack) run "$check" cargo-hack ;;
    semver)
        if [ -n "$baseline" ]; then
            run "$check" cargo-semver-checks
        else
            not_run+=("$check (no release before)")
        fi
        ;;
    *)
        echo "unknown check: $check" >&2
        exit 2
        ;;
    esac
done

printf '\n'
for check in ${not_run[@]+"${not_run[@]}"}; do printf 'not run: %s\n' "$check"; done
for check in ${failed[@]+"${failed[@]}"}; do printf 'failed: %s\n' "$check"; done
printf '%s failed, %s not run\n' "${#failed[@]}" "${#not_run[@]}"
[ "${#failed[@]}" -eq 0 ]
