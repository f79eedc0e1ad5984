#!/bin/sh
# Mixed traffic over failing providers, for an hour unless told otherwise: does memory grow, is a row of
# the ledger lost, is a budget overspent? Arguments: --minutes N, --clients N, --pause MS, --seed N.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null
exec node_modules/.bin/bun tests/soak/run.ts "$@"
