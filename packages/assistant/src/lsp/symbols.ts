import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { documentSymbolsSchema, type NestedSymbol, workspaceSymbolsSchema } from './answers.ts';
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
    const answer = await server.request(
      'textDocument/documentSymbol',
      { textDocument: { uri: document.uri } },
      documentSymbolsSchema,
      signal,
    );
    const { lines } = document;
    const found: CodeSymbol[] = [];
    const add = (symbol: NestedSymbol, parent: string, depth: number) => {
      if (found.length >= maxSymbols || depth > maxDepth) return;
      const { children, containerName, kind, name, range } = symbol;
      const span = toSpan(lines, range, server.encoding);
      const container = containerName || parent;
      found.push({ name, kind: kindOf(kind), path, span, container, depth });
      for (const child of children) add(child, name, depth + 1);
    };
    for (const symbol of answer) add(symbol, '', 0);
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
    const each = await servers.useRunning(project, signal, async (server) =>
      server.capabilities.workspaceSymbolProvider
        ? await symbolsNamed(server, project, name, signal)
        : [],
    );
    return each.flat();
  }
  return await servers.use(project, path, signal, async (server) => {
    requireCapability(server, 'workspaceSymbolProvider', 'where symbols of a project are');
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
  const params = { query: name };
  const answer = await server.request('workspace/symbol', params, workspaceSymbolsSchema, signal);
  return answer.slice(0, maxSymbols).flatMap(({ name: found, kind, location, containerName }) => {
    const path = pathOf(location.uri);
    if (path === undefined || !isWithin(project.root, path)) return [];
    const { range } = location;
    const span = range && toSpan([], range, server.encoding);
    const symbol = { name: found, kind: kindOf(kind), path, container: containerName, depth: 0 };
    return [{ ...symbol, ...(span && { span }) }];
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
