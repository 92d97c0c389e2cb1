#!/usr/bin/env bash
# Everything that can be wrong without running the clinic.  Each step says how long it took; all run, any failure fails.
set -uo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/.venv/bin"

# The settings read keys from a data folder: a throw-away one, which nothing is ever stored in.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$bin/python" -c 'import sys, pathlib; from stillhaven.service import folder; folder.open_folder(pathlib.Path(sys.argv[1]), create=True)' \
    "$scratch/clinic" || { echo "the data folder for the checks could not be made"; exit 1; }
unset DATABASE_URL STILLHAVEN_CLOCK STILLHAVEN_REAL_CLINIC
export STILLHAVEN_DATA="$scratch/clinic" STILLHAVEN_SETTINGS_MODE=test STILLHAVEN_PG="$scratch/clinic/run/pg"
export STILLHAVEN_DB_POOL=0
export DJANGO_SETTINGS_MODULE=stillhaven.clinic.web.settings PYTHONWARNINGS=ignore::RuntimeWarning

failed=()
step() {
    local name=$1 started status
    shift
    started=$(date +%s.%N)
    printf '== %s\n' "$name"
    "$@"
    status=$?
    printf -- '-- %s: %s in %.1f s\n' "$name" "$([ $status -eq 0 ] && echo ok || echo FAILED)" \
        "$(awk "BEGIN{print $(date +%s.%N)-$started}")"
    [ $status -eq 0 ] || failed+=("$name")
}

# What others may use with us: no licence that would bind the clinic or whoever passes stillhaven on.
# pyrage names none in its metadata; the licence file it ships is MIT.
licences() {
    "$bin/pip-licenses" --from=mixed --partial-match --ignore-packages stillhaven pyrage \
        --allow-only='MIT;BSD;Apache;PSF;Python Software Foundation;MPL-2.0;Mozilla Public License 2.0;LGPL-3.0-only;ISC;Zlib;HPND;Unlicense' \
        >"$scratch/licences" 2>&1 || { cat "$scratch/licences"; return 1; }
}

docs() {
    if [ -f tools/docs.py ] || [ -d tools/docs ]; then
        "$bin/python" -m tools.docs --check
    else
        echo "NOT RUN: tools/docs is not there"
    fi
}

step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "types" "$bin/mypy"
step "import contracts" "$bin/lint-imports" --no-cache
step "reference files" "$bin/stillhaven" check
step "docs" docs
step "migrations" "$bin/python" -m stillhaven manage makemigrations --check --dry-run
step "tables of a new clinic" "$bin/python" -m tools.schema --check
step "licences" licences

if [ ${#failed[@]} -gt 0 ]; then
    printf '\ncheck FAILED: %s\n' "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf '\ncheck: all ok\n'
