import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AssistantBench, assistantBench, tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Fault, Reply } from '@zeke/emulators';
import { connectDaemon, type DaemonClient } from '@zeke/protocol/client';
import { StepStatus, type StepUpdate } from '@zeke/protocol/reaper';

const timeoutMs = 30_000;

let bench: AssistantBench;
let client: DaemonClient;
/** What the model says next; at its end it says that it is done. */
let script: Reply[] = [];

const done: Reply = { text: 'All is done.', finish: 'stop', usage };

function calling(...toolCalls: NonNullable<Reply['toolCalls']>): Reply {
  return { toolCalls, finish: 'tool-calls', usage };
}

beforeAll(async () => {
  bench = await assistantBench({
    brain: () => script.shift() ?? done,
    files: { 'a.txt': 'alpha\n', 'b.txt': 'beta\n' },
    // So many failures in a row would have the model rest.
    toml: '[routing]\nbreaker_failures = 0\n',
  });
  client = await connectDaemon({ socket: bench.socket });
  // What the provider is asked once, it is asked here: faults are for answers of the model.
  await runOf('hello');
});

afterEach(() => {
  expect(script).toEqual([]);
  expect(bench.emulator.faults).toEqual([]);
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

interface Run {
  readonly updates: readonly StepUpdate[];
  readonly last: StepUpdate | undefined;
  readonly sessionId: string;
}

async function runOf(instruction: string, more: { sessionId?: string } = {}): Promise<Run> {
  const updates: StepUpdate[] = [];
  const request = { instruction, cwd: bench.root, mode: 'auto-edit', unattended: true, ...more };
  for await (const update of client.agent.execute(request)) updates.push(update);
  const last = updates.at(-1);
  expect(last?.event.case).toBe('ended');
  expect(last?.message).not.toBe('');
  return { updates, last, sessionId: last?.sessionId ?? '' };
}

function results({ updates }: Run) {
  return updates.flatMap(({ event }) => (event.case === 'toolResult' ? [event.value] : []));
}

/** The session is whole: it is told without a fault, and the model answers to it. */
async function expectToGoOn({ sessionId }: Run): Promise<void> {
  const { messages, session } = await client.session.resume({ sessionId });
  expect(session).toMatchObject({ running: false, fault: '' });
  const asked = messages.flatMap(({ toolCalls }) => toolCalls.map(({ callId }) => callId));
  const answered = messages.flatMap(({ toolResults }) => toolResults.map(({ callId }) => callId));
  expect(answered.toSorted()).toEqual(asked.toSorted());
  const next = await runOf('go on', { sessionId });
  expect(next).toMatchObject({ sessionId, last: { status: StepStatus.completed } });
}

/** What passes is asked again, which is told; an answer that broke off is gone on with in a new step. */
const passing: [string, Fault, notices: number, steps: number][] = [
  ['is limited once', { kind: 'status', status: 429, retryAfterSeconds: 1 }, 1, 1],
  ['is overloaded once', { kind: 'status', status: 503 }, 1, 1],
  ['answers garbage once', { kind: 'garbage' }, 1, 1],
  ['answers with a page of a proxy once', { kind: 'html', status: 502 }, 1, 1],
  ['cuts its answer at once', { kind: 'cut', afterRecords: 0 }, 1, 1],
  ['cuts its answer in the middle', { kind: 'cut', afterRecords: 2 }, 0, 2],
  ['says in the middle that it failed', { kind: 'error-event', afterRecords: 2 }, 0, 2],
];

test.each(passing)(
  'a provider that %s',
  async (_what, fault, notices, steps) => {
    bench.emulator.faults.push(fault);
    const run = await runOf('say hello');
    expect(run.last).toMatchObject({ status: StepStatus.completed, message: done.text });
    const told = run.updates.map(({ event }) => event.case);
    expect(told.filter((name) => name === 'notice')).toHaveLength(notices);
    expect(run.updates.at(-1)?.step).toBe(steps);
    await expectToGoOn(run);
  },
  timeoutMs,
);

const lasting: [string, Fault, string][] = [
  ['a wrong key', { kind: 'status', status: 401 }, 'check providers.openai'],
  ['no money left', { kind: 'status', status: 402, message: 'no credit' }, 'credit'],
  ['a request that it refuses', { kind: 'status', status: 400, message: 'bad tool' }, 'bad tool'],
];

test.each(lasting)(
  'a provider that tells of %s',
  async (_what, fault, words) => {
    bench.emulator.faults.push(fault);
    const run = await runOf('say hello');
    expect(run.last).toMatchObject({
      status: StepStatus.failed,
      event: { value: { reason: 'model-failed' } },
    });
    expect(run.last?.message).toContain(words);
    expect(run.updates.some(({ event }) => event.case === 'notice')).toBe(false);
    await expectToGoOn(run);
  },
  timeoutMs,
);

test('arguments that are no JSON, and those that no tool takes, are told to the model', async () => {
  script = [
    calling({ name: 'read_file', arguments: '{"path": "a.txt"' + ', }, {' }),
    calling({ name: 'read_file', arguments: { file: 7 } }),
    calling({ name: 'read_file', arguments: { path: 'a.txt' } }),
  ];
  const run = await runOf('read a.txt');
  const [broken, wrong, right] = results(run);
  expect(broken).toMatchObject({ isError: true, text: expect.stringContaining('JSON') });
  expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('path') });
  expect(right).toMatchObject({ isError: false, text: expect.stringContaining('alpha') });
  expect(run.last?.status).toBe(StepStatus.completed);
  await expectToGoOn(run);
});

test('a tool that there is not is told with those that there are', async () => {
  script = [calling({ name: 'read_files', arguments: { path: 'a.txt' } })];
  const run = await runOf('read a.txt');
  expect(results(run)).toMatchObject([
    { isError: true, text: expect.stringContaining('read_file') },
  ]);
  expect(run.last?.status).toBe(StepStatus.completed);
  await expectToGoOn(run);
});

test('calls beside each other have their results, also where one of them fails', async () => {
  script = [
    calling(
      { name: 'read_file', arguments: { path: 'a.txt' } },
      { name: 'no_such_tool', arguments: {} },
      { name: 'read_file', arguments: { path: 'b.txt' } },
      { name: 'write_file', arguments: { path: 'c.txt', content: 'gamma\n' } },
    ),
  ];
  const run = await runOf('read both, and write another');
  const { updates } = run;
  const order = updates.flatMap(({ event }) =>
    event.case === 'toolCall' ? [event.value.callId] : [],
  );
  const told = new Map(results(run).map(({ callId, isError }) => [callId, isError]));
  expect(order.map((id) => told.get(id))).toEqual([false, true, false, false]);
  expect(await readFile(join(bench.root, 'c.txt'), 'utf8')).toBe('gamma\n');
  await expectToGoOn(run);
});

test('a refusal ends the run with what the model said', async () => {
  script = [{ refusal: 'I cannot help with that.', finish: 'refusal', usage }];
  const run = await runOf('do harm');
  expect(run.last).toMatchObject({
    status: StepStatus.failed,
    event: { value: { reason: 'refused' } },
  });
  expect(run.last?.message).toContain('I cannot help with that.');
  await expectToGoOn(run);
});

test('the same failing call again and again ends the run', async () => {
  const missing = calling({ name: 'read_file', arguments: { path: 'nowhere.txt' } });
  script = [missing, missing, missing];
  const run = await runOf('read nowhere.txt');
  expect(run.last).toMatchObject({
    status: StepStatus.failed,
    event: { value: { reason: 'repeated-failure' } },
  });
  expect(run.last?.message).toContain('read_file');
  await expectToGoOn(run);
});

test('answers without a word, or cut at their length, are gone on with, and that has an end', async () => {
  const empty: Reply = { text: '', finish: 'stop', usage };
  script = [empty, { text: 'The first half', finish: 'length', usage }];
  expect((await runOf('speak')).last).toMatchObject({
    status: StepStatus.completed,
    message: 'All is done.',
  });
  script = Array.from({ length: 4 }, () => empty);
  const run = await runOf('speak');
  expect(run.last).toMatchObject({ event: { value: { reason: 'model-failed' } } });
  expect(run.last?.message).toContain('did not come to an end');
  await expectToGoOn(run);
});
