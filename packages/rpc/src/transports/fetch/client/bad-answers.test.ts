import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { compressor } from '../../../compression/compressors.ts';
import { Metadata } from '../../../core/metadata.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { isRefused } from '../../../core/refused.ts';
import { type Code, RpcError } from '../../../rpc-error.ts';
import { RecordingSink } from '../../../testing/recording-sink.ts';
import { testMethod, testOpenOptions, utf8 } from '../../../testing/test-method.ts';
import { wordType } from '../testing/talk-service.ts';
import { envelope } from '../wire/envelope-writer.ts';
import { type ConnectFetchOptions, connectFetch } from './connect-fetch.ts';

const proto = 'application/proto';
const json = 'application/json';
const stream = 'application/connect+proto';
const web = 'application/grpc-web+proto';
const okEnd = envelope(2, utf8('{}'));
const okTrailer = envelope(128, utf8('grpc-status: 0\r\n'));
const message = envelope(0, utf8('m'));

describe('a unary call of Connect', () => {
  test.each<[string, Response, Code, RegExp]>([
    [
      'a page',
      answer(200, 'text/html', '<html>'),
      'unknown',
      /none of this protocol.*"text\/html"/,
    ],
    ['JSON for protobuf', answer(200, json, '{}'), 'unknown', /"application\/json"/],
    ['no content type', new Response(null), 'unknown', /no content type/],
    ['a page of a proxy', answer(502, 'text/html', ''), 'unavailable', /HTTP status 502/],
    ['a status without an error', answer(403, 'text/plain', 'no'), 'permission_denied', /403/],
    ['JSON that is none', answer(503, json, '{'), 'unavailable', /503/],
    ['an error that is none', answer(404, json, '[]'), 'unimplemented', /HTTP status 404/],
    ['an unknown code', answer(429, json, '{"code":"odd","message":"x"}'), 'unavailable', /^x$/],
    ['an error', answer(400, json, '{"code":"aborted","message":"x"}'), 'aborted', /^x$/],
    [
      'too many bytes',
      answer(200, proto, new Uint8Array(1_001)),
      'resource_exhausted',
      /1000 bytes/,
    ],
    ['metadata that is none', answer(200, proto, 'm', { 'a-bin': '*' }), 'internal', /a-bin/],
    [
      'too much metadata',
      answer(200, proto, 'm', { a: 'x'.repeat(999) }),
      'resource_exhausted',
      /meta/,
    ],
    ['a redirect', new Response(null, { status: 302 }), 'unknown', /302/],
  ])('that is answered with %s', async (_name, response, code, text) => {
    const { end, messages } = await call('unary', response);
    expect(end.error?.code).toBe(code);
    expect(end.error?.message).toMatch(text);
    expect(messages).toEqual([]);
  });

  test('whose answer breaks off is unavailable', async () => {
    const { end } = await call('unary', answer(200, proto, brokenBody(utf8('m'))));
    expect(end.error?.code).toBe('unavailable');
    expect(end.error?.retryable).toBe(true);
  });

  test('with a binary charset parameter and header and trailer', async () => {
    const headers = { 'x-h': '1', 'trailer-x-t': '2' };
    const sink = await call('unary', answer(200, `${proto}; charset=utf-8`, 'm', headers));
    expect(sink.messages).toEqual(['m']);
    expect(sink.header).toEqual([['x-h', '1']]);
    expect([...sink.end.metadata]).toEqual([['x-t', '2']]);
  });
});

describe.each([
  ['connect', stream, okEnd],
  ['grpc-web', web, okTrailer],
] as const)('a stream of %s', (protocol, type, end) => {
  const encoding = protocol === 'connect' ? 'connect-content-encoding' : 'grpc-encoding';

  test.each<[string, Response, Code, RegExp]>([
    ['no trailer', answer(200, type, message), 'internal', /without a trailer/],
    ['nothing at all', answer(200, type, ''), 'internal', /without a trailer/],
    ['half a message', answer(200, type, message.subarray(0, 5)), 'internal', /within a message/],
    ['unknown flags', answer(200, type, envelope(8, utf8('m'))), 'internal', /flags 8/],
    [
      'an envelope too long',
      answer(200, type, new Uint8Array([0, 0, 9, 0, 0])),
      'resource_exhausted',
      /maxM/,
    ],
    ['an unannounced compression', answer(200, type, envelope(1, utf8('m'))), 'internal', /how/],
    ['an unknown one', answer(200, type, end, { [encoding]: 'br' }), 'internal', /"br"/],
    ['another content type', answer(200, 'application/grpc', end), 'unknown', /grpc/],
    ['a page of a proxy', answer(504, 'text/html', ''), 'unavailable', /504/],
  ])('that is answered with %s', async (_name, response, code, text) => {
    const sink = await call('server-stream', response, { protocol });
    expect(sink.end.error?.code).toBe(code);
    expect(sink.end.error?.message).toMatch(text);
  });

  test('that breaks off after a message gives it first', async () => {
    const sink = await call('server-stream', answer(200, type, brokenBody(message)), { protocol });
    expect(sink.messages).toEqual(['m']);
    expect(sink.end.error?.code).toBe('unavailable');
  });

  test('ends at its end, whatever follows', async () => {
    const body = Buffer.concat([message, end, message]);
    const sink = await call('server-stream', answer(200, type, body), { protocol });
    expect(sink.messages).toEqual(['m']);
    expect(sink.end.error).toBeUndefined();
  });

  test('whose body is any bytes ends once, with a code', async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom<Uint8Array>(message, end, envelope(2, utf8('{"error":{}}'))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const bytes of parts) if (bytes.length > 0) controller.enqueue(bytes);
            controller.close();
          },
        });
        const sink = await call('server-stream', answer(200, type, body), { protocol });
        expect(sink.end.error === undefined || sink.end.error instanceof RpcError).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

test('a gRPC-Web response that is a header alone has its status there', async () => {
  const headers = { 'grpc-status': '5', 'grpc-message': 'gone%21', 'x-t': '1' };
  for (const status of [200, 404]) {
    const sink = await call('unary', answer(status, web, '', headers), { protocol: 'grpc-web' });
    expect(sink.end.error).toMatchObject({ code: 'not_found', message: 'gone!' });
  }
});

test('a gRPC-Web trailer without a status is internal', async () => {
  const body = envelope(128, utf8('x-t: 1\r\n'));
  const sink = await call('unary', answer(200, web, body), { protocol: 'grpc-web' });
  expect(sink.end.error).toMatchObject({ code: 'internal' });
});

test('an answer of JSON that is no such message is internal', async () => {
  const sink = await call('unary', answer(200, json, '{'), { format: 'json' });
  expect(sink.end.error?.code).toBe('internal');
  expect(sink.end.error?.message).toContain(
    'the answer cannot be read: the message zrpc.talk.Word is not JSON',
  );
});

test('a connection that fails is unavailable; one that did not come about was refused', async () => {
  for (const [code, refused] of [
    ['ECONNREFUSED', true],
    ['ECONNRESET', false],
  ] as const) {
    const cause = Object.assign(new TypeError('fetch failed'), { cause: { code } });
    const sink = await call('unary', cause);
    expect(sink.end.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(sink.end.error?.message).toBe(`the connection to https://api.example failed: ${code}`);
    expect(isRefused(sink.end.error as RpcError)).toBe(refused);
  }
});

describe('what is not sent', () => {
  test.each<[string, Partial<MethodInfo>, Partial<ConnectFetchOptions>, Code, RegExp]>([
    [
      'both ways in a browser',
      { kind: 'bidi-stream' },
      { requestStreams: 'half-duplex' },
      'unimplemented',
      /WebSocket/,
    ],
    [
      'streams in an old browser',
      { kind: 'client-stream' },
      { requestStreams: 'none' },
      'unimplemented',
      /client-stream/,
    ],
    [
      'too long a message',
      {},
      { limits: { maxMessageBytes: 0 } },
      'resource_exhausted',
      /at most 0 bytes/,
    ],
    [
      'too much metadata',
      {},
      { limits: { maxMetadataBytes: 10 } },
      'resource_exhausted',
      /metadata/,
    ],
    [
      'too many calls',
      {},
      { limits: { maxStreams: 0, maxQueuedCalls: 0 } },
      'resource_exhausted',
      /maxQueuedCalls/,
    ],
  ])('%s', async (_name, method, options, code, text) => {
    let fetched = 0;
    const transport = connectFetch({
      baseUrl: 'https://api.example',
      fetch: async () => {
        fetched++;
        return new Response();
      },
      ...options,
    });
    const sink = new RecordingSink();
    const metadata = Metadata.from({ 'x-a': 'b' });
    const open = transport.open(testMethod(method), testOpenOptions({ metadata }), sink);
    expect(sink.code).toBeUndefined();
    open.sendMessage(utf8('q'));
    open.sendEnd();
    const { error } = await sink.end;
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(text);
    expect(fetched).toBe(0);
    open.cancel(new RpcError('canceled', 'late'));
  });
});

test('a call that is canceled ends at once, and breaks off the request', async () => {
  let signal: AbortSignal | null | undefined;
  const transport = connectFetch({
    baseUrl: 'https://api.example',
    fetch: (_url, init) => {
      signal = init.signal;
      return new Promise(() => {});
    },
  });
  const sink = new RecordingSink();
  const open = transport.open(testMethod(), testOpenOptions(), sink);
  open.sendMessage(utf8('q'));
  open.sendEnd();
  open.cancel(new RpcError('canceled', 'enough'));
  expect(sink.trailer?.error?.message).toBe('enough');
  expect(signal?.aborted).toBe(true);
  await transport.close();
});

test('a paused call is told nothing until it is resumed', async () => {
  const gotBody = Promise.withResolvers<void>();
  const transport = connectFetch({
    baseUrl: 'https://api.example',
    fetch: async () =>
      answer(
        200,
        stream,
        new ReadableStream<Uint8Array>({
          pull(controller) {
            controller.enqueue(Buffer.concat([message, message, okEnd]));
            controller.close();
            gotBody.resolve();
          },
        }),
      ),
  });
  const sink = new RecordingSink();
  const open = transport.open(testMethod({ kind: 'server-stream' }), testOpenOptions(), sink);
  sink.onEvent = (event) => {
    if (event === 'message') open.pause();
  };
  open.sendMessage(utf8('q'));
  open.sendEnd();
  await gotBody.promise;
  while (sink.messages.length === 0) await Promise.resolve();
  expect(sink.texts).toEqual(['m']);
  open.resume();
  while (sink.messages.length === 1) await Promise.resolve();
  expect(sink.code).toBeUndefined();
  open.resume();
  expect((await sink.end).error).toBeUndefined();
});

test('the URL of a method stands behind that of the server', async () => {
  for (const [baseUrl, expected] of [
    ['https://api.example', 'https://api.example/test.Service/Method'],
    ['https://api.example/', 'https://api.example/test.Service/Method'],
    ['https://api.example:8443/rpc//', 'https://api.example:8443/rpc/test.Service/Method'],
  ] as const) {
    const { url } = await call('unary', answer(200, proto, 'm'), { baseUrl });
    expect(url).toBe(expected);
  }
  expect(() => connectFetch({ baseUrl: 'nowhere' })).toThrow(TypeError);
});

interface Called {
  readonly header: unknown[] | undefined;
  readonly messages: readonly string[];
  readonly end: Awaited<RecordingSink['end']>;
  readonly url: string;
}

/** Calls a server that answers with this response, or a network that fails with this error. */
async function call(
  kind: MethodInfo['kind'],
  response: Response | Error,
  options: Partial<ConnectFetchOptions> = {},
): Promise<Called> {
  let url = '';
  const transport = connectFetch({
    baseUrl: 'https://api.example',
    limits: { maxMessageBytes: 1_000, maxMetadataBytes: 1_000 },
    compressor,
    fetch: async (to) => {
      url = to;
      if (response instanceof Error) throw response;
      return response;
    },
    ...options,
  });
  const sink = new RecordingSink();
  const method = testMethod({
    kind,
    ...(options.format === 'json' ? { input: wordType, output: wordType } : {}),
  });
  const open = transport.open(method, testOpenOptions(), sink);
  open.sendMessage(options.format === 'json' ? new Uint8Array(0) : utf8('q'));
  open.sendEnd();
  const end = await sink.end;
  await transport.close();
  return { header: sink.header && [...sink.header], messages: sink.texts, end, url };
}

function answer(
  status: number,
  type: string,
  body: string | Uint8Array | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Response {
  const init = { status, headers: { 'content-type': type, ...headers } };
  return new Response(body as string | ReadableStream<Uint8Array>, init);
}

function brokenBody(first: Uint8Array): ReadableStream<Uint8Array> {
  let pulls = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(first);
      else controller.error(new TypeError('terminated'));
    },
  });
}
