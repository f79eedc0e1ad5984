#!/bin/sh
# On Node: the contract of RPC transports (without QUIC and shared memory), then the package as it is
# published, used by a small program. Arguments go to `node --test`, such as
# --test-name-pattern=unix.
set -eu
cd "$(dirname "$0")/.."

home=tests/rpc-node
if ! cmp -s "$home/package.json" "$home/node_modules/.installed"; then
  npm install --prefix "$home" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$home" --foreground-scripts node
  cp "$home/package.json" "$home/node_modules/.installed"
fi
node="$PWD/$home/node_modules/.bin/node"

"$node" --test "$@" packages/rpc/src/testing/node-suite.ts

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/node_modules/@zeke"
PATH="$PWD/node_modules/.bin:$PATH" bun packages/rpc/scripts/pack.ts "$scratch/node_modules/@zeke/rpc"
# Its dependencies, as the lockfile has them.
ln -s "$PWD/packages/rpc/node_modules" "$scratch/node_modules/@zeke/rpc/node_modules"
cp tests/rpc-package/consumer.ts "$scratch/consumer.ts"
"$node" "$scratch/consumer.ts"
"$node" "$scratch/node_modules/@zeke/rpc/dist/zrpc.js" --version
