import { afterAll, describe, expect, test } from 'bun:test';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport as nodeConnect,
  createGrpcWebTransport as nodeGrpcWeb,
} from '@connectrpc/connect-node';
import {
  createConnectTransport as webConnect,
  createGrpcWebTransport as webGrpcWeb,
} from '@connectrpc/connect-web';
import { createServer } from '../../core/server.ts';
import { serveFetch } from './server/serve-fetch.ts';
import { talkHandlers } from './testing/talk-handlers.ts';
import { Talk, talkDesc } from './testing/talk-service.ts';

/* Clients of connect-es call our server. */

const server = createServer().add(Talk, talkHandlers);
const listener = await serveFetch({
  handler: server.handler,
  methods: (path) => server.method(path),
  http2: true,
});
afterAll(() => listener.close({ graceMs: 0 }));

const baseUrl = listener.address;
const formats = [
  ['binary', true],
  ['JSON', false],
] as const;

const web: [string, Transport][] = formats.flatMap(([format, useBinaryFormat]) => [
  [`connect-web, Connect, ${format}`, webConnect({ baseUrl, useBinaryFormat })],
  [
    `connect-web, Connect by GET, ${format}`,
    webConnect({ baseUrl, useBinaryFormat, useHttpGet: true }),
  ],
  [`connect-web, gRPC-Web, ${format}`, webGrpcWeb({ baseUrl, useBinaryFormat })],
]);
const node: [string, Transport][] = formats.flatMap(([format, useBinaryFormat]) =>
  (['1.1', '2'] as const).flatMap((httpVersion) => [
    [
      `connect-node, Connect, ${format}, HTTP/${httpVersion}`,
      nodeConnect({ baseUrl, httpVersion, useBinaryFormat }),
    ] as [string, Transport],
    [
      `connect-node, gRPC-Web, ${format}, HTTP/${httpVersion}`,
      nodeGrpcWeb({ baseUrl, httpVersion, useBinaryFormat }),
    ] as [string, Transport],
  ]),
);

describe.each([...web, ...node])('%s', (_name, transport) => {
  const client = createClient(talkDesc, transport);

  test('a unary call, with all its fields', async () => {
    const word = {
      text: 'hé 🙂',
      rawBytes: Uint8Array.of(0, 255),
      count: -9_007_199_254_740_993n,
      tags: ['a', ''],
      inner: { text: 'in' },
    };
    expect(await client.say(word)).toMatchObject(word);
    expect(await client.look(word)).toMatchObject(word);
    expect(await client.say({})).toMatchObject({ text: '', count: 0n });
  });

  test('a large message, which is compressed where the client takes it', async () => {
    const text = 'again and again '.repeat(20_000);
    expect((await client.say({ text })).text).toBe(text);
  });

  test('metadata', async () => {
    let header = new Headers();
    let trailer = new Headers();
    await client.say(
      {},
      {
        headers: { 'x-ask': 'a, b', 'x-ask-bin': 'AAH/' },
        onHeader: (headers) => {
          header = headers;
        },
        onTrailer: (trailers) => {
          trailer = trailers;
        },
      },
    );
    expect(header.get('x-answer')).toBe('a, b');
    expect(header.get('x-answer-bin')).toBe('AAH/');
    expect(trailer.get('x-after')).toBe('a, b');
    expect(trailer.get('x-after-bin')).toBe('AP8');
  });

  test('an error, with its details and metadata', async () => {
    const call = client.say({ text: 'fail', tags: ['ü 100 %'] }, { headers: { 'x-ask': 'why' } });
    const error = await failure(call);
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe('ü 100 %');
    expect(error.details).toMatchObject([
      { type: 'zrpc.talk.Word', value: Uint8Array.of(10, 1, 120) },
    ]);
    expect(error.metadata.get('x-answer')).toBe('why');
  });

  test('a server stream', async () => {
    const counts: bigint[] = [];
    for await (const { count } of client.count({ count: 500n })) counts.push(count);
    expect(counts).toEqual(Array.from({ length: 500 }, (_, i) => BigInt(i)));
  });

  test('a server stream that fails after its messages', async () => {
    const counts: bigint[] = [];
    const reading = (async () => {
      for await (const { count } of client.count({ count: 3n, text: 'fail' })) counts.push(count);
    })();
    expect((await failure(reading)).code).toBe(Code.DataLoss);
    expect(counts).toEqual([0n, 1n, 2n]);
  });

  test('a deadline', async () => {
    const call = client.say({ text: 'wait' }, { timeoutMs: 30 });
    expect((await failure(call)).code).toBe(Code.DeadlineExceeded);
  });
});

describe.each(node)('%s', (_name, transport) => {
  const client = createClient(talkDesc, transport);

  test('a client stream', async () => {
    expect((await client.sum(words(1_000))).count).toBe(499_500n);
    expect((await client.sum(words(0))).count).toBe(0n);
  });
});

describe.each(node.filter(([name]) => name.endsWith('HTTP/2')))('%s', (_name, transport) => {
  const client = createClient(talkDesc, transport);

  test('a bidirectional stream, in turn', async () => {
    const answers: bigint[] = [];
    let wake: (() => void) | undefined;
    async function* asks() {
      for (let count = 1n; count <= 5n; count++) {
        yield { count };
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    for await (const { count } of client.chat(asks())) {
      answers.push(count);
      wake?.();
    }
    expect(answers).toEqual([2n, 4n, 6n, 8n, 10n]);
  });
});

async function* words(end: number) {
  for (let count = 0; count < end; count++) yield { count: BigInt(count) };
}

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}
