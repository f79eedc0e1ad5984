#!/bin/sh
# What `zrpc gen` writes in other languages: Python type-checked and run with the newest grpcio, Go and
# Zig compiled, all calling our servers. Compilers and checkers come from PyPI and the Go module
# proxy at the first run; Go itself (1.26) and Python (3.9) have to be there. Arguments go to `bun test`.
set -eu
cd "$(dirname "$0")/.."

fixtures=$PWD/packages/rpc/src/generator/fixtures
tools=$PWD/node_modules/.cache/rpc-languages
mkdir -p "$tools"

if ! cmp -s "$fixtures/python/requirements.txt" "$tools/requirements.txt"; then
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --requirement "$fixtures/python/requirements.txt"
  cp "$fixtures/python/requirements.txt" "$tools/requirements.txt"
fi
if ! cmp -s "$fixtures/go/go.mod" "$tools/go.mod"; then
  (cd "$fixtures/go" && GOBIN="$tools/bin" go install tool)
  cp "$fixtures/go/go.mod" "$tools/go.mod"
fi

PATH="$tools/bin:$tools/python/bin:$PWD/node_modules/.bin:$PATH"
export PATH
exec bun test --timeout=300000 ./packages/rpc/src/generator/testing/languages-suite.ts "$@"
