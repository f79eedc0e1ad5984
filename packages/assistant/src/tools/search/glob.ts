import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { runRipgrep } from './run-ripgrep.ts';

const defaultResults = 200;
const maxResults = 2_000;
/** Of more files the time of change is not looked at. */
const maxDated = 5_000;

const input = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .max(1_000)
    .describe(
      'As in `**/*.ts`, `src/**/test_*.py`, `*.{json,toml}`; without a slash: at any depth',
    ),
  path: z
    .string()
    .default('.')
    .describe('Folder to look in, relative to the working folder or absolute'),
  sort: z.enum(['path', 'newest']).default('path'),
  include_ignored: z
    .boolean()
    .default(false)
    .describe('Files that git ignores and hidden ones, too'),
  max_results: z.number().int().min(1).max(maxResults).default(defaultResults),
});

type Input = z.output<typeof input>;

/** Finds files by name, by ripgrep. */
export function globTool(): Tool<Input> {
  return defineTool({
    name: 'glob',
    description:
      'Finds files by their names. Files that git ignores and hidden ones are left out unless include_ignored. Use grep to find files by what they hold.',
    isReadOnly: true,
    input,
    actions: async ({ path }, place) => [
      { kind: 'read', path: (await resolvePath(place, path)).path },
    ],
    run: (call, context) => withFailuresTold(() => find(call, context)),
  });
}

async function find(call: Input, context: ToolContext): Promise<ToolOutput> {
  const target = await resolvePath(context, call.path);
  requireAllowed(context.allowed, 'read', target.path);
  const folder = await stat(target.path).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new RpcError('not_found', `${target.shown}: there is no such folder`);
  }
  const all = call.include_ignored ? ['--no-ignore', '--hidden', '--glob=!.git/'] : [];
  const { isWhole, lines: found } = await runRipgrep(
    ['--files', '--sort=path', ...all, `--glob=${call.pattern}`],
    { cwd: target.path, signal: context.signal },
  );
  const lines = found.filter((path) => context.hides?.(join(target.path, path)) !== true);
  if (lines.length === 0) {
    const text = `No file in ${target.shown} is named like ${call.pattern}.`;
    return { text, summary: 'nothing found' };
  }
  const sorted = call.sort === 'newest' ? await byAge(target.path, lines) : lines;
  const shown = sorted.slice(0, call.max_results);
  const isMore = !isWhole || shown.length < lines.length;
  const rest = isMore
    ? `\n(There are ${isWhole ? lines.length : 'more'}: narrow the pattern or the path.)`
    : '';
  const where = target.shown === '.' ? '' : `Paths start at ${target.shown}.\n`;
  return {
    text: `${where}${shown.join('\n')}${rest}`,
    summary: `${shown.length}${isMore ? ' of more' : ''} ${shown.length === 1 ? 'file' : 'files'}`,
  };
}

/** The one changed last first. */
async function byAge(folder: string, paths: readonly string[]): Promise<string[]> {
  const dated = await Promise.all(
    paths.slice(0, maxDated).map(async (path) => {
      const found = await stat(join(folder, path)).catch(() => undefined);
      return { path, atMs: found?.mtimeMs ?? 0 };
    }),
  );
  return dated.toSorted((one, other) => other.atMs - one.atMs).map(({ path }) => path);
}
