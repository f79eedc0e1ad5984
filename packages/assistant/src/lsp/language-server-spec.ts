import type { LanguageServerConfig } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

/** A language server: what it is called, how it is started, and for which files. */
export interface LanguageServerSpec {
  /** As people know it, and as `[assistant.lsp.<name>]` calls it. */
  readonly name: string;
  /** Program and arguments. A program without a slash is looked for. */
  readonly command: readonly [program: string, ...string[]];
  /** Of file names, with the dot. */
  readonly extensions: readonly string[];
  /** It starts in the nearest folder, up to the project's root, that has one of these; else in the root. */
  readonly rootMarkers?: readonly string[];
  /**
   * It runs programs of the project itself (a compiler of its node_modules, build scripts), wherever
   * the server comes from.
   */
  readonly runsProjectCode?: boolean;
  /** The program has to be of this package, of this major version or later. */
  readonly package?: { readonly name: string; readonly atLeast: number };
  /** Diagnostics are asked for by a request of tsserver, which says when they are whole. */
  readonly asksTsserver?: boolean;
  /** It says when it has read the project: what it answers before is empty. */
  readonly saysWhenReady?: boolean;
  /**
   * It has another program check files that are saved, and tells of that beside what it is asked: a
   * word in the token of that work, in small letters.
   */
  readonly checksInWork?: string;
  readonly initializationOptions?: Readonly<Record<string, unknown>>;
  /** What a person can do to have it. */
  readonly install?: string;
}

const typescriptExtensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];
const cExtensions = ['.c', '.h', '.cc', '.cpp', '.cxx', '.hh', '.hpp', '.hxx', '.m', '.mm'];

/** Servers that are known without configuration. Of two for one extension the first that is there is taken. */
const knownServers: readonly LanguageServerSpec[] = [
  {
    name: 'typescript',
    command: ['tsc', '--lsp', '--stdio'],
    extensions: typescriptExtensions,
    runsProjectCode: true,
    package: { name: 'typescript', atLeast: 7 },
    install: 'npm install --save-dev typescript@7',
  },
  {
    name: 'typescript-language-server',
    command: ['typescript-language-server', '--stdio'],
    extensions: typescriptExtensions,
    runsProjectCode: true,
    asksTsserver: true,
    initializationOptions: {
      // No downloads of type packages: a question about code asks no registry.
      disableAutomaticTypingAcquisition: true,
      tsserver: { useSyntaxServer: 'never' },
    },
    install: 'npm install --save-dev typescript-language-server',
  },
  {
    name: 'basedpyright',
    command: ['basedpyright-langserver', '--stdio'],
    extensions: ['.py', '.pyi'],
    install: 'pip install basedpyright',
  },
  {
    name: 'pyright',
    command: ['pyright-langserver', '--stdio'],
    extensions: ['.py', '.pyi'],
    install: 'npm install --global pyright',
  },
  {
    name: 'bash-language-server',
    command: ['bash-language-server', 'start'],
    extensions: ['.sh', '.bash'],
    install: 'npm install --global bash-language-server',
  },
  {
    name: 'gopls',
    command: ['gopls'],
    extensions: ['.go'],
    rootMarkers: ['go.work', 'go.mod'],
    install: 'go install golang.org/x/tools/gopls@latest',
  },
  {
    name: 'rust-analyzer',
    command: ['rust-analyzer'],
    extensions: ['.rs'],
    rootMarkers: ['Cargo.toml'],
    runsProjectCode: true,
    saysWhenReady: true,
    checksInWork: 'flycheck',
    install: 'rustup component add rust-analyzer',
  },
  {
    name: 'clangd',
    command: ['clangd'],
    extensions: cExtensions,
    rootMarkers: ['compile_commands.json', 'compile_flags.txt'],
    install: 'apt install clangd',
  },
  {
    name: 'jdtls',
    command: ['jdtls'],
    extensions: ['.java'],
    rootMarkers: ['pom.xml', 'build.gradle', 'build.gradle.kts'],
    runsProjectCode: true,
    saysWhenReady: true,
    install: 'https://github.com/eclipse-jdtls/eclipse.jdt.ls',
  },
  {
    name: 'lua-language-server',
    command: ['lua-language-server'],
    extensions: ['.lua'],
    install: 'https://luals.github.io',
  },
  {
    name: 'zls',
    command: ['zls'],
    extensions: ['.zig'],
    rootMarkers: ['build.zig'],
    runsProjectCode: true,
    install: 'https://github.com/zigtools/zls',
  },
  {
    name: 'ruby-lsp',
    command: ['ruby-lsp'],
    extensions: ['.rb'],
    rootMarkers: ['Gemfile'],
    runsProjectCode: true,
    install: 'gem install ruby-lsp',
  },
];

/**
 * Known servers and configured ones together. A configured one stands before those that are known, and
 * takes the place of a known one of its name, of which it keeps what it does not say. Throws
 * `invalid_argument` for a server that is not known and does not say for which files it is.
 */
export function serverSpecs(
  configured: ReadonlyMap<string, LanguageServerConfig>,
): LanguageServerSpec[] {
  const own = [...configured].flatMap(([name, { enabled, command, extensions }]) => {
    const [program, ...rest] = command ?? [];
    if (!enabled || program === undefined) return [];
    // Whoever names a program means that one, whatever its package says.
    const known = knownServers.find((spec) => spec.name === name);
    const { package: _needed, ...kept } = known ?? {};
    const files = extensions ?? known?.extensions;
    if (files === undefined) {
      const message = `assistant.lsp.${name}.extensions: say for which files it is, as [".ts"]`;
      throw new RpcError('invalid_argument', message);
    }
    const own: LanguageServerSpec['command'] = [program, ...rest];
    return [{ ...kept, name, command: own, extensions: files }];
  });
  return [...own, ...knownServers.filter(({ name }) => !configured.has(name))];
}

/** The protocol's word for a file's language, by its name; the extension where there is none. */
export function languageIdOf(path: string): string {
  const extension = extensionOf(path);
  return languageIds[extension] ?? extension.slice(1);
}

/** With the dot, in lower case; empty where the name has none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot).toLowerCase();
}

/** Source: the list of language identifiers at `TextDocumentItem` of the specification. */
const languageIds: Readonly<Record<string, string>> = {
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.cts': 'typescript',
  '.tsx': 'typescriptreact',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.jsx': 'javascriptreact',
  '.py': 'python',
  '.pyi': 'python',
  '.sh': 'shellscript',
  '.bash': 'shellscript',
  '.rs': 'rust',
  '.h': 'c',
  '.cc': 'cpp',
  '.cxx': 'cpp',
  '.hh': 'cpp',
  '.hpp': 'cpp',
  '.hxx': 'cpp',
  '.m': 'objective-c',
  '.mm': 'objective-cpp',
  '.rb': 'ruby',
};
