#!/bin/sh
# Kills sessions of the agent 200 times, at points of their own and from outside, and looks for what is
# lost or done twice. Arguments: --kills N, --seed N.
set -eu
cd "$(dirname "$0")/.."
./zeke --install-only
exec node_modules/.bin/bun packages/assistant/src/sessions/testing/kill-sessions-program.ts "$@"
