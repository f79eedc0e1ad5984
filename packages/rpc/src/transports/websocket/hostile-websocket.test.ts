import { afterAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { encodeMessage } from '../../codec/message-bytes.ts';
import { createServer } from '../../core/server.ts';
import { frameType } from '../../frames/frame.ts';
import { clientBytes, readFrames, sayCall } from '../../testing/hostile-frames.ts';
import { Note, Notes } from '../../testing/note-service.ts';
import { listenBunWebSocket } from './bun-websocket-server.ts';
import { listenNodeWebSocket } from './node-websocket-server.ts';
import { listenWebSocket } from './server.ts';
import { pingFloodTest } from './testing/ping-flood.ts';
import {
  closePayload,
  type FrameOptions,
  frameBytes,
  handshake,
  opcode,
  RawWebSocket,
} from './testing/raw-websocket.ts';

/*
 * Clients that break RFC 6455, or keep to it in unusual ways, on plain sockets. A server fails such a
 * connection; it may leave the close frame out (7.1.7). Whatever happened, others are served.
 */

const maxMessageBytes = 64 * 1024;
let open = 0;
const server = createServer({
  interceptors: [
    (next) => (call) => {
      open++;
      next(call);
    },
  ],
}).add(Notes, { echo: (note) => note });
const listener = await listenWebSocket({
  host: '127.0.0.1',
  port: 0,
  handler: server.handler,
  limits: { maxMessageBytes },
});
const port = Number(new URL(listener.address).port);
afterAll(() => listener.close({ graceMs: 0 }));

/** SETTINGS and a whole unary call, as they go in one message. */
const call = clientBytes((output) =>
  sayCall(output, 1, '/zrpc.test.Notes/Echo', encodeMessage(Note, { text: 'hello' })),
);

/** Whether the call was answered. */
async function isAnswered(socket: RawWebSocket): Promise<boolean> {
  const answer = await socket.next(({ opcode: kind, payload }) => {
    if (kind !== opcode.binary) return false;
    return readFrames(payload).some(({ type }) => type === frameType.message);
  });
  return answer?.payload.includes('hello') ?? false;
}

/** The code of the end of a connection on which these frames were sent, 0 for an end without one. */
async function endAfter(...frames: (FrameOptions | Uint8Array)[]): Promise<number> {
  const socket = await RawWebSocket.connect(port);
  const code = await socket.send(...frames).ended();
  socket.destroy();
  return code;
}

/** Another client is served. */
async function expectHealthy(): Promise<void> {
  const socket = await RawWebSocket.connect(port);
  expect(await isAnswered(socket.send({ opcode: opcode.binary, payload: call }))).toBe(true);
  socket.destroy();
}

const binary: FrameOptions = { opcode: opcode.binary, payload: call };

describe('what is allowed', () => {
  test('a message in fragments, with control frames between them', async () => {
    const socket = await RawWebSocket.connect(port);
    const part = (kind: number, start: number, end: number, fin = false): FrameOptions => ({
      opcode: kind,
      payload: call.subarray(start, end),
      fin,
    });
    socket.send(
      part(opcode.binary, 0, 1),
      { opcode: opcode.ping, payload: Buffer.from('between') },
      part(opcode.continuation, 1, 1),
      part(opcode.continuation, 1, 20),
      { opcode: opcode.pong },
      part(opcode.continuation, 20, call.length, true),
    );
    const pong = await socket.next((frame) => frame.opcode === opcode.pong);
    expect(String(pong?.payload)).toBe('between');
    expect(await isAnswered(socket)).toBe(true);
    socket.destroy();
  });

  test('own frames that are cut between messages', async () => {
    const socket = await RawWebSocket.connect(port);
    for (const byte of call) {
      socket.send({ opcode: opcode.binary, payload: Uint8Array.of(byte) });
    }
    expect(await isAnswered(socket)).toBe(true);
    socket.destroy();
  });

  test('bytes that come one by one, and frames that come with the handshake', async () => {
    const slow = await RawWebSocket.connect(port);
    for (const byte of frameBytes(binary)) slow.send(Uint8Array.of(byte));
    expect(await isAnswered(slow)).toBe(true);
    slow.destroy();

    const early = await RawWebSocket.connect(port, { early: frameBytes(binary) });
    expect(await isAnswered(early)).toBe(true);
    early.destroy();
  });

  test('empty messages', async () => {
    const socket = await RawWebSocket.connect(port);
    socket.send({ opcode: opcode.binary }, { ...binary, fin: false });
    socket.send({ opcode: opcode.continuation });
    expect(await isAnswered(socket)).toBe(true);
    socket.destroy();
  });

  test('a ping without a payload, and one of 125 bytes', async () => {
    const socket = await RawWebSocket.connect(port);
    for (const payload of [Buffer.alloc(0), Buffer.alloc(125, 7)]) {
      socket.send({ opcode: opcode.ping, payload });
      const pong = await socket.next((frame) => frame.opcode === opcode.pong);
      expect(pong).toEqual({ opcode: opcode.pong, fin: true, masked: false, payload });
    }
    socket.destroy();
  });

  test('a close is answered with the same code, and what follows it is not read', async () => {
    const started = open;
    for (const code of [1000, 1001, 1003, 1011, 3000, 4999]) {
      const close = { opcode: opcode.close, payload: closePayload(code, 'bye') };
      expect(await endAfter(close, binary)).toBe(code);
    }
    expect(await endAfter({ opcode: opcode.close })).toBeOneOf([0, 1000, 1005]);
    expect(open).toBe(started);
  });
});

describe('what breaks the protocol ends the connection', () => {
  const long = Buffer.alloc(126);
  const scripts: Record<string, (FrameOptions | Uint8Array)[]> = {
    'a frame without a mask': [{ ...binary, masked: false }],
    'a ping without a mask': [{ opcode: opcode.ping, masked: false }],
    'RSV1 without an extension': [{ ...binary, reserved: 4 }],
    RSV2: [{ ...binary, reserved: 2 }],
    RSV3: [{ ...binary, reserved: 1 }],
    'RSV1 on a ping': [{ opcode: opcode.ping, reserved: 4 }],
    'an unknown data opcode': [{ opcode: 3, payload: call }],
    'the last unknown data opcode': [{ opcode: 7 }],
    'an unknown control opcode': [{ opcode: 11 }],
    'the last unknown control opcode': [{ opcode: 15 }],
    'a ping of 126 bytes': [{ opcode: opcode.ping, payload: long }],
    'a pong of 126 bytes': [{ opcode: opcode.pong, payload: long }],
    'a close of 126 bytes': [
      { opcode: opcode.close, payload: closePayload(1000, Buffer.alloc(124, 97)) },
    ],
    'a ping with a length of two bytes': [
      { opcode: opcode.ping, payload: Buffer.alloc(5), length: { value: 5n, bytes: 2 } },
    ],
    'a ping in fragments': [{ opcode: opcode.ping, fin: false }, { opcode: opcode.continuation }],
    'a close in fragments': [{ opcode: opcode.close, payload: closePayload(1000), fin: false }],
    'a continuation of nothing': [{ opcode: opcode.continuation, payload: call }],
    'a continuation of a message that is whole': [binary, { opcode: opcode.continuation }],
    'a message within a message': [{ ...binary, fin: false }, binary],
    'a text within a message': [
      { ...binary, fin: false },
      { opcode: opcode.text, payload: Buffer.from('x') },
    ],
    'a length of 2^63': [frameBytes({ ...binary, length: { value: 2n ** 63n, bytes: 8 } })],
    'a length of 2^40': [frameBytes({ ...binary, length: { value: 2n ** 40n, bytes: 8 } })],
    'a message above the limit': [
      { opcode: opcode.binary, payload: Buffer.alloc(3 * maxMessageBytes) },
    ],
    'fragments above the limit': [
      { opcode: opcode.binary, payload: Buffer.alloc(maxMessageBytes), fin: false },
      ...Array.from({ length: 4 }, () => ({
        opcode: opcode.continuation,
        payload: Buffer.alloc(maxMessageBytes),
        fin: false,
      })),
    ],
  };

  test.each(Object.entries(scripts))('%s', async (_name, frames) => {
    const code = await endAfter(...frames);
    expect([0, 1002, 1006, 1009]).toContain(code);
    await expectHealthy();
  });
});

describe('closes that may not be sent', () => {
  const payloads: Record<string, Uint8Array> = {
    'one byte': Uint8Array.of(3),
    'code 0': closePayload(0),
    'code 999': closePayload(999),
    'code 1004': closePayload(1004),
    'code 1005': closePayload(1005),
    'code 1006': closePayload(1006),
    'code 1015': closePayload(1015),
    'code 1016': closePayload(1016),
    'code 2999': closePayload(2999),
    'code 65535': closePayload(65_535),
    'a reason that is not UTF-8': closePayload(1000, Uint8Array.of(0xc3, 0x28)),
    'a reason that is cut within a character': closePayload(1000, Uint8Array.of(0xf0, 0x9f, 0x98)),
  };

  test.each(Object.entries(payloads))('%s', async (_name, payload) => {
    const code = await endAfter({ opcode: opcode.close, payload });
    // Never the code that no endpoint may send.
    expect([0, 1000, 1002, 1005, 1007]).toContain(code);
    await expectHealthy();
  });
});

describe('texts', () => {
  const texts: Record<string, (FrameOptions | Uint8Array)[]> = {
    'a text': [{ opcode: opcode.text, payload: Buffer.from('hello') }],
    'an empty text': [{ opcode: opcode.text }],
    'bytes that are not UTF-8': [{ opcode: opcode.text, payload: Uint8Array.of(0xff, 0xfe) }],
    'a surrogate': [{ opcode: opcode.text, payload: Uint8Array.of(0xed, 0xa0, 0x80) }],
    'an overlong form': [{ opcode: opcode.text, payload: Uint8Array.of(0xc0, 0x80) }],
    'a character cut between fragments': [
      { opcode: opcode.text, payload: Uint8Array.of(0xf0, 0x9f), fin: false },
      { opcode: opcode.continuation, payload: Uint8Array.of(0x98, 0x88) },
    ],
    'a character that is never finished': [
      { opcode: opcode.text, payload: Uint8Array.of(0xf0, 0x9f), fin: false },
      { opcode: opcode.continuation },
    ],
  };

  test.each(Object.entries(texts))('%s', async (_name, frames) => {
    // Own frames are binary: text is refused whatever it says.
    expect([0, 1003, 1007]).toContain(await endAfter(...frames));
    await expectHealthy();
  });
});

describe('handshakes that are none', () => {
  const heads: Record<string, string> = {
    'another version': handshake({ 'sec-websocket-version': '8' }),
    'no version': handshake({ 'sec-websocket-version': undefined }),
    'no key': handshake({ 'sec-websocket-key': undefined }),
    'an empty key': handshake({ 'sec-websocket-key': '' }),
    'a key of another length': handshake({ 'sec-websocket-key': 'AAAA' }),
    'another method': handshake({}, 'POST / HTTP/1.1'),
    'another upgrade': handshake({ upgrade: 'h2c' }),
    'no protocol': handshake({ 'sec-websocket-protocol': undefined }),
    'a page of another origin': handshake({ origin: 'https://evil.example' }),
  };

  test.each(Object.entries(heads))('%s', async (_name, head) => {
    const socket = await RawWebSocket.connect(port, { head, early: frameBytes(binary) });
    expect(socket.answer).not.toStartWith('HTTP/1.1 101');
    socket.destroy();
    await expectHealthy();
  });

  test('the key is answered as RFC 6455, 1.3 shows', async () => {
    const socket = await RawWebSocket.connect(port);
    expect(socket.answer).toStartWith('HTTP/1.1 101 ');
    expect(socket.answer).toMatch(/sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    expect(socket.answer).toMatch(/sec-websocket-protocol: zrpc\.1/i);
    socket.destroy();
  });
});

describe('Bun.serve', () => pingFloodTest(listenBunWebSocket, test));
describe('node:http', () => pingFloodTest(listenNodeWebSocket, test));

test('any bytes, and clients that leave within a frame', async () => {
  const whole = frameBytes(binary);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
      fc.nat(whole.length),
      fc.uint8Array({ maxLength: 200 }),
      async (changes, end, garbage) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const socket = await RawWebSocket.connect(port);
        socket.send(bytes.subarray(0, end), garbage);
        socket.destroy();
      },
    ),
    { numRuns: 100 },
  );
  await expectHealthy();
});
