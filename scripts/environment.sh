#!/bin/sh
# Makes the project's own environment: uv (found, or put into .uv), then .venv exactly as uv.lock says.
# Usage: scripts/environment.sh [run|test]     "test" adds the tools that the tests need.
set -eu
cd "$(dirname "$0")/.."
wanted="${1:-run}"

say() { printf '%s\n' "$*" >&2; }

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python="$candidate"
        break
    fi
done
if [ -z "$python" ]; then
    say "Tocsin needs Python 3.11 or later. On Debian 12: apt-get install -y python3 python3-venv"
    exit 2
fi

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=.uv/bin/uv
    if [ ! -x "$uv" ]; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            scripts/debian.sh python3-venv
        fi
        "$python" -m venv .uv
        .uv/bin/pip install --quiet --disable-pip-version-check uv
    fi
fi

case "$wanted" in
    run) set -- --no-dev ;;
    test) set -- --all-groups --extra postgres --extra ocr --extra spark ;;
    *) say "usage: scripts/environment.sh [run|test]"; exit 2 ;;
esac
# --inexact: `make demo` after `make test` need not take the test tools away again.
UV_PYTHON_DOWNLOADS=never "$uv" sync --frozen --inexact --python "$python" --quiet "$@"
