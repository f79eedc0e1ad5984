import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { maxMessageBytes } from './frame.ts';
import { type ServedForTest, serveScripted } from './testing/serve-scripted.ts';

let served: ServedForTest;
let now = 0;

beforeEach(() => {
  now = 0;
  served = serveScripted({
    monotonicMs: () => now,
    sessions: { maxSessions: 3, maxSessionsOfCaller: 2, idleMs: 1_000 },
    admission: { maxCallsOfSession: 2, maxCalls: 3 },
  });
});
afterEach(() => served[Symbol.asyncDispose]());

interface Sent {
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly key?: string;
}

function send({ body, headers, key = 'key_1', method = 'POST', text }: Sent): Promise<Response> {
  return fetch(served.url, {
    method,
    headers: {
      accept: 'application/json, text/event-stream',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(method === 'POST' ? { body: text ?? JSON.stringify(body) } : {}),
  });
}

async function told(
  response: Response,
): Promise<{ status: number; code?: number; message?: string }> {
  const { error } = (await response.json()) as { error: { code: number; message: string } };
  return { status: response.status, code: error.code, message: error.message };
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
};

async function begin(key = 'key_1'): Promise<string> {
  const response = await send({ body: initialize, key });
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

function call(id: number, name: string, args = {}) {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

/** The message of the last event, or the body. */
async function answerOf(
  response: Response,
): Promise<{ id?: unknown; result?: unknown; error?: { code: number } }> {
  const text = await response.text();
  const data = text.split('\n').filter((line) => line.startsWith('data: {'));
  return JSON.parse(data.at(-1)?.slice('data: '.length) ?? text);
}

describe('refused before anything is read', () => {
  test('who shows no key', async () => {
    const response = await send({ body: initialize, key: '' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await told(response)).toEqual({ status: 401, code: -32_007, message: 'send a key' });
  });

  test('who comes by another name of this machine', async () => {
    const response = await send({ body: initialize, headers: { host: 'evil.example:80' } });
    expect(await told(response)).toMatchObject({ status: 403 });
  });

  test('a page of another origin', async () => {
    for (const origin of ['http://evil.example', 'null']) {
      expect((await send({ body: initialize, headers: { origin } })).status).toBe(403);
    }
    const own = await send({ body: initialize, headers: { origin: 'http://localhost:1234' } });
    expect(own.status).toBe(200);
  });
});

describe('hostile bodies', () => {
  test.each([
    ['no JSON', '{"jsonrpc"', 400, -32_700],
    ['a depth without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, undefined],
    ['a depth over the limit', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`, 400, -32_600],
    ['a batch over the limit', JSON.stringify(Array(51).fill({})), 400, -32_600],
    ['a body over the limit', `"${'a'.repeat(maxMessageBytes)}"`, 413, -32_600],
    ['a number', '1', 400, -32_600],
    ['nothing', '', 400, -32_700],
  ])('%s', async (_what, text, status, code) => {
    const answer = await told(await send({ text }));
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(answer.code).toBe(code);
  });

  test('another type of content', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect((await send({ body: initialize, headers })).status).toBe(415);
  });
});

describe('sessions', () => {
  test('are of the one who began them', async () => {
    const session = { 'mcp-session-id': await begin() };
    const own = await send({ body: call(2, 'echo'), headers: session });
    expect(await answerOf(own)).toMatchObject({ id: 2 });
    const others = await send({ body: call(3, 'echo'), headers: session, key: 'key_2' });
    expect(await told(others)).toMatchObject({ status: 404 });
  });

  test('are limited in number, each caller and all', async () => {
    await begin();
    await begin();
    const third = await told(await send({ body: initialize }));
    expect(third).toMatchObject({ status: 503, code: -32_009 });
    await begin('key_2');
    expect((await send({ body: initialize, key: 'key_3' })).status).toBe(503);
  });

  test('end when nobody uses them, and make room', async () => {
    const headers = { 'mcp-session-id': await begin() };
    now = 900;
    await answerOf(await send({ body: call(2, 'echo'), headers }));
    now = 1_800;
    served.server.sweep();
    expect((await send({ body: call(3, 'echo'), headers })).status).toBe(200);
    now = 10_000;
    served.server.sweep();
    expect(await told(await send({ body: call(4, 'echo'), headers }))).toMatchObject({
      status: 404,
    });
  });

  test('end when their client says so', async () => {
    const headers = { 'mcp-session-id': await begin() };
    expect((await send({ method: 'DELETE', headers })).status).toBe(200);
    expect((await send({ body: call(2, 'echo'), headers })).status).toBe(404);
  });

  test('have one stream of their own', async () => {
    const headers = { 'mcp-session-id': await begin(), accept: 'text/event-stream' };
    const first = await send({ method: 'GET', headers });
    expect(first.status).toBe(200);
    expect((await send({ method: 'GET', headers })).status).toBe(409);
    await first.body?.cancel();
  });

  test('send again what a client has missed', async () => {
    const headers = { 'mcp-session-id': await begin(), 'mcp-protocol-version': '2025-11-25' };
    const whole = await (await send({ body: call(2, 'echo'), headers })).text();
    const first = /^id: (.*)$/m.exec(whole)?.[1] ?? '';
    const again = await send({
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream', 'last-event-id': first },
    });
    expect(await answerOf(again)).toMatchObject({ id: 2, result: { content: [{ type: 'text' }] } });
    const foreign = { ...headers, accept: 'text/event-stream', 'last-event-id': 'x' };
    expect((await send({ method: 'GET', headers: foreign })).status).toBe(400);
  });

  test('need no handshake of versions that nobody speaks', async () => {
    const headers = { 'mcp-session-id': await begin(), 'mcp-protocol-version': '1999-01-01' };
    expect(await told(await send({ body: call(2, 'echo'), headers }))).toMatchObject({
      status: 400,
      code: -32_010,
    });
  });

  test('are asked for where they are missing', async () => {
    const { message, status } = await told(await send({ body: call(2, 'echo') }));
    expect(status).toBe(400);
    expect(message).toContain('send initialize first');
  });
});

test('a session makes only so many calls at once, and others go on', async () => {
  const headers = { 'mcp-session-id': await begin() };
  const aborting = new AbortController();
  const begun = [2, 3].map((id) => send({ body: call(id, 'wait'), headers }));
  await served.waits(2);
  const refused = await answerOf(await send({ body: call(4, 'echo'), headers }));
  expect(refused).toMatchObject({ id: 4, error: { code: -32_009 } });
  const other = { 'mcp-session-id': await begin('key_2') };
  const answer = await answerOf(
    await send({ body: call(5, 'echo'), headers: other, key: 'key_2' }),
  );
  expect(answer).toMatchObject({ id: 5, result: expect.anything() });
  aborting.abort();
  await send({ method: 'DELETE', headers });
  for (const response of await Promise.all(begun)) await response.text();
});

describe('an answer to a question', () => {
  const meta = (capabilities: object) => ({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  });

  async function ask(more: object = {}, key = 'key_1', name = 'ask') {
    const headers = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    };
    const params = { name, arguments: {}, _meta: meta({ elicitation: {} }), ...more };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    return (await answerOf(await send({ body, headers, key }))) as {
      result?: { resultType: string; requestState: string; inputRequests: object };
      error?: { code: number; message: string };
    };
  }

  const name = { name: { action: 'accept', content: { name: 'Ada' } } };

  test('is taken from who was asked, once, for the same call', async () => {
    const { result } = await ask();
    expect(result).toMatchObject({ resultType: 'input_required' });
    const requestState = result?.requestState;
    const waitsNoMore = { error: { code: -32_602 } };
    expect(await ask({ requestState, inputResponses: name }, 'key_2')).toMatchObject(waitsNoMore);
    expect(await ask({ requestState, inputResponses: name }, 'key_1', 'echo')).toMatchObject(
      waitsNoMore,
    );
    const next = await ask({ requestState, inputResponses: name });
    expect(Object.keys(next.result?.inputRequests ?? {})).toEqual(['color']);
    expect(await ask({ requestState, inputResponses: name })).toMatchObject(waitsNoMore);
  });

  test('that was made up is refused', async () => {
    const { result } = await ask();
    const requestState = `${result?.requestState}x`;
    expect(await ask({ requestState, inputResponses: name })).toMatchObject({
      error: { code: -32_602 },
    });
  });

  test('that lacks something is asked for what it lacks', async () => {
    const { result } = await ask();
    const again = await ask({ requestState: result?.requestState, inputResponses: { other: {} } });
    expect(Object.keys(again.result?.inputRequests ?? {})).toEqual(['name']);
  });
});
