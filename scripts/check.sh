#!/bin/sh
# What needs no run: format and lint, types, unused code, and the structure of the house.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null
PATH="$PWD/node_modules/.bin:$PATH"
biome check .
tsc --noEmit
tsc --noEmit -p packages/rpc
knip
bun test tests/structure
