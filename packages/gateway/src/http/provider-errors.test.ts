import { expect, test } from 'bun:test';
import { type ProviderConfig, Secret } from '@zeke/foundation';
import OpenAI from 'openai';
import { encodeAwsEvent } from '../framing/aws-event-stream.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const secret = 'sk-SECRET+0123/456789';
const messages = [{ role: 'user', content: 'hello there' }];
const contents = [{ role: 'user', parts: [{ text: 'hello there' }] }];

type Bytes = string | Uint8Array;

const sse = (data: object, event = '') =>
  `${event && `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
const aws = (event: string, data: object) => encodeAwsEvent({ event, data: JSON.stringify(data) });

/** How a dialect is spoken: a whole error, a stream's first good records, and an error within it. */
interface Speech {
  whole: (message: string) => object;
  begun: Bytes[];
  failed: (message: string) => Bytes;
}

const openAiError = (message: string) => ({
  error: { message, type: 'x', code: 'y', param: null },
});
const speeches: Record<DialectName, Speech> = {
  'openai-chat': {
    whole: openAiError,
    begun: [sse({ choices: [{ index: 0, delta: { content: 'good' } }] })],
    failed: (message) => sse({ error: { message, type: 'server_error' } }),
  },
  'openai-responses': {
    whole: openAiError,
    begun: [
      sse({ type: 'response.created', response: { id: 'r', output: [] } }),
      sse({
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', content: [] },
      }),
      sse({ type: 'response.content_part.added', output_index: 0, content_index: 0 }),
      sse({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'good' }),
    ],
    failed: (message) => sse({ type: 'error', code: 'server_error', message }),
  },
  'anthropic-messages': {
    whole: (message) => ({ type: 'error', error: { type: 'api_error', message } }),
    begun: [
      sse({ type: 'message_start', message: { id: 'm', usage: {} } }, 'message_start'),
      sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'good' } }),
    ],
    failed: (message) => sse({ type: 'error', error: { type: 'api_error', message } }, 'error'),
  },
  gemini: {
    whole: (message) => ({ error: { code: 500, message, status: 'INTERNAL' } }),
    begun: [sse({ candidates: [{ content: { parts: [{ text: 'good' }] } }] })],
    failed: (message) => sse({ error: { code: 500, message, status: 'INTERNAL' } }),
  },
  ollama: {
    whole: (message) => ({ error: message }),
    begun: ['{"model":"m","message":{"role":"assistant","content":"good"},"done":false}\n'],
    failed: (message) => `${JSON.stringify({ error: message })}\n`,
  },
  'bedrock-converse': {
    whole: (message) => ({ message }),
    begun: [
      aws('messageStart', { role: 'assistant' }),
      aws('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'good' } }),
    ],
    failed: (message) => aws('internalServerException', { message }),
  },
};

const bedrockKeys = {
  apiKey: undefined,
  accessKeyId: 'AKIASECRET0123456789',
  secretAccessKey: new Secret('never sent'),
  sessionToken: new Secret(secret),
};
const ownHeader = { apiKey: undefined, headers: { 'x-portal': new Secret(secret) } };

/** An entry of each type, with each kind of credentials that goes over the wire. */
const entries: [ProviderConfig['type'], string, DialectName, object][] = [
  ['openai', 'a key', 'openai-chat', {}],
  ['openai', 'a key', 'openai-responses', {}],
  ['openai', 'a header of its own', 'openai-chat', ownHeader],
  ['compatible', 'a key', 'openai-chat', {}],
  ['xai', 'a key', 'openai-responses', {}],
  ['azure', 'a key', 'openai-chat', { deployments: {} }],
  ['ollama', 'a key', 'ollama', {}],
  ['anthropic', 'a key', 'anthropic-messages', {}],
  ['gemini', 'a key', 'gemini', {}],
  ['vertex', 'a key', 'gemini', {}],
  ['bedrock', 'a key', 'bedrock-converse', { region: 'us-east-1' }],
  ['bedrock', 'a session token', 'bedrock-converse', { region: 'us-east-1', ...bedrockKeys }],
];

function entry(type: ProviderConfig['type'], url: string, fields: object = {}): ProviderConfig {
  const baseUrl = type === 'openai' ? `${url}/v1` : url;
  const base = { name: 'p', type, apiKey: secret, baseUrl, endpoint: url, models: ['m', 'm-pro'] };
  return { ...providerConfig(base), ...fields } as ProviderConfig;
}

/** Sends a request for a whole or a streamed answer in a caller's dialect. */
function ask(
  gateway: TestGateway,
  dialect: DialectName,
  stream: boolean,
  model = 'p/m',
): Promise<Response> {
  switch (dialect) {
    case 'openai-responses':
      return gateway.post('/v1/responses', { model, input: 'hello there', stream });
    case 'gemini': {
      const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      return gateway.post(`/v1beta/models/${model}:${method}`, { contents });
    }
    case 'ollama':
      return gateway.post('/api/chat', { model, messages, stream });
    case 'openai-chat':
      return gateway.post('/v1/chat/completions', { model, messages, stream });
    default:
      return gateway.post('/v1/messages', { model, messages, max_tokens: 9, stream });
  }
}

/** In the provider's own dialect, if callers may speak it, and in another. */
const askedIn = (spoken: DialectName): DialectName[] =>
  spoken === 'anthropic-messages' ? [spoken, 'openai-chat'] : [spoken, 'anthropic-messages'];

/** Everything that a provider was sent with a request. */
const echo = (request: Request) => `you sent ${JSON.stringify([request.url, ...request.headers])}`;

async function toldBy(gateway: TestGateway, response: Response): Promise<string> {
  const text = await response.text();
  const told = text + JSON.stringify([...response.headers]) + JSON.stringify(gateway.logged);
  expect(told).not.toContain('SECRET');
  expect(told).not.toMatch(/Signature=\w/);
  return text;
}

test.each(entries)(
  '%s with %s, %s: a refusal that echoes it is told without it',
  async (type, _, spoken, fields) => {
    let status = 400;
    using server = Bun.serve({
      port: 0,
      fetch: (request) => Response.json(speeches[spoken].whole(echo(request)), { status }),
    });
    await using gateway = await testGateway({
      providers: [entry(type, server.url.origin, fields)],
    });
    for (status of [400, 401, 403, 500]) {
      for (const dialect of askedIn(spoken)) {
        for (const stream of [false, true]) {
          const text = await toldBy(gateway, await ask(gateway, dialect, stream));
          expect(text).toContain(status === 401 ? 'refused the gateway' : '[redacted]');
        }
      }
    }
    expect(JSON.stringify(gateway.logged.at(-1))).toContain('you sent');
  },
);

/** A stream of good records and one of an error, in the dialect that the path begins with. */
function failingStream(request: Request): Response {
  const spoken = new URL(request.url).pathname.split('/')[1] as DialectName | 'named';
  const { begun, failed } = speeches[spoken === 'named' ? 'openai-chat' : spoken];
  const message = echo(request);
  const last = spoken === 'named' ? sse({ message }, 'error') : failed(message);
  return new Response(Buffer.concat([...begun, last].map((part) => Buffer.from(part as string))));
}

const streaming: [ProviderConfig['type'], DialectName | 'named', object][] = [
  ['compatible', 'openai-chat', {}],
  ['compatible', 'named', ownHeader],
  ['openai', 'openai-responses', {}],
  ['anthropic', 'anthropic-messages', {}],
  ['gemini', 'gemini', {}],
  ['ollama', 'ollama', {}],
  ['bedrock', 'bedrock-converse', { region: 'us-east-1', ...bedrockKeys }],
];

test('an error within a stream, passed on or translated, is told without them', async () => {
  using server = Bun.serve({ port: 0, fetch: failingStream });
  await using gateway = await testGateway({
    providers: streaming.map(([type, name, fields]) =>
      entry(type, `${server.url.origin}/${name}`, { name, ...fields }),
    ),
  });
  for (const [, name] of streaming) {
    for (const dialect of askedIn(name === 'named' ? 'openai-chat' : name)) {
      // OpenAI's models of this name answer over responses only.
      const model = name === 'openai-responses' ? 'm-pro' : 'm';
      const response = await ask(gateway, dialect, true, `${name}/${model}`);
      const text = await toldBy(gateway, response);
      expect([name, dialect, response.status, text]).toEqual([
        name,
        dialect,
        200,
        expect.stringMatching(/good.*\[redacted\]/s),
      ]);
      expect(JSON.stringify(gateway.logged.at(-1))).toContain('you sent');
    }
  }
  for (const row of await gateway.ledger()) expect(row).toMatchObject({ outcome: 'incomplete' });
});

const refusals: [DialectName, ProviderConfig['type'], number, object][] = [
  ['openai-chat', 'compatible', 422, { error: { message: 'm', code: 'invalid_prompt', x: 1 } }],
  ['openai-chat', 'compatible', 418, { error: { message: 'm', code: 1e21, param: ['n'] } }],
  ['openai-chat', 'compatible', 402, { error: { message: 'm', metadata: { raw: '{}' } } }],
  ['openai-chat', 'compatible', 403, { error: { message: 'flagged', code: 403 } }],
  ['openai-responses', 'xai', 400, { error: { message: 'm', type: 't', code: 'invalid_prompt' } }],
  ['openai-responses', 'xai', 502, { error: { message: 'm' }, more: true }],
  ['anthropic-messages', 'anthropic', 520, { type: 'error', error: { type: 't', message: 'm' } }],
  ['gemini', 'gemini', 429, { error: { code: 429, message: 'm', status: 'S', details: [{}] } }],
  ['ollama', 'ollama', 404, { error: 'no such thing', hint: 'pull it' }],
];

test.each(refusals)(
  '%s in and out: the status and the bytes of a refusal',
  async (dialect, type, status, said) => {
    const body = JSON.stringify(said, undefined, 1);
    const headers = { 'retry-after': '7', 'content-type': 'text/plain' };
    using server = Bun.serve({ port: 0, fetch: () => new Response(body, { status, headers }) });
    await using gateway = await testGateway({ providers: [entry(type, server.url.origin)] });
    for (const stream of [false, true]) {
      const response = await ask(gateway, dialect, stream);
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('retry-after')).toBe('7');
      expect(response.headers.get('x-request-id')).toStartWith('req_');
    }
    for (const row of await gateway.ledger()) {
      expect(row).toMatchObject({ outcome: 'error', http_status: status });
    }
  },
);

test('a body that is no error of the dialect is told in its shape, with the status', async () => {
  let body = '';
  using server = Bun.serve({ port: 0, fetch: () => new Response(body, { status: 418 }) });
  await using gateway = await testGateway({ providers: [entry('compatible', server.url.origin)] });
  const bodies = {
    '': 'p answered 418 without a message',
    '<html>': 'p answered',
    '{"detail":"d"}': 'd',
  };
  for (const [text, message] of Object.entries(bodies)) {
    body = text;
    const response = await ask(gateway, 'openai-chat', false);
    const type = 'invalid_request_error';
    expect([response.status, await response.json()]).toEqual([
      418,
      { error: { message: expect.stringContaining(message), type, param: null, code: null } },
    ]);
  }
  body = JSON.stringify({ error: { message: 'x'.repeat(70_000) } });
  const cut = await (await ask(gateway, 'openai-chat', false)).json();
  expect(cut).toMatchObject({ error: { type: 'invalid_request_error' } });
});

test('another dialect is told in its own shape, by what the error means', async () => {
  const said = { error: { message: 'too much', type: 'x', code: 'rate_limit_exceeded' } };
  using server = Bun.serve({ port: 0, fetch: () => Response.json(said, { status: 429 }) });
  await using gateway = await testGateway({ providers: [entry('compatible', server.url.origin)] });
  const response = await ask(gateway, 'anthropic-messages', false);
  expect([response.status, await response.json()]).toMatchObject([
    429,
    { type: 'error', error: { type: 'rate_limit_error', message: 'too much' } },
  ]);
});

test('a 403 that is not about the key goes to the next candidate, then to the caller', async () => {
  const said = { error: { message: 'no access to this model', code: 'model_gated' } };
  using server = Bun.serve({ port: 0, fetch: () => Response.json(said, { status: 403 }) });
  await using gateway = await testGateway({
    providers: ['a', 'b'].map((name) => entry('compatible', server.url.origin, { name })),
    settings: {
      aliases: new Map([['either', { strategy: 'fallback', candidates: ['a/m', 'b/m'] }]]),
    },
  });
  const response = await ask(gateway, 'anthropic-messages', false, 'either');
  expect([response.status, await response.json()]).toMatchObject([
    403,
    { error: { type: 'permission_error', message: 'no access to this model' } },
  ]);
  const rows = await gateway.ledger();
  expect(rows.map(({ provider, error_code }) => [provider, error_code])).toEqual([
    ['a', 'permission_denied'],
    ['b', 'permission_denied'],
  ]);
});

test('a client of OpenAI gets the error of the provider, as if it had asked there', async () => {
  const said = { error: { message: 'm', type: 'invalid_request_error', code: 'invalid_prompt' } };
  let status = 400;
  using server = Bun.serve({ port: 0, fetch: () => Response.json(said, { status }) });
  await using gateway = await testGateway({ providers: [entry('compatible', server.url.origin)] });
  const client = new OpenAI({
    apiKey: 'k',
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    fetch: (url, init) => gateway.gateway.handle(new Request(url as string, init)),
  });
  const classes: [number, new (...given: never[]) => Error][] = [
    [400, OpenAI.BadRequestError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [422, OpenAI.UnprocessableEntityError],
    [429, OpenAI.RateLimitError],
    [502, OpenAI.InternalServerError],
  ];
  for (const [next, ErrorClass] of classes) {
    status = next;
    const asked = client.chat.completions.create({
      model: 'p/m',
      messages: [{ role: 'user', content: 'hi' }],
    });
    const [told] = await Promise.allSettled([asked]);
    const error = told.status === 'rejected' ? told.reason : undefined;
    expect(error).toBeInstanceOf(ErrorClass);
    expect(error).toMatchObject({ status, code: 'invalid_prompt', requestID: expect.any(String) });
  }
});

test('a stream that no dialect reads is passed on without them', async () => {
  using server = Bun.serve({
    port: 0,
    fetch: (request) => {
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(sse({ error: { message: `${echo(request)} ü` } }), { headers });
    },
  });
  await using gateway = await testGateway({ providers: [entry('compatible', server.url.origin)] });
  const response = await gateway.post('/providers/p/v1/chat/completions', { model: 'm' });
  expect(await toldBy(gateway, response)).toMatch(/you sent .*\[redacted\].* ü/);
});

test('a list of models that is refused is told without them', async () => {
  using server = Bun.serve({
    port: 0,
    fetch: (request) => new Response(echo(request), { status: 403 }),
  });
  const config = entry('compatible', server.url.origin, { ...ownHeader, models: undefined });
  await using gateway = await testGateway({ providers: [config] });
  await toldBy(gateway, await gateway.get('/v1/models'));
  expect(JSON.stringify(gateway.logged)).toContain('you sent');
});

test('an answer that is no stream names its provider', async () => {
  using server = Bun.serve({ port: 0, fetch: () => new Response('<html>welcome</html>') });
  await using gateway = await testGateway({ providers: [entry('compatible', server.url.origin)] });
  const response = await ask(gateway, 'openai-chat', true);
  expect([response.status, await response.text()]).toEqual([
    502,
    expect.stringContaining('"p answered with something that is not a stream"'),
  ]);
});
