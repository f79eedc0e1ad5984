import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { fileFault } from '../files/file-fault.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { runRipgrep } from './run-ripgrep.ts';

const defaultResults = 100;
const maxResults = 1_000;
/** A longer line is cut: most often it is minified. */
const maxLineLength = 400;
const maxContext = 20;

const input = z.strictObject({
  pattern: z.string().min(1).max(2_000).describe("A regular expression in Rust's syntax"),
  path: z
    .string()
    .default('.')
    .describe('File or folder to search, relative to the working folder or absolute'),
  glob: z
    .string()
    .optional()
    .describe('Only files like this: `*.ts`, `src/**/*.test.ts`, `!*.min.js`'),
  mode: z
    .enum(['content', 'files', 'count'])
    .default('content')
    .describe('content: the lines; files: names of files; count: how many lines in each file'),
  ignore_case: z.boolean().default(false),
  literal: z.boolean().default(false).describe('The pattern is text, not an expression'),
  multiline: z.boolean().default(false).describe('The pattern may go over several lines'),
  context: z
    .number()
    .int()
    .min(0)
    .max(maxContext)
    .default(0)
    .describe('Lines around each, for content'),
  max_results: z.number().int().min(1).max(maxResults).default(defaultResults),
  offset: z.number().int().min(0).default(0).describe('Results to leave out: those seen before'),
});

type Input = z.output<typeof input>;

/** Searches the texts of files, by ripgrep. */
export function grepTool(): Tool<Input> {
  return defineTool({
    name: 'grep',
    description: `Searches files for a regular expression, quickly and over the whole project. Files that git ignores, hidden and binary ones are left out. At most max_results lines or files: narrow the search by glob or path, or go on with offset.`,
    isReadOnly: true,
    input,
    actions: async ({ path }, place) => [
      { kind: 'read', path: (await resolvePath(place, path)).path },
    ],
    run: (call, context) => withFailuresTold(() => search(call, context)),
  });
}

async function search(call: Input, context: ToolContext): Promise<ToolOutput> {
  const target = await resolvePath(context, call.path);
  requireAllowed(context.allowed, 'read', target.path);
  if (!target.exists) throw new RpcError('not_found', `${target.shown}: there is no such file`);
  const entry = await stat(target.path).catch((cause) => {
    throw fileFault(target.shown, cause);
  });
  const isFolder = entry.isDirectory();
  if (!isFolder && !entry.isFile()) {
    const message = `${target.shown}: is no file but a pipe, a socket or a device: it is not searched`;
    throw new RpcError('failed_precondition', message);
  }
  const cwd = isFolder ? target.path : dirname(target.path);
  const base = isFolder ? [] : [target.path.slice(cwd.length + 1)];
  const { complaints, isWhole, ...output } = await runRipgrep(
    [...argumentsOf(call), '-e', call.pattern, '--', ...base],
    { cwd, signal: context.signal },
  );
  const lines = visible(output.lines, cwd, context.hides);
  const found = lines.slice(call.offset, call.offset + call.max_results);
  const isMore = !isWhole || lines.length > call.offset + found.length;
  const told = complaints === '' ? '' : `\n(${complaints.split('\n').slice(0, 3).join('; ')})`;
  if (found.length === 0) {
    const text = `Nothing in ${target.shown} fits ${JSON.stringify(call.pattern)}.${told}`;
    return { text, summary: 'nothing found' };
  }
  const unit = call.mode === 'content' ? 'lines' : 'files';
  const next = `\n(There is more: narrow the search, or go on with offset ${call.offset + found.length}.)`;
  const where =
    target.shown === '.'
      ? ''
      : `Paths start at ${isFolder ? target.shown : dirname(target.shown)}.\n`;
  return {
    text: `${where}${found.join('\n')}${isMore ? next : ''}${told}`,
    summary: `${found.length}${isMore ? ' of more' : ''} ${unit}`,
  };
}

/** Without files that rules keep from being read. After a file's name ripgrep has a NUL where more follows. */
function visible(
  lines: readonly string[],
  cwd: string,
  hides: ToolContext['hides'],
): readonly string[] {
  const kept = lines.filter((line) => {
    const end = line.indexOf('\0');
    return hides?.(join(cwd, end < 0 ? line : line.slice(0, end))) !== true;
  });
  return kept.map((line) => line.replace('\0', ':'));
}

function argumentsOf(call: Input): string[] {
  const { context, glob, ignore_case: ignoresCase, literal, mode, multiline } = call;
  return [
    // In an order that stays, so that an offset means the same the next time.
    '--sort=path',
    ...(mode === 'content'
      ? [
          '--line-number',
          '--no-heading',
          '--with-filename',
          '--null',
          `--max-columns=${maxLineLength}`,
          '--max-columns-preview',
        ]
      : [mode === 'files' ? '--files-with-matches' : '--count']),
    ...(mode === 'content' && context > 0 ? [`--context=${context}`] : []),
    ...(mode === 'count' ? ['--with-filename', '--null'] : []),
    ...(ignoresCase ? ['--ignore-case'] : []),
    ...(literal ? ['--fixed-strings'] : []),
    ...(multiline ? ['--multiline', '--multiline-dotall'] : []),
    ...(glob === undefined ? [] : [`--glob=${glob}`]),
  ];
}
