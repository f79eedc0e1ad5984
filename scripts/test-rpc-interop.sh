#!/bin/sh
# Our RPC library and other implementations, both ways, by the cases of gRPC's interop description;
# and the conformance of our HTTP/2 server. Peers come from npm, the Go module proxy, Maven Central
# and Debian at the first run. Arguments go to tests/rpc-interop/run.ts: --peer NAME.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install-system-packages.sh scripts/system-packages.txt

home=tests/rpc-node
if ! cmp -s "$home/package.json" "$home/node_modules/.installed"; then
  npm install --prefix "$home" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$home" --foreground-scripts node
  cp "$home/package.json" "$home/node_modules/.installed"
fi

exec node_modules/.bin/bun tests/rpc-interop/run.ts "$@"
