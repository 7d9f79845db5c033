#!/bin/sh
# Installs what Plumb needs from Debian, and the packages named as arguments, only what is missing: as root, or with sudo.
set -eu

say() { printf '%s\n' "$*" >&2; }

if ! command -v swift >/dev/null 2>&1; then
  say "error: the Swift 6 toolchain was not found in PATH. Install it from https://www.swift.org/install and try again."
  exit 1
fi

missing=""
for package in libyaml-dev libpq-dev postgresql git curl librsvg2-bin fonts-dejavu-core "$@"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
# A program that did not come as a package is as good.
for tool in git curl "$@"; do
  if command -v "$tool" >/dev/null 2>&1; then missing=$(printf '%s' "$missing" | sed "s/ $tool\$//; s/ $tool / /"); fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  say "error: this is no Debian system. Install these by hand:$missing"
  exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    say "error: packages are missing, and there is no sudo. As root, run: apt-get install$missing"
    exit 1
  fi
  as_root="sudo"
fi

say "installing:$missing"
# No cluster of the system's own is wanted: Plumb starts a private PostgreSQL in its data directory.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  $as_root mkdir -p /etc/postgresql-common
  printf 'create_main_cluster = false\n' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
