#!/bin/sh
# The first ten minutes: builds Plumb, serves it from ./.plumb, applies the storefront example from a git repository, and keeps
# serving until Ctrl-C. Leaves nothing behind but the data directory; a second run resumes.
set -eu
cd "$(dirname "$0")/.."

data=".plumb"
listen="127.0.0.1:8420"
# Seconds that a start may take: the first one makes a database.
start_limit=60

say() { printf '%s\n' "$*"; }

scripts/install.sh
say "building (the first time takes some minutes)"
swift build -c release --product plumb
plumb="$(swift build -c release --show-bin-path)/plumb"

mkdir -p "$data"
log="$data/serve.log"
# Tenants may not make the server call private addresses; the example calls a program on this machine, so here they may.
"$plumb" serve --data "$data" --listen "$listen" --allow-private-targets >"$log" 2>&1 &
server=$!

# Ctrl-C reaches the server too: it stops by itself, and is waited for.
stop() {
  trap '' INT TERM HUP
  if kill -0 "$server" 2>/dev/null; then
    say ""
    say "stopping"
    kill -TERM "$server" 2>/dev/null || true
  fi
  wait "$server" 2>/dev/null || true
}
trap 'stop; exit 0' INT TERM HUP
trap 'stop' EXIT

waited=0
until grep -q '^plumb is ready' "$log" 2>/dev/null; do
  if ! kill -0 "$server" 2>/dev/null || [ "$waited" -ge $((start_limit * 10)) ]; then
    say "error: plumb serve did not start. Its log, $log, ends with:"
    tail -n 20 "$log"
    exit 1
  fi
  sleep 0.1
  waited=$((waited + 1))
done

# The example as a git repository, so that history and blame name a commit.
source="$data/source"
mkdir -p "$source"
rm -rf "$source/storefront" "$source/storefront-domains"
cp -R examples/storefront examples/storefront-domains "$source/"
git_here() { git -C "$source" -c user.name=plumb -c user.email=plumb@localhost -c commit.gpgsign=false "$@"; }
[ -d "$source/.git" ] || git_here init -q
git_here add -A
git_here diff --cached --quiet 2>/dev/null || git_here commit -q -m "The storefront example"
commit="$(git_here rev-parse HEAD)"

"$plumb" apply --data "$data" -f "$source/storefront" --set storefront --prune --commit "$commit" --wait --timeout 120s
"$plumb" apply --data "$data" -f "$source/storefront-domains" --set storefront-domains --prune --commit "$commit"

say ""
"$plumb" get all --data "$data"
cat <<TEXT

The shop           http://127.0.0.1:9101/  and  http://127.0.0.1:9102/
Orders             http://127.0.0.1:9110/
API                http://$listen/deploy/api/apps   (OpenAPI: http://$listen/deploy/api/openapi.json)
Health, metrics    http://$listen/readyz  http://$listen/metrics
Token              $data/admin-token

Try, in another terminal:
  $plumb get apps --watch
  $plumb why DomainAssignment/shop.example.com
  $plumb history App/web
  curl -H "Authorization: Bearer \$(cat $data/admin-token)" http://$listen/deploy/api/apps

Serving until Ctrl-C.
TEXT
wait "$server"
