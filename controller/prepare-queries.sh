#!/bin/sh
# Checks every SQL query of the controller against the migrations, in a throw-away Postgres, and
# writes what was learnt to .sqlx, which is committed so that builds need no database.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

as_postgres=
[ "$(id -u)" != 0 ] || as_postgres='setpriv --reuid=postgres --regid=postgres --clear-groups --'
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
cluster=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" bpfcompat-queries.XXXXXX)
[ -z "$as_postgres" ] || chown postgres "$cluster"

stop() {
    $as_postgres "$programs/pg_ctl" -D "$cluster/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$cluster"
}
trap stop EXIT
cd "$cluster"
$as_postgres "$programs/initdb" -D "$cluster/data" -A trust --no-sync --no-locale -E UTF8 >/dev/null
$as_postgres "$programs/pg_ctl" -w -D "$cluster/data" -l "$cluster/log" start >/dev/null \
    -o "-c listen_addresses='' -c unix_socket_directories='$cluster' -c fsync=off"

cd "$root"
for migration in migrations/*.sql; do
    psql -q -v ON_ERROR_STOP=1 --single-transaction -h "$cluster" -U "$($as_postgres id -un)" -d postgres -f "$migration"
done

new="$cluster/queries"
mkdir "$new"
touch controller/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$new" cargo check -p controller --lib \
    --config 'env.DATABASE_URL="postgres:///postgres?host='"$cluster"'&user='"$($as_postgres id -un)"'"'
rm -rf .sqlx
cp -r "$new" .sqlx
touch controller/src/lib.rs
echo "$(ls .sqlx | wc -l) queries checked"
