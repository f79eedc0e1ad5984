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
  return new URL(import.meta.resolve(packages[name] ?? inOnePackage(name)));
}

function inOnePackage(name: GrammarName): string {
  return `@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`;
}

const packages: Partial<Record<GrammarName, string>> = {
  c: 'tree-sitter-c/tree-sitter-c.wasm',
  lua: '@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm',
};
