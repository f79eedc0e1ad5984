#!/bin/sh
# On Node: the contract of RPC transports (without QUIC and shared memory), then the command, at a
# terminal too, then the package as it is published, used by a small program. Arguments go to `node --test`, such as
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

# These start `zrpc`, and programs that pages show, as processes; the terminal and the servers that
# `zrpc` talks to are made by Bun.
command=packages/rpc/src/command
ZRPC_TEST_RUNTIME="$node" node_modules/.bin/bun test "$command/call.test.ts" "$command/gen.test.ts" \
  "$command/bench/bench.test.ts" "$command/mock/mock.test.ts" "$command/proxy/proxy.test.ts" \
  "$command/repl/repl.test.ts" "$command/repl/session.test.ts" \
  tests/documentation/documented-programs.test.ts

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/node_modules/@zeke"
PATH="$PWD/node_modules/.bin:$PATH" bun packages/rpc/scripts/pack.ts "$scratch/node_modules/@zeke/rpc"
# Its dependencies, as the lockfile has them.
ln -s "$PWD/packages/rpc/node_modules" "$scratch/node_modules/@zeke/rpc/node_modules"
cp tests/rpc-package/consumer.ts "$scratch/consumer.ts"
"$node" "$scratch/consumer.ts"
# As npm installs the command, where there is no Bun.
chmod +x "$scratch/node_modules/@zeke/rpc/dist/zrpc.js"
PATH="${node%/*}:/usr/bin:/bin" "$scratch/node_modules/@zeke/rpc/dist/zrpc.js" --version
