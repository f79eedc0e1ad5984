import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { testStorage } from '../governance/testing/test-storage.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];
const limitMs = 1_000;

/** Time, which stands still unless it is let pass: a busy machine is late for nothing. */
class Clock {
  ms = 0;

  /** Lets more than the limit pass, again and again, until it is over. */
  async passUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      this.ms += limitMs + 1;
      await Bun.sleep(10);
    }
  }

  /** The same until this is settled. */
  async passFor<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = work.finally(() => {
      isOver = true;
    });
    await this.passUntil(() => isOver);
    return end;
  }
}

describe('streams that go wrong', () => {
  const clock = new Clock();
  let first: Emulator;
  let second: Emulator;
  let gateway: TestGateway;

  beforeAll(async () => {
    first = startOpenAiEmulator({ apiKeys: ['k'], recordDelayMs: 1 });
    second = startAnthropicEmulator({ apiKeys: ['k'] });
    gateway = await testGateway({
      providers: [
        providerConfig({ name: 'first', type: 'openai', apiKey: 'k', baseUrl: `${first.url}/v1` }),
        providerConfig({ name: 'second', type: 'anthropic', apiKey: 'k', baseUrl: second.url }),
      ],
      settings: {
        aliases: new Map([
          [
            'reversed',
            {
              strategy: 'fallback',
              candidates: ['second/claude-sonnet-4-5', 'first/gpt-4.1-mini'],
            },
          ],
          [
            'both',
            {
              strategy: 'fallback',
              candidates: ['first/gpt-4.1-mini', 'second/claude-sonnet-4-5'],
            },
          ],
        ]),
      },
      limits: { firstTokenTimeoutMs: limitMs, idleTimeoutMs: limitMs },
      monotonicMs: () => clock.ms,
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await first.stop();
    await second.stop();
  });

  const chat = (model: string) =>
    gateway.post('/v1/chat/completions', { model, messages, stream: true });
  const lastRows = async (count: number) => (await gateway.ledger()).slice(-count);

  test.each([
    ['an error inside a 200', { kind: 'error-event', afterRecords: 0 }],
    ['a refusal by status', { kind: 'status', status: 503 }],
    ['a page of HTML', { kind: 'html', status: 502 }],
    ['garbage', { kind: 'garbage' }],
    ['a stream that ends before it began', { kind: 'cut', afterRecords: 0 }],
    ['silence', { kind: 'silence' }],
  ] as const)('%s before the first token falls back', async (_, fault) => {
    first.faults.push(fault);
    const asked = chat('both');
    if (fault.kind === 'silence') {
      const { length } = gateway.logged;
      const isGivenUp = () =>
        gateway.logged.slice(length).some(({ msg }) => msg === 'a provider did not answer well');
      await clock.passUntil(isGivenUp);
    }
    const response = await asked;
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-zeke-provider')).toBe('second');
    expect(response.headers.get('x-zeke-attempts')).toBe('2');
    expect(text).toContain('[DONE]');
    const [failed, good] = await lastRows(2);
    expect(failed).toMatchObject({ provider: 'first', outcome: 'error', attempt: 1 });
    expect(good).toMatchObject({ provider: 'second', outcome: 'ok', attempt: 2 });
    expect(good?.request_id).toBe(failed?.request_id as string);
  });

  test('an error after the first token is told in the stream, and the row says so', async () => {
    first.faults.push({ kind: 'error-event', afterRecords: 3 });
    const text = await (await chat('first/gpt-4.1-mini')).text();
    expect(text).toContain('"error"');
    expect(text).not.toContain('[DONE]');
    const [row] = await lastRows(1);
    expect(row).toMatchObject({ outcome: 'incomplete', estimated: true });
    expect(row?.output_tokens).toBeGreaterThan(0);
  });

  test.each(['/v1/chat/completions', '/v1/messages'])(
    'half a stream to %s ends with an error',
    async (path) => {
      first.faults.push({ kind: 'cut', afterRecords: 3 });
      const response = await gateway.post(path, {
        model: 'first/gpt-4.1-mini',
        messages,
        stream: true,
        max_tokens: 100,
      });
      const text = await response.text();
      expect(response.status).toBe(200);
      expect(text).toContain('error');
      const [row] = await lastRows(1);
      expect(row).toMatchObject({ outcome: 'incomplete', error_code: 'unavailable' });
    },
  );

  test('a provider that falls silent ends at the idle limit', async () => {
    first.faults.push({ kind: 'silence', afterRecords: 3 });
    const response = await chat('first/gpt-4.1-mini');
    const text = await clock.passFor(response.text());
    expect(text).toContain('silent');
    const [row] = await lastRows(1);
    expect(row).toMatchObject({ outcome: 'incomplete', error_code: 'deadline_exceeded' });
  });

  test('a key for some models only goes where it may', async () => {
    const { secret } = await gateway.gateway.keys.create({
      name: 'n',
      owner: 'o',
      allowedModels: ['second/*'],
    });
    const ask = (model: string) =>
      gateway.post(
        '/v1/chat/completions',
        { model, messages },
        { authorization: `Bearer ${secret}` },
      );
    const answered = await ask('both');
    expect([answered.status, answered.headers.get('x-zeke-provider')]).toEqual([200, 'second']);
    expect((await ask('first/gpt-4.1-mini')).status).toBe(403);
  });

  test('a provider that says much before it begins is given up', async () => {
    const ping = Buffer.from(
      `event: ping\ndata: {"type":"ping","pad":"${'x'.repeat(1_000_000)}"}\n\n`,
    );
    using endless = Bun.serve({
      port: 0,
      fetch: () =>
        new Response(new ReadableStream({ pull: (controller) => controller.enqueue(ping) }), {
          headers: { 'content-type': 'text/event-stream' },
        }),
    });
    await using alone = await testGateway({
      providers: [providerConfig({ name: 'p', type: 'anthropic', baseUrl: endless.url.origin })],
    });
    const response = await alone.post('/v1/messages', {
      model: 'p/m',
      messages,
      max_tokens: 9,
      stream: true,
    });
    expect([response.status, await response.text()]).toEqual([
      502,
      expect.stringContaining('before its answer began'),
    ]);
  });

  test('what one candidate cannot be told goes to the next', async () => {
    const body = { model: 'second/claude-sonnet-4-5', messages, n: 2 };
    const refused = await gateway.post('/v1/chat/completions', body);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('n')]);
    const answered = await gateway.post('/v1/chat/completions', { ...body, model: 'reversed' });
    expect([answered.status, answered.headers.get('x-zeke-provider')]).toEqual([200, 'first']);
  });

  test('without another candidate the error has status, shape, request id and retry-after', async () => {
    first.faults.push({ kind: 'status', status: 429, retryAfterSeconds: 7 });
    const response = await chat('first/gpt-4.1-mini');
    const body = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    const [row] = await lastRows(1);
    expect(row).toMatchObject({ outcome: 'error', http_status: 429 });
    expect(body.error.message).toContain('emulated failure');
    const id = response.headers.get('x-request-id');
    expect(gateway.logged.some((line) => line.requestId === id)).toBe(true);
  });

  test('credentials that the provider refuses are the gateway’s fault, not the caller’s', async () => {
    first.faults.push({ kind: 'status', status: 401, message: 'Incorrect API key: sk-secret' });
    const response = await chat('first/gpt-4.1-mini');
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(text).toContain('providers.first');
    expect(text).not.toContain('sk-secret');
  });
});

test('an answer that comes whole has a clock of its own', async () => {
  await using emulator = startOpenAiEmulator({ apiKeys: ['k'] });
  const clock = new Clock();
  await using gateway = await testGateway({
    providers: [
      providerConfig({ name: 'p', type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` }),
    ],
    limits: { firstTokenTimeoutMs: limitMs, answerTimeoutMs: 3 * limitMs },
    monotonicMs: () => clock.ms,
  });
  const ask = (stream: boolean) => {
    emulator.faults.push({ kind: 'silence' });
    return gateway.post('/v1/chat/completions', { model: 'p/gpt-4.1-mini', messages, stream });
  };
  const whole = await clock.passFor(ask(false));
  expect(whole.status).toBe(504);
  expect(await whole.text()).toContain(`silent for ${3 * limitMs} ms`);
  const streamed = await clock.passFor(ask(true));
  expect(streamed.status).toBe(504);
  expect(await streamed.text()).toContain(`silent for ${limitMs} ms`);
});

describe('a client that leaves', () => {
  async function leave(limits: Parameters<typeof testGateway>[0]['limits']) {
    await using emulator = startOpenAiEmulator({ apiKeys: ['k'], recordDelayMs: 20 });
    await using gateway = await testGateway({
      providers: [
        providerConfig({ name: 'p', type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` }),
      ],
      ...(limits ? { limits } : {}),
    });
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      fetch: (request) => gateway.gateway.handle(request),
    });
    try {
      const controller = new AbortController();
      const response = await fetch(`${server.url}v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'p/gpt-4.1-mini', messages, stream: true }),
        signal: controller.signal,
      });
      const reader = response.body?.getReader();
      for (let record = 0; record < 3; record++) await reader?.read();
      controller.abort();
      const request = emulator.requests.at(-1);
      await eventually(async () => (await gateway.ledger()).length === 1);
      const rows = await gateway.ledger();
      return { row: rows[0], wasCancelled: request?.abortedAt !== undefined };
    } finally {
      await server.stop(true);
    }
  }

  test('cancels the call of the provider, and its row is estimated', async () => {
    const { row, wasCancelled } = await leave(undefined);
    expect(wasCancelled).toBe(true);
    expect(row).toMatchObject({ outcome: 'canceled', estimated: true });
    expect(row?.input_tokens).toBeGreaterThan(0);
    expect(row?.output_tokens).toBeGreaterThan(0);
    expect(row?.cost_micro_usd).toBeGreaterThan(0);
  });

  test('or, by policy, lets it end and records what the provider says', async () => {
    const { row, wasCancelled } = await leave({
      drainOnDisconnect: 'drain',
      drainLimitMs: 5_000,
    });
    expect(wasCancelled).toBe(false);
    expect(row).toMatchObject({ outcome: 'canceled', estimated: false });
    expect(row?.output_tokens).toBeGreaterThan(10);
  });
});

test('the end of the process ends a drain, and what was used until then is on the ledger', async () => {
  await using emulator = startOpenAiEmulator({ apiKeys: ['k'], recordDelayMs: 20 });
  await using kept = await testStorage('sqlite');
  const gateway = await testGateway({
    providers: [
      providerConfig({ name: 'p', type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` }),
    ],
    limits: { drainOnDisconnect: 'drain', drainLimitMs: 60_000 },
    storage: kept.storage,
  });
  emulator.faults.push({ kind: 'silence', afterRecords: 2 });
  const response = await gateway.post('/v1/chat/completions', {
    model: 'p/gpt-4.1-mini',
    messages,
    stream: true,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  void reader?.cancel();
  await gateway.gateway[Symbol.asyncDispose]();
  const rows = await kept.storage.db.selectFrom('gateway_ledger').selectAll().execute();
  expect(rows).toMatchObject([{ outcome: 'canceled', estimated: true }]);
});

test('a drain has its limit also where only the body says that the client left', async () => {
  await using emulator = startOpenAiEmulator({ apiKeys: ['k'] });
  await using gateway = await testGateway({
    providers: [
      providerConfig({ name: 'p', type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` }),
    ],
    limits: { drainOnDisconnect: 'drain', drainLimitMs: 100 },
  });
  emulator.faults.push({ kind: 'silence', afterRecords: 2 });
  const response = await gateway.post('/v1/chat/completions', {
    model: 'p/gpt-4.1-mini',
    messages,
    stream: true,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  void reader?.cancel();
  await eventually(async () => (await gateway.ledger()).length === 1);
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(10);
}
