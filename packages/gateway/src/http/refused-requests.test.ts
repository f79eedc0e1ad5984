import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const unreachable = providerConfig({
  name: 'openai',
  type: 'openai',
  apiKey: 'sk-test',
  baseUrl: 'http://127.0.0.1:9/v1',
  models: ['gpt-5-mini'],
});

test('what is refused before any provider is asked has a row, and is no call', async () => {
  await using fixture = await testGateway({
    providers: [unreachable],
    settings: { auth: { requireAuth: true } },
    limits: { maxBodyBytes: 200 },
  });
  const { key, secret } = await fixture.gateway.keys.create({ name: 'laptop', owner: 'ada' });
  const headers = { authorization: `Bearer ${secret}` };
  const ask = (body: unknown) => fixture.post('/v1/chat/completions', body, headers);
  const messages = [{ role: 'user', content: 'hi' }];
  const refused = [
    await ask('{"model":'),
    await ask({ model: 7, messages }),
    await ask({ model: 'nope/gpt-5-mini', messages }),
    await ask({ model: 'openai/gpt-5-mini', messages: [{ content: 'x'.repeat(300) }] }),
  ];
  await fixture.gateway.keys.revoke(key.id);
  refused.push(await ask({ model: 'openai/gpt-5-mini', messages }));
  refused.push(await fixture.post('/v1/messages', { model: 'openai/gpt-5-mini', messages }));

  const rows = await fixture.ledger();
  expect(rows.map((row) => [row.http_status, row.key_id, row.requested_model])).toEqual([
    [400, key.id, ''],
    [400, key.id, ''],
    [404, key.id, 'nope/gpt-5-mini'],
    [413, key.id, ''],
    [401, null, ''],
    [401, null, ''],
  ]);
  for (const [index, row] of rows.entries()) {
    expect(row).toMatchObject({
      outcome: 'refused',
      attempt: 0,
      provider: '',
      cost_micro_usd: null,
      request_id: refused[index]?.headers.get('x-request-id') ?? 'none',
    });
  }
  const logged = new Set(fixture.logged.map(({ requestId }) => requestId));
  expect(rows.every(({ request_id }) => logged.has(request_id))).toBe(true);
});

test('a request whose providers failed has their rows alone', async () => {
  await using fixture = await testGateway({ providers: [unreachable] });
  const response = await fixture.post('/v1/chat/completions', {
    model: 'openai/gpt-5-mini',
    messages: [{ role: 'user', content: 'hi' }],
  });
  expect(response.status).toBe(502);
  expect(await fixture.ledger()).toMatchObject([{ outcome: 'error', attempt: 1 }]);
});
