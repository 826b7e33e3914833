#!/bin/sh
# A PostgreSQL server for the tests, on loopback, in a folder that is thrown away.
# Usage: scripts/postgres.sh start DIR   prints the DATABASE_URL
#        scripts/postgres.sh stop DIR
set -eu
action="$1"
dir="$2"

bin=""
for candidate in /usr/lib/postgresql/*/bin; do
    [ -x "$candidate/initdb" ] && bin="$candidate"
done
if [ -z "$bin" ]; then
    echo "PostgreSQL's server programs are missing: apt-get install -y postgresql" >&2
    exit 2
fi

as_owner() {
    # The server refuses to run as root.
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

case "$action" in
    start)
        mkdir -p "$dir"
        if [ "$(id -u)" -eq 0 ]; then chown postgres "$dir"; fi
        cd "$dir"
        port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
        as_owner "$bin/initdb" -D "$dir/data" -U tocsin --auth=trust -E UTF8 --locale=C.UTF-8 >/dev/null
        as_owner "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
            -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200" start >/dev/null
        echo "postgres://tocsin@127.0.0.1:$port/postgres"
        ;;
    stop)
        cd /
        as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
        rm -rf "$dir"
        ;;
    *) echo "usage: scripts/postgres.sh start|stop DIR" >&2; exit 2 ;;
esac
