import { describe, expect, test } from 'bun:test';
import { providerConfig } from '../../testing/test-gateway.ts';
import { errorOf, LimitedGateway, statusesOf, times } from './testing/limited-gateway.ts';

const stream = { stream: true };

/** Streams that begin and then say nothing more. */
function fallSilent(limited: LimitedGateway, count: number): void {
  for (const _ of times(count, () => 0)) {
    limited.emulator.faults.push({ kind: 'silence', afterRecords: 2 });
  }
}

const left = async (limited: LimitedGateway, key: Parameters<LimitedGateway['state']>[0]) =>
  (await limited.state(key))[0]?.concurrent?.remaining;

test('of 50 streams at once as many are under way as there are places', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'ten' });
  fallSilent(limited, 10);
  const answers = await Promise.all(times(50, () => limited.chat(key, stream)));
  const open = answers.filter(({ status }) => status === 200);
  expect(open).toHaveLength(10);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(refused && (await errorOf(refused)).message).toBe(
    `key ${key.id}: the limit is 10 requests at the same time (tier ten): it frees up when one of them ends`,
  );
  await Promise.all(open.slice(0, 4).map(({ body }) => body?.cancel()));
  expect(await left(limited, key)).toBe(4);
  fallSilent(limited, 4);
  const more = await Promise.all(times(9, () => limited.chat(key, stream)));
  expect(more.filter(({ status }) => status === 200)).toHaveLength(4);
  for (const { body } of [...open.slice(4), ...more]) await body?.cancel();
  expect(await left(limited, key)).toBe(10);
});

test('a request that is refused for its rate takes no place', async () => {
  const tier = { requests: { limit: 1, periodMs: 60_000 }, concurrent: 1 };
  await using limited = await LimitedGateway.start({ defaultTier: 'x', tiers: { x: tier } });
  const key = await limited.key();
  await statusesOf([limited.chat(key)]);
  await statusesOf(times(5, () => limited.chat(key)));
  expect(await left(limited, key)).toBe(1);
});

describe('a place is given back', () => {
  test('when a stream is read to its end', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    for (const _ of times(3, () => 0)) {
      expect(await statusesOf([limited.chat(key, stream)])).toEqual({ 200: 1 });
    }
    expect(await left(limited, key)).toBe(1);
  });

  test.each([
    // The end of a connection may be seen before what came over it.
    [[200, 502], { kind: 'cut', afterRecords: 2 }],
    [[200], { kind: 'error-event', afterRecords: 2 }],
    [[502], { kind: 'garbage' }],
    [[500], { kind: 'status', status: 500 }],
    [[503], { kind: 'status', status: 503 }],
  ] as const)('when a provider breaks (%j, %j)', async (statuses, fault) => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    limited.emulator.faults.push(fault);
    const [status] = Object.keys(await statusesOf([limited.chat(key, stream)]));
    expect(statuses.map(String)).toContain(status as string);
    expect(await left(limited, key)).toBe(1);
  });

  test.each([{ model: 'nobody/none' }, { model: 7 }, { stream: 'perhaps' }])(
    'when the request itself is wrong: %j',
    async (body) => {
      await using limited = await LimitedGateway.start();
      const key = await limited.key({ tier: 'one' });
      expect((await limited.chat(key, body)).ok).toBe(false);
      expect(await left(limited, key)).toBe(1);
    },
  );

  test('when the process ends the streams under way', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    fallSilent(limited, 1);
    const response = await limited.chat(key, stream);
    expect((await limited.chat(key)).status).toBe(429);
    const text = response.text();
    limited.test.gateway.cutShort();
    expect(await text).toContain('zeke is shutting down');
    expect(await left(limited, key)).toBe(1);
  });

  test('when a race has its winner and its loser is cancelled', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    limited.emulator.faults.push({ kind: 'silence' });
    expect(await statusesOf([limited.chat(key, { ...stream, model: 'race' })])).toEqual({ 200: 1 });
    expect(await left(limited, key)).toBe(1);
  });

  test('when a stream that was passed on untouched is given up', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    fallSilent(limited, 1);
    const body = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hi' }], ...stream };
    const path = '/providers/one/chat/completions';
    const response = await limited.test.post(path, body, key.headers);
    expect(response.status).toBe(200);
    expect((await limited.chat(key)).status).toBe(429);
    await response.body?.cancel();
    expect(await left(limited, key)).toBe(1);
  });

  test.each(['cancel', 'drain'] as const)(
    'when a client hangs up and its provider is asked no longer (%s)',
    async (drainOnDisconnect) => {
      const { provider, server: upstream, left: hungUp } = endless();
      using _ = upstream;
      const limits = { drainOnDisconnect, drainLimitMs: 50 };
      const options = { providers: [provider], limits };
      await using limited = await LimitedGateway.start({}, options);
      const key = await limited.key({ tier: 'one' });
      const { gateway } = limited.test;
      using server = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: (request) => gateway.handle(request),
      });
      const client = new AbortController();
      const response = await fetch(`${server.url.origin}/v1/chat/completions`, {
        method: 'POST',
        headers: key.headers,
        body: JSON.stringify({ model: 'one/gpt-4.1-mini', messages: [], ...stream }),
        signal: client.signal,
      });
      expect(response.status).toBe(200);
      expect((await limited.chat(key)).status).toBe(429);
      client.abort();
      let isOver = false;
      void hungUp.then(() => {
        isOver = true;
      });
      // What is drained is waited for, by the gateway's clock, once it knows that the client left.
      while (!isOver) {
        limited.clock.nowMs += limits.drainLimitMs + 1;
        await Bun.sleep(10);
      }
      expect(await left(limited, key)).toBe(1);
    },
  );

  test('of a model, too, so that others wait for it or go elsewhere', async () => {
    await using limited = await LimitedGateway.start({ models: { 'gpt-4.1-mini': 'one' } });
    const key = await limited.key();
    fallSilent(limited, 1);
    const response = await limited.chat(key, stream);
    const refused = await limited.chat(key);
    expect((await errorOf(refused)).message).toStartWith('model gpt-4.1-mini: the limit is 1 ');
    await response.body?.cancel();
    expect(await statusesOf([limited.chat(key)])).toEqual({ 200: 1 });
  });
});

/** A provider whose stream begins and does not end, and that knows when it is asked no longer. */
function endless() {
  const left = Promise.withResolvers<void>();
  const record = 'data: {"choices":[{"index":0,"delta":{"content":"a word"}}]}\n\n';
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.from(record)),
          cancel: () => left.resolve(),
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      ),
  });
  const provider = providerConfig({
    name: 'one',
    type: 'openai',
    apiKey: 'k',
    baseUrl: `${server.url.origin}/v1`,
    models: ['gpt-4.1-mini'],
  });
  return { provider, server, left: left.promise };
}
