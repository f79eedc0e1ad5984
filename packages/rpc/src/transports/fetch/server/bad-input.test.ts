import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { createServer } from '../../../core/server.ts';
import { talkHandlers } from '../testing/talk-handlers.ts';
import { Talk } from '../testing/talk-service.ts';
import { endStreamFlag, trailersFlag } from '../wire/envelope-reader.ts';
import { envelope } from '../wire/envelope-writer.ts';
import { createFetchHandler } from './fetch-handler.ts';

const server = createServer().add(Talk, talkHandlers);
const handler = createFetchHandler({
  handler: server.handler,
  methods: (path) => server.method(path),
  limits: { maxMessageBytes: 1_000, maxMetadataBytes: 1_000 },
});
const peer = { transport: 'http', address: 'test' };
const json = 'application/json';
const proto = 'application/proto';

describe('a unary call of Connect', () => {
  test.each<[string, string, string | Uint8Array<ArrayBuffer>, number, string, RegExp]>([
    ['no JSON', json, '{"text":', 400, 'invalid_argument', /zrpc\.talk\.Word is not JSON/],
    ['no body', json, '', 400, 'invalid_argument', /is not JSON/],
    ['a list', json, '[]', 400, 'invalid_argument', /expected an object/],
    ['a field of another type', json, '{"text":1}', 400, 'invalid_argument', /text/],
    [
      'a number out of range',
      json,
      '{"count":"9223372036854775808"}',
      400,
      'invalid_argument',
      /count/,
    ],
    [
      'a field deep inside',
      json,
      '{"inner":{"tags":["a",2]}}',
      400,
      'invalid_argument',
      /inner.*tags.*1/,
    ],
    ['no base64', json, '{"rawBytes":"***"}', 400, 'invalid_argument', /rawBytes/],
    ['no UTF-8', json, Uint8Array.of(0x22, 0xff, 0x22), 400, 'invalid_argument', /not UTF-8/],
    ['no protobuf', proto, Uint8Array.of(0xff), 400, 'invalid_argument', /Word/],
    [
      'a text that is no UTF-8',
      proto,
      Uint8Array.of(10, 1, 0xff),
      400,
      'invalid_argument',
      /UTF-8/,
    ],
    ['a length beyond its end', proto, Uint8Array.of(10, 9, 1), 400, 'invalid_argument', /Word/],
    ['too many bytes', proto, new Uint8Array(1_001), 429, 'resource_exhausted', /1000 bytes/],
  ])('with %s', async (_name, type, body, status, code, message) => {
    const response = await post('/zrpc.talk.Talk/Say', type, body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(json);
    const error = (await response.json()) as { code: string; message: string };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each<[string, Record<string, string>, number, string, RegExp]>([
    [
      'a timeout that is none',
      { 'connect-timeout-ms': 'soon' },
      400,
      'invalid_argument',
      /connect-timeout-ms/,
    ],
    [
      'another version',
      { 'connect-protocol-version': '2' },
      400,
      'invalid_argument',
      /version "2"/,
    ],
    ['an unknown compression', { 'content-encoding': 'br' }, 501, 'unimplemented', /"br"/],
    ['another compression than it says', { 'content-encoding': 'gzip' }, 500, 'internal', /gzip/],
    ['metadata that is no base64', { 'x-a-bin': '*' }, 400, 'invalid_argument', /x-a-bin/],
    ['too much metadata', { 'x-a': 'x'.repeat(1_000) }, 429, 'resource_exhausted', /metadata/],
  ])('with %s', async (_name, headers, status, code, message) => {
    const response = await post('/zrpc.talk.Talk/Say', json, '{}', headers);
    expect(response.status).toBe(status);
    const error = (await response.json()) as { code: string; message: string };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('with a body of unknown length that is too long', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(400));
      },
    });
    const response = await post('/zrpc.talk.Talk/Say', proto, body);
    expect(response.status).toBe(429);
    expect(pulled).toBeLessThan(8);
  });

  test('with a message that inflates beyond the limit', async () => {
    const body = gzipSync(new Uint8Array(100_000));
    const response = await post('/zrpc.talk.Talk/Say', proto, body, { 'content-encoding': 'gzip' });
    expect(await response.json()).toMatchObject({ code: 'resource_exhausted' });
  });

  test('of methods that are not there', async () => {
    for (const type of [json, proto]) {
      for (const path of ['/zrpc.talk.Talk/Nothing', '/a.B/C', '/', '/x']) {
        const response = await post(path, type, '{}');
        expect(response.status).toBe(501);
        expect(await response.json()).toMatchObject({ code: 'unimplemented' });
      }
    }
  });
});

describe('a call by GET', () => {
  const get = (query: string) =>
    handler(new Request(`http://test/zrpc.talk.Talk/Look?${query}`), peer);

  test.each([
    ['encoding=json', 400, /lacks the parameter message/],
    ['encoding=proto&base64=1&message=*', 400, /not base64/],
    ['encoding=proto&base64=2&message=AA', 400, /not base64/],
    ['encoding=json&message={', 400, /not JSON/],
    ['encoding=json&message={}&connect=v2', 400, /version "2"/],
    ['encoding=json&message={}&compression=br', 501, /"br"/],
    ['encoding=json&message={}&compression=gzip', 500, /gzip/],
  ])('with %s', async (query, status, message) => {
    const response = await get(query);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { message: string }).message).toMatch(message);
  });

  test('of an unknown encoding', async () => {
    expect((await get('encoding=xml&message=a')).status).toBe(415);
    expect((await get('message=a')).status).toBe(415);
  });

  test('with all that it may have', async () => {
    const message = gzipSync('{"text":"zipped"}').toString('base64url');
    const response = await get(
      `connect=v1&encoding=json&base64=1&compression=gzip&message=${message}`,
    );
    expect(await response.json()).toEqual({ text: 'zipped' });
    expect(response.headers.get('vary')).toBe('accept-encoding');
  });

  test('of a method with side effects, or of none', async () => {
    for (const name of ['Say', 'Count', 'Nothing']) {
      const url = `http://test/zrpc.talk.Talk/${name}?encoding=json&message={}`;
      const response = await handler(new Request(url), peer);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST, GET');
    }
  });
});

test.each(['text/plain', 'application/grpc', 'application/json; charset=latin1', ''])(
  'the content type %j is not supported',
  async (type) => {
    const response = await post('/zrpc.talk.Talk/Say', type, '{}');
    expect(response.status).toBe(415);
    expect(await response.text()).toStartWith('send content-type: application/json; or one of ');
    const accepted = response.headers.get('accept-post');
    expect(accepted).toContain('application/proto');
    expect(accepted).not.toContain('application/connect+proto');
  },
);

test('a method that streams is not said to take plain JSON', async () => {
  const response = await post('/zrpc.talk.Talk/Count', 'application/json', '{}');
  expect(await response.text()).toStartWith('send content-type: application/connect+json; ');
});

test('unary methods take no stream of Connect, and streaming ones nothing else', async () => {
  for (const [name, type, status] of [
    ['Say', 'application/connect+json', 415],
    ['Count', 'application/json', 415],
    ['Sum', 'application/proto', 415],
    ['Count', 'application/connect+json', 200],
    ['Say', 'application/grpc-web', 200],
  ] as const) {
    expect((await post(`/zrpc.talk.Talk/${name}`, type, '')).status).toBe(status);
  }
});

test.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('%s is no way to call', async (method) => {
  const request = new Request('http://test/zrpc.talk.Talk/Say', { method });
  expect((await handler(request, peer)).status).toBe(405);
});

describe.each([
  ['application/connect+proto', readConnectEnd],
  ['application/grpc-web+proto', readGrpcWebEnd],
  ['application/grpc-web-text', readTextEnd],
] as const)('a stream of %s', (type, readEnd) => {
  const word = Uint8Array.of(24, 1);
  const pack = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> | string => {
    const bytes = Buffer.concat(parts);
    return type.includes('text') ? bytes.toString('base64') : bytes;
  };
  const encoding = type.includes('connect') ? 'connect-content-encoding' : 'grpc-encoding';

  test.each<[string, Uint8Array[], string, RegExp]>([
    [
      'that ends in a header',
      [envelope(0, word), Uint8Array.of(0, 0)],
      'invalid_argument',
      /within a message/,
    ],
    [
      'that ends in a message',
      [envelope(0, word).subarray(0, 6)],
      'invalid_argument',
      /within a message/,
    ],
    ['of unknown flags', [envelope(4, word)], 'invalid_argument', /flags 4/],
    ['with an end of the server', [envelope(endStreamFlag, word)], 'invalid_argument', /flags 2/],
    ['with a trailer', [envelope(trailersFlag, word)], 'invalid_argument', /flags 128/],
    ['that is compressed unannounced', [envelope(1, word)], 'internal', /does not say how/],
    ['that is too long', [Uint8Array.of(0, 0, 0, 4, 0, 1)], 'resource_exhausted', /1024 bytes/],
    ['of no protobuf', [envelope(0, Uint8Array.of(0xff))], 'invalid_argument', /Word/],
  ])('%s', async (_name, parts, code, message) => {
    const response = await post('/zrpc.talk.Talk/Sum', type, pack(...parts));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    const end = await readEnd(response);
    expect(end.code).toBe(code);
    expect(end.message).toMatch(message);
  });

  test('whose message inflates beyond the limit', async () => {
    const bomb = envelope(1, gzipSync(new Uint8Array(100_000)));
    const response = await post('/zrpc.talk.Talk/Sum', type, pack(bomb), { [encoding]: 'gzip' });
    expect(await readEnd(response)).toMatchObject({ code: 'resource_exhausted' });
  });

  test('whose message is not compressed as it says', async () => {
    const response = await post('/zrpc.talk.Talk/Sum', type, pack(envelope(1, word)), {
      [encoding]: 'gzip',
    });
    expect(await readEnd(response)).toMatchObject({ code: 'internal' });
  });

  test.each([
    [{ [encoding]: 'br' }, 'unimplemented'],
    [{ 'x-a-bin': '*' }, 'invalid_argument'],
    [{ 'connect-timeout-ms': '?', 'grpc-timeout': '?' }, 'invalid_argument'],
  ])('with the headers %j is %s', async (headers, code) => {
    const response = await post('/zrpc.talk.Talk/Sum', type, '', headers);
    expect(await readEnd(response)).toMatchObject({ code });
  });

  test('without a message, or with two, where there must be one', async () => {
    for (const parts of [[], [envelope(0, word), envelope(0, word)]]) {
      const response = await post('/zrpc.talk.Talk/Count', type, pack(...parts));
      expect(await readEnd(response)).toMatchObject({ code: 'internal' });
    }
  });

  test('of a method that is not there', async () => {
    const response = await post('/zrpc.talk.Talk/Nothing', type, '');
    expect(await readEnd(response)).toMatchObject({ code: 'unimplemented' });
  });
});

test.each(['QUJ', 'QUJD=', '****', 'AAAAAAA=AAA'])(
  'a body of gRPC-Web text that is %j is invalid_argument',
  async (text) => {
    const response = await post('/zrpc.talk.Talk/Sum', 'application/grpc-web-text', text);
    expect(await readTextEnd(response)).toMatchObject({ code: 'invalid_argument' });
  },
);

function post(
  path: string,
  type: string,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'content-type': type, ...headers } };
  return handler(
    new Request(`http://test${path}`, { ...init, duplex: 'half' } as RequestInit),
    peer,
  );
}

interface End {
  readonly code: string;
  readonly message: string;
}

/** The last envelope is looked for from the front: none of these responses has a message. */
async function readConnectEnd(response: Response): Promise<End> {
  const bytes = await response.bytes();
  expect(bytes[0]).toBe(endStreamFlag);
  return JSON.parse(Buffer.from(bytes.subarray(5)).toString()).error;
}

async function readGrpcWebEnd(response: Response): Promise<End> {
  return endOfTrailer(await response.bytes());
}

async function readTextEnd(response: Response): Promise<End> {
  return endOfTrailer(Buffer.from(await response.text(), 'base64'));
}

function endOfTrailer(bytes: Uint8Array): End {
  expect(bytes[0]).toBe(trailersFlag);
  const text = Buffer.from(bytes.subarray(5)).toString();
  const names = {
    3: 'invalid_argument',
    8: 'resource_exhausted',
    12: 'unimplemented',
    13: 'internal',
  };
  const status = Number(/grpc-status: (\d+)/.exec(text)?.[1]) as keyof typeof names;
  return {
    code: names[status],
    message: decodeURIComponent(/grpc-message: (.*)\r/.exec(text)?.[1] ?? ''),
  };
}
