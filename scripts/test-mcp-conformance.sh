#!/bin/sh
# The official conformance suite against the MCP server and client, for both eras of the protocol.
set -eu
cd "$(dirname "$0")/.."
exec node_modules/.bin/bun tests/mcp/conformance/run.ts
