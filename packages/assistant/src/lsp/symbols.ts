import type {
  DocumentSymbol,
  DocumentSymbolParams,
  SymbolInformation,
  WorkspaceSymbol,
  WorkspaceSymbolParams,
} from 'vscode-languageserver-protocol';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { type LanguageServer, requireCapability } from './language-server.ts';
import type { LanguageServers } from './language-servers.ts';
import { type Span, toSpan } from './positions.ts';
import { pathOf } from './published-diagnostics.ts';

/** Symbols that are kept of one answer. */
const maxSymbols = 1_000;
/** How deep symbols are looked for in symbols. */
const maxDepth = 16;

export interface CodeSymbol {
  readonly name: string;
  /** `class`, `function`, … */
  readonly kind: string;
  /** Absolute. */
  readonly path: string;
  /** All of it, body too, where the server tells; undefined where it tells only the file. */
  readonly span?: Span;
  /** The class, module or file that it is in, as the server calls it; empty where it does not. */
  readonly container: string;
  /** How many symbols of its file it is in. */
  readonly depth: number;
}

/** What a file declares, in the file's order, up to 1000. Throws what `LanguageServers.use` throws. */
export function documentSymbols(
  servers: LanguageServers,
  project: Project,
  path: string,
  signal: AbortSignal,
): Promise<CodeSymbol[]> {
  return servers.use(project, path, signal, async (server) => {
    requireCapability(server, 'documentSymbolProvider', 'what a file declares');
    const { documents } = await server.update([path], signal);
    const [document] = documents;
    if (document === undefined) return [];
    const answer = await server.request<
      DocumentSymbolParams,
      readonly (DocumentSymbol | SymbolInformation)[] | null
    >('textDocument/documentSymbol', { textDocument: { uri: document.uri } }, signal);
    const { lines } = document;
    const found: CodeSymbol[] = [];
    const add = (symbol: DocumentSymbol | SymbolInformation, container: string, depth: number) => {
      if (found.length >= maxSymbols || depth > maxDepth) return;
      const range = 'location' in symbol ? symbol.location.range : symbol.range;
      const span = toSpan(lines, range, server.encoding);
      const within = 'location' in symbol ? (symbol.containerName ?? '') : container;
      found.push({
        name: symbol.name,
        kind: kindOf(symbol.kind),
        path,
        span,
        container: within,
        depth,
      });
      if ('location' in symbol) return;
      for (const child of symbol.children ?? []) add(child, symbol.name, depth + 1);
    };
    for (const symbol of answer ?? []) add(symbol, '', 0);
    return found;
  });
}

/**
 * Symbols of a project whose name has the text in it, up to 1000 of each server. `path` is a file
 * whose server is asked, since a project has one for each of its languages; without it all that run are.
 */
export async function workspaceSymbols(
  servers: LanguageServers,
  query: { readonly project: Project; readonly name: string; readonly path?: string },
  signal: AbortSignal,
): Promise<CodeSymbol[]> {
  const { project, name, path } = query;
  if (path === undefined) {
    const each = await servers.useRunning(project, signal, (server) =>
      symbolsNamed(server, project, name, signal),
    );
    return each.flat();
  }
  return await servers.use(project, path, signal, async (server) => {
    await server.update([path], signal);
    return await symbolsNamed(server, project, name, signal);
  });
}

async function symbolsNamed(
  server: LanguageServer,
  project: Project,
  name: string,
  signal: AbortSignal,
): Promise<CodeSymbol[]> {
  requireCapability(server, 'workspaceSymbolProvider', 'where symbols of a project are');
  const answer = await server.request<
    WorkspaceSymbolParams,
    readonly (WorkspaceSymbol | SymbolInformation)[] | null
  >('workspace/symbol', { query: name }, signal);
  return (answer ?? []).slice(0, maxSymbols).flatMap((symbol) => {
    const { location } = symbol;
    const path = pathOf(location.uri);
    if (path === undefined || !isWithin(project.root, path)) return [];
    const span = 'range' in location && toSpan([], location.range, server.encoding);
    return {
      name: symbol.name,
      kind: kindOf(symbol.kind),
      path,
      ...(span && { span }),
      container: symbol.containerName ?? '',
      depth: 0,
    };
  });
}

/** Source: `SymbolKind` of the specification, from 1. */
const kinds = [
  ...['file', 'module', 'namespace', 'package', 'class', 'method', 'property', 'field'],
  ...['constructor', 'enum', 'interface', 'function', 'variable', 'constant', 'string', 'number'],
  ...['boolean', 'array', 'object', 'key', 'null', 'enum member', 'struct', 'event', 'operator'],
  'type parameter',
];

function kindOf(kind: number): string {
  return kinds[kind - 1] ?? 'symbol';
}
