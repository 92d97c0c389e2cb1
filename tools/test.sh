#!/usr/bin/env bash
# All tests, on a real database and in a real browser.  What cannot run here is said aloud, at the end.
# `tools/test.sh tests/science -k alarms` passes its words on to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/.venv/bin"
unset DATABASE_URL STILLHAVEN_DATA STILLHAVEN_PG STILLHAVEN_CLOCK STILLHAVEN_REAL_CLINIC STILLHAVEN_SETTINGS_MODE

notes=()
[ -x /usr/bin/chromium ] || notes+=("no /usr/bin/chromium: walks in a browser (tools/browser.sh installs it)")
[ "$(id -u)" -eq 0 ] || notes+=("not root: the tests of running as root, and of becoming an ordinary user")
command -v setpriv >/dev/null || notes+=("no setpriv (Debian: util-linux): the test of an ordinary user")
"$bin/python" -c 'import sys; from stillhaven.service import spawn; sys.exit(not spawn.user_namespaces_work())' ||
    notes+=("user namespaces are off: the database of a root-run clinic uses a system account")

[ -e .venv-fast/ready ] || notes+=("no .venv-fast: pharmacology with the accelerator (numba): make test-fast")
status=0
"$bin/pytest" -n "${WORKERS:-3}" --dist worksteal -q "$@" || status=$?

if [ ${#notes[@]} -gt 0 ]; then
    printf '\n################ NOT RUN HERE ################\n'
    printf '# %s\n' "${notes[@]}"
    printf '##############################################\n'
fi
exit $status
