import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { clientPreface, errorCode, frameFlag, frameType, setting } from './frame.ts';
import { listenHttp2 } from './listen-http2.ts';
import { begun, EchoListener, head, isAlive, whole } from './testing/echo-listener.ts';
import {
  block,
  frame,
  message,
  RawPeer,
  requestHeaders,
  settingsPayload,
  u32,
} from './testing/raw-peer.ts';

/*
 * Clients that break the rules, as bytes on a real socket. The server must name the fault by the
 * right code, and go on where HTTP/2 allows that.
 */

const {
  data,
  headers,
  priority,
  resetStream,
  settings,
  pushPromise,
  ping,
  goaway,
  windowUpdate,
  continuation,
} = frameType;
const { endStream, endHeaders, ack, padded } = frameFlag;
const priorityFlag = frameFlag.priority;

let server: EchoListener;

beforeAll(async () => {
  server = await EchoListener.start({ maxStreams: 30, handshakeTimeoutMs: 200 });
});

afterAll(async () => {
  await server.close();
});

async function expectGoaway(code: number, ...parts: (Uint8Array | string)[]): Promise<void> {
  const peer = await server.connect();
  peer.send(...parts);
  expect(await peer.goaway()).toBe(code);
  await peer.closed();
}

describe('faults that end the connection', () => {
  const cases: readonly (readonly [string, number, ...Buffer[]])[] = [
    ['DATA on stream 0', errorCode.protocolError, frame(data, 0, 0, 'x')],
    ['DATA on an idle stream', errorCode.protocolError, frame(data, 0, 1, 'x')],
    [
      'DATA with padding as long as itself',
      errorCode.protocolError,
      begun,
      frame(data, padded, 1, '\x01'),
    ],
    ['DATA with padding and no payload', errorCode.protocolError, begun, frame(data, padded, 1)],
    ['HEADERS on stream 0', errorCode.protocolError, frame(headers, endHeaders, 0, head)],
    ['HEADERS on an even stream', errorCode.protocolError, frame(headers, endHeaders, 2, head)],
    [
      'HEADERS with padding longer than itself',
      errorCode.protocolError,
      frame(headers, endHeaders | padded, 1, '\xff'),
    ],
    [
      'HEADERS with half a priority',
      errorCode.protocolError,
      frame(headers, endHeaders | priorityFlag, 1, 'xx'),
    ],
    [
      'HPACK that points nowhere',
      errorCode.compressionError,
      frame(headers, endHeaders, 1, '\x80'),
    ],
    [
      'HPACK that is cut off',
      errorCode.compressionError,
      frame(headers, endHeaders, 1, '\x40\x0a'),
    ],
    [
      'another frame within a header block',
      errorCode.protocolError,
      frame(headers, 0, 1, head),
      frame(ping, 0, 0, '12345678'),
    ],
    [
      'CONTINUATION of another stream',
      errorCode.protocolError,
      frame(headers, 0, 1, head),
      frame(continuation, endHeaders, 3),
    ],
    ['HEADERS on a stream that has ended', errorCode.streamClosed, whole, begun],
    [
      'CONTINUATION without HEADERS',
      errorCode.protocolError,
      frame(continuation, endHeaders, 1, head),
    ],
    ['RST_STREAM on stream 0', errorCode.protocolError, frame(resetStream, 0, 0, u32(8))],
    ['RST_STREAM on an idle stream', errorCode.protocolError, frame(resetStream, 0, 1, u32(8))],
    ['RST_STREAM of three bytes', errorCode.frameSizeError, begun, frame(resetStream, 0, 1, '123')],
    ['SETTINGS on a stream', errorCode.protocolError, frame(settings, 0, 1)],
    ['SETTINGS of five bytes', errorCode.frameSizeError, frame(settings, 0, 0, '12345')],
    [
      'an acknowledgement with settings',
      errorCode.frameSizeError,
      frame(settings, ack, 0, settingsPayload([1, 1])),
    ],
    [
      'ENABLE_PUSH of 2',
      errorCode.protocolError,
      frame(settings, 0, 0, settingsPayload([setting.enablePush, 2])),
    ],
    [
      'a window above 2^31-1',
      errorCode.flowControlError,
      frame(settings, 0, 0, settingsPayload([setting.initialWindowSize, 2 ** 31])),
    ],
    [
      'a frame size below 16,384',
      errorCode.protocolError,
      frame(settings, 0, 0, settingsPayload([setting.maxFrameSize, 16_383])),
    ],
    [
      'a frame size above 2^24-1',
      errorCode.protocolError,
      frame(settings, 0, 0, settingsPayload([setting.maxFrameSize, 2 ** 24])),
    ],
    ['PUSH_PROMISE', errorCode.protocolError, begun, frame(pushPromise, endHeaders, 1, head)],
    ['PING on a stream', errorCode.protocolError, frame(ping, 0, 1, '12345678')],
    ['PING of seven bytes', errorCode.frameSizeError, frame(ping, 0, 0, '1234567')],
    ['GOAWAY on a stream', errorCode.protocolError, frame(goaway, 0, 1, '12345678')],
    ['GOAWAY of seven bytes', errorCode.frameSizeError, frame(goaway, 0, 0, '1234567')],
    ['WINDOW_UPDATE of three bytes', errorCode.frameSizeError, frame(windowUpdate, 0, 0, '123')],
    [
      'WINDOW_UPDATE of the connection by nothing',
      errorCode.protocolError,
      frame(windowUpdate, 0, 0, u32(0)),
    ],
    ['WINDOW_UPDATE on an idle stream', errorCode.protocolError, frame(windowUpdate, 0, 1, u32(1))],
    [
      'a connection window above 2^31-1',
      errorCode.flowControlError,
      frame(windowUpdate, 0, 0, u32(2 ** 31 - 1)),
    ],
    ['PRIORITY on stream 0', errorCode.protocolError, frame(priority, 0, 0, '12345')],
    ['PRIORITY of four bytes', errorCode.frameSizeError, frame(priority, 0, 1, '1234')],
    [
      'a frame above the size we take',
      errorCode.frameSizeError,
      frame(data, 0, 1, '', 2 ** 24 - 1),
    ],
  ];

  test.each(cases)('%s', async (_, code, ...parts) => {
    await expectGoaway(code, ...parts);
  });

  test('something else than SETTINGS after the preface', async () => {
    const peer = await server.connect(false);
    peer.send(clientPreface, frame(ping, 0, 0, '12345678'));
    expect(await peer.goaway()).toBe(errorCode.protocolError);
    await peer.closed();
  });

  test('SETTINGS that begin with an acknowledgement', async () => {
    const peer = await server.connect(false);
    peer.send(clientPreface, frame(settings, ack, 0));
    expect(await peer.goaway()).toBe(errorCode.protocolError);
  });

  test('a preface that is none', async () => {
    const peer = await server.connect(false);
    peer.send('PRI * HTTP/3.0\r\n');
    expect(await peer.goaway()).toBe(errorCode.protocolError);
    await peer.closed();
  });

  test('HTTP/1.1 is answered in HTTP/1.1', async () => {
    const peer = await server.connect(false);
    peer.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await peer.closed();
    expect(String(peer.received)).toStartWith('HTTP/1.1 505 ');
  });

  test('a client that says nothing', async () => {
    const peer = await server.connect(false);
    await peer.closed();
    const half = await server.connect(false);
    half.send(clientPreface.slice(0, 10));
    await half.closed();
  });

  test('DATA beyond the window of the connection', async () => {
    const paused = await listenHttp2({
      host: '127.0.0.1',
      port: 0,
      limits: { connectionWindowBytes: 100_000 },
      handler: (call) => call.pause(),
    });
    const peer = await RawPeer.connect(Number(new URL(paused.address).port));
    const part = Buffer.alloc(16_000);
    for (let stream = 1; stream <= 7; stream += 2) peer.send(peer.request(stream));
    for (let i = 0; i < 7; i++) peer.send(frame(data, 0, 2 * (i % 4) + 1, part));
    expect(await peer.goaway()).toBe(errorCode.flowControlError);
    await peer.closed();
    await paused.close({ graceMs: 0 });
  });
});

describe('faults that end one stream', () => {
  test('WINDOW_UPDATE by nothing, or beyond 2^31-1', async () => {
    const peer = await server.connect();
    peer.send(peer.request(1), frame(windowUpdate, 0, 1, u32(0)));
    expect(await peer.reset(1)).toBe(errorCode.protocolError);
    peer.send(peer.request(3), frame(windowUpdate, 0, 3, u32(2 ** 31 - 1)));
    expect(await peer.reset(3)).toBe(errorCode.flowControlError);
    expect(await isAlive(peer)).toBe(true);
  });

  test('DATA or HEADERS after the end', async () => {
    const peer = await server.connect();
    peer.send(
      frame(settings, 0, 0, settingsPayload([setting.initialWindowSize, 0])),
      peer.request(1),
      frame(data, endStream, 1, message('waits for credit')),
      frame(data, 0, 1, message('late')),
    );
    expect(await peer.reset(1)).toBe(errorCode.streamClosed);
    peer.send(peer.request(3), frame(data, endStream, 3, message('waits')), peer.request(3));
    expect(await peer.reset(3)).toBe(errorCode.streamClosed);
    peer.send(frame(settings, 0, 0, settingsPayload([setting.initialWindowSize, 65_535])));
    expect(await isAlive(peer)).toBe(true);
  });

  test('DATA of another length than content-length', async () => {
    const peer = await server.connect();
    const five = { ...requestHeaders, 'content-length': '6' };
    const wrong = [
      frame(data, endStream, 1, message('')),
      frame(data, 0, 1, message('xy')),
      frame(headers, endHeaders | endStream, 1, block({ a: 'b' })),
    ];
    for (const [i, one] of wrong.entries()) {
      const stream = 2 * i + 1;
      one.writeUInt32BE(stream, 5);
      peer.send(peer.request(stream, five), one);
      expect(await peer.reset(stream)).toBe(errorCode.protocolError);
    }
    peer.send(peer.request(7, five), frame(data, endStream, 7, message('x')));
    expect(await isAlive(peer)).toBe(true);
  });

  test('DATA on a stream that is over', async () => {
    const peer = await server.connect();
    peer.send(whole);
    await peer.next((one) => one.type === headers && (one.flags & endStream) !== 0);
    peer.send(frame(data, 0, 1, 'late'));
    expect(await peer.reset(1)).toBe(errorCode.streamClosed);
    expect(await isAlive(peer)).toBe(true);
  });

  test('DATA beyond the window of its stream', async () => {
    const small = await listenHttp2({
      host: '127.0.0.1',
      port: 0,
      limits: { streamWindowBytes: 1_000 },
      handler: (call) => call.pause(),
    });
    const peer = await RawPeer.connect(Number(new URL(small.address).port));
    await peer.next((one) => one.type === settings && one.flags === 0);
    peer.send(frame(settings, ack, 0), peer.request(1), frame(data, 0, 1, Buffer.alloc(1_001)));
    expect(await peer.reset(1)).toBe(errorCode.flowControlError);
    peer.close();
    await small.close({ graceMs: 0 });
  });

  const malformed: Record<string, Record<string, string>> = {
    'no path': { ...requestHeaders, ':path': '' },
    'a name in upper case': { ...requestHeaders, 'X-Upper': '1' },
    'a header of a connection': { ...requestHeaders, connection: 'close' },
    'te other than trailers': { ...requestHeaders, te: 'gzip' },
    'an unknown pseudo-header': { ':nonsense': 'x', ...requestHeaders },
    'a pseudo-header of responses': { ':status': '200', ...requestHeaders },
    'a pseudo-header after others': { a: 'b', ...requestHeaders },
    'a value with a line break': { ...requestHeaders, a: 'b\nc: d' },
  };

  test.each(Object.entries(malformed))('a request with %s', async (_, fields) => {
    const peer = await server.connect();
    peer.send(peer.request(1, fields));
    expect(await peer.reset(1)).toBe(errorCode.protocolError);
    expect(await isAlive(peer)).toBe(true);
  });

  test('a request with a header twice', async () => {
    const peer = await server.connect();
    const twice = Buffer.concat([block({ ':path': '/a' }), head]);
    peer.send(frame(headers, endHeaders, 1, twice));
    expect(await peer.reset(1)).toBe(errorCode.protocolError);
    expect(await isAlive(peer)).toBe(true);
  });

  test('a second header that is no trailer', async () => {
    const peer = await server.connect();
    peer.send(begun, frame(headers, endHeaders, 1, block({ a: 'b' })));
    expect(await peer.reset(1)).toBe(errorCode.protocolError);
    expect(await isAlive(peer)).toBe(true);
  });

  test('more streams than are taken', async () => {
    const peer = await server.connect();
    for (let stream = 1; stream <= 61; stream += 2) peer.send(peer.request(stream));
    expect(await peer.reset(61)).toBe(errorCode.refusedStream);
    for (let stream = 1; stream <= 59; stream += 2) peer.send(frame(data, endStream, stream));
    await peer.next((one) => one.stream === 59 && one.type === headers);
    expect(await isAlive(peer)).toBe(true);
  });
});
