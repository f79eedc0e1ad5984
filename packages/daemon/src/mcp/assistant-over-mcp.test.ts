import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import type { Brain } from '@zeke/emulators';
import { connectDaemon } from '@zeke/protocol/client';
import { type AssistantBench, assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

/** Does what the user's words name, one call, and says what came of it. */
const worker: Brain = ({ turns }) => {
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? '';
  const last = turns.at(-1);
  const call = (name: string, args: object) => ({
    toolCalls: [{ name, arguments: { ...args } }],
    finish: 'tool-calls' as const,
    usage,
  });
  if (last?.role === 'tool') return { text: `It gave: ${last.text}`, finish: 'stop', usage };
  if (asked.includes('look')) return call('read_file', { path: 'a.txt' });
  if (asked.includes('write')) return call('write_file', { path: 'b.txt', content: 'beta\n' });
  if (asked.includes('run')) return call('shell', { command: 'touch c.txt' });
  if (asked.includes('wait')) return call('shell', { command: 'sleep 600' });
  return { text: 'Nothing to do.', finish: 'stop', usage };
};

const key = 'the-admin-key-of-these-tests';
const stack = new AsyncDisposableStack();
let bench: AssistantBench;

beforeAll(async () => {
  const toml = `[auth]
admin_api_key = "${key}"
[mcp.rules.no-touch]
effect = "deny"
tools = ["shell_execute"]
argument_patterns = { "$.command" = "touch" }
reason = "nothing is touched here"
`;
  bench = stack.use(await assistantBench({ brain: worker, files: { 'a.txt': 'alpha\n' }, toml }));
  await appendFile(
    join(bench.home, 'zeke.toml'),
    `[mcp.serve]\nproject = ${JSON.stringify(bench.root)}\n`,
  );
  await bench.restart();
}, 60_000);

afterAll(() => stack.disposeAsync());

const eras = { stateless: '2026-07-28', sessions: '2025-11-25' } as const;

async function clientOf(
  era: keyof typeof eras,
  options: ClientOptions = {},
  authorization?: string,
): Promise<Client> {
  const mode = era === 'stateless' ? { pin: eras.stateless } : ('legacy' as const);
  const client = new Client(
    { name: 'test', version: '1' },
    { ...options, versionNegotiation: { mode } },
  );
  stack.defer(() => client.close());
  const requestInit = authorization === undefined ? {} : { headers: { authorization } };
  const url = new URL(`${bench.daemon.url}/mcp`);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  return client;
}

const admin = `Bearer ${key}`;
const file = (name: string) => Bun.file(join(bench.root, name));

function textOf(result: { content?: unknown }): string {
  return (result.content as { text?: string }[]).map(({ text = '' }) => text).join('\n');
}

describe.each(Object.keys(eras) as (keyof typeof eras)[])('a client of %s', (era) => {
  test('asks, and reads the session that this became', async () => {
    const client = await clientOf(era, {}, admin);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['ask', 'agent']));
    const heard: (string | undefined)[] = [];
    const asked = await client.callTool(
      { name: 'ask', arguments: { question: 'look' } },
      { onprogress: ({ message }) => heard.push(message) },
    );
    expect(textOf(asked)).toContain('alpha');
    expect(heard).toContain('read_file a.txt');
    const { session_id } = asked.structuredContent as { session_id: string };
    const uri = `session://${session_id}`;
    const { resources } = await client.listResources();
    expect(resources.find((each) => each.uri === uri)).toMatchObject({ mimeType: 'text/markdown' });
    const { contents } = await client.readResource({ uri });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining('## User\n\nlook') });
    const more = { question: 'nothing', session_id };
    const again = await client.callTool({ name: 'ask', arguments: more });
    expect(again.structuredContent).toMatchObject({ session_id, answer: 'Nothing to do.' });
    await expect(client.readResource({ uri: 'session://nobody' })).rejects.toThrow();
  }, 60_000);

  test('has a task done, hears of its steps, and what it changed', async () => {
    await file('b.txt')
      .delete()
      .catch(() => {});
    const client = await clientOf(era, {}, admin);
    const heard: (string | undefined)[] = [];
    const done = await client.callTool(
      { name: 'agent', arguments: { task: 'write', mode: 'auto-edit' } },
      { onprogress: ({ message }) => heard.push(message) },
    );
    expect(await file('b.txt').text()).toBe('beta\n');
    expect(heard).toContain('step 1: write_file b.txt');
    expect(done.structuredContent).toMatchObject({
      status: 'completed',
      mode: 'auto-edit',
      changed_files: [{ path: 'b.txt', lines_added: 1, lines_removed: 0 }],
    });
    expect(textOf(done)).toContain('Changed:\nb.txt +1 -0');
  }, 60_000);

  test('whose person can be asked decides what rules ask about', async () => {
    await file('b.txt')
      .delete()
      .catch(() => {});
    const client = await clientOf(era, { capabilities: { elicitation: { form: {} } } }, admin);
    const asked: string[] = [];
    let decision = 'deny';
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message);
      return { action: 'accept', content: { decision } };
    });
    const run = () => client.callTool({ name: 'agent', arguments: { task: 'write', mode: 'ask' } });
    expect(textOf(await run())).toContain('The user said no.');
    expect(await file('b.txt').exists()).toBe(false);
    decision = 'allow_once';
    expect((await run()).isError).toBeUndefined();
    expect(await file('b.txt').text()).toBe('beta\n');
    expect(asked).toHaveLength(2);
    expect(asked[0]).toContain('write_file b.txt');
    expect(asked[0]).toContain('+beta');
  }, 60_000);

  test('who leaves ends the run', async () => {
    const client = await clientOf(era, {}, admin);
    const leaving = new AbortController();
    const call = client.callTool(
      { name: 'agent', arguments: { task: 'wait', mode: 'full' } },
      {
        signal: leaving.signal,
        onprogress: ({ message }) => {
          if (message === 'step 1: shell sleep 600') leaving.abort();
        },
      },
    );
    await expect(call).rejects.toThrow();
    await using daemon = await connectDaemon({ socket: bench.socket }, { connections: 1 });
    let state = '';
    while (!state.includes('canceled')) {
      const { sessions } = await daemon.session.list({ cwd: bench.root, limit: 1 });
      const sessionId = sessions[0]?.id ?? '';
      state = (await daemon.session.export({ sessionId })).content;
    }
    expect(state).toContain('*canceled (canceled)*');
  }, 60_000);
});

test('what the policy denies to the caller it denies to the agent that works for them', async () => {
  const client = await clientOf('stateless', {}, admin);
  const run = await client.callTool({ name: 'agent', arguments: { task: 'run', mode: 'full' } });
  expect(textOf(run)).toContain('shell_execute: denied by the rule no-touch of mcp.rules');
  expect(await file('c.txt').exists()).toBe(false);
}, 60_000);

test('who sends no key has each change wait for consent, and so do questions of a client that cannot ask', async () => {
  await file('b.txt')
    .delete()
    .catch(() => {});
  const client = await clientOf('stateless');
  const run = client.callTool({ name: 'agent', arguments: { task: 'write', mode: 'ask' } });
  const rules: string[] = [];
  for (let answered = 0; answered < 2; answered += 1) {
    const { id, policy } = await firstConsent();
    rules.push(policy);
    expect(await file('b.txt').exists()).toBe(false);
    await decide(id);
  }
  expect(rules).toEqual(['permissions', 'keyless']);
  expect((await run).structuredContent).toMatchObject({ status: 'completed' });
  expect(await file('b.txt').text()).toBe('beta\n');
}, 60_000);

test('who watches a session hears that it goes on', async () => {
  const client = await clientOf('sessions', {}, admin);
  const asked = await client.callTool({ name: 'ask', arguments: { question: 'nothing' } });
  const { session_id } = asked.structuredContent as { session_id: string };
  const uri = `session://${session_id}`;
  const heard = Promise.withResolvers<string>();
  client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
    heard.resolve(params.uri),
  );
  await client.subscribeResource({ uri });
  await client.callTool({ name: 'ask', arguments: { question: 'nothing', session_id } });
  expect(await heard.promise).toBe(uri);
}, 60_000);

async function consents(body?: object): Promise<Response> {
  return await fetch(`${bench.daemon.url}/admin/consent`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: admin, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The question that waits, once it is there. */
async function firstConsent(): Promise<{ id: string; policy: string }> {
  for (;;) {
    const { data } = (await (await consents()).json()) as {
      data: { consent_id: string; for: { policy: string }[] }[];
    };
    const [first] = data;
    if (first) return { id: first.consent_id, policy: first.for[0]?.policy ?? '' };
  }
}

async function decide(consentId: string): Promise<void> {
  const response = await consents({ consent_id: consentId, decision: 'allow_once' });
  expect(response.status).toBe(200);
}
