#!/bin/sh
# `zeke test-gen` before real Vitest, Jest, `go test` and `cargo test`, as projects have them. Runners and
# what counts lines come from npm and PyPI at the first run; Go, Rust and Python have to be there.
# Arguments go to `bun test`.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null

wanted=$PWD/packages/assistant/src/testgen/testing/runners
tools=$PWD/node_modules/.cache/testgen-runners
mkdir -p "$tools"

if ! cmp -s "$wanted/package.json" "$tools/package.json.installed"; then
  cp "$wanted/package.json" "$tools/package.json"
  npm install --prefix "$tools" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$tools" --foreground-scripts node
  cp "$wanted/package.json" "$tools/package.json.installed"
fi
if ! cmp -s "$wanted/requirements.txt" "$tools/requirements.txt"; then
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --requirement "$wanted/requirements.txt"
  cp "$wanted/requirements.txt" "$tools/requirements.txt"
fi

ZEKE_TESTGEN_RUNNERS=$tools
export ZEKE_TESTGEN_RUNNERS
PATH="$PWD/node_modules/.bin:$PATH"
exec bun test --timeout=600000 ./packages/assistant/src/testgen/testing/runners-suite.ts "$@"
