import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const told = {
  'x-ratelimit-remaining-requests': '9',
  'openai-processing-ms': '12',
  'x-request-id': 'req_of_provider',
  'openai-organization': 'org-secret',
  'set-cookie': 'a=b',
};

test.each([
  { status: 200, body: answer },
  { status: 429, body: { error: { message: 'slow down', type: 'requests', code: 'rate_limit' } } },
])('with a $status, limits and the provider’s id go on, other headers stay', async (reply) => {
  const seen: Headers[] = [];
  using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ headers }) => {
      seen.push(headers);
      return Response.json(reply.body, { status: reply.status, headers: told });
    },
  });
  const baseUrl = `${server.url.origin}/v1`;
  const provider = { name: 'p', type: 'openai', apiKey: 'sk-test-key-0000', baseUrl } as const;
  await using fixture = await testGateway({ providers: [providerConfig(provider)] });
  const body = { model: 'p/m', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 };

  const own = await fixture.post('/v1/chat/completions', body, { 'openai-beta': 'x=v1' });
  expect(own.status).toBe(reply.status);
  expect(Object.fromEntries(own.headers)).toMatchObject({
    'x-ratelimit-remaining-requests': '9',
    'openai-processing-ms': '12',
    'x-zeke-provider-request-id': 'req_of_provider',
    'x-request-id': expect.stringMatching(/^req_(?!of_provider)/),
  });
  expect([own.headers.get('openai-organization'), own.headers.get('set-cookie')]).toEqual([
    null,
    null,
  ]);
  expect(seen[0]?.get('openai-beta')).toBe('x=v1');
  expect(seen[0]?.get('user-agent')).toBe('zeke');

  const translated = await fixture.post('/v1/messages', body);
  expect(translated.headers.get('request-id')).toBe(translated.headers.get('x-request-id'));
  expect(translated.headers.get('x-ratelimit-remaining-requests')).toBe('9');
});
