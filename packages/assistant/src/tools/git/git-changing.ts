import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput, ToolPlace } from '../tool.ts';
import { type GitEnvironment, runGitCommand } from './git-command.ts';
import { branchName, gitCommandLine, gitPath, revision } from './git-fields.ts';

const maxMessageCharacters = 20_000;

const commitInput = z.strictObject({
  message: z.string().trim().min(1).max(maxMessageCharacters),
  paths: z
    .array(gitPath)
    .max(500)
    .default([])
    .describe('Files and folders to commit, new ones too; without any: what is staged'),
  all: z.boolean().default(false).describe('All tracked files that have changed'),
});

/** Makes a commit. */
export function gitCommitTool(environment: GitEnvironment): Tool {
  const commands = ({ all, message, paths }: z.output<typeof commitInput>): string[][] => [
    ...(paths.length > 0 ? [['add', '--', ...paths]] : []),
    [
      'commit',
      `--message=${message}`,
      '--cleanup=strip',
      ...(all ? ['--all'] : []),
      ...(paths.length > 0 ? ['--', ...paths] : []),
    ],
  ];
  return defineTool({
    name: 'git_commit',
    description:
      'Makes a commit: of paths, of all tracked files that have changed, or else of what is staged. The hooks of the repository run.',
    isReadOnly: false,
    input: commitInput.refine(({ all, paths }) => !all || paths.length === 0, {
      message: 'give paths or all, not both',
      path: ['all'],
    }),
    actions: (call, place) => shellActions(commands(call), place),
    run: (call, context) => change(environment, context, commands(call)),
  });
}

const branchInput = z.strictObject({
  action: z.enum(['list', 'create', 'switch', 'delete']),
  name: branchName.optional().describe('The branch; not for list'),
  from: revision.optional().describe('For create: where it begins, instead of HEAD'),
});

/** Lists, makes, changes to and deletes branches. */
export function gitBranchTool(environment: GitEnvironment): Tool {
  const commands = ({ action, from, name }: z.output<typeof branchInput>): string[][] => {
    if (action === 'list') return [['branch', '--all', '--verbose']];
    const branch = required(name, 'git_branch: name');
    if (action === 'create') return [['switch', `--create=${branch}`, ...optional(from)]];
    return [
      action === 'switch' ? ['switch', '--no-guess', branch] : ['branch', '--delete', branch],
    ];
  };
  return defineTool({
    name: 'git_branch',
    description:
      'Lists branches, makes one and changes to it (create), changes to one (switch), or deletes one that is merged.',
    isReadOnly: false,
    input: branchInput,
    actions: (call, place) => shellActions(commands(call), place),
    run: (call, context) => change(environment, context, commands(call)),
  });
}

const worktreeInput = z.strictObject({
  action: z.enum(['list', 'add', 'remove']),
  path: gitPath.optional().describe('Its folder; not for list'),
  branch: branchName.optional().describe('For add: a branch that is made for it'),
  from: revision.optional().describe('For add: where the branch begins, instead of HEAD'),
});

/** Lists, makes and removes further work trees of the repository. */
export function gitWorktreeTool(environment: GitEnvironment): Tool {
  const commands = async (
    { action, branch, from, path }: z.output<typeof worktreeInput>,
    place: ToolPlace,
  ): Promise<string[][]> => {
    if (action === 'list') return [['worktree', 'list']];
    const folder = (await resolvePath(place, required(path, 'git_worktree: path'))).path;
    if (action === 'remove') return [['worktree', 'remove', '--', folder]];
    const made = branch === undefined ? ['--detach'] : ['-b', branch];
    return [['worktree', 'add', ...made, '--', folder, ...optional(from)]];
  };
  return defineTool({
    name: 'git_worktree',
    description:
      'Lists the work trees of the repository, makes a further one, with a branch of its own or none, or removes one that has no changes.',
    isReadOnly: false,
    input: worktreeInput,
    actions: async (call, place) => shellActions(await commands(call, place), place),
    run: (call, context) =>
      withFailuresTold(async () => change(environment, context, await commands(call, context))),
  });
}

/** As commands, so that the rules for commands hold for them. */
function shellActions(commands: readonly string[][], { cwd }: ToolPlace) {
  return commands.map((args) => ({ kind: 'shell', command: gitCommandLine(args), cwd }) as const);
}

/** One after the other; where one fails none follows. */
async function change(
  environment: GitEnvironment,
  context: ToolContext,
  commands: readonly string[][],
): Promise<ToolOutput> {
  return await withFailuresTold(async () => {
    const texts: string[] = [];
    for (const args of commands) {
      requireCommand(context, args);
      const printed = await runGitCommand({ args, environment, isReading: false }, context);
      if (printed.text !== '') texts.push(printed.text);
    }
    const text = texts.join('\n') || 'Done.';
    return { text, summary: text.split('\n', 1)[0] ?? '' };
  });
}

function requireCommand({ allowed }: ToolContext, args: readonly string[]): void {
  const command = gitCommandLine(args);
  if (allowed.some((action) => action.kind === 'shell' && action.command === command)) return;
  throw new RpcError('aborted', `${command} is not what was allowed: try again`);
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new RpcError('invalid_argument', `${name}: it is needed for this action`);
}

function optional(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
