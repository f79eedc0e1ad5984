import { z } from 'zod';
import type { Action } from '../../permissions/action.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolOutput, ToolPlace } from '../tool.ts';
import { gitPath, gitPaths, revision } from './git-fields.ts';
import { hiddenFiles } from './hidden-files.ts';
import type { ReadGit } from './read-git.ts';

const maxCommits = 200;
const maxContext = 100;
const maxPaths = 100;

const offset = z
  .number()
  .int()
  .min(0)
  .default(0)
  .describe('Lines of the output to leave out: those seen before');

const paths = z.array(gitPath).max(maxPaths).default([]);

/** Branch, and files that differ from what is committed. */
export function gitStatusTool(readGit: ReadGit): Tool {
  return defineTool({
    name: 'git_status',
    description:
      'The branch, how far it is from its upstream, and the files that differ: two letters (index, work tree), then the path from the root of the repository; ?? is not tracked.',
    isReadOnly: true,
    input: z.strictObject({ offset }),
    actions: (_call, place) => readsOf([], place),
    run: (call, context) =>
      withFailuresTold(async () => {
        await allowedPaths([], context);
        const args = ['status', '--porcelain=v1', '--branch', '--untracked-files=normal'];
        return await told([...args, '--ignore-submodules=dirty'], call.offset, {
          readGit,
          context,
          none: 'Nothing differs.',
          narrower: 'look at folders by git_diff',
        });
      }),
  });
}

const diffInput = z.strictObject({
  staged: z.boolean().default(false).describe('What is in the index, against the last commit'),
  revision: revision.optional().describe('Against this commit, or a range as main...HEAD'),
  paths: paths.describe('Only these files and folders'),
  stat: z.boolean().default(false).describe('Only how many lines each file differs in'),
  context: z.number().int().min(0).max(maxContext).default(3).describe('Lines around each change'),
  offset,
});

/** What differs, line by line. */
export function gitDiffTool(readGit: ReadGit): Tool {
  return defineTool({
    name: 'git_diff',
    description:
      'The diff of the work tree against the index, with staged of the index against the last commit, or of revisions. Files that are not tracked are not in it.',
    isReadOnly: true,
    input: diffInput,
    actions: (call, place) => readsOf(call.paths, place),
    run: (call, context) =>
      withFailuresTold(async () => {
        const specs = await allowedPaths(call.paths, context);
        const argsFor = (form: readonly string[], left: readonly string[]): string[] => [
          'diff',
          ...plainDiff,
          ...form,
          ...(call.staged ? ['--cached'] : []),
          ...(call.revision === undefined ? [] : [call.revision]),
          '--',
          ...among(specs, left),
        ];
        const form = [call.stat ? '--stat' : `--unified=${call.context}`];
        const hidden = call.stat ? [] : await hiddenFiles(argsFor(names, []), readGit, context);
        return await told(argsFor(form, hidden), call.offset, {
          readGit,
          context,
          none: 'Nothing differs.',
          narrower: 'ask for fewer files by paths, or set stat',
          hidden: hidden.length,
        });
      }),
  });
}

const logInput = z.strictObject({
  revision: revision.default('HEAD').describe('Where to begin, or a range as main..HEAD'),
  paths: paths.describe('Only commits that change these'),
  limit: z.number().int().min(1).max(maxCommits).default(20),
  skip: z.number().int().min(0).default(0).describe('Commits to leave out first'),
  patch: z.boolean().default(false).describe('With the diff of each'),
  grep: z.string().min(1).max(500).optional().describe('Only commits whose message has this text'),
  offset,
});

/** Commits, the newest first. */
export function gitLogTool(readGit: ReadGit): Tool {
  return defineTool({
    name: 'git_log',
    description: 'Commits, the newest first: short hash, date, author and subject.',
    isReadOnly: true,
    input: logInput,
    actions: (call, place) => readsOf(call.paths, place),
    run: (call, context) =>
      withFailuresTold(async () => {
        const specs = await allowedPaths(call.paths, context);
        const argsFor = (form: readonly string[], left: readonly string[]): string[] => [
          'log',
          ...plainDiff,
          `--max-count=${call.limit}`,
          `--skip=${call.skip}`,
          '--date=short',
          ...(call.grep === undefined ? [] : ['--fixed-strings', `--grep=${call.grep}`]),
          ...form,
          call.revision,
          '--',
          // Without any, commits without changes are listed, too.
          ...(specs.length + left.length > 0 ? among(specs, left) : []),
        ];
        const form = ['--format=%h %ad %an: %s', ...(call.patch ? ['--patch'] : [])];
        const hidden = call.patch
          ? await hiddenFiles(argsFor(['--format=', ...names], []), readGit, context)
          : [];
        return await told(argsFor(form, hidden), call.offset, {
          readGit,
          context,
          none: 'There is no such commit.',
          narrower: 'ask for fewer commits by limit and skip',
          hidden: hidden.length,
        });
      }),
  });
}

const blameInput = z.strictObject({
  path: gitPath,
  first: z.number().int().min(1).default(1).describe('First line, counted from 1'),
  last: z.number().int().min(1).optional().describe('Last line'),
  revision: revision.optional().describe('As it was in this commit'),
});

/** Who changed each line of a file last. */
export function gitBlameTool(readGit: ReadGit): Tool {
  return defineTool({
    name: 'git_blame',
    description: 'For each line of a file the commit that changed it last, its author and date.',
    isReadOnly: true,
    input: blameInput,
    actions: ({ path }, place) => readsOf([path], place),
    run: ({ first, last, path, revision: at }, context) =>
      withFailuresTold(async () => {
        const specs = await allowedPaths([path], context);
        const isPart = first > 1 || last !== undefined;
        const args = [
          'blame',
          '--no-textconv',
          '--date=short',
          ...(isPart ? ['-L', `${first},${last ?? ''}`] : []),
          ...(at === undefined ? [] : [at]),
          '--',
          ...specs,
        ];
        return await told(args, 0, {
          readGit,
          context,
          none: 'The file is empty.',
          // What is told are lines of the file.
          narrower: (lines) => `go on with first ${first + lines}`,
        });
      }),
  });
}

/** A diff of git's own, whatever the configuration says. Submodules are not looked into. */
const plainDiff = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--submodule=short',
  '--ignore-submodules=dirty',
];

const names = ['--name-only', '-z', '--no-renames'];

/** Pathspecs that only leave out need one beside them that takes all. */
function among(specs: readonly string[], hidden: readonly string[]): readonly string[] {
  return [...(specs.length > 0 ? specs : [':/']), ...hidden];
}

async function readsOf(named: readonly string[], place: ToolPlace): Promise<Action[]> {
  if (named.length === 0) return [{ kind: 'read', path: place.project.root }];
  return (await gitPaths(named, place)).map(({ path }) => ({ kind: 'read', path }));
}

/** As git takes them. */
async function allowedPaths(named: readonly string[], context: ToolContext): Promise<string[]> {
  const found = await gitPaths(named, context);
  const read = named.length === 0 ? [context.project.root] : found.map(({ path }) => path);
  for (const path of read) requireAllowed(context.allowed, 'read', path);
  return found.map(({ spec }) => spec);
}

interface Telling {
  readonly readGit: ReadGit;
  readonly context: ToolContext;
  /** Stands for no output. */
  readonly none: string;
  /** What else to ask where it is cut; a function of the lines that are shown says how to go on. */
  readonly narrower: string | ((lines: number) => string);
  /** Files that were left out. */
  readonly hidden?: number;
}

async function told(
  args: readonly string[],
  from: number,
  { context, hidden = 0, narrower, none, readGit }: Telling,
): Promise<ToolOutput> {
  const printed = await readGit({ args, offset: from }, context);
  const text = printed.text.replace(/\n$/, '');
  const left = hidden === 0 ? '' : `\n(Left out: ${hidden} files that must not be read.)`;
  if (text === '') {
    const nothing = from > 0 ? `There are no more than ${from} lines.` : none;
    return { text: nothing + left, summary: nothing };
  }
  const count = text.split('\n').length;
  const next =
    typeof narrower === 'string'
      ? `go on with offset ${from + count}, or ${narrower}`
      : narrower(count);
  const rest = printed.isWhole ? '' : `\n(It is cut here: ${next}.)`;
  const summary = `${printed.isWhole ? '' : 'over '}${count} ${count === 1 ? 'line' : 'lines'}`;
  return { text: text + rest + left, summary };
}
