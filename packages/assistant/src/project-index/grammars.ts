/** Languages whose definitions are known. */
export type GrammarName =
  | 'bash'
  | 'c'
  | 'cpp'
  | 'go'
  | 'java'
  | 'javascript'
  | 'lua'
  | 'python'
  | 'ruby'
  | 'rust'
  | 'tsx'
  | 'typescript';

/** Extensions without the point. C++ takes headers: its grammar has nearly all of C in it. */
const extensions: Record<GrammarName, string> = {
  bash: 'sh bash bats ksh',
  c: 'c',
  cpp: 'h cc cpp cxx hh hpp hxx ipp',
  go: 'go',
  java: 'java',
  javascript: 'js jsx mjs cjs',
  lua: 'lua',
  python: 'py pyi pyw',
  ruby: 'rb rake gemspec',
  rust: 'rs',
  tsx: 'tsx',
  typescript: 'ts mts cts',
};

const byExtension = new Map<string, GrammarName>(
  Object.entries(extensions).flatMap(([name, all]) =>
    all.split(' ').map((extension) => [extension, name as GrammarName] as const),
  ),
);

/** The grammar for a file, by its extension; undefined where there is none. */
export function grammarOf(path: string): GrammarName | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const point = name.lastIndexOf('.');
  return point < 0 ? undefined : byExtension.get(name.slice(point + 1).toLowerCase());
}

/** Where the WebAssembly of a grammar is. */
export function grammarFile(name: GrammarName): URL {
  return new URL(files[name]());
}

const files: Record<GrammarName, () => string> = {
  bash: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm'),
  c: () => import.meta.resolve('tree-sitter-c/tree-sitter-c.wasm'),
  cpp: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-cpp.wasm'),
  go: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-go.wasm'),
  java: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-java.wasm'),
  javascript: () =>
    import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm'),
  lua: () => import.meta.resolve('@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm'),
  python: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-python.wasm'),
  ruby: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-ruby.wasm'),
  rust: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-rust.wasm'),
  tsx: () => import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-tsx.wasm'),
  typescript: () =>
    import.meta.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-typescript.wasm'),
};
