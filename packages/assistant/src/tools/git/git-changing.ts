import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { Action } from '../../permissions/action.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { runToEnd } from '../shell/run-to-end.ts';
import type { ShellHost } from '../shell/shell-host.ts';
import type { Tool, ToolContext, ToolOutput, ToolPlace } from '../tool.ts';
import {
  branchName,
  type GitPath,
  gitCommandLine,
  gitPath,
  gitPaths,
  revision,
} from './git-fields.ts';

const maxMessageCharacters = 20_000;
const maxPaths = 500;
/** With the hooks of the repository, which may run its tests. */
const limitSeconds = 300;

/** What a call comes to. */
interface GitChange {
  /** Calls of git, each only where the one before it succeeded. */
  readonly commands: readonly (readonly string[])[];
  /** A folder that is made or deleted. */
  readonly folder?: GitPath;
}

const commitInput = z
  .strictObject({
    message: z.string().trim().min(1).max(maxMessageCharacters),
    paths: z
      .array(gitPath)
      .max(maxPaths)
      .default([])
      .describe(
        'Files and folders to commit, new and deleted ones too; without any: what is staged',
      ),
    all: z.boolean().default(false).describe('All tracked files that have changed'),
  })
  .refine(({ all, paths }) => !all || paths.length === 0, {
    message: 'give paths or all, not both',
    path: ['all'],
  });

/** Makes a commit. */
export function gitCommitTool(host: ShellHost): Tool {
  return changingTool(host, {
    name: 'git_commit',
    description:
      'Makes a commit: of paths, of all tracked files that have changed, or else of what is staged. The hooks of the repository run.',
    input: commitInput,
    plan: async ({ all, message, paths }, place) => {
      const specs = (await gitPaths(paths, place)).map(({ spec }) => spec);
      const commit = ['commit', '-m', message, ...(all ? ['--all'] : [])];
      if (specs.length === 0) return { commands: [commit] };
      return {
        commands: [
          ['add', '--', ...specs],
          [...commit, '--', ...specs],
        ],
      };
    },
  });
}

const branchInput = z.strictObject({
  action: z.enum(['list', 'create', 'switch', 'delete']),
  name: branchName.optional().describe('The branch; not for list'),
  from: revision.optional().describe('For create: where it begins, instead of HEAD'),
});

/** Lists, makes, changes to and deletes branches. */
export function gitBranchTool(host: ShellHost): Tool {
  return changingTool(host, {
    name: 'git_branch',
    description:
      'Lists branches, makes one and changes to it (create), changes to one (switch), or deletes one that is merged.',
    input: branchInput,
    plan: async ({ action, from, name }) => {
      if (action === 'list') return { commands: [['branch', '-av']] };
      const branch = required(name, 'git_branch: name');
      switch (action) {
        case 'create':
          return { commands: [['switch', '--no-track', '-c', branch, ...optional(from)]] };
        case 'switch':
          return { commands: [['switch', '--no-guess', branch]] };
        case 'delete':
          return { commands: [['branch', '-d', branch]] };
      }
    },
  });
}

const worktreeInput = z.strictObject({
  action: z.enum(['list', 'add', 'remove']),
  path: gitPath.optional().describe('Its folder; not for list'),
  branch: branchName.optional().describe('For add: a branch that is made for it'),
  from: revision.optional().describe('For add: where it begins, instead of HEAD'),
});

/** Lists, makes and removes further work trees of the repository. */
export function gitWorktreeTool(host: ShellHost): Tool {
  return changingTool(host, {
    name: 'git_worktree',
    description:
      'Lists the work trees of the repository, makes a further one, with a branch of its own or none, or removes one that has no changes.',
    input: worktreeInput,
    plan: async ({ action, branch, from, path }, place) => {
      if (action === 'list') return { commands: [['worktree', 'list']] };
      const [folder] = await gitPaths([required(path, 'git_worktree: path')], place);
      if (folder === undefined) return { commands: [] };
      if (action === 'remove') {
        return { commands: [['worktree', 'remove', '--', folder.path]], folder };
      }
      const made = branch === undefined ? ['--detach'] : ['--no-track', '-b', branch];
      return {
        commands: [['worktree', 'add', ...made, '--', folder.path, ...optional(from)]],
        folder,
      };
    },
  });
}

interface ChangingTool<Schema extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly input: Schema;
  plan(call: z.output<Schema>, place: ToolPlace): Promise<GitChange>;
}

/** A tool that is judged as the command line that it comes to, and runs as that: confined as all commands are. */
function changingTool<Schema extends z.ZodObject>(
  host: ShellHost,
  { description, input, name, plan }: ChangingTool<Schema>,
): Tool {
  return defineTool({
    name,
    description,
    isReadOnly: false,
    input,
    actions: async (call, place) => {
      const change = await plan(call, place);
      return [await commandOf(host, change, place), ...foldersOf(change)];
    },
    run: (call, context) =>
      withFailuresTold(async () => {
        const command = await commandOf(host, await plan(call, context), context);
        return await run(host, command, context);
      }),
  });
}

type Command = Extract<Action, { kind: 'shell' }>;

async function commandOf(
  host: ShellHost,
  { commands, folder }: GitChange,
  place: ToolPlace,
): Promise<Command> {
  const command = commands.map(gitCommandLine).join(' && ');
  // The sandbox writes to nothing but the project.
  const isOutside = folder !== undefined && !folder.isInside;
  const reach = await host.reachOf(place, { network: false, host: isOutside });
  return { kind: 'shell', command, cwd: place.cwd, ...(reach && { reach }) };
}

function foldersOf({ commands: [first = []], folder }: GitChange): Action[] {
  if (folder === undefined) return [];
  const change = first[1] === 'add' ? 'create' : 'delete';
  return [{ kind: 'write', path: folder.path, change }];
}

async function run(
  host: ShellHost,
  { command, cwd, reach }: Command,
  context: ToolContext,
): Promise<ToolOutput> {
  const isAllowed = context.allowed.some(
    (action) =>
      action.kind === 'shell' &&
      action.command === command &&
      action.cwd === cwd &&
      action.reach === reach,
  );
  if (!isAllowed) {
    throw new RpcError('aborted', `${command} is not what was allowed: try again`);
  }
  return await runToEnd(host, { command, cwd, reach, hasTerminal: false }, limitSeconds, context);
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new RpcError('invalid_argument', `${name}: it is needed for this action`);
}

function optional(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
