#!/bin/sh
# Real coding agents, installed from npm, drive the gateway in front of every emulator, and zeke's MCP server.
# Arguments go to tests/clients/run.ts: --agent NAME, --vendor NAME; after `mcp` to tests/clients/mcp.ts;
# `reference-servers` alone connects the reference servers of MCP to zeke's hub.
set -eu
cd "$(dirname "$0")/.."

agents=tests/clients/agents
if ! cmp -s "$agents/package.json" "$agents/node_modules/.installed"; then
  # Only what fetches a program needs its script: the rest would compile native add-ons.
  npm install --prefix "$agents" --no-package-lock --no-audit --no-fund --ignore-scripts
  npm rebuild --prefix "$agents" --foreground-scripts node @anthropic-ai/claude-code opencode-ai
  cp "$agents/package.json" "$agents/node_modules/.installed"
fi

bun=node_modules/.bin/bun
case "${1-}" in
  mcp)
    shift
    exec "$bun" tests/clients/mcp.ts "$@"
    ;;
  reference-servers)
    exec "$bun" tests/clients/reference-servers.ts
    ;;
esac
"$bun" tests/clients/run.ts "$@"
[ $# -gt 0 ] && exit
"$bun" tests/clients/mcp.ts
exec "$bun" tests/clients/reference-servers.ts
