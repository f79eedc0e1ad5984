import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Brain } from '@zeke/emulators';
import { connectDaemon, type DaemonAddress, type DaemonClient } from '@zeke/protocol/client';
import { Agent, Decision, StepStatus, type StepUpdate } from '@zeke/protocol/reaper';
import { createClient, type MethodInfo } from '@zeke/rpc';
import { connectUnix } from '@zeke/rpc/unix';
import { type AssistantBench, assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

/** Reads the file, mends it, and says so. */
const mender: Brain = ({ tools, turns }) => {
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? '';
  const since = turns.findLastIndex(({ role }) => role === 'user');
  const results = turns.slice(since).filter(({ role }) => role === 'tool').length;
  const call = (name: string, args: Record<string, unknown>) => ({
    toolCalls: [{ name, arguments: args }],
    finish: 'tool-calls' as const,
    usage,
  });
  if (asked.includes('mend') && tools.some(({ name }) => name === 'edit')) {
    const edit = { path: 'sum.ts', old_string: 'a - b', new_string: 'a + b' };
    if (results === 0) return call('read_file', { path: 'sum.ts' });
    if (results === 1) return call('edit', edit);
  }
  return { text: `Done: ${asked.slice(0, 20)}`, finish: 'stop', usage };
};

const broken = 'export const sum = (a: number, b: number): number => a - b;\n';
let bench: AssistantBench;

beforeAll(async () => {
  bench = await assistantBench({
    brain: mender,
    files: { 'sum.ts': broken },
    toml: '[daemon]\nenable_tls = true\n',
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

async function updatesOf(updates: AsyncIterable<StepUpdate>): Promise<StepUpdate[]> {
  const all: StepUpdate[] = [];
  for await (const update of updates) all.push(update);
  return all;
}

/** What every way in has to tell alike. */
function gist(updates: readonly StepUpdate[]) {
  return updates
    .filter(({ event }) => event.case !== 'toolProgress')
    .map(({ event, status, step }) => [event.case, step, status]);
}

async function secrets(): Promise<{ token: string; ca: string }> {
  const token = await readFile(join(bench.home, 'rpc-token'), 'utf8');
  return { token, ca: await readFile(join(bench.home, 'rpc-cert.pem'), 'utf8') };
}

async function address(kind: string): Promise<DaemonAddress> {
  const { ca, token } = await secrets();
  const { rpc, url } = bench.daemon;
  switch (kind) {
    case 'Unix socket':
      return { socket: bench.socket };
    case 'gRPC':
      return { url: rpc?.url ?? '', token, ca };
    case 'QUIC':
      return { url: rpc?.quicUrl ?? '', token, ca };
    default:
      return { url: `${url.replace('http', 'ws')}/rpc`, token };
  }
}

const kinds = ['Unix socket', 'gRPC', 'WebSocket', 'QUIC'];

test('an agent mends a file, and tells the same over every transport', async () => {
  const told: unknown[] = [];
  for (const kind of kinds) {
    await Bun.write(join(bench.root, 'sum.ts'), broken);
    await using client = await connectDaemon(await address(kind), { connections: 1 });
    const updates = await updatesOf(
      client.agent.execute({ instruction: 'mend it', cwd: bench.root, mode: 'auto-edit' }),
    );
    expect(await readFile(join(bench.root, 'sum.ts'), 'utf8')).toContain('a + b');
    const last = updates.at(-1);
    expect(last?.status).toBe(StepStatus.completed);
    expect(last?.event.case).toBe('ended');
    expect(last?.message).toContain('Done: mend it');
    const edited = updates.flatMap(({ event }) =>
      event.case === 'toolResult' ? event.value.changes : [],
    );
    expect(edited).toMatchObject([{ path: 'sum.ts', linesAdded: 1, linesRemoved: 1 }]);
    expect(updates.map(({ sequence }) => sequence)).toEqual(updates.map((_, index) => index + 1));
    told.push(gist(updates));
  }
  for (const each of told) expect(each).toEqual(told[0]);
}, 60_000);

describe.each(kinds.slice(1))('%s', (kind) => {
  test('needs the token, but for health', async () => {
    const { token: _token, ...without } = (await address(kind)) as { url: string; token: string };
    await using client = await connectDaemon(without, { connections: 1 });
    expect(await client.health.check({})).toMatchObject({ status: 'ok', pid: process.pid });
    await expect(client.session.list({})).rejects.toMatchObject({ code: 'unauthenticated' });
    await using wrong = await connectDaemon({ ...without, token: 'x'.repeat(43) });
    await expect(wrong.session.list({})).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

test('methods may begin with a small letter, as older programs call them', async () => {
  await using transport = connectUnix({ path: bench.socket });
  const method = { ...Agent.methods.execute, path: '/reaper.Agent/execute' } as MethodInfo;
  const client = createClient<{ execute: DaemonClient['agent']['execute'] }>(
    { ...Agent, methods: { execute: method } } as never,
    transport,
  );
  const [first] = await updatesOf(client.execute({ instruction: 'hello', cwd: bench.root }));
  expect(first?.event.case).toBe('started');
});

describe('over the Unix socket', () => {
  let client: DaemonClient;

  beforeAll(async () => {
    client = await connectDaemon({ socket: bench.socket });
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
  });

  test('a change waits for its approval, which says what it would change', async () => {
    await Bun.write(join(bench.root, 'sum.ts'), broken);
    const request = { instruction: 'mend it', cwd: bench.root, mode: 'ask' };
    let isAnswered = false;
    for await (const { event, sessionId } of client.agent.execute(request)) {
      if (event.case === 'approval') {
        const { actions, approvalId, changes } = event.value;
        const subject = join(bench.root, 'sum.ts');
        expect(actions.at(-1)).toMatchObject({ kind: 'write', subject, detail: 'modify' });
        expect(changes[0]?.diff).toContain('+export const sum');
        const value = { approvalId, decision: Decision.allow_once };
        await client.agent.respond({ sessionId, response: { case: 'approval', value } });
      }
      if (event.case === 'approvalAnswered') {
        expect(event.value.decision).toBe(Decision.allow_once);
        isAnswered = true;
      }
    }
    expect(isAnswered).toBe(true);
    expect(await readFile(join(bench.root, 'sum.ts'), 'utf8')).toContain('a + b');
  });

  test('with nobody there to answer, what would be asked is denied', async () => {
    await Bun.write(join(bench.root, 'sum.ts'), broken);
    const updates = await updatesOf(
      client.agent.execute({
        instruction: 'mend it',
        cwd: bench.root,
        mode: 'ask',
        unattended: true,
      }),
    );
    expect(updates.some(({ event }) => event.case === 'toolResult' && event.value.isError)).toBe(
      true,
    );
    expect(await readFile(join(bench.root, 'sum.ts'), 'utf8')).toBe(broken);
  });

  test('a session is listed, shown, forked, undone, exported and deleted', async () => {
    await Bun.write(join(bench.root, 'sum.ts'), broken);
    const run = { instruction: 'mend it', cwd: bench.root, mode: 'auto-edit' };
    const [{ sessionId = '' } = {}] = await updatesOf(client.agent.execute(run));
    const { sessions } = await client.session.list({ cwd: bench.root });
    expect(sessions[0]).toMatchObject({ id: sessionId, title: 'mend it', running: false });
    const shown = await client.session.resume({ sessionId: sessionId.slice(0, 30) });
    expect(shown.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ]);
    expect((await client.session.diff({ sessionId })).changes).toMatchObject([{ path: 'sum.ts' }]);
    const undone = await client.session.undo({ cwd: bench.root });
    expect(undone).toMatchObject({ sessionId, kept: [], changes: [{ path: 'sum.ts' }] });
    expect(await readFile(join(bench.root, 'sum.ts'), 'utf8')).toBe(broken);
    await client.session.redo({ cwd: bench.root });
    expect(await readFile(join(bench.root, 'sum.ts'), 'utf8')).toContain('a + b');
    const fork = await client.session.fork({ sessionId, messageId: shown.messages[0]?.id ?? '' });
    expect(fork.id).not.toBe(sessionId);
    const { content } = await client.session.export({ sessionId, format: 'markdown' });
    expect(content).toContain('mend it');
    await client.session.delete({ sessionId: fork.id });
    await expect(client.session.resume({ sessionId: fork.id })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('a detached run is found again, and told from where it was left', async () => {
    const run = { instruction: 'mend it', cwd: bench.root, mode: 'plan', detached: true };
    let sessionId = '';
    for await (const update of client.agent.execute(run)) {
      sessionId = update.sessionId;
      break;
    }
    const rest = await updatesOf(client.agent.attach({ sessionId, after: 1 }));
    expect(rest[0]?.sequence).toBe(2);
    expect(rest.at(-1)?.event.case).toBe('ended');
  });

  test('a chat answers in pieces, and goes on as a session', async () => {
    let text = '';
    let sessionId = '';
    const messages = [{ role: 'user', content: 'hello there' }];
    for await (const part of client.chat.send({ messages, cwd: bench.root })) {
      text += part.delta;
      sessionId = part.sessionId;
      if (part.done) expect(part).toMatchObject({ finishReason: 'stop', usage: { steps: 1 } });
    }
    expect(text).toContain('Done: hello there');
    const more = [{ role: 'user', content: 'and again' }];
    for await (const part of client.chat.send({ messages: more, sessionId })) {
      expect(part.sessionId).toBe(sessionId);
    }
    const { messages: kept } = await client.session.resume({ sessionId });
    expect(kept.filter(({ role }) => role === 'user')).toHaveLength(2);
  });

  test('bad input is told with its field', async () => {
    const refused = (work: AsyncIterable<StepUpdate>, message: string) =>
      expect(updatesOf(work)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(message),
      });
    await refused(client.agent.execute({ instruction: 'x', cwd: 'relative' }), 'cwd');
    await refused(
      client.agent.execute({ instruction: 'x', cwd: bench.root, mode: 'yolo' }),
      'mode',
    );
    await refused(client.agent.execute({ cwd: bench.root }), 'instruction');
    await expect(
      updatesOf(client.agent.execute({ instruction: 'x', cwd: `${bench.root}/nowhere` })),
    ).rejects.toMatchObject({ code: 'not_found' });
    await expect(updatesOf(client.agent.attach({ sessionId: 'none' }))).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('providers are told with their state', async () => {
    const { providers } = await client.provider.list({});
    expect(providers).toMatchObject([{ name: 'openai', type: 'openai', status: 1, authStatus: 1 }]);
  });
});
