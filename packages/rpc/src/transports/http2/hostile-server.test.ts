import { afterEach, describe, expect, test } from 'bun:test';
import type { Server } from 'node:net';
import type { ClientCall, Transport } from '../../core/call.ts';
import { isRefused } from '../../core/refused.ts';
import type { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { connectHttp2 } from './connect-http2.ts';
import { errorCode, frameFlag, frameType } from './frame.ts';
import type { Http2Limits } from './http2-limits.ts';
import {
  block,
  frame,
  message,
  type RawPeer,
  rawServer,
  settingsPayload,
  u32,
} from './testing/raw-peer.ts';

/*
 * Servers that break the rules, as bytes on a real socket: every call ends with a status that names
 * the fault, and where HTTP/2 allows it the connection goes on.
 */

const { data, headers, resetStream, settings, ping, goaway, windowUpdate } = frameType;
const { endStream, endHeaders, ack } = frameFlag;

const ok = block({ ':status': '200', 'content-type': 'application/grpc' });
const header = frame(headers, endHeaders, 1, ok);
const trailer = frame(headers, endHeaders | endStream, 1, block({ 'grpc-status': '0' }));

let server: Server | undefined;
let transport: Transport | undefined;

afterEach(async () => {
  server?.close();
  await transport?.close();
  server = undefined;
  transport = undefined;
});

/** A client of a server that does on each connection as `script` says. */
async function clientOf(
  script: (peer: RawPeer) => void | Promise<void>,
  limits: Partial<Http2Limits> = {},
): Promise<Transport> {
  const raw = await rawServer(script);
  server = raw.server;
  transport = connectHttp2({ url: `http://127.0.0.1:${raw.port}`, limits });
  return transport;
}

/** A client of a server that says hello and, once the first request has come, the given frames. */
async function clientOfAnswers(
  limits: Partial<Http2Limits>,
  ...answers: (Uint8Array | string)[]
): Promise<{ client: Transport; peer: Promise<RawPeer> }> {
  const peer = Promise.withResolvers<RawPeer>();
  const client = await clientOf(async (connected) => {
    peer.resolve(connected);
    connected.send(frame(settings, 0, 0));
    await connected.next(({ type }) => type === headers);
    connected.send(...answers);
  }, limits);
  return { client, peer: peer.promise };
}

function begin(
  client: Transport,
  sink = new RecordingSink(),
): { sink: RecordingSink; call: ClientCall } {
  return { sink, call: client.open(testMethod(), testOpenOptions(), sink) };
}

async function result(client: Transport): Promise<RecordingSink> {
  const { sink, call } = begin(client);
  call.sendMessage(utf8('x'));
  call.sendEnd();
  await sink.end;
  return sink;
}

/** How a call ends that is answered by these frames. */
async function endAfter(...answers: (Uint8Array | string)[]): Promise<RecordingSink> {
  return await result((await clientOfAnswers({}, ...answers)).client);
}

function errorOf(sink: RecordingSink): RpcError {
  const error = sink.trailer?.error;
  if (error === undefined) throw new Error('the call should have failed');
  return error;
}

const trailersOnly = (fields: Record<string, string>): Buffer =>
  frame(
    headers,
    endHeaders | endStream,
    1,
    block({ ':status': '200', 'content-type': 'application/grpc', ...fields }),
  );

describe('answers', () => {
  test('in order', async () => {
    const sink = await endAfter(header, frame(data, 0, 1, message('hello')), trailer);
    expect(sink.code).toBe('ok');
    expect(sink.texts).toEqual(['hello']);
  });

  test('cut into bytes', async () => {
    const client = await clientOf(async (peer) => {
      peer.send(frame(settings, 0, 0));
      await peer.next(({ type }) => type === headers);
      const answer = Buffer.concat([header, frame(data, 0, 1, message('hello')), trailer]);
      for (const byte of answer) {
        await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
      }
    });
    const sink = await result(client);
    expect(sink.code).toBe('ok');
    expect(sink.texts).toEqual(['hello']);
  });

  test('after informational headers', async () => {
    const hints = frame(headers, endHeaders, 1, block({ ':status': '103', link: '</x>' }));
    expect((await endAfter(hints, hints, header, trailer)).code).toBe('ok');
  });

  test('without header: trailers only', async () => {
    const fields = { 'grpc-status': '5', 'grpc-message': 'caf%C3%A9 100%25', 'x-why': 'because' };
    const sink = await endAfter(trailersOnly(fields));
    expect(sink.code).toBe('not_found');
    expect(errorOf(sink).message).toBe('café 100%');
    expect(sink.trailer?.metadata.get('x-why')).toBe('because');
    expect(sink.header).toBeUndefined();
  });

  test('with a status that gRPC does not have', async () => {
    for (const status of ['99', 'x', '-1', '1e0']) {
      expect((await endAfter(trailersOnly({ 'grpc-status': status }))).code).toBe('unknown');
      await transport?.close();
      server?.close();
    }
  });

  test('without status, without trailers, without anything', async () => {
    const cases = [
      [header, frame(headers, endHeaders | endStream, 1, block({ a: 'b' }))],
      [header, frame(data, endStream, 1, message('x'))],
      [header, frame(data, endStream, 1)],
      [trailersOnly({})],
    ];
    for (const answers of cases) {
      const sink = await endAfter(...answers);
      expect(sink.code).toBe('internal');
      expect(errorOf(sink).message).toMatch(/trailers/);
      await transport?.close();
      server?.close();
    }
  });

  test('that are not gRPC', async () => {
    const codes = {
      400: 'internal',
      401: 'unauthenticated',
      403: 'permission_denied',
      404: 'unimplemented',
      429: 'unavailable',
      502: 'unavailable',
      500: 'unknown',
      200: 'unknown',
    };
    for (const [status, code] of Object.entries(codes)) {
      const html = block({ ':status': status, 'content-type': 'text/html' });
      const sink = await endAfter(
        frame(headers, endHeaders, 1, html),
        frame(data, endStream, 1, '<p>'),
      );
      expect(sink.code).toBe(code);
      expect(errorOf(sink).message).toContain(`HTTP status ${status}`);
      await transport?.close();
      server?.close();
    }
  });

  const faulty: Record<string, [string, ...Buffer[]]> = {
    'messages before the header': ['internal', frame(data, 0, 1, message('x'))],
    'a header without status': [
      'internal',
      frame(headers, endHeaders, 1, block({ 'content-type': 'application/grpc' })),
    ],
    'a header with a path': [
      'internal',
      frame(headers, endHeaders, 1, block({ ':status': '200', ':path': '/' })),
    ],
    'a second header': ['internal', header, header],
    'trailers with a status': ['internal', header, trailersOnly({ 'grpc-status': '0' })],
    'an unknown compression': [
      'internal',
      frame(
        headers,
        endHeaders,
        1,
        block({ ':status': '200', 'content-type': 'application/grpc', 'grpc-encoding': 'br' }),
      ),
    ],
    'a message compressed in a way nobody named': [
      'internal',
      header,
      frame(data, 0, 1, message('x', 1)),
    ],
    'half a message': [
      'internal',
      header,
      frame(data, 0, 1, message('xyz').subarray(0, 6)),
      trailer,
    ],
    'half a prefix': ['internal', header, frame(data, 0, 1, '\0'), trailer],
    'a message above the limit': [
      'resource_exhausted',
      header,
      frame(data, 0, 1, message('').fill(0xff, 1)),
    ],
    'metadata above the limit': [
      'resource_exhausted',
      frame(
        headers,
        endHeaders,
        1,
        block({ ':status': '200', 'content-type': 'application/grpc', x: 'x'.repeat(16_384) }),
      ),
    ],
    'metadata that is not base64': [
      'internal',
      frame(
        headers,
        endHeaders,
        1,
        block({ ':status': '200', 'content-type': 'application/grpc', 'x-bin': '!' }),
      ),
    ],
    'DATA beyond its window': [
      'internal',
      header,
      ...Array.from({ length: 17 }, () => frame(data, 0, 1, Buffer.alloc(16_000, 1))),
    ],
  };

  test.each(Object.entries(faulty))('%s', async (name, [code, ...answers]) => {
    const limits = name.startsWith('DATA') ? { streamWindowBytes: 1_000 } : {};
    const { client, peer } = await clientOfAnswers(limits, ...answers);
    const { sink, call } = begin(client);
    call.pause();
    call.sendMessage(utf8('x'));
    call.sendEnd();
    if (!name.startsWith('DATA')) call.resume();
    await sink.end;
    expect(sink.code).toBe(code);
    // The connection takes another call.
    const next = begin(client);
    const raw = await peer;
    await raw.next((one) => one.type === headers && one.stream === 3);
    raw.send(
      frame(
        headers,
        endHeaders | endStream,
        3,
        block({ ':status': '200', 'content-type': 'application/grpc', 'grpc-status': '0' }),
      ),
    );
    await next.sink.end;
    expect(next.sink.code).toBe('ok');
  });
});

describe('resets', () => {
  const codes = {
    noError: 'internal',
    protocolError: 'internal',
    internalError: 'internal',
    flowControlError: 'internal',
    streamClosed: 'internal',
    refusedStream: 'unavailable',
    cancel: 'canceled',
    compressionError: 'internal',
    connectError: 'internal',
    enhanceYourCalm: 'resource_exhausted',
    inadequateSecurity: 'permission_denied',
  } as const;

  test.each(Object.entries(codes))('%s', async (name, code) => {
    const number = errorCode[name as keyof typeof codes];
    const sink = await endAfter(header, frame(resetStream, 0, 1, u32(number)));
    expect(sink.code).toBe(code);
    expect(isRefused(errorOf(sink))).toBe(name === 'refusedStream');
  });
});

test('a reset after the deadline tells of the deadline', async () => {
  const { client } = await clientOfAnswers({}, frame(resetStream, 0, 1, u32(errorCode.cancel)));
  const sink = new RecordingSink();
  client.open(testMethod(), testOpenOptions({ deadlineAt: performance.now() }), sink).sendEnd();
  await sink.end;
  expect(sink.code).toBe('deadline_exceeded');
});

describe('connections', () => {
  test('a server that closes at once, or within a call', async () => {
    const at = await clientOf((peer) => peer.close());
    expect((await result(at)).code).toBe('unavailable');
    await at.close();
    server?.close();
    const within = await clientOf(async (peer) => {
      peer.send(frame(settings, 0, 0));
      await peer.next(({ type }) => type === headers);
      peer.close();
    });
    const sink = await result(within);
    expect(sink.code).toBe('unavailable');
    expect(isRefused(errorOf(sink))).toBe(false);
  });

  test('a server of HTTP/1.1', async () => {
    const client = await clientOf((peer) => peer.send('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const sink = await result(client);
    expect(sink.code).toBe('unavailable');
    expect(errorOf(sink).message).toContain('does not speak HTTP/2');
  });

  test('a server that says nothing', async () => {
    const client = await clientOf(() => {}, { handshakeTimeoutMs: 50 });
    const sink = await result(client);
    expect(sink.code).toBe('unavailable');
    expect(errorOf(sink).message).toContain('handshake');
  });

  test('the next call after a lost connection dials again', async () => {
    let connections = 0;
    const client = await clientOf(async (peer) => {
      connections++;
      peer.send(frame(settings, 0, 0));
      await peer.next(({ type }) => type === headers);
      if (connections === 1) peer.close();
      else peer.send(header, trailer);
    });
    expect((await result(client)).code).toBe('unavailable');
    expect((await result(client)).code).toBe('ok');
    expect(connections).toBe(2);
  });

  test('GOAWAY: calls above the last stream were not seen, the others end', async () => {
    const client = await clientOf(async (peer) => {
      peer.send(frame(settings, 0, 0));
      await peer.next((one) => one.type === headers && one.stream === 3);
      peer.send(frame(goaway, 0, 0, Buffer.concat([u32(1), u32(0), Buffer.from('bye')])));
      peer.send(header, trailer);
    });
    const first = begin(client);
    const second = begin(client);
    await Promise.all([first.sink.end, second.sink.end]);
    expect(first.sink.code).toBe('ok');
    expect(second.sink.code).toBe('unavailable');
    expect(errorOf(second.sink).message).toContain('bye');
    expect(isRefused(errorOf(second.sink))).toBe(true);
  });

  const fatal: Record<string, [number, ...Buffer[]]> = {
    PUSH_PROMISE: [errorCode.protocolError, frame(5, endHeaders, 1, Buffer.concat([u32(2), ok]))],
    'HEADERS on a stream nobody opened': [
      errorCode.protocolError,
      frame(headers, endHeaders, 3, ok),
    ],
    'DATA on a stream nobody opened': [errorCode.protocolError, frame(data, 0, 2, 'x')],
    'a window that is too large': [
      errorCode.flowControlError,
      frame(windowUpdate, 0, 0, u32(2 ** 31 - 1)),
    ],
    'a window that SETTINGS make too large': [
      errorCode.flowControlError,
      frame(windowUpdate, 0, 1, u32(2 ** 30)),
      frame(settings, 0, 0, settingsPayload([4, 2 ** 30 + 9])),
    ],
    'PING without end': [
      errorCode.enhanceYourCalm,
      ...Array.from({ length: 11 }, () => frame(ping, 0, 0, '12345678')),
    ],
  };

  test.each(Object.entries(fatal))('%s', async (_, [code, ...answers]) => {
    const { client, peer } = await clientOfAnswers({ maxPings: 10 }, ...answers);
    const sink = await result(client);
    expect(sink.code).toBe(code === errorCode.enhanceYourCalm ? 'resource_exhausted' : 'internal');
    expect(await (await peer).goaway()).toBe(code);
  });

  test('a server that does not answer pings is given up', async () => {
    const client = await clientOf((peer) => peer.send(frame(settings, 0, 0)), {
      keepaliveIntervalMs: 20,
      keepaliveTimeoutMs: 20,
    });
    const sink = await result(client);
    expect(sink.code).toBe('unavailable');
    expect(errorOf(sink).message).toContain('PING');
  });

  test('a server that answers pings is waited for, and pinged half as often when it asks', async () => {
    let pings = 0;
    const script = async (peer: RawPeer): Promise<void> => {
      peer.send(frame(settings, 0, 0));
      for (let count = 0; count < 3; count++) {
        const { payload } = (await peer.next(({ type }) => type === ping)) ?? { payload: '' };
        peer.send(frame(ping, ack, 0, payload));
        pings++;
      }
      peer.send(
        frame(
          goaway,
          0,
          0,
          Buffer.concat([u32(1), u32(errorCode.enhanceYourCalm), Buffer.from('too_many_pings')]),
        ),
        header,
        trailer,
      );
    };
    const client = await clientOf(script, { keepaliveIntervalMs: 10, keepaliveTimeoutMs: 5_000 });
    expect((await result(client)).code).toBe('ok');
    expect(pings).toBe(3);
    expect((await result(client)).code).toBe('ok');
    expect(pings).toBe(6);
  });

  test('a connection without calls is closed, and dialled again', async () => {
    let connections = 0;
    const closed = Promise.withResolvers<void>();
    const client = await clientOf(
      async (peer) => {
        connections++;
        peer.send(frame(settings, 0, 0));
        await peer.next(({ type }) => type === headers);
        peer.send(header, trailer);
        await peer.closed();
        closed.resolve();
      },
      { idleTimeoutMs: 20 },
    );
    expect((await result(client)).code).toBe('ok');
    await closed.promise;
    expect((await result(client)).code).toBe('ok');
    expect(connections).toBe(2);
  });

  test('a server that never reads: the sender is told, and stopped at the limit', async () => {
    const client = await clientOf(
      async (peer) => {
        peer.send(frame(settings, 0, 0));
        await peer.next(({ type }) => type === headers);
      },
      { maxQueuedBytes: 300_000 },
    );
    const { sink, call } = begin(client);
    const chunk = new Uint8Array(100_000);
    expect(call.sendMessage(chunk)).toBe(false);
    for (let i = 0; i < 20 && sink.trailer === undefined; i++) {
      call.sendMessage(chunk);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(sink.code).toBe('resource_exhausted');
    expect(errorOf(sink).message).toContain('maxQueuedBytes');
  });
});
