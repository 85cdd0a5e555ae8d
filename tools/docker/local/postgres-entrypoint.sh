#!/bin/sh
# Speaks the official image's environment: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, PGDATA.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" && chown -R postgres "$PGDATA" && chmod 700 "$PGDATA"
  umask 077
  printf '%s' "${POSTGRES_PASSWORD:?}" >/tmp/password && chown postgres /tmp/password
  setpriv --reuid=postgres --regid=postgres --clear-groups \
    initdb --no-sync -D "$PGDATA" -U "${POSTGRES_USER:-postgres}" --pwfile=/tmp/password -A scram-sha-256 -E UTF8 --locale=C
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\"" |
      setpriv --reuid=postgres --regid=postgres --clear-groups postgres --single -j -D "$PGDATA" postgres >/dev/null
  fi
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$PGDATA" -c listen_addresses='*' "$@"
