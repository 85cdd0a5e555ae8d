#!/usr/bin/env bash
# Installs and starts a Docker engine on a Debian machine, as root. Does nothing, quickly, where one answers already.
#
#   tools/docker/install-engine.sh        exit 0: an engine answers;  exit 1: it can't be had, the last line says why
#
# Besides the engine it brings debootstrap, with which images.ts makes a base image where none can be pulled.
# Environment: DOCKER_DATA_ROOT (default /var/lib/docker), STUDIO_DOCKER_LOG (default /var/log/studio-dockerd.log).
set -euo pipefail

data_root=${DOCKER_DATA_ROOT:-/var/lib/docker}
log=${STUDIO_DOCKER_LOG:-/var/log/studio-dockerd.log}
pidfile=/run/studio-dockerd.pid

say() { printf 'docker engine: %s\n' "$*"; }
give_up() { say "$*" >&2; exit 1; }
answers() { command -v docker >/dev/null && timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
report() { say "version $(timeout 5 docker version --format '{{.Server.Version}}') answers"; }

missing_packages() {
  command -v dockerd >/dev/null || echo docker.io
  # Debian 13 split the client from the engine.
  command -v docker >/dev/null || { apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || true; }
  command -v debootstrap >/dev/null || echo debootstrap
  command -v iptables >/dev/null || echo iptables
}

# The engine may come with a package that starts it (systemd); in a plain container or VM nobody does.
start_engine() {
  if [ -f "$pidfile" ] && [ "$(cat "/proc/$(cat "$pidfile")/comm" 2>/dev/null)" = dockerd ]; then
    say 'a daemon of an earlier start is there, waiting for it'
  else
    rm -f "$pidfile"
    setsid nohup dockerd --storage-driver=overlay2 --data-root "$data_root" --exec-root /run/studio-docker \
      --pidfile "$pidfile" >"$log" 2>&1 </dev/null &
  fi
  for _ in $(seq 1 150); do
    answers && return 0
    sleep 0.2
  done
  return 1
}

if answers && command -v debootstrap >/dev/null; then report; exit 0; fi
[ "$(uname -s)" = Linux ] || give_up 'not Linux: start Docker Desktop or another engine by hand'
if answers; then report; fi
[ "$(id -u)" = 0 ] || { answers && exit 0; give_up 'not root: run this with sudo, or start an engine by hand'; }
[ -n "${DOCKER_HOST:-}" ] && { answers && exit 0; give_up 'DOCKER_HOST names an engine that does not answer'; }
command -v apt-get >/dev/null || { answers && exit 0; give_up 'no apt-get: this script knows Debian and its kin only'; }

export DEBIAN_FRONTEND=noninteractive
quiet=(-qq -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 -o Acquire::Retries=1 -o DPkg::Lock::Timeout=120)
if [ -n "$(missing_packages)" ]; then
  say 'reading the package lists'
  # One unreachable third-party source must not stop it: what matters is whether the install works.
  timeout 180 apt-get "${quiet[@]}" update >/dev/null 2>&1 || true
  packages=$(missing_packages | tr '\n' ' ')
  say "installing $packages"
  # shellcheck disable=SC2086
  if ! output=$(timeout 600 apt-get "${quiet[@]}" install -y --no-install-recommends $packages 2>&1); then
    answers && exit 0
    printf '%s\n' "$output" | tail -n 15 >&2
    give_up "apt-get could not install $packages (no network, or another package source is needed)"
  fi
fi

answers || start_engine || { tail -n 20 "$log" >&2; give_up "dockerd did not answer within 30 s; its log is $log"; }
report
