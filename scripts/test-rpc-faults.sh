#!/bin/sh
# RPC when processes, networks, clocks and memory fail. Arguments go to the suite:
# --only NAME, --minutes N.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null
exec node_modules/.bin/bun packages/rpc/src/testing/faults/run.ts "$@"
