import { expect } from 'bun:test';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openStorage } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { z } from 'zod';
import { sessionMigrations } from '../../sessions/migrations.ts';
import { SessionStore } from '../../sessions/session-store.ts';
import type { SessionTables } from '../../sessions/tables.ts';
import { Snapshots } from '../../snapshots/snapshots.ts';
import type { ScriptedCall, ScriptedModel } from '../../testing/scripted-model.ts';
import { defineTool } from '../../tools/define-tool.ts';
import type { Tool } from '../../tools/tool.ts';
import { Agent } from '../agent.ts';
import type { AgentEvent } from '../agent-event.ts';
import type { AgentOptions, RunRequest } from '../agent-options.ts';
import type { PermissionJudge } from '../permission-judge.ts';

export interface AgentFixture extends AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly agent: Agent;
  readonly options: AgentOptions;
  readonly sessions: SessionStore;
  /** Milliseconds that were waited for between questions. */
  readonly waits: number[];
  readonly defects: string[];
  readonly lastSession: string;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  start(
    instruction: string | undefined,
    request?: Partial<RunRequest>,
    signal?: AbortSignal,
  ): AsyncIterable<AgentEvent>;
  run(instruction: string | undefined, request?: Partial<RunRequest>): Promise<AgentEvent[]>;
}

export interface AgentFixtureOptions {
  readonly judge?: PermissionJudge;
  readonly tools?: readonly Tool[];
  readonly deferrable?: readonly Tool[];
  readonly options?: Partial<AgentOptions>;
}

const allowAll: PermissionJudge = {
  judge: async () => ({ verdict: 'allow', reason: 'all is allowed', remembers: [] }),
  remember: async () => {},
};

/** An agent over a folder of its own, with real sessions and snapshots, and tools that are small. */
export async function agentFixture(
  model: ScriptedModel,
  { judge = allowAll, tools = [], deferrable = [], options = {} }: AgentFixtureOptions = {},
): Promise<AgentFixture> {
  const directory = await temporaryDirectory();
  const root = join(directory.path, 'shop');
  const home = join(directory.path, 'home');
  await mkdir(root);
  await writeFile(join(root, '.keep'), '');
  const storage = await openStorage<SessionTables>('sqlite::memory:');
  await storage.migrate([sessionMigrations]);
  const waits: number[] = [];
  const defects: string[] = [];
  const sessions = new SessionStore({ storage, now: Date.now });
  const path = process.env.PATH ?? '';
  const meet = meetTool();
  const all: AgentOptions = {
    model,
    sessions,
    permissions: async () => judge,
    tools: async () => ({
      tools: [...tools, readTool('read'), writeTool, hangTool, breakTool, checkTool, meet],
      deferrable,
    }),
    snapshots: (project) =>
      new Snapshots({ project, folder: join(home, 'snapshots'), path, now: Date.now }),
    worktrees: { folder: join(home, 'worktrees'), path },
    now: Date.now,
    wait: async (ms) => void waits.push(ms),
    onDefect: (error, tool) => void defects.push(`${tool}: ${error}`),
    ...options,
  };
  const agent = new Agent(all);
  const never = new AbortController().signal;
  let lastSession = '';
  async function* start(
    instruction: string | undefined,
    request: Partial<RunRequest> = {},
    signal = never,
  ): AsyncGenerator<AgentEvent> {
    const whole: RunRequest = {
      place: { project: { root, name: 'shop' }, cwd: root },
      model: 'scripted/model',
      mode: 'full',
      ...(instruction !== undefined && { instruction }),
      ...request,
    };
    for await (const event of agent.run(whole, signal)) {
      if (event.type === 'start') lastSession = event.sessionId;
      yield event;
    }
  }
  return {
    root,
    home,
    agent,
    options: all,
    sessions,
    waits,
    defects,
    get lastSession() {
      return lastSession;
    },
    write: async (name, text) => {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    },
    read: (name) => readFile(join(root, name), 'utf8'),
    start,
    run: (instruction, request) => Array.fromAsync(start(instruction, request)),
    [Symbol.asyncDispose]: async () => {
      await storage[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export function writeCall(path: string, text: string): ScriptedCall {
  return { name: 'write', arguments: { path, text } };
}

/** Text that has these words in it. */
export function said(words: string): string {
  return expect.stringContaining(words) as unknown as string;
}

const onPath = z.object({ path: z.string() });

export function readTool(name: string): Tool {
  return defineTool({
    name,
    description: 'Reads a file.',
    isReadOnly: true,
    input: onPath,
    actions: ({ path }, { cwd }) => [{ kind: 'read', path: join(cwd, path) }],
    run: async ({ path }, { cwd }) => {
      const text = await readFile(join(cwd, path), 'utf8').catch(() => undefined);
      return text === undefined ? { text: `there is no ${path}`, isError: true } : { text };
    },
  });
}

const writeTool = defineTool({
  name: 'write',
  description: 'Writes a file.',
  isReadOnly: false,
  input: onPath.extend({ text: z.string() }),
  actions: ({ path }, { cwd }) => [{ kind: 'write', path: join(cwd, path), change: 'modify' }],
  preview: async ({ path, text }) => [{ path, diff: `+${text}`, linesAdded: 1, linesRemoved: 0 }],
  run: async ({ path, text }, { cwd }) => {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), text);
    return { text: 'written' };
  },
});

const hangTool = defineTool({
  name: 'hang',
  description: 'Waits until it is canceled.',
  isReadOnly: true,
  input: z.object({}),
  actions: () => [],
  run: (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
});

const breakTool = defineTool({
  name: 'breaks',
  description: 'Has a defect.',
  isReadOnly: true,
  input: z.object({}),
  actions: () => [],
  run: async () => {
    throw new Error('a defect');
  },
});

/** In place of a shell: a command is `FILE is TEXT`. */
const checkTool = defineTool({
  name: 'shell',
  description: 'Runs a command.',
  isReadOnly: false,
  input: z.object({ command: z.string() }),
  actions: ({ command }, { cwd }) => [{ kind: 'shell', command, cwd }],
  run: async ({ command }, { cwd }) => {
    const [file = '', wanted] = command.split(' is ');
    const text = await readFile(join(cwd, file), 'utf8').catch(() => 'not there');
    return { text: `${file} is ${text}`, isError: text !== wanted };
  },
});

/** Two calls that wait for each other. */
function meetTool(): Tool {
  const waiting: { who: string; meet: (who: string) => void }[] = [];
  return defineTool({
    name: 'meet',
    description: 'Waits for another call of it.',
    isReadOnly: true,
    input: z.object({ who: z.string() }),
    actions: () => [],
    run: async ({ who }) => {
      const other = waiting.shift();
      if (other === undefined) {
        const met = await new Promise<string>((meet) => waiting.push({ who, meet }));
        return { text: `${who} met ${met}` };
      }
      other.meet(who);
      // The one that came first is done first.
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      return { text: `${who} met ${other.who}` };
    },
  });
}
