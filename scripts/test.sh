#!/bin/sh
# The whole suite: checks, then every test on SQLite and on PostgreSQL, then the coverage that must be complete.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
TOCSIN_HOME="$(mktemp -d)"
export TOCSIN_HOME
postgres="$(mktemp -d)"
cleanup() { scripts/postgres.sh stop "$postgres" 2>/dev/null || true; rm -rf "$TOCSIN_HOME"; }
trap cleanup EXIT INT TERM

failed=0
scripts/check.sh || failed=1

rm -f .coverage .coverage.*
printf '\n== tests on SQLite\n'
pytest -n 2 --dist loadgroup --cov --cov-report= --junitxml="$TOCSIN_HOME/sqlite.xml" || failed=1

printf '\n== tests on PostgreSQL\n'
DATABASE_URL="$(scripts/postgres.sh start "$postgres")"
export DATABASE_URL
pytest -n 2 --dist loadgroup --cov --cov-append --cov-report= --junitxml="$TOCSIN_HOME/postgresql.xml" || failed=1
unset DATABASE_URL

printf '\n== coverage\n'
coverage report | tail -n 60
printf '\n== every line of actions, access and the ledger\n'
coverage report --include='*/actions.py,*/access.py,*/tocsin/ledger/*' --precision 2 || failed=1
python scripts/covered.py || failed=1

printf '\n== counts\n'
python scripts/counts.py "$TOCSIN_HOME/sqlite.xml" "$TOCSIN_HOME/postgresql.xml" || failed=1
exit "$failed"
