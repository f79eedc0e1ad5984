import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { LanguageServers } from '../../lsp/language-servers.ts';
import { type CodeSymbol, documentSymbols, workspaceSymbols } from '../../lsp/symbols.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { allowedFile, readsFile, shownPath } from './lsp-place.ts';

/** Symbols that models are shown. */
const maxShownSymbols = 300;

const input = z.strictObject({
  path: z
    .string()
    .optional()
    .describe('The file whose symbols are asked for; with query, a file in the language to search'),
  query: z
    .string()
    .min(1)
    .optional()
    .describe('A part of a name, to search the whole project; without it the file is told'),
});

type Input = z.output<typeof input>;

/** What a file declares, or where in the project a name is declared. */
export function lspSymbolsTool(servers: LanguageServers): Tool<Input> {
  return defineTool({
    name: 'lsp_symbols',
    description: `Lists what a file declares (classes, functions, …) with lines, or, with query, finds declarations by name in the whole project. ${maxShownSymbols} at most.`,
    isReadOnly: true,
    input,
    actions: ({ path }, place) => (path === undefined ? [] : readsFile({ path }, place)),
    run: (call, context) => withFailuresTold(() => list(servers, call, context)),
  });
}

async function list(
  servers: LanguageServers,
  { path, query }: Input,
  context: ToolContext,
): Promise<ToolOutput> {
  const { project, signal } = context;
  const target = path === undefined ? undefined : await allowedFile(path, context);
  if (query === undefined) {
    if (target === undefined) {
      throw new RpcError('invalid_argument', 'lsp_symbols: name a path, or a query, or both');
    }
    const symbols = await documentSymbols(servers, project, target.path, signal);
    return told(symbols.map(inFile), `in ${target.shown}`);
  }
  const search = { project, name: query, ...(target !== undefined && { path: target.path }) };
  const found = await workspaceSymbols(servers, search, signal);
  const lines = found
    .filter((symbol) => context.hides?.(symbol.path) !== true)
    .map((symbol) => inProject(symbol, project.root));
  const hint = target === undefined ? ': name a file as path to have its language searched' : '';
  return told(lines, `named like "${query}"${lines.length === 0 ? hint : ''}`);
}

function told(lines: readonly string[], where: string): ToolOutput {
  if (lines.length === 0) return { text: `No symbols ${where}.`, summary: 'no symbols' };
  const shown = lines.slice(0, maxShownSymbols);
  const left = lines.length - shown.length;
  return {
    text: `${shown.join('\n')}${left > 0 ? `\n(${left} more are left out)` : ''}`,
    summary: `${lines.length} symbols ${where}`,
  };
}

function inFile({ depth, kind, name, span }: CodeSymbol): string {
  const lines = span === undefined ? '' : ` ${span.start.line}-${span.end.line}`;
  return `${'  '.repeat(depth)}${kind} ${name}${lines}`;
}

function inProject({ container, kind, name, path, span }: CodeSymbol, root: string): string {
  const line = span === undefined ? '' : `:${span.start.line}`;
  const within = container === '' ? '' : ` in ${container}`;
  return `${shownPath(root, path)}${line}: ${kind} ${name}${within}`;
}
