#!/bin/sh
# Installs those of the named Debian packages that are missing, where it may; otherwise names the exact line.
# Usage: scripts/debian.sh PACKAGE…
set -eu
missing=""
for package in "$@"; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed"; then
        missing="$missing $package"
    fi
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install what these Debian packages hold:$missing" >&2
    exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Please run: sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 2
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
