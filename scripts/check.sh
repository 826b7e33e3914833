#!/bin/sh
# Everything that reads the code without running it. Exits with the first failure.
set -eu
cd "$(dirname "$0")/.."
run() { printf '\n== %s\n' "$*"; ".venv/bin/$@"; }
run ruff format --check .
run ruff check .
run mypy src tests scripts conftest.py
run lint-imports
run djlint --lint --quiet src
run python -m tocsin manage makemigrations --check --dry-run
