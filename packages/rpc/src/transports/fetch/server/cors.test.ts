import { expect, test } from 'bun:test';
import { okTrailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { testMethod, utf8 } from '../../../testing/test-method.ts';
import { RecordingHandler } from '../testing/recording-handler.ts';
import type { CorsOptions } from './cors.ts';
import { createFetchHandler } from './fetch-handler.ts';

const peer = { transport: 'http', address: 'test' };
const calls = new RecordingHandler(({ call }) => {
  call.sendHeader(Metadata.from({ 'x-h': '1' }));
  call.sendMessage(utf8('m'));
  call.sendEnd({ ...okTrailer, metadata: Metadata.from({ 'x-t': '2' }) });
});

const app = 'https://app.example';

test('without cors no page of another origin may call', async () => {
  expect((await preflight(undefined, app)).status).toBe(405);
  const { headers } = await call(undefined, app);
  expect(headers.get('access-control-allow-origin')).toBeNull();
});

test('a listed origin may call, and read all headers', async () => {
  const cors = { origins: [app], maxAgeSeconds: 60 };
  const asked = await preflight(cors, app);
  expect(asked.status).toBe(204);
  expect(Object.fromEntries(asked.headers)).toEqual({
    'access-control-allow-headers': 'content-type,x-mine',
    'access-control-allow-methods': 'POST, GET',
    'access-control-allow-origin': app,
    'access-control-max-age': '60',
    vary: 'origin',
  });
  const { headers } = await call(cors, app);
  expect(headers.get('access-control-allow-origin')).toBe(app);
  expect(headers.get('access-control-expose-headers')).toBe('trailer-x-t, x-h');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  expect(headers.get('vary')).toBe('origin');
});

test('an origin that is not listed may not, nor may one that begins alike', async () => {
  for (const origin of [
    'https://evil.example',
    `${app}.evil.example`,
    'http://app.example',
    'null',
  ]) {
    for (const { headers } of [
      await preflight({ origins: [app] }, origin),
      await call({ origins: [app] }, origin),
    ]) {
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-headers')).toBeNull();
      expect(headers.get('vary')).toBe('origin');
    }
  }
});

test('any origin may call where all may', async () => {
  const { headers } = await call({ origins: '*' }, 'https://some.example');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('vary')).toBeNull();
});

test('credentials may come along where that is said', async () => {
  const cors = { origins: [app], allowCredentials: true };
  for (const { headers } of [await preflight(cors, app), await call(cors, app)]) {
    expect(headers.get('access-control-allow-credentials')).toBe('true');
  }
});

test('a list of headers that is none is not repeated', async () => {
  const { headers } = await preflight({ origins: [app] }, app, 'x-a: b');
  expect(headers.get('access-control-allow-headers')).toBeNull();
});

test('errors can be read, too', async () => {
  const { headers } = await call({ origins: [app] }, app, 'text/plain');
  expect(headers.get('access-control-allow-origin')).toBe(app);
});

test.each<[CorsOptions, RegExp]>([
  [{ origins: '*', allowCredentials: true }, /must be listed/],
  [{ origins: ['app.example'] }, /"app.example" is no origin/],
  [{ origins: ['https://app.example/'] }, /is no origin/],
  [{ origins: ['*'] }, /"\*" is no origin/],
])('the options %j are refused', (cors, message) => {
  expect(() => handlerOf(cors)).toThrow(message);
});

function handlerOf(cors: CorsOptions | undefined): ReturnType<typeof createFetchHandler> {
  const options = { handler: calls.handler, methods: () => testMethod() };
  return createFetchHandler(cors === undefined ? options : { ...options, cors });
}

function preflight(
  cors: CorsOptions | undefined,
  origin: string,
  asked = 'content-type,x-mine',
): Promise<Response> {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': asked,
  };
  return handlerOf(cors)(new Request('http://test/a.B/C', { method: 'OPTIONS', headers }), peer);
}

function call(
  cors: CorsOptions | undefined,
  origin: string,
  type = 'application/proto',
): Promise<Response> {
  const headers = { origin, 'content-type': type };
  const request = new Request('http://test/a.B/C', { method: 'POST', body: 'q', headers });
  return handlerOf(cors)(request, peer);
}
