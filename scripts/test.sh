#!/bin/sh
# Everything: the Debian packages that suites need, dependencies, checks, tests. The last line is
# `N passed, N failed`; any other fault ends with a status that is not 0.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install-system-packages.sh scripts/system-packages.txt
./zeke --install-only
exec node_modules/.bin/bun scripts/run-tests.ts "$@"
