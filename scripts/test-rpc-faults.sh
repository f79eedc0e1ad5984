#!/bin/sh
# RPC when processes, networks, clocks and memory fail. Arguments go to the suite:
# --only NAME, --transport NAME, --minutes N, --seed N.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null
# QUIC is experimental in the runtime, which every process of the suite would say.
export NODE_NO_WARNINGS=1
exec node_modules/.bin/bun packages/rpc/src/testing/faults/run.ts "$@"
