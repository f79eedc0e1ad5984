#!/bin/sh
# Migrations of databases of both kinds with a million rows, killed on the way and gone on with; prints
# times. The number of rows may be given.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install-system-packages.sh scripts/system-packages.txt
exec node_modules/.bin/bun packages/gateway/src/governance/testing/million-rows-program.ts "$@"
