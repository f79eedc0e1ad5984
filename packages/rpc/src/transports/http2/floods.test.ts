import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { errorCode, frameFlag, frameType } from './frame.ts';
import { listenHttp2 } from './listen-http2.ts';
import { begun, EchoListener, head, isAlive, whole } from './testing/echo-listener.ts';
import { block, frame, RawPeer, u32 } from './testing/raw-peer.ts';

/*
 * Clients that let the server work for nothing. Beyond the limits they get GOAWAY with
 * ENHANCE_YOUR_CALM.
 */

const { data, headers, priority, resetStream, settings, ping, windowUpdate, continuation } =
  frameType;
const { endStream, endHeaders, padded } = frameFlag;

let server: EchoListener;

beforeAll(async () => {
  server = await EchoListener.start({
    maxResets: 20,
    maxSettings: 20,
    maxPings: 20,
    maxEmptyFrames: 20,
    maxWindowUpdates: 20,
    maxIdleFrames: 20,
    maxContinuations: 4,
    maxMetadataBytes: 4_096,
  });
});

afterAll(async () => {
  await server.close();
});

describe('floods', () => {
  const many = (count: number, make: (i: number) => Buffer): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

  const cases: readonly (readonly [string, Buffer])[] = [
    [
      'rapid reset (CVE-2023-44487)',
      many(21, (i) =>
        Buffer.concat([
          frame(headers, endHeaders, 2 * i + 1, head),
          frame(resetStream, 0, 2 * i + 1, u32(errorCode.cancel)),
        ]),
      ),
    ],
    [
      'streams that the server is made to reset (CVE-2025-8671)',
      many(21, (i) =>
        Buffer.concat([
          frame(headers, endHeaders, 2 * i + 1, head),
          frame(windowUpdate, 0, 2 * i + 1, u32(0)),
        ]),
      ),
    ],
    [
      'malformed requests',
      many(21, (i) => frame(headers, endHeaders, 2 * i + 1, block({ a: 'b' }))),
    ],
    ['SETTINGS', many(21, () => frame(settings, 0, 0))],
    ['PING', many(21, () => frame(ping, 0, 0, '12345678'))],
    ['empty DATA', Buffer.concat([begun, many(21, () => frame(data, 0, 1))])],
    ['padding alone', Buffer.concat([begun, many(21, () => frame(data, padded, 1, '\x01\x00'))])],
    ['WINDOW_UPDATE', many(21, () => frame(windowUpdate, 0, 0, u32(1)))],
    ['PRIORITY', many(21, () => frame(priority, 0, 1, '12345'))],
    ['unknown frames', many(21, () => frame(99, 0, 1, 'what'))],
    [
      'RST_STREAM of a stream that is over',
      Buffer.concat([whole, many(30, () => frame(resetStream, 0, 1, u32(8)))]),
    ],
    [
      'DATA on a stream that is over',
      Buffer.concat([whole, many(900, (i) => frame(data, 0, 1, String(i)))]),
    ],
    [
      'CONTINUATION in number (CVE-2024-27316)',
      Buffer.concat([frame(headers, 0, 1, head), many(5, () => frame(continuation, 0, 1))]),
    ],
    [
      'CONTINUATION in length',
      Buffer.concat([
        frame(headers, 0, 1, head),
        many(3, () => frame(continuation, 0, 1, Buffer.alloc(20_000))),
      ]),
    ],
  ];

  test.each(cases)('%s', async (name, bytes) => {
    const peer = await server.connect();
    peer.send(bytes);
    if (name.startsWith('DATA on a stream')) {
      // It was reset once; what follows may have been on its way.
      expect(await peer.reset(1)).toBe(errorCode.streamClosed);
      peer.close();
      return;
    }
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
    await peer.closed();
  });

  test('a client that pings and does not read is cut off', async () => {
    const patient = await listenHttp2({
      host: '127.0.0.1',
      port: 0,
      limits: { maxPings: 10_000_000, maxQueuedBytes: 100_000 },
      handler: () => {},
    });
    const peer = await RawPeer.connect(Number(new URL(patient.address).port));
    peer.socket.pause();
    const pings = many(10_000, () => frame(ping, 0, 0, '12345678'));
    const gone = new Promise((resolve) => peer.socket.on('close', resolve));
    const write = () => {
      while (!peer.socket.destroyed && peer.socket.write(pings));
    };
    peer.socket.on('drain', write);
    write();
    await gone;
    await patient.close({ graceMs: 0 });
  });

  test('calls that end in order leave room for resets', async () => {
    const peer = await server.connect();
    for (let i = 0; i < 60; i++) {
      const stream = i * 4 + 1;
      peer.send(
        frame(headers, endHeaders, stream, head),
        frame(resetStream, 0, stream, u32(errorCode.cancel)),
        frame(headers, endHeaders | endStream, stream + 2, head),
      );
      await peer.next((one) => one.type === headers && one.stream === stream + 2);
    }
    expect(server.cancelled).toBeGreaterThan(0);
    expect(await isAlive(peer)).toBe(true);
  });
});
