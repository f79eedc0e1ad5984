import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain } from '@zeke/emulators';
import { connectDaemon } from '@zeke/protocol/client';
import { StepUpdate } from '@zeke/protocol/reaper';
import { type ProjectHouse, projectHouse } from './project-house.ts';

const broken = 'export const sum = (a: number, b: number): number => a - b;\n';
const files = {
  'sum.ts': broken,
  'sum.test.ts': `import { expect, test } from 'bun:test';
import { sum } from './sum.ts';

test('a sum', () => {
  expect(sum(2, 3)).toBe(5);
});
`,
};

const calls = [
  { name: 'read_file', arguments: { path: 'sum.ts' } },
  { name: 'edit', arguments: { path: 'sum.ts', old_string: 'a - b', new_string: 'a + b' } },
  { name: 'shell', arguments: { command: 'bun test' } },
];

/** Looks, changes, runs the tests, and says what they said. */
const mender: Brain = ({ turns }) => {
  const results = turns.filter(({ role }) => role === 'tool');
  const call = calls[results.length];
  if (call !== undefined) return { toolCalls: [call], finish: 'tool-calls', usage };
  const isPassed = results.at(-1)?.text.includes('1 pass') === true;
  return { text: isPassed ? 'Mended: the test passes.' : 'No luck.', finish: 'stop', usage };
};

/** As JSON has it: what `zeke agent --json` prints. */
type Update = Record<string, unknown>;

let house: ProjectHouse;

beforeAll(async () => {
  house = await projectHouse(files, mender);
});

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, 20_000);

const task = 'Make the failing test pass';

async function onCommandLine(): Promise<Update[]> {
  const { code, stderr, stdout } = await house.zeke('agent', '--json', '--mode', 'full', task);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const request = () => ({ instruction: task, cwd: house.root, mode: 'full', unattended: true });

async function byGrpcJs(): Promise<Update[]> {
  const { token, url } = await house.daemon();
  const definition = await load('reaper/agent.proto', {
    includeDirs: [join(import.meta.dir, '../../proto')],
    enums: String,
    longs: String,
  });
  // biome-ignore lint/suspicious/noExplicitAny: grpc-js makes it while it runs.
  const { Agent } = loadPackageDefinition(definition).reaper as any;
  const client = new Agent(new URL(url).host, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const { promise, reject, resolve } = Promise.withResolvers<Update[]>();
  const updates: Update[] = [];
  client
    .Execute(request(), metadata)
    .on('data', (update: Update) => updates.push(update))
    .on('error', (error: ServiceError) => reject(error))
    .on('end', () => resolve(updates));
  return await promise.finally(() => client.close());
}

async function byClientLibrary(): Promise<Update[]> {
  const { socket } = await house.daemon();
  await using client = await connectDaemon({ socket });
  const updates: Update[] = [];
  for await (const update of client.agent.execute(request())) {
    updates.push(StepUpdate.toJson(update) as Update);
  }
  return updates;
}

/** What a client of `zeke mcp serve` hears while the tool `agent` works, and its result. */
async function overMcp(): Promise<{ heard: string[]; result: unknown }> {
  const client = new Client({ name: 'test', version: '1' });
  const { environment, launcher, root } = house;
  await client.connect(
    new StdioClientTransport({
      command: launcher,
      args: ['mcp', 'serve'],
      cwd: root,
      env: { ...environment },
      stderr: 'ignore',
    }),
    { timeout: 60_000 },
  );
  const heard: string[] = [];
  const { structuredContent } = await client.callTool(
    { name: 'agent', arguments: { task, mode: 'full' } },
    { timeout: 60_000, onprogress: ({ message = '' }) => heard.push(timeless(message)) },
  );
  await client.close();
  return { heard, result: structuredContent };
}

function timeless(text: string): string {
  return text.replace(/\d+(?:\.\d+)? ?m?s\b/g, '0 s');
}

/** Without what differs from run to run: ids, durations, and how much a command said while it ran. */
function gist(updates: readonly Update[]): Update[] {
  const ids: unknown[] = [];
  const same = (key: string, value: unknown) => {
    if (key === 'durationMs' || key === 'sequence') return undefined;
    if (key === 'sessionId' || key === 'callId') {
      if (!ids.includes(value)) ids.push(value);
      return ids.indexOf(value);
    }
    return typeof value === 'string' ? timeless(value) : value;
  };
  const told = updates.filter(({ toolProgress }) => toolProgress === undefined);
  return JSON.parse(JSON.stringify(told), same);
}

/** The same as lines, as they are told over MCP. */
function lines(updates: readonly Update[]): unknown[] {
  return updates.flatMap(({ description, status, step, stepBegun, toolResult }) => {
    if (stepBegun !== undefined) return `step ${step}: ${description || status}`;
    return toolResult === undefined ? [] : (toolResult as Update).summary;
  });
}

async function breakIt(): Promise<void> {
  await Bun.write(join(house.root, 'sum.ts'), broken);
  expect(await house.run('bun', 'test')).toBe(1);
}

async function expectMended(): Promise<void> {
  expect(await readFile(join(house.root, 'sum.ts'), 'utf8')).toContain('a + b');
  expect(await house.run('bun', 'test')).toBe(0);
  expect(await house.run('git', 'diff', '--quiet', '--', 'sum.test.ts')).toBe(0);
}

test('a failing test is mended on the command line, over gRPC, by the client library and over MCP, alike', async () => {
  const told: Update[][] = [];
  for (const way of [onCommandLine, byGrpcJs, byClientLibrary]) {
    await breakIt();
    told.push(gist(await way()));
    await expectMended();
  }
  const [first, ...others] = told;
  for (const each of others) expect(each).toEqual(first ?? []);
  const names = first?.flatMap(({ toolCall }) => (toolCall as Update)?.name ?? []);
  expect(names).toEqual(calls.map(({ name }) => name));
  expect(first?.at(-1)).toMatchObject({
    status: 'completed',
    message: 'Mended: the test passes.',
    ended: { reason: 'done', usage: { steps: 4 } },
  });
  await breakIt();
  const { heard, result } = await overMcp();
  await expectMended();
  expect(heard).toEqual(lines(first ?? []) as string[]);
  expect(result).toMatchObject({
    status: 'completed',
    reason: 'done',
    summary: 'Mended: the test passes.',
    changed_files: [{ path: 'sum.ts', lines_added: 1, lines_removed: 1 }],
    steps: 4,
  });
}, 120_000);
