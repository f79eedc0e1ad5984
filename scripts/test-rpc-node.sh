#!/bin/sh
# The contract of RPC transports on Node, without QUIC and shared memory.
# Arguments go to `node --test`, such as --test-name-pattern=unix.
set -eu
cd "$(dirname "$0")/.."

home=tests/rpc-node
if ! cmp -s "$home/package.json" "$home/node_modules/.installed"; then
  npm install --prefix "$home" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$home" --foreground-scripts node
  cp "$home/package.json" "$home/node_modules/.installed"
fi

exec "$home/node_modules/.bin/node" --test "$@" packages/rpc/src/testing/node-suite.ts
