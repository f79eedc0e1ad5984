import { expect, test } from 'bun:test';
import type { Fetch } from '../../core/bounded-fetch.ts';
import { Metadata } from '../../core/metadata.ts';
import { isRefused } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { ScriptedTransport } from '../../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { clientCredentials, type OAuthClientOptions, oauthClient } from './oauth.ts';

interface TokenRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly form: URLSearchParams;
  answer(body: unknown, status?: number): void;
  fail(reason: unknown): void;
}

/** An authorization server whose answers the test gives. */
class TokenEndpoint {
  readonly requests: TokenRequest[] = [];

  readonly fetch: Fetch = (url, init) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.requests.push({
      url,
      headers: new Headers(init.headers),
      form: new URLSearchParams(init.body as string),
      answer: (body, status = 200) =>
        resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })),
      fail: reject,
    });
    return promise;
  };

  get last(): TokenRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('no token was asked for');
    return request;
  }
}

function setUp(changes: Partial<OAuthClientOptions> = {}) {
  const endpoint = new TokenEndpoint();
  const clock = { nowMs: 1_000_000 };
  const options: OAuthClientOptions = {
    tokenUrl: 'https://issuer.example/token',
    clientId: 'robot',
    clientSecret: 'se:cret&',
    fetch: endpoint.fetch,
    now: () => clock.nowMs,
    ...changes,
  };
  return { endpoint, clock, options };
}

const bearer = (text: string, seconds?: number) => ({
  access_token: text,
  token_type: 'bearer',
  expires_in: seconds,
});

test('the request is that of RFC 6749, 4.4.2', async () => {
  const { endpoint, options } = setUp({ scopes: ['a', 'b'], audience: 'api', resource: 'urn:x' });
  const token = clientCredentials(options).token();
  const { url, headers, form } = endpoint.last;
  expect(url).toBe('https://issuer.example/token');
  expect(headers.get('content-type')).toBe('application/x-www-form-urlencoded');
  expect(atob(headers.get('authorization')?.slice('Basic '.length) ?? '')).toBe(
    'robot:se%3Acret%26',
  );
  expect(Object.fromEntries(form)).toEqual({
    grant_type: 'client_credentials',
    scope: 'a b',
    audience: 'api',
    resource: 'urn:x',
  });
  endpoint.last.answer(bearer('one', 3600));
  expect(await token).toBe('one');
});

test('id and secret may go in the body', () => {
  const { endpoint, options } = setUp({ authentication: 'body' });
  void clientCredentials(options).token();
  expect(endpoint.last.headers.has('authorization')).toBe(false);
  expect(endpoint.last.form.get('client_secret')).toBe('se:cret&');
});

test('one request serves all who wait; later ones get the token at once', async () => {
  const { endpoint, options } = setUp();
  const source = clientCredentials(options);
  const waiting = [source.token(), source.token()];
  endpoint.last.answer(bearer('one', 3600));
  expect(await Promise.all(waiting)).toEqual(['one', 'one']);
  expect(source.token()).toBe('one');
  expect(endpoint.requests).toHaveLength(1);
});

test('shortly before its end a token still serves, while the next one is fetched once', async () => {
  const { endpoint, clock, options } = setUp();
  const source = clientCredentials(options);
  const first = source.token();
  endpoint.last.answer(bearer('one', 3600));
  await first;
  clock.nowMs += 3_539_999;
  expect([source.token(), endpoint.requests.length]).toEqual(['one', 1]);
  clock.nowMs += 1;
  expect([source.token(), source.token(), endpoint.requests.length]).toEqual(['one', 'one', 2]);
  clock.nowMs += 60_000;
  const waiting = source.token();
  endpoint.last.answer(bearer('two', 3600));
  expect(await waiting).toBe('two');
  expect(source.token()).toBe('two');
});

test('a failed renewal is tried again after a while, and shows only when the token has ended', async () => {
  const { endpoint, clock, options } = setUp({ retryAfterMs: 1_000 });
  const source = clientCredentials(options);
  const first = source.token();
  endpoint.last.answer(bearer('one', 100));
  await first;
  clock.nowMs += 60_000;
  expect(source.token()).toBe('one');
  endpoint.last.answer('nonsense', 500);
  await drain();
  expect([source.token(), endpoint.requests.length]).toEqual(['one', 2]);
  clock.nowMs += 1_000;
  expect([source.token(), endpoint.requests.length]).toEqual(['one', 3]);
  endpoint.last.answer('nonsense', 500);
  await drain();
  clock.nowMs += 39_000;
  const late = source.token();
  endpoint.last.answer({ error: 'temporarily_unavailable' }, 503);
  const error = await Promise.resolve(late).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'unavailable', retryable: true });
});

test.each([
  ['a refused client', 401, { error: 'invalid_client' }, 'unauthenticated', 'invalid_client'],
  ['a refused scope', 400, { error: 'invalid_scope' }, 'unauthenticated', 'invalid_scope'],
  ['an error with odd words', 400, { error: 'see http://x/?secret=1' }, 'unauthenticated', '400'],
  ['too many requests', 429, {}, 'unavailable', '429'],
  ['an answer that is no JSON', 200, '<html>', 'unavailable', 'no JSON'],
  ['an answer without a token', 200, { token_type: 'Bearer' }, 'unavailable', 'access_token'],
  [
    'a token with a line break',
    200,
    { access_token: 'a\nb', token_type: 'Bearer' },
    'unavailable',
    'access_token',
  ],
  [
    'a token of another type',
    200,
    { access_token: 'a', token_type: 'mac' },
    'unavailable',
    'Bearer',
  ],
  ['an endless answer', 200, `"${'x'.repeat(70_000)}"`, 'unavailable', 'cannot be reached'],
])('%s fails the call', async (_what, status, body, code, words) => {
  const { endpoint, options } = setUp();
  const token = clientCredentials(options).token();
  endpoint.last.answer(body, status);
  const error = await Promise.resolve(token).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RpcError);
  expect((error as RpcError).code as string).toBe(code);
  expect((error as RpcError).message).toContain(words);
  expect((error as RpcError).message).not.toContain('secret=1');
});

test('an endpoint without HTTPS is refused at the start', () => {
  const { options } = setUp({ tokenUrl: 'http://issuer.example/token' });
  expect(() => clientCredentials(options)).toThrow('HTTPS');
});

test('a token that a server refuses is not used again, unless it is new', async () => {
  const { endpoint, clock, options } = setUp();
  const source = clientCredentials(options);
  const first = source.token();
  endpoint.last.answer(bearer('one', 3600));
  await first;
  source.refused?.('one');
  expect(source.token()).toBe('one');
  clock.nowMs += 5_000;
  source.refused?.('another');
  expect(source.token()).toBe('one');
  source.refused?.('one');
  const second = source.token();
  endpoint.last.answer(bearer('two', 3600));
  expect(await second).toBe('two');
});

test('a call waits for its token, with what was sent meanwhile; the next one goes at once', async () => {
  const { endpoint, options } = setUp();
  const transport = new ScriptedTransport((call) => call.end());
  const client = oauthClient(options)(transport);
  const sink = new RecordingSink();
  const metadata = Metadata.from({ a: '1' });
  const call = client.open(testMethod(), testOpenOptions({ metadata }), sink);
  const lent = utf8('ask');
  expect(call.sendMessage(lent)).toBe(false);
  lent.fill(0);
  call.sendEnd();
  expect(transport.calls).toHaveLength(0);
  endpoint.last.answer(bearer('one', 3600));
  await sink.end;
  const opened = transport.call(0);
  expect(opened.options.metadata.get('authorization')).toBe('Bearer one');
  expect([opened.sent, opened.halfClosed]).toEqual([[utf8('ask')], true]);
  client.open(testMethod(), testOpenOptions(), new RecordingSink());
  expect(transport.call(1).options.metadata.get('authorization')).toBe('Bearer one');
});

test('a stream that waits for its token is told when it may go on', async () => {
  const { endpoint, options } = setUp();
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  const call = oauthClient(options)(transport).open(testMethod(), testOpenOptions(), sink);
  call.pause();
  expect(call.sendMessage(utf8('one'))).toBe(false);
  const writable = new Promise<void>((resolve) => {
    sink.onEvent = (event) => event === 'writable' && resolve();
  });
  endpoint.last.answer(bearer('token', 3600));
  await writable;
  expect(transport.call(0).paused).toBe(true);
  call.resume();
  expect(call.sendMessage(utf8('two'))).toBe(true);
  call.sendEnd();
  expect(transport.call(0).sent).toEqual([utf8('one'), utf8('two')]);
  expect(transport.call(0).halfClosed).toBe(true);
});

test('a call whose token cannot be had fails, and was never sent', async () => {
  const { endpoint, options } = setUp();
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  oauthClient(options)(transport).open(testMethod(), testOpenOptions(), sink);
  endpoint.last.fail(new TypeError('fetch failed'));
  const { error } = await sink.end;
  expect([error?.code, error && isRefused(error), transport.calls.length]).toEqual([
    'unavailable',
    true,
    0,
  ]);
});

test('a call that is canceled while it waits is never opened', async () => {
  const { endpoint, options } = setUp();
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  const call = oauthClient(options)(transport).open(testMethod(), testOpenOptions(), sink);
  call.cancel(new RpcError('deadline_exceeded', 'too late'));
  expect(sink.code).toBe('deadline_exceeded');
  endpoint.last.answer(bearer('one', 3600));
  await drain();
  expect(transport.calls).toHaveLength(0);
});

test('what is sent before the call is open is bounded', () => {
  const { options } = setUp();
  const sink = new RecordingSink();
  const call = oauthClient(options)(new ScriptedTransport()).open(
    testMethod(),
    testOpenOptions(),
    sink,
  );
  const mebibyte = new Uint8Array(1024 * 1024);
  for (let i = 0; i < 17; i++) call.sendMessage(mebibyte);
  expect(isRefused(sink.trailer?.error as RpcError)).toBe(true);
  expect(sink.code).toBe('resource_exhausted');
});

test('a token that a call is refused with is given back', async () => {
  const { endpoint, clock, options } = setUp();
  const transport = new ScriptedTransport((call) =>
    call.end(new RpcError('unauthenticated', 'revoked')),
  );
  const client = oauthClient(options)(transport);
  const first = new RecordingSink();
  client.open(testMethod(), testOpenOptions(), first);
  endpoint.last.answer(bearer('one', 3600));
  await first.end;
  clock.nowMs += 10_000;
  const second = new RecordingSink();
  client.open(testMethod(), testOpenOptions(), second);
  await second.end;
  client.open(testMethod(), testOpenOptions(), new RecordingSink());
  expect(endpoint.requests).toHaveLength(2);
});

/** Lets all that is under way in promises come to rest. */
function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
