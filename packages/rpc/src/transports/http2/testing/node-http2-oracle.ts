import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Listener, okTrailer, type Trailer, type Transport } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { RecordingSink } from '../../../testing/recording-sink.ts';
import { testMethod, testOpenOptions } from '../../../testing/test-method.ts';
import { connectHttp2 } from '../connect-http2.ts';
import type { Http2Limits } from '../http2-limits.ts';
import { listenHttp2 } from '../listen-http2.ts';
import { message } from './raw-peer.ts';

/*
 * `node:http2` as the other side of our framing and HPACK: another implementation of both, spoken to
 * as gRPC.
 */

type Case = () => Promise<void>;

/** Registers the cases as tests of any runner. */
export function nodeHttp2Tests(test: (name: string, run: Case) => unknown): void {
  for (const [name, run] of Object.entries({ ...itsClient, ...itsServer })) {
    test(`node:http2: ${name}`, run);
  }
}

const request = {
  ':method': 'POST',
  ':path': '/test.Service/Method',
  te: 'trailers',
  'content-type': 'application/grpc',
};

/** Our server, which sends every message back and tells of the metadata that it saw. */
async function echoServer(): Promise<Listener> {
  return await listenHttp2({
    host: '127.0.0.1',
    port: 0,
    handler(call) {
      const header = new Metadata();
      for (const [name, value] of call.metadata)
        if (name.startsWith('x-')) header.append(name, value);
      call.sink = {
        onMessage(bytes) {
          call.sendHeader(header);
          if (!call.sendMessage(bytes)) call.pause();
        },
        onHalfClose: () => call.sendEnd({ error: undefined, metadata: header }),
        onCancel: () => call.sendEnd(okTrailer),
        onWritable: () => call.resume(),
      };
    },
  });
}

async function withSession(
  run: (session: ClientHttp2Session) => Promise<void>,
  settings: Parameters<typeof connect>[1] = {},
): Promise<void> {
  const listener = await echoServer();
  const session = connect(listener.address, settings);
  try {
    await run(session);
  } finally {
    session.destroy();
    await listener.close({ graceMs: 0 });
  }
}

interface Answer {
  readonly header: IncomingHttpHeaders;
  readonly trailer: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let header: IncomingHttpHeaders = {};
  let trailer: IncomingHttpHeaders = {};
  const parts: Buffer[] = [];
  stream.on('response', (headers) => {
    header = headers;
  });
  stream.on('trailers', (headers) => {
    trailer = headers;
  });
  stream.on('data', (bytes: Buffer) => parts.push(bytes));
  await once(stream, 'end');
  return { header, trailer, body: Buffer.concat(parts) };
}

const itsClient: Record<string, Case> = {
  'its client makes a call': () =>
    withSession(async (session) => {
      const stream = session.request(request);
      stream.end(message('hello'));
      const { header, trailer, body } = await answerOf(stream);
      assert.equal(header[':status'], 200);
      assert.equal(header['content-type'], 'application/grpc+proto');
      assert.equal(trailer['grpc-status'], '0');
      assert.deepEqual(body, message('hello'));
    }),

  'its client sends headers of every kind, again and again': () =>
    withSession(async (session) => {
      for (let i = 0; i < 60; i++) {
        const fields = {
          'x-same': 'the same in every call',
          'x-changing': `call ${i} of this connection`,
          'x-long': 'v'.repeat((i * 97) % 1_500),
          [`x-name-${i % 7}`]: String(i),
        };
        const stream = session.request({ ...request, ...fields });
        stream.end(message('x'));
        const { header, trailer } = await answerOf(stream);
        for (const [name, value] of Object.entries(fields)) {
          assert.equal(header[name], value);
          assert.equal(trailer[name], value);
        }
      }
    }),

  'its client sends and reads megabytes within small windows': () =>
    withSession(
      async (session) => {
        const large = Buffer.alloc(3_000_000, 'large ');
        const stream = session.request(request);
        stream.end(Buffer.concat([message(large), message('x'), message(large)]));
        const { body, trailer } = await answerOf(stream);
        assert.equal(trailer['grpc-status'], '0');
        assert.ok(body.equals(Buffer.concat([message(large), message('x'), message(large)])));
      },
      { settings: { initialWindowSize: 1_000, maxFrameSize: 16_384 } },
    ),

  'its client has no room in its header table': () =>
    withSession(
      async (session) => {
        for (let i = 0; i < 5; i++) {
          const stream = session.request({ ...request, 'x-a': 'b' });
          stream.end(message('x'));
          const { header, trailer } = await answerOf(stream);
          assert.equal(header['x-a'], 'b');
          assert.equal(trailer['grpc-status'], '0');
        }
      },
      { settings: { headerTableSize: 0 } },
    ),

  'its client has many streams open at once': () =>
    withSession(async (session) => {
      const texts = Array.from({ length: 200 }, (_, i) => `call ${i} `.repeat(i * 10));
      const bodies = await Promise.all(
        texts.map(async (text) => {
          const stream = session.request(request);
          stream.end(message(text));
          return (await answerOf(stream)).body;
        }),
      );
      for (const [i, text] of texts.entries()) assert.ok(bodies[i]?.equals(message(text)));
    }),

  'its client gives a call up and pings': () =>
    withSession(async (session) => {
      const stream = session.request(request);
      stream.write(message('x'));
      await once(stream, 'data');
      stream.close(8);
      await once(stream, 'close');
      await new Promise<void>((resolve, reject) => {
        session.ping((error) => (error ? reject(error) : resolve()));
      });
    }),
};

/** Its server, which answers each call as `answer` says, and a client of ours. */
async function withServer(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  run: (transport: Transport) => Promise<void>,
  settings: Parameters<typeof createServer>[0] = {},
  limits: Partial<Http2Limits> = {},
): Promise<void> {
  const server: Http2Server = createServer(settings);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream as ServerHttp2Stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const transport = connectHttp2({ url: `http://127.0.0.1:${address.port}`, limits });
  try {
    await run(transport);
  } finally {
    await transport.close();
    server.close();
  }
}

interface CallResult {
  readonly trailer: Trailer;
  readonly sink: RecordingSink;
}

async function call(
  transport: Transport,
  messages: readonly (string | Uint8Array)[],
  metadata: Metadata = Metadata.empty,
): Promise<CallResult> {
  const sink = new RecordingSink();
  const opened = transport.open(testMethod(), testOpenOptions({ metadata }), sink);
  for (const one of messages) opened.sendMessage(Buffer.from(one));
  opened.sendEnd();
  return { trailer: await sink.end, sink };
}

/** Sends everything back, and the headers in `x-` as header and trailer. */
function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const seen = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('x-')),
  );
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', ...seen },
    { waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', ...seen }));
  stream.pipe(stream);
}

const itsServer: Record<string, Case> = {
  'its server takes a call': () =>
    withServer(
      (stream, headers) => {
        assert.equal(headers[':method'], 'POST');
        assert.equal(headers[':path'], '/test.Service/Method');
        assert.equal(headers[':scheme'], 'http');
        assert.match(String(headers[':authority']), /^127\.0\.0\.1:\d+$/);
        assert.equal(headers.te, 'trailers');
        assert.equal(headers['content-type'], 'application/grpc+proto');
        assert.equal(headers['user-agent'], 'zrpc');
        echo(stream, headers);
      },
      async (transport) => {
        const { trailer, sink } = await call(transport, ['hello', '', 'you']);
        assert.equal(trailer.error, undefined);
        assert.deepEqual(sink.texts, ['hello', '', 'you']);
      },
    ),

  'its server reads our headers, again and again': () =>
    withServer(echo, async (transport) => {
      for (let i = 0; i < 60; i++) {
        const metadata = Metadata.from({
          'x-same': 'the same in every call',
          'x-changing': `call ${i} of this connection`,
          'x-long': 'v'.repeat((i * 97) % 1_500),
          [`x-name-${i % 7}`]: String(i),
        });
        const { trailer, sink } = await call(transport, ['x'], metadata);
        for (const [name, value] of metadata) {
          assert.equal(sink.header?.get(name), value);
          assert.equal(trailer.metadata.get(name), value);
        }
      }
    }),

  'its server reads headers that are longer than a frame': () =>
    withServer(
      echo,
      async (transport) => {
        const metadata = Metadata.from({ 'x-a': 'a'.repeat(25_000), 'x-b': 'b'.repeat(25_000) });
        const { trailer, sink } = await call(transport, ['x'], metadata);
        assert.equal(trailer.error, undefined);
        assert.equal(sink.header?.get('x-b'), metadata.get('x-b'));
      },
      { settings: { maxHeaderListSize: 100_000 } },
      { maxMetadataBytes: 100_000 },
    ),

  'its server has small windows and no header table': () =>
    withServer(
      echo,
      async (transport) => {
        const large = Buffer.alloc(1_000_000, 'large ');
        const { trailer, sink } = await call(
          transport,
          [large, 'x', large],
          Metadata.from({ 'x-a': 'b' }),
        );
        assert.equal(trailer.error, undefined);
        assert.equal(sink.header?.get('x-a'), 'b');
        assert.deepEqual(
          sink.messages.map(({ length }) => length),
          [large.length, 1, large.length],
        );
        assert.ok(sink.messages.every((one) => one.length === 1 || large.equals(one)));
      },
      { settings: { initialWindowSize: 5_000, headerTableSize: 0 } },
    ),

  'its server takes few streams at once: the others wait': () =>
    withServer(
      echo,
      async (transport) => {
        const all = await Promise.all(
          Array.from({ length: 50 }, (_, i) => call(transport, [`call ${i}`])),
        );
        for (const [i, { sink, trailer }] of all.entries()) {
          assert.equal(trailer.error, undefined);
          assert.deepEqual(sink.texts, [`call ${i}`]);
        }
      },
      { settings: { maxConcurrentStreams: 3 } },
    ),

  'its server answers without gRPC': () =>
    withServer(
      (stream) => {
        stream.respond({ ':status': 503, 'content-type': 'text/html' });
        stream.end('<p>Sorry</p>');
      },
      async (transport) => {
        const { trailer } = await call(transport, ['x']);
        assert.equal(trailer.error?.code, 'unavailable');
        assert.match(trailer.error?.message ?? '', /HTTP status 503 with "text\/html"/);
      },
    ),

  'its server goes away': () =>
    withServer(
      (stream, headers) => {
        echo(stream, headers);
        stream.session?.goaway(0);
      },
      async (transport) => {
        for (let i = 0; i < 3; i++) {
          const { trailer, sink } = await call(transport, [`after ${i}`]);
          assert.equal(trailer.error, undefined);
          assert.deepEqual(sink.texts, [`after ${i}`]);
        }
      },
    ),
};
