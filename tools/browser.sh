#!/usr/bin/env bash
# A real browser for the walks: Debian's chromium, installed if it can be.
set -euo pipefail
[ -x /usr/bin/chromium ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "The walks need /usr/bin/chromium, and this machine has no apt-get to install it with." >&2
    echo "Install Chromium and link it there: ln -s \$(command -v chromium) /usr/bin/chromium" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "The walks need a browser. Ask whoever administers this machine for: apt-get install chromium" >&2
    exit 1
fi
echo "Installing Debian's chromium (about 100 MB, once) ..."
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { "${as_root[@]}" apt-get install -y --no-install-recommends chromium fonts-liberation >"$log" 2>&1; }
install || { "${as_root[@]}" apt-get update >>"$log" 2>&1 && install; } || {
    tail -20 "$log" >&2
    echo "chromium could not be installed; the lines above say why" >&2
    exit 1
}
[ -x /usr/bin/chromium ]
