import { expect, test } from 'bun:test';
import { compressor } from '../../compression/compressors.ts';
import { okTrailer, type ServerCall } from '../../core/call.ts';
import { clientPreface, frameFlag, frameType } from './frame.ts';
import { FrameParser } from './frame-parser.ts';
import { type Http2Limits, http2LimitsWith } from './http2-limits.ts';
import { ServerConnection } from './server-connection.ts';
import { MemorySocket } from './testing/memory-socket.ts';
import { block, frame, message, requestHeaders } from './testing/raw-peer.ts';

const { data, headers, settings } = frameType;

/** A server in memory with one call open, and what it says in WINDOW_UPDATE. */
class Bench {
  readonly connection: ServerConnection;
  readonly call: ServerCall;
  received = 0;
  readonly #socket = new MemorySocket();

  constructor(limits: Partial<Http2Limits>) {
    let opened: ServerCall | undefined;
    this.connection = new ServerConnection({
      socket: this.#socket,
      limits: http2LimitsWith(limits),
      peer: { transport: 'http2', address: 'memory' },
      handler: (call) => {
        opened = call;
        call.sink = {
          onMessage: (bytes) => {
            this.received += bytes.length;
          },
          onHalfClose: () => call.sendEnd(okTrailer),
          onCancel() {},
          onWritable() {},
        };
      },
      compressor,
    });
    this.send(
      Buffer.from(clientPreface),
      frame(settings, 0, 0),
      frame(settings, frameFlag.ack, 0),
      frame(headers, frameFlag.endHeaders, 1, block(requestHeaders)),
    );
    this.call = opened as ServerCall;
  }

  send(...parts: Buffer[]): void {
    this.connection.onData(Uint8Array.from(Buffer.concat(parts)));
  }

  /** Credit since the last time, by stream. */
  async credit(): Promise<Record<number, number>> {
    await Promise.resolve();
    const given: Record<number, number> = {};
    const parser = new FrameParser(
      {
        onFrame(type, _flags, stream, bytes, start) {
          if (type !== frameType.windowUpdate) return;
          given[stream] = (given[stream] ?? 0) + Buffer.from(bytes).readUInt32BE(start);
        },
        onDataPart() {},
      },
      1_000_000,
    );
    parser.push(this.#socket.take(1_000_000));
    return given;
  }
}

const kilobyte = frame(data, 0, 1, message(Buffer.alloc(1_019)));

test('what is read is given back, by halves of a window', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536, connectionWindowBytes: 131_072 });
  expect(await bench.credit()).toEqual({ 0: 131_072 - 65_535 });
  for (let i = 0; i < 31; i++) bench.send(kilobyte);
  expect(await bench.credit()).toEqual({});
  bench.send(kilobyte);
  expect(await bench.credit()).toEqual({ 1: 32 * 1_024 });
  for (let i = 0; i < 32; i++) bench.send(kilobyte);
  expect(await bench.credit()).toEqual({ 0: 64 * 1_024, 1: 32 * 1_024 });
});

test('what a paused reader has not read is not, until it goes on', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536, connectionWindowBytes: 65_536 });
  await bench.credit();
  bench.call.pause();
  for (let i = 0; i < 63; i++) bench.send(kilobyte);
  expect(bench.received).toBe(0);
  expect(await bench.credit()).toEqual({});
  bench.call.resume();
  expect(bench.received).toBe(63 * 1_019);
  expect(await bench.credit()).toEqual({ 0: 63 * 1_024, 1: 63 * 1_024 });
});

test('parts of one message larger than the window are given back as they come', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536, connectionWindowBytes: 65_536 });
  await bench.credit();
  const large = message(Buffer.alloc(1_000_000));
  for (let at = 0; at < large.length; at += 16_000) {
    bench.send(frame(data, 0, 1, large.subarray(at, at + 16_000)));
  }
  expect(bench.received).toBe(1_000_000);
  expect((await bench.credit())[1]).toBeGreaterThan(900_000);
});

test('a stream that has ended needs no credit, its connection does', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536, connectionWindowBytes: 65_536 });
  await bench.credit();
  bench.send(frame(data, frameFlag.endStream, 1, message(Buffer.alloc(40_000))));
  expect(await bench.credit()).toEqual({ 0: 40_005 });
});

test('what is dropped with a call that ends is given back to the connection', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536, connectionWindowBytes: 65_536 });
  await bench.credit();
  bench.call.pause();
  for (let i = 0; i < 40; i++) bench.send(kilobyte);
  bench.call.sendEnd(okTrailer);
  expect(await bench.credit()).toEqual({ 0: 40 * 1_024 });
});

test('a window that its reader empties within two round trips grows, up to its limit', async () => {
  const bench = new Bench({
    streamWindowBytes: 65_536,
    connectionWindowBytes: 1_048_576,
    maxStreamWindowBytes: 200_000,
  });
  bench.connection.roundTripMs = 1_000_000;
  await bench.credit();
  let read = 0;
  let given = 0;
  for (let i = 0; i < 500; i++) {
    bench.send(kilobyte);
    read += kilobyte.length - 9;
    given += (await bench.credit())[1] ?? 0;
  }
  const window = 65_536 + given - read;
  expect(window).toBeGreaterThan(100_000);
  expect(window).toBeLessThanOrEqual(200_000);
});

test('a window whose peer is near does not grow', async () => {
  const bench = new Bench({ streamWindowBytes: 65_536 });
  bench.connection.roundTripMs = 0;
  await bench.credit();
  let balance = 65_536;
  for (let i = 0; i < 500; i++) {
    bench.send(kilobyte);
    balance += ((await bench.credit())[1] ?? 0) - (kilobyte.length - 9);
  }
  expect(balance).toBeLessThanOrEqual(65_536);
});
