#!/bin/sh
# Real coding agents, installed from npm, drive the gateway in front of every emulator, and zeke's MCP server.
# Arguments go to tests/clients/run.ts: --agent NAME, --vendor NAME; after `mcp` to tests/clients/mcp.ts.
set -eu
cd "$(dirname "$0")/.."

agents=tests/clients/agents
if ! cmp -s "$agents/package.json" "$agents/node_modules/.installed"; then
  # Only what fetches a program needs its script: the rest would compile native add-ons.
  npm install --prefix "$agents" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$agents" --foreground-scripts node @anthropic-ai/claude-code opencode-ai
  cp "$agents/package.json" "$agents/node_modules/.installed"
fi

if [ "${1-}" = mcp ]; then
  shift
  exec node_modules/.bin/bun tests/clients/mcp.ts "$@"
fi
node_modules/.bin/bun tests/clients/run.ts "$@"
[ $# -gt 0 ] || exec node_modules/.bin/bun tests/clients/mcp.ts
