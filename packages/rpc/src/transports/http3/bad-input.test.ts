import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Listener } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { limitsWith } from '../../core/limits.ts';
import { createServer } from '../../core/server.ts';
import { Notes } from '../../testing/note-service.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { testMethod, testOpenOptions } from '../../testing/test-method.ts';
import { envelope } from '../fetch/wire/envelope-writer.ts';
import type { HeaderFields } from '../quic/node-quic.ts';
import type { QuicConnection } from '../quic/quic-connection.ts';
import { dialQuicEndpoint, listenQuicEndpoint, type QuicListener } from '../quic/quic-endpoint.ts';
import { QuicByteStream } from '../quic/quic-stream.ts';
import { dialHttp3, listenHttp3 } from './http3.ts';

const certificates = await testCertificates();
const serverTls = { cert: certificates.server.certificate, key: certificates.server.key };
const clientTls = { ca: certificates.authority };
const endpoint = { host: '127.0.0.1', protocol: 'h3', scheme: 'https' } as const;
const request: HeaderFields = {
  ':method': 'POST',
  ':scheme': 'https',
  ':authority': 'localhost',
  ':path': '/zrpc.test.Notes/Echo',
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** What a peer at the level of HTTP/3 was told. */
class Exchange {
  readonly stream: QuicByteStream;
  headers: HeaderFields | undefined;
  trailers: HeaderFields | undefined;
  readonly over: Promise<string>;

  constructor(stream: QuicByteStream) {
    this.stream = stream;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.over = promise;
    stream.handler = {
      onData() {},
      onDrain() {},
      onHeaders: (fields) => {
        this.headers = fields;
        if (fields['grpc-status'] !== undefined) resolve('headers');
      },
      onTrailers: (fields) => {
        this.trailers = fields;
        resolve('trailers');
      },
      onEnd: () => {},
      onReset: (code) => resolve(`reset ${code.toString(16)}`),
    };
  }

  /** `grpc-status`, wherever it came. */
  get status(): unknown {
    return this.trailers?.['grpc-status'] ?? this.headers?.['grpc-status'];
  }
}

describe('a server and a client that breaks the rules', () => {
  let listener: Listener;
  let quic: QuicConnection;
  let port: number;

  beforeAll(async () => {
    const handler = createServer().add(Notes, {
      echo: (note) => note,
      async collect(notes, { signal }) {
        // Reads nothing until the call has failed.
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        for await (const _ of notes);
        return {};
      },
    }).handler;
    const limits = { maxMessageBytes: 10_000, maxQueuedBytes: 100_000 };
    listener = await listenHttp3({ host: '127.0.0.1', port: 0, tls: serverTls, handler, limits });
    port = Number(new URL(listener.address).port);
    const dialled = await dialQuicEndpoint({
      ...endpoint,
      port,
      tls: clientTls,
      limits: limitsWith(undefined),
    });
    await dialled.opened;
    quic = dialled.connection;
  });

  afterAll(async () => {
    quic.close(0x100, '');
    await listener.close({ graceMs: 0 });
  });

  function send(changes: HeaderFields, ...body: Uint8Array[]): Exchange {
    const exchange = new Exchange(quic.openStream());
    exchange.stream.sendHeaders({ ...request, ...changes });
    for (const bytes of body) exchange.stream.write(bytes);
    exchange.stream.end();
    return exchange;
  }

  async function statusOf(changes: HeaderFields, ...body: Uint8Array[]): Promise<unknown> {
    const exchange = send(changes, ...body);
    await exchange.over;
    return exchange.status;
  }

  async function stillWorks(): Promise<void> {
    const connection = await dialHttp3({ host: '127.0.0.1', port, tls: clientTls });
    expect((await createClient(Notes, connection).echo({ text: 'well' })).text).toBe('well');
    await connection.close();
  }

  test('is answered with HTTP statuses for what is not gRPC', async () => {
    const get = send({ ':method': 'GET' });
    await get.over;
    expect(get.headers?.[':status']).toBe('405');
    const json = send({ 'content-type': 'application/json' });
    await json.over;
    expect(json.headers?.[':status']).toBe('415');
  });

  test('is told what is wrong with its fields', async () => {
    const empty = envelope(0, new Uint8Array(0));
    expect(await statusOf({ 'grpc-timeout': 'soon' }, empty)).toBe('3');
    expect(await statusOf({ 'grpc-encoding': 'lzma' }, empty)).toBe('12');
    expect(await statusOf({ 'x-data-bin': '%%%' }, empty)).toBe('3');
    expect(await statusOf({ 'x-large': 'x'.repeat(17_000) }, empty)).toBe('8');
    expect(await statusOf({ ':path': '/nothing' }, empty)).toBe('12');
    expect(await statusOf({}, empty)).toBe('0');
  });

  test('is told what is wrong with its messages', async () => {
    expect(await statusOf({}, Uint8Array.of(0, 0, 1, 0, 0))).toBe('8');
    expect(await statusOf({}, Uint8Array.of(2, 0, 0, 0, 0))).toBe('13');
    expect(await statusOf({}, Uint8Array.of(1, 0, 0, 0, 0))).toBe('13');
    expect(await statusOf({}, Uint8Array.of(0, 0, 0, 0, 9, 1))).toBe('13');
    await stillWorks();
  });

  test('survives bodies of any bytes', async () => {
    const bodies = fc.sample(fc.uint8Array({ maxLength: 60 }), { numRuns: 60, seed: 11 });
    const statuses = await Promise.all(bodies.map((body) => statusOf({}, body)));
    for (const status of statuses) expect(status).toMatch(/^[0-9]+$/);
    await stillWorks();
  });

  test('does not hold more than the limit of what no handler reads', async () => {
    const exchange = new Exchange(quic.openStream());
    exchange.stream.sendHeaders({ ...request, ':path': '/zrpc.test.Notes/Collect' });
    const note = new Uint8Array(8_003);
    note.set([0x12, 0xc0, 0x3e]);
    for (let i = 0; i < 60; i++) exchange.stream.write(envelope(0, note));
    await exchange.over;
    expect(exchange.status).toBe('8');
    await stillWorks();
  });
});

describe('a client and a server that breaks the rules', () => {
  let listener: QuicListener;
  let answer: (stream: QuicByteStream) => void = () => {};

  beforeAll(async () => {
    listener = await listenQuicEndpoint({
      ...endpoint,
      port: 0,
      tls: serverTls,
      limits: limitsWith(undefined),
      earlyData: false,
      onRefused() {},
      accept(quic) {
        quic.handler = {
          onClose() {},
          onStream() {
            const stream = new QuicByteStream();
            const ignore = () => {};
            const onHeaders = () => answer(stream);
            stream.handler = {
              onData: ignore,
              onDrain: ignore,
              onEnd: ignore,
              onReset: ignore,
              onHeaders,
            };
            return stream;
          },
        };
      },
    });
  });
  afterAll(() => listener.close());

  async function outcome(how: (stream: QuicByteStream) => void): Promise<RecordingSink> {
    answer = how;
    const { port } = listener;
    const connection = await dialHttp3({ host: '127.0.0.1', port, tls: clientTls });
    const sink = new RecordingSink();
    const call = connection.open(testMethod(), testOpenOptions(), sink);
    call.sendMessage(new Uint8Array(3));
    call.sendEnd();
    await sink.end;
    await connection.close();
    return sink;
  }

  const header = { ':status': '200', 'content-type': 'application/grpc' };

  test('takes a status without messages', async () => {
    const sink = await outcome((stream) =>
      stream.sendOnlyHeaders({ ...header, 'grpc-status': '5', 'grpc-message': 'none%20here' }),
    );
    expect(sink.trailer?.error).toMatchObject({ code: 'not_found', message: 'none here' });
  });

  test('names an answer that is not gRPC', async () => {
    const page = { ':status': '503', 'content-type': 'text/html' };
    const sink = await outcome((stream) => stream.sendOnlyHeaders(page));
    expect(sink.trailer?.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(sink.trailer?.error?.message).toContain('HTTP status 503 with "text/html"');
  });

  test('does not take an answer without trailers for a good one', async () => {
    const sink = await outcome((stream) => {
      stream.sendHeaders(header);
      stream.write(envelope(0, new Uint8Array(4)));
      stream.end();
    });
    expect(sink.code).toBe('internal');
    expect(sink.messages.length).toBe(1);
  });

  test('finds trailers that the runtime gives out as the end of the body', async () => {
    const section = Buffer.from('00002f019acac8b21234da8f01382161016d', 'hex');
    const sink = await outcome((stream) => {
      stream.sendHeaders(header);
      stream.write(envelope(0, new Uint8Array(4)));
      stream.write(section);
      stream.end();
    });
    expect(sink.code).toBe('resource_exhausted');
    expect(sink.trailer?.metadata.get('a')).toBe('m');
    expect(sink.messages.length).toBe(1);
  });

  test('nor one with trailers that have no status', async () => {
    const sink = await outcome((stream) => {
      stream.sendHeaders(header);
      stream.sendTrailers({ 'x-other': '1' });
    });
    expect(sink.trailer?.error?.message).toContain('no grpc-status');
  });

  test('nor one that is cut within a message', async () => {
    const sink = await outcome((stream) => {
      stream.sendHeaders(header);
      stream.write(envelope(0, new Uint8Array(9)).subarray(0, 8));
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    expect(sink.trailer?.error?.message).toContain('within a message');
  });

  test('may send a call again that the server has not taken', async () => {
    const sink = await outcome((stream) => stream.reset(0x10b));
    expect(sink.trailer?.error).toMatchObject({ code: 'unavailable', retryable: true });
  });

  test('knows a server that gives up', async () => {
    expect((await outcome((stream) => stream.reset(0x107))).code).toBe('resource_exhausted');
    expect((await outcome((stream) => stream.reset(0x102))).code).toBe('internal');
  });
});
