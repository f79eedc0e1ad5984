import { expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';
import type { OverloadLimits } from './overload.ts';

const model = 'openai/gpt-4.1-mini';
const body = { model, messages: [{ role: 'user', content: 'hi' }] };

async function setUp(
  overload: Partial<OverloadLimits> = {},
): Promise<{ gateway: TestGateway; vendor: Emulator } & AsyncDisposable> {
  const vendor = startOpenAiEmulator({ apiKeys: ['k'] });
  const gateway = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${vendor.url}/v1` }),
    ],
    settings: {
      overload: {
        maxConcurrentRequests: 1,
        maxConcurrentStreams: 1,
        maxQueued: 0,
        queueTimeoutMs: 10_000,
        ...overload,
      },
    },
  });
  const end = async () => {
    await gateway[Symbol.asyncDispose]();
    await vendor.stop();
  };
  return { gateway, vendor, [Symbol.asyncDispose]: end };
}

/** A stream that has begun, and says no more. */
async function openStream(gateway: TestGateway, vendor: Emulator) {
  vendor.faults.push({ kind: 'silence', afterRecords: 2 });
  const response = await gateway.post('/v1/chat/completions', { ...body, stream: true });
  expect(response.status).toBe(200);
  return response;
}

async function metric(gateway: TestGateway, line: string): Promise<number> {
  const text = await (await gateway.get('/metrics')).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
}

test('a request beyond the places waits, and is answered when one is free', async () => {
  await using it = await setUp({ maxQueued: 5 });
  const { gateway, vendor } = it;
  const stream = await openStream(gateway, vendor);
  const waiting = gateway.post('/v1/chat/completions', body);
  expect(await metric(gateway, 'zeke_gateway_queue_length{places="requests"}')).toBe(1);
  expect(await metric(gateway, 'zeke_gateway_open_streams')).toBe(1);
  await stream.body?.cancel();
  expect((await waiting).status).toBe(200);
  await gateway.gateway.settled();
  expect(await metric(gateway, 'zeke_gateway_queue_seconds_count{places="requests"}')).toBe(1);
  expect(await metric(gateway, 'zeke_gateway_open_requests')).toBe(0);
  expect(await metric(gateway, 'zeke_gateway_open_streams')).toBe(0);
});

test.each([
  ['/v1/chat/completions', body, 503, 'server_error'],
  ['/v1/responses', { model, input: 'hi' }, 503, 'server_error'],
  ['/v1/messages', { ...body, max_tokens: 5 }, 529, 'overloaded_error'],
  [
    '/v1beta/models/openai%2Fgpt-4.1-mini:generateContent',
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    503,
    'UNAVAILABLE',
  ],
  ['/api/chat', body, 503, 'as many requests under way'],
])('without room in the queue %s is refused early, in its dialect', async (...given) => {
  const [path, asked, status, word] = given;
  await using it = await setUp();
  const { gateway, vendor } = it;
  const stream = await openStream(gateway, vendor);
  const refused = await gateway.post(path, asked);
  expect(refused.status).toBe(status);
  expect(refused.headers.get('retry-after')).toBe('1');
  const text = await refused.text();
  expect(text).toContain(word);
  expect(text).toContain('server.max_concurrent_requests');
  const shed = 'zeke_gateway_shed_total{places="requests",reason="full"}';
  expect(await metric(gateway, shed)).toBe(1);
  // What asks no model is answered all the same.
  expect((await gateway.get('/v1/models')).status).toBe(200);
  await stream.body?.cancel();
  expect((await gateway.post(path, asked)).status).toBe(200);
  const outcomes = (await gateway.ledger()).map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual(['canceled', 'ok', 'refused']);
});

test('streams have places of their own among the requests', async () => {
  await using it = await setUp({ maxConcurrentRequests: 10 });
  const { gateway, vendor } = it;
  const stream = await openStream(gateway, vendor);
  expect((await gateway.post('/v1/chat/completions', body)).status).toBe(200);
  const refused = await gateway.post('/v1/chat/completions', { ...body, stream: true });
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain('server.max_concurrent_streams');
  await stream.body?.cancel();
  const next = await gateway.post('/v1/chat/completions', { ...body, stream: true });
  expect(await next.text()).toContain('[DONE]');
  await gateway.gateway.settled();
  expect(await metric(gateway, 'zeke_gateway_open_requests')).toBe(0);
});

test('whatever becomes of a request, its place is free again', async () => {
  await using it = await setUp();
  const { gateway, vendor } = it;
  vendor.faults.push({ kind: 'status', status: 500 }, { kind: 'cut', afterRecords: 1 });
  await gateway.post('/v1/chat/completions', body);
  await (await gateway.post('/v1/chat/completions', { ...body, stream: true })).text();
  await gateway.post('/v1/chat/completions', '{');
  await gateway.post('/v1/chat/completions', { ...body, model: 'nobody/has-it' });
  expect((await gateway.post('/v1/chat/completions', body)).status).toBe(200);
  expect(await metric(gateway, 'zeke_gateway_open_requests')).toBe(0);
});

test('a reload changes how many may be under way', async () => {
  await using it = await setUp();
  const { gateway, vendor } = it;
  const stream = await openStream(gateway, vendor);
  const limits = { maxConcurrentRequests: 2, maxConcurrentStreams: 1 };
  gateway.configure({ overload: { ...limits, maxQueued: 0, queueTimeoutMs: 0 } });
  expect((await gateway.post('/v1/chat/completions', body)).status).toBe(200);
  await stream.body?.cancel();
});

test.each([
  ['/v1/chat/completions', { ...body, messages: [...body.messages, ...body.messages] }, 'messages'],
  ['/v1/responses', { model, input: [{}, {}] }, 'input'],
  ['/v1/chat/completions', { ...body, tools: [{}, {}, {}] }, 'tools'],
  [
    '/v1beta/models/openai%2Fgpt-4.1-mini:generateContent',
    { contents: [], tools: [{ functionDeclarations: [{}, {}, {}] }] },
    'tools',
  ],
])('%s with too many %o is refused with the name of the list', async (path, asked, name) => {
  await using it = await setUp();
  const { gateway } = it;
  gateway.configure({
    limits: {
      maxBodyBytes: 10_000,
      firstTokenTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      drainOnDisconnect: 'cancel',
      drainLimitMs: 0,
      maxMessages: 1,
      maxTools: 2,
    },
  });
  const refused = await gateway.post(path, asked);
  expect(refused.status).toBe(400);
  expect(await refused.text()).toMatch(new RegExp(`${name}: there are \\d, and the limit is`));
});
