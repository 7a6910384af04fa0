#!/usr/bin/env bash
# The built page is current: types hold, the logic's tests pass, and a fresh build equals src/querist/server/static.
# Usage: bash web/check.sh   (Node 20 or newer; without Node it says so and checks nothing; with
# QUERIST_CI set it fails)
set -euo pipefail
cd "$(dirname "$0")"
export NO_COLOR=1

if ! command -v node > /dev/null; then
  echo "web/check.sh: no Node here, nothing is checked"
  [ -z "${QUERIST_CI:-}" ]
  exit
fi
[ -d node_modules ] || npm ci --silent

built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT
npx tsc --noEmit
npx vitest run --silent --reporter=dot
npx vite build --outDir "$built" --emptyOutDir --logLevel warn
if ! diff -rq "$built" ../src/querist/server/static; then
  echo "web/check.sh: the built page is stale; run 'npm run build' in web/ and commit src/querist/server/static" >&2
  exit 1
fi
echo "web/check.sh: the built page is current"
