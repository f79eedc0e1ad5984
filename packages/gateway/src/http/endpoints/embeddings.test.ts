import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../../testing/test-gateway.ts';

test('every request that one call is made of has its time limit and ends with its client', async () => {
  let asked = 0;
  using vendor = Bun.serve({
    port: 0,
    fetch: () => {
      asked += 1;
      return asked % 2 === 1
        ? Response.json({ predictions: [{ embeddings: { values: [1, 2] } }] })
        : new Promise<Response>(() => undefined);
    },
  });
  const baseUrl = vendor.url.origin;
  // Time stands still unless it is let pass: a busy machine is late for nothing.
  const clock = { ms: 0 };
  await using gateway = await testGateway({
    providers: [providerConfig({ name: 'v', type: 'vertex', apiKey: 'k', baseUrl })],
    limits: { firstTokenTimeoutMs: 150 },
    monotonicMs: () => clock.ms,
  });
  const untilAsked = async (times: number) => {
    while (asked < times) await Bun.sleep(1);
  };
  const body = JSON.stringify({ model: 'v/gemini-embedding-001', input: ['one', 'two'] });
  const request = (signal?: AbortSignal) =>
    gateway.gateway.handle(
      new Request('http://127.0.0.1/v1/embeddings', {
        method: 'POST',
        body,
        ...(signal ? { signal } : {}),
      }),
    );
  const late = request();
  await untilAsked(2);
  clock.ms += 151;
  expect((await late).status).toBe(504);
  const client = new AbortController();
  const leaving = request(client.signal);
  await untilAsked(4);
  client.abort();
  expect((await leaving).status).toBe(499);
  const rows = (await gateway.ledger()).map(({ outcome, error_code: code }) => [outcome, code]);
  expect(rows).toEqual([
    ['error', 'deadline_exceeded'],
    ['canceled', 'canceled'],
  ]);
});
