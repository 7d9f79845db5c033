#!/bin/sh
# Shows git sources: makes a repository from examples/gitops-repository, lets a running `plumb serve` follow it, pushes a change, and asks
# for one through the API, which comes back as a commit. Usage: scripts/gitops.sh [DATA]  (the server's data directory; it must have been
# started with --allow-private-targets).
set -eu
cd "$(dirname "$0")/.."

data="${1:-.plumb}"
bin="${PLUMB:-$(swift build --show-bin-path)/plumb}"
plumb() { "$bin" "$@" --data "$data"; }
say() { printf '\n== %s\n' "$*"; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
git_here() { git -C "$work/clone" -c user.name=ada -c user.email=ada@example.com -c commit.gpgsign=false "$@"; }

repository="$(cd "$data" && pwd)/gitops.git"
rm -rf "$repository"
git init -q --bare -b main "$repository"
git clone -q "$repository" "$work/clone" 2>/dev/null
cp -R examples/gitops-repository/. "$work/clone/"
git_here add -A
git_here commit -q -m "The platform in git"
git_here push -q origin HEAD:main

say "two sources, one after the other"
mkdir -p "$work/gitops"
sed "s|https://git.example.com/acme/platform.git|$repository|" examples/gitops/platform.yaml >"$work/gitops/platform.yaml"
plumb apply -f "$work/gitops" --set gitops-sources
plumb sync base shop --wait --timeout 60s
plumb wait App/gitops-web --timeout 60s
plumb get gitsources

say "a push"
sed -i 's/replicas: 1 /replicas: 2 /' "$work/clone/shop/apps.yaml"
git_here commit -q -a -m "Two copies"
git_here push -q origin HEAD:main
plumb sync shop --wait --timeout 60s
plumb describe App/gitops-web | grep replicas

say "a broken push: what was applied stays"
printf 'apiVersion: deploy/v1\nkind: App\nmetadata: {name: broken}\nspec: {replicas: many}\n' >"$work/clone/shop/broken.yaml"
git_here add -A
git_here commit -q -m "Broken"
git_here push -q origin HEAD:main
plumb sync shop --wait --timeout 60s || true
git_here revert --no-edit -q HEAD 2>/dev/null || git_here revert --no-edit HEAD >/dev/null
git_here push -q origin HEAD:main
plumb sync shop --wait --timeout 60s

say "a change through the API becomes a commit"
url="$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$data/server.json")"
token="$(cat "$data/admin-token")"
id="$(plumb get App/gitops-web -o json | sed -n 's/.*"uid": *"\([0-9a-f-]*\)".*/\1/p' | head -n 1)"
curl -sS -o /dev/null -D - -X PATCH -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"replicas": 3}' \
  "$url/deploy/api/apps/$id" | grep -iE '^(HTTP|plumb-proposal)'
tries=0
until git -C "$repository" rev-parse -q --verify plumb/shop >/dev/null || [ "$tries" -ge 60 ]; do
  sleep 0.5
  tries=$((tries + 1))
done
git -C "$repository" log -p -1 --format='%an: %s' plumb/shop
