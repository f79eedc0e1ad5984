import { afterAll, describe, expect, test } from 'bun:test';
import { createServer as createHttpServer } from 'node:http';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { compressor } from '../../compression/compressors.ts';
import { createClient } from '../../core/client.ts';
import { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { type ConnectFetchOptions, connectFetch } from './client/connect-fetch.ts';
import { Talk, talkDesc } from './testing/talk-service.ts';

/* Our client calls a server of connect-es. */

const methods: string[] = [];
const http = createHttpServer(
  connectNodeAdapter({
    routes: (router) => router.service(talkDesc, talkImplementation()),
  }),
);
http.on('request', (request) => methods.push(request.method ?? ''));
await new Promise<void>((resolve) => {
  http.listen(0, '127.0.0.1', resolve);
});
afterAll(() => {
  http.closeAllConnections();
  http.close();
});
const { port } = http.address() as { port: number };
const baseUrl = `http://127.0.0.1:${port}/`;

const clients: [string, Partial<ConnectFetchOptions>][] = [
  ['Connect, binary', {}],
  ['Connect, JSON', { format: 'json' }],
  ['Connect, binary, GET', { useGet: true }],
  ['Connect, JSON, GET', { format: 'json', useGet: true }],
  ['gRPC-Web, binary', { protocol: 'grpc-web' }],
  ['gRPC-Web, JSON', { protocol: 'grpc-web', format: 'json' }],
];

describe.each(clients)('%s', (_name, options) => {
  const client = createClient(Talk, connectFetch({ baseUrl, compressor, ...options }));

  test('a unary call, with all its fields', async () => {
    const word = {
      text: 'hé 🙂',
      rawBytes: Uint8Array.of(0, 255),
      count: -9_007_199_254_740_993n,
      tags: ['a', ''],
    };
    expect(await client.say(word)).toMatchObject(word);
    expect(await client.say({})).toMatchObject({ text: '', count: 0n });
  });

  test('a call without side effects goes by GET when told to', async () => {
    methods.length = 0;
    const word = { text: 'ü&=+/?', rawBytes: Uint8Array.of(251, 255, 62) };
    expect(await client.look(word)).toMatchObject(word);
    expect((await client.look({ text: 'x'.repeat(9_000) })).text).toHaveLength(9_000);
    expect(methods).toEqual([options.useGet ? 'GET' : 'POST', 'POST']);
  });

  test('large messages, compressed and not', async () => {
    const text = 'again and again '.repeat(20_000);
    expect((await client.say({ text })).text).toBe(text);
    expect((await client.say({ text }, { compression: 'gzip' })).text).toBe(text);
  });

  test('metadata', async () => {
    let header = Metadata.empty;
    let trailer = Metadata.empty;
    await client.say(
      {},
      {
        metadata: { 'x-ask': 'a, b', 'x-ask-bin': Uint8Array.of(0, 1, 255) },
        onHeader: (metadata) => {
          header = metadata;
        },
        onTrailer: (metadata) => {
          trailer = metadata;
        },
      },
    );
    expect(header.get('x-answer')).toBe('a, b');
    expect(header.getBytes('x-answer-bin')).toEqual(Uint8Array.of(0, 1, 255));
    expect(trailer.get('x-after')).toBe('a, b');
  });

  test('an error, with its details and metadata', async () => {
    const reasons: unknown[] = [];
    const keep = (metadata: Metadata) => reasons.push(...metadata.getAll('x-why'));
    const call = client.say(
      { text: 'fail', tags: ['ü 100 %'] },
      { onHeader: keep, onTrailer: keep },
    );
    const error = await failure(call);
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toBe('ü 100 %');
    expect(error.details).toEqual([{ type: 'zrpc.talk.Word', value: Uint8Array.of(10, 1, 120) }]);
    expect(reasons).toEqual(['because']);
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
    expect((await failure(reading)).code).toBe('data_loss');
    expect(counts).toEqual([0n, 1n, 2n]);
  });

  test('a client stream', async () => {
    expect((await client.sum(words(1_000))).count).toBe(499_500n);
    expect((await client.sum(words(1_000), { compression: 'gzip' })).count).toBe(499_500n);
    expect((await client.sum(words(0))).count).toBe(0n);
  });

  test('the deadline reaches the server', async () => {
    const error = await failure(client.say({ text: 'wait' }, { timeoutMs: 40 }));
    expect(error.code).toBe('deadline_exceeded');
  });
});

function talkImplementation(): ServiceImpl<typeof talkDesc> {
  return {
    async say(word, context) {
      const asked = context.requestHeader.get('x-ask');
      if (asked !== null) {
        context.responseHeader.set('x-answer', asked);
        context.responseHeader.set('x-answer-bin', context.requestHeader.get('x-ask-bin') ?? '');
        context.responseTrailer.set('x-after', asked);
      }
      if (word.text === 'wait') await new Promise(() => {});
      if (word.text !== 'fail') return word;
      const error = new ConnectError(word.tags[0] ?? '', Code.FailedPrecondition, {
        'x-why': 'because',
      });
      const value = Uint8Array.of(10, 1, 120);
      error.details.push({ type: 'zrpc.talk.Word', value });
      throw error;
    },
    look: (word) => word,
    async *count({ count, text }) {
      for (let i = 0n; i < count; i++) yield { count: i };
      if (text === 'fail') throw new ConnectError('the rest is gone', Code.DataLoss);
    },
    async sum(words) {
      let count = 0n;
      for await (const word of words) count += word.count;
      return { count };
    },
    async *chat(words) {
      for await (const { count } of words) yield { count: count * 2n };
    },
  };
}

async function* words(end: number) {
  for (let count = 0; count < end; count++) yield { count: BigInt(count) };
}

async function failure(call: Promise<unknown>): Promise<RpcError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}
