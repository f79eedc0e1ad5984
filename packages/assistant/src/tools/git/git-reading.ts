import { z } from 'zod';
import type { Action } from '../../permissions/action.ts';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolPlace } from '../tool.ts';
import { type GitEnvironment, runGitCommand, toldGit } from './git-command.ts';
import { gitPath, revision } from './git-fields.ts';

const maxCommits = 200;
const maxContext = 100;

const narrower = 'ask for fewer files by path';

/** Branch, and files that differ from what is committed. */
export function gitStatusTool(environment: GitEnvironment): Tool {
  return defineTool({
    name: 'git_status',
    description:
      'The branch, how far it is from its upstream, and the files that differ: two letters (index, work tree), then the path; ?? is not tracked.',
    isReadOnly: true,
    input: z.strictObject({}),
    actions: readsProject,
    run: (_call, context) =>
      read(
        environment,
        context,
        [
          'status',
          '--porcelain=v1',
          '--branch',
          '--untracked-files=normal',
          '--ignore-submodules=dirty',
        ],
        { none: 'Nothing differs.', more: 'look at folders by git_diff' },
      ),
  });
}

const diffInput = z.strictObject({
  staged: z.boolean().default(false).describe('What is in the index, against the last commit'),
  revision: revision.optional().describe('Against this commit, or a range as main...HEAD'),
  paths: z.array(gitPath).max(100).default([]).describe('Only these files and folders'),
  stat: z.boolean().default(false).describe('Only how many lines each file differs in'),
  context: z.number().int().min(0).max(maxContext).default(3).describe('Lines around each change'),
});

/** What differs, line by line. */
export function gitDiffTool(environment: GitEnvironment): Tool {
  return defineTool({
    name: 'git_diff',
    description:
      'The diff of the work tree against the index, with staged of the index against the last commit, or of revisions.',
    isReadOnly: true,
    input: diffInput,
    actions: ({ paths }, place) => readsOf(paths, place),
    run: ({ context: lines, paths, revision: against, staged, stat }, context) =>
      read(
        environment,
        context,
        [
          'diff',
          '--no-ext-diff',
          '--no-textconv',
          stat ? '--stat' : `--unified=${lines}`,
          ...(staged ? ['--cached'] : []),
          ...(against === undefined ? [] : [against]),
          '--',
        ],
        { none: 'Nothing differs.', more: `${narrower}, or set stat` },
        paths,
      ),
  });
}

const logInput = z.strictObject({
  revision: revision.default('HEAD').describe('Where to begin, or a range as main..HEAD'),
  paths: z.array(gitPath).max(100).default([]).describe('Only commits that change these'),
  limit: z.number().int().min(1).max(maxCommits).default(20),
  skip: z.number().int().min(0).default(0).describe('Commits to leave out first'),
  patch: z.boolean().default(false).describe('With the diff of each'),
  grep: z.string().max(500).optional().describe('Only commits whose message has this text'),
});

/** Commits, the newest first. */
export function gitLogTool(environment: GitEnvironment): Tool {
  return defineTool({
    name: 'git_log',
    description: 'Commits, the newest first: short hash, date, author and subject.',
    isReadOnly: true,
    input: logInput,
    actions: ({ paths }, place) => readsOf(paths, place),
    run: ({ grep, limit, patch, paths, revision: from, skip }, context) =>
      read(
        environment,
        context,
        [
          'log',
          '--no-ext-diff',
          '--no-textconv',
          `--max-count=${limit}`,
          `--skip=${skip}`,
          '--date=short',
          '--format=%h %ad %an: %s',
          ...(patch ? ['--patch'] : []),
          ...(grep === undefined ? [] : ['--fixed-strings', `--grep=${grep}`]),
          from,
          '--',
        ],
        {
          none: 'There is no such commit.',
          more: 'ask for fewer commits by limit, or go on with skip',
        },
        paths,
      ),
  });
}

const blameInput = z.strictObject({
  path: gitPath,
  first: z.number().int().min(1).default(1).describe('First line, counted from 1'),
  last: z.number().int().min(1).optional().describe('Last line'),
  revision: revision.optional().describe('As it was in this commit'),
});

/** Who changed each line of a file last. */
export function gitBlameTool(environment: GitEnvironment): Tool {
  return defineTool({
    name: 'git_blame',
    description: 'For each line of a file the commit that changed it last, its author and date.',
    isReadOnly: true,
    input: blameInput,
    actions: ({ path }, place) => readsOf([path], place),
    run: ({ first, last, path, revision: at }, context) =>
      read(
        environment,
        context,
        [
          'blame',
          '--no-textconv',
          '--date=short',
          '-L',
          `${first},${last ?? ''}`,
          ...(at === undefined ? [] : [at]),
          '--',
        ],
        { none: 'The file is empty.', more: 'ask for fewer lines by first and last' },
        [path],
      ),
  });
}

function readsProject(_call: unknown, { project }: ToolPlace): Action[] {
  return [{ kind: 'read', path: project.root }];
}

async function readsOf(paths: readonly string[], place: ToolPlace): Promise<Action[]> {
  if (paths.length === 0) return readsProject(undefined, place);
  const resolved = await Promise.all(paths.map((path) => resolvePath(place, path)));
  return resolved.map(({ path }) => ({ kind: 'read', path }));
}

async function read(
  environment: GitEnvironment,
  context: ToolContext,
  args: readonly string[],
  told: { readonly none: string; readonly more: string },
  paths: readonly string[] = [],
) {
  return await withFailuresTold(async () => {
    for (const action of await readsOf(paths, context)) {
      if (action.kind === 'read') requireAllowed(context.allowed, 'read', action.path);
    }
    const command = {
      args: [...args, ...paths],
      environment,
      isReading: true,
    };
    return toldGit(await runGitCommand(command, context), told);
  });
}
