import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const message = { role: 'assistant', content: 'hello', refusal: null };
const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

function answering(name: string, body: unknown) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => Response.json(body),
  });
  const provider = providerConfig({
    name,
    type: 'openai',
    apiKey: 'sk-test-key-0000',
    baseUrl: `${server.url.origin}/v1`,
    models: ['m'],
  });
  return { provider, [Symbol.dispose]: () => void server.stop(true) };
}

test.each([{ choices: 'no' }, { hello: 'world' }, { error: { message: 'broken inside' } }])(
  '%j with a 200 is no answer, and the next candidate is asked',
  async (body) => {
    using broken = answering('broken', body);
    using good = answering('good', answer);
    const candidates = ['broken/m', 'good/m'];
    await using fixture = await testGateway({
      providers: [broken.provider, good.provider],
      settings: { aliases: new Map([['both', { strategy: 'fallback', candidates }]]) },
    });
    const ask = (model: string) =>
      fixture.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] });

    const alone = await ask('broken/m');
    expect(alone.status).toBeGreaterThanOrEqual(500);
    const helped = await ask('both');
    expect([helped.status, helped.headers.get('x-zeke-provider')]).toEqual([200, 'good']);
    expect(await helped.json()).toEqual(answer);
    const outcomes = (await fixture.ledger()).map(({ provider, outcome }) => [provider, outcome]);
    expect(outcomes).toEqual([
      ['broken', 'error'],
      ['broken', 'error'],
      ['good', 'ok'],
    ]);
  },
);
