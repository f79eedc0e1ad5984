import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { encodeMessage } from '../codec/message-bytes.ts';
import { defaultLimits } from '../core/limits.ts';
import { Metadata } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';
import {
  clientBytes,
  type ReadFrame,
  RecordingLink,
  readFrames,
  sayCall,
  scriptedServer,
} from '../testing/hostile-frames.ts';
import { Note } from '../testing/note-service.ts';
import { frameFlag, frameType } from './frame.ts';
import { FrameConnection } from './frame-connection.ts';
import { readU32 } from './frame-reader.ts';

const echo = '/zrpc.test.Notes/Echo';
const note = encodeMessage(Note, { text: 'hello', number: 7 });

/** Lets microtasks and timers that are due run. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function answerTo(
  bytes: Uint8Array,
  limits: Parameters<typeof scriptedServer>[0] = {},
): Promise<{ frames: ReadFrame[]; fault: RpcError | undefined; ended: boolean }> {
  const { connection, link } = scriptedServer(limits);
  connection.receive(bytes);
  await turn();
  const frames = readFrames(link.bytes);
  const ended = link.ended;
  connection.linkClosed();
  return { frames, fault: await connection.closed, ended };
}

const options = { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY };

describe('a call', () => {
  test('is answered with one frame when all is well', async () => {
    const { frames } = await answerTo(clientBytes((client) => sayCall(client, 1, echo, note)));
    expect(frames.map(({ type, stream, flags }) => [type, stream, flags])).toEqual([
      [frameType.settings, 0, 0],
      [frameType.message, 1, frameFlag.last],
    ]);
    expect(frames[1]?.payload).toEqual(note);
  });

  test('is read the same in whatever pieces it comes', async () => {
    const bytes = clientBytes((client) => {
      for (let i = 0; i < 5; i++) sayCall(client, 1 + 2 * i, echo, note);
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 })), async (sizes) => {
        const { connection, link } = scriptedServer();
        let at = 0;
        for (const size of sizes) {
          connection.receive(bytes.slice(at, at + size));
          at = Math.min(bytes.length, at + size);
        }
        if (at < bytes.length) connection.receive(bytes.slice(at));
        await turn();
        expect(readFrames(link.bytes)).toHaveLength(6);
        connection.linkClosed();
      }),
      { numRuns: 50 },
    );
  });

  test('names its method once, and by number afterwards', () => {
    const frames = readFrames(
      clientBytes((client) => {
        sayCall(client, 1, echo, note);
        sayCall(client, 3, echo, note);
      }),
    ).filter(({ type }) => type === frameType.header);
    expect(frames.map(({ flags }) => flags)).toEqual([frameFlag.path, 0]);
    expect(frames[1]?.payload).toHaveLength(2);
  });

  test('beyond maxStreams is refused, and may be sent again', async () => {
    const { frames } = await answerTo(
      clientBytes((client) => {
        for (let i = 0; i < 3; i++) client.open(1 + 2 * i, '/zrpc.test.Notes/Collect', options);
      }),
      { maxStreams: 2 },
    );
    expect(frames.map(({ type, stream, flags }) => [type, stream, flags])).toEqual([
      [frameType.settings, 0, 0],
      [frameType.end, 5, frameFlag.refused],
    ]);
  });

  test('cancelled while its handler runs still counts, so that resets in a row start no more', async () => {
    let started = 0;
    const link = new RecordingLink();
    const connection = new FrameConnection({
      link,
      side: 'server',
      limits: { ...defaultLimits, maxStreams: 10 },
      peer: { transport: 'script', address: 'script' },
      handler() {
        started++;
      },
    });
    connection.receive(
      clientBytes((client) => {
        for (let i = 0; i < 200; i++) {
          client.open(1 + 2 * i, '/zrpc.test.Notes/Collect', options);
          client.cancel(1 + 2 * i, new RpcError('canceled', 'x'));
        }
      }),
    );
    await turn();
    expect(started).toBe(10);
    expect(readFrames(link.bytes).filter(({ type }) => type === frameType.end)).toHaveLength(190);
    connection.linkClosed();
  });
});

test('what a later peer adds to SETTINGS, and its flags, are ignored', async () => {
  const plain = clientBytes((client) => sayCall(client, 1, echo, note));
  const more = 7;
  const length = readU32(plain, 0);
  const settings = Buffer.concat([plain.subarray(0, 10 + length), new Uint8Array(more).fill(0xee)]);
  settings.writeUInt32BE(length + more, 0);
  settings.writeUInt8(0x80, 9);
  const call = Buffer.from(plain.subarray(10 + length));
  call.writeUInt8(call.readUInt8(9) | 0x80, 9);
  const { frames, fault } = await answerTo(Buffer.concat([settings, call]));
  expect(fault).toBeUndefined();
  const last = frames.at(-1);
  expect([last?.type, last?.stream]).toEqual([frameType.message, 1]);
  expect(last?.payload).toEqual(note);
});

describe('a peer that breaks the rules', () => {
  const header = (bytes: number[]) => new Uint8Array(bytes);
  const frame = (type: number, stream: number, flags: number, payload: Uint8Array) => {
    const out = new Uint8Array(10 + payload.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, payload.length);
    view.setUint8(4, type);
    view.setUint32(5, stream);
    view.setUint8(9, flags);
    out.set(payload, 10);
    return out;
  };
  const after = (...frames: Uint8Array[]) => Buffer.concat([clientBytes(() => {}), ...frames]);
  const cases: Record<string, [bytes: Uint8Array, message: RegExp]> = {
    'does not begin with SETTINGS': [frame(frameType.ping, 0, 0, new Uint8Array(8)), /SETTINGS/],
    'speaks something else': [
      new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
      /bytes, more than/,
    ],
    'sends SETTINGS twice': [
      Buffer.concat([clientBytes(() => {}), clientBytes(() => {})]),
      /twice/,
    ],
    'speaks another version': [
      frame(frameType.settings, 0, 0, header([0x7a, 0x72, 0x70, 0x63, 9])),
      /version 9/,
    ],
    'sends an unknown type': [after(frame(99, 0, 0, header([]))), /unknown type 99/],
    'sends a frame that is too long': [
      after(header([0x7f, 0, 0, 0, 2, 0, 0, 0, 1, 0])),
      /maxMessage/,
    ],
    'sends a message after the end of its messages': [
      clientBytes((client) => {
        client.open(1, '/zrpc.test.Notes/Chat', options);
        client.end(1);
        client.message(1, note, undefined);
      }),
      /went on with stream 1 after its end/,
    ],
    'ends its messages twice': [
      clientBytes((client) => {
        client.open(1, '/zrpc.test.Notes/Chat', options);
        client.message(1, note, undefined);
        client.end(1);
        client.flush();
        client.end(1);
      }),
      /went on with stream 1 after its end/,
    ],
    'opens a stream twice': [
      after(
        frame(frameType.header, 1, frameFlag.path, header([1, 1, 0x61, 0])),
        frame(frameType.header, 1, 0, header([1, 0])),
      ),
      /stream 1 was opened twice/,
    ],
    'sends a message on no stream': [
      after(frame(frameType.message, 7, 0, header([1]))),
      /stream 7/,
    ],
    'ends a stream that is not there': [after(frame(frameType.end, 9, 0, header([]))), /stream 9/],
    'uses a number that has no path': [
      after(frame(frameType.header, 1, 0, header([5, 0]))),
      /method 5/,
    ],
    'sends a length beyond the frame': [
      after(frame(frameType.header, 1, frameFlag.path, header([1, 200, 1, 0x61]))),
      /beyond its end/,
    ],
    'sends a varint without an end': [
      after(frame(frameType.header, 1, 0, header([0x80, 0x80, 0x80, 0x80, 0x80, 0x80]))),
      /32 bits/,
    ],
    'sends a text that is not UTF-8': [
      after(frame(frameType.header, 1, frameFlag.path, header([1, 2, 0xc3, 0x28, 0]))),
      /UTF-8/,
    ],
    'sends a short PING': [after(frame(frameType.ping, 0, 0, header([1]))), /PING/],
  };
  for (const [name, [bytes, message]] of Object.entries(cases)) {
    test(`${name}: told why, and cut off`, async () => {
      const { frames, fault, ended } = await answerTo(bytes);
      expect(fault?.message).toMatch(message);
      expect(frames.at(-1)?.type).toBe(frameType.goaway);
      expect(new TextDecoder().decode(frames.at(-1)?.payload)).toMatch(message);
      expect(ended).toBe(true);
    });
  }

  test('sends beyond its credit: cut off before memory is', async () => {
    const large = encodeMessage(Note, { payload: new Uint8Array(10_000) });
    const { fault } = await answerTo(
      clientBytes((client) => {
        client.open(1, '/zrpc.test.Notes/Collect', options);
        for (let i = 0; i < 400; i++) client.message(1, large, undefined);
      }),
      { streamWindowBytes: 1_000, connectionWindowBytes: 1_000, maxMessageBytes: 100_000 },
    );
    expect(fault?.code).toBe('resource_exhausted');
  });

  test('sends a message above the limit, in a frame that may be as long: cut off', async () => {
    const long = encodeMessage(Note, { payload: new Uint8Array(2_000) });
    const { fault } = await answerTo(
      clientBytes((client) => sayCall(client, 1, echo, long)),
      { maxMessageBytes: 1_000 },
    );
    expect(fault).toMatchObject({
      code: 'resource_exhausted',
      message: expect.stringContaining('limit maxMessageBytes'),
    });
  });

  test('metadata above the limit ends the call, not the connection', async () => {
    const { frames, fault } = await answerTo(
      clientBytes((client) => {
        const metadata = Metadata.from({ 'x-large': 'x'.repeat(20_000) });
        client.open(1, echo, { ...options, metadata });
        sayCall(client, 3, echo, note);
      }),
    );
    expect(frames.map(({ type, stream }) => [type, stream])).toEqual([
      [frameType.settings, 0],
      [frameType.end, 1],
      [frameType.message, 3],
    ]);
    expect(fault).toBeUndefined();
  });
});

test('the window of a call grows while its reader keeps up, to a quarter of its connection', async () => {
  const link = new RecordingLink();
  const sink = { onMessage() {}, onHalfClose() {}, onCancel() {}, onWritable() {} };
  const connection = new FrameConnection({
    link,
    side: 'server',
    limits: { ...defaultLimits, streamWindowBytes: 1_000, connectionWindowBytes: 8_000 },
    peer: { transport: 'script', address: 'script' },
    handler(call) {
      call.sink = sink;
    },
  });
  connection.receive(
    clientBytes((client) => {
      client.open(1, '/zrpc.test.Notes/Collect', options);
      for (let i = 0; i < 25; i++) client.message(1, new Uint8Array(90), undefined);
    }),
  );
  await turn();
  connection.linkClosed();
  const credits = readFrames(link.bytes)
    .filter(({ type, stream }) => type === frameType.credit && stream === 1)
    .map(({ payload }) => readU32(payload, 0));
  expect(credits).toEqual([500 + 1_000, 1_000, 1_000]);
});

test('a peer that opens calls and reads no answer is cut off, before its refusals fill the memory', async () => {
  const { connection, link } = scriptedServer({ maxQueuedBytes: 1_000 });
  const calls = (count: number) =>
    clientBytes((client) => {
      for (let i = 0; i < count; i++) sayCall(client, 1 + 2 * i, '/zrpc.test.Notes/None', note);
    });
  const first = calls(3);
  connection.receive(first);
  expect(link.destroyed).toBe(false);
  link.queuedBytes = 1_001;
  connection.receive(calls(6).slice(first.length));
  expect(link.destroyed).toBe(true);
  expect((await connection.closed)?.code).toBe('resource_exhausted');
});

test('what ended a connection is told to who asks later, too', async () => {
  const { connection } = scriptedServer();
  const broken = new RpcError('unavailable', 'the link broke');
  let told = 0;
  connection.onClosed = () => {
    told++;
  };
  connection.linkClosed(broken);
  connection.linkClosed();
  expect(told).toBe(1);
  expect(await connection.closed).toBe(broken);
  expect(connection.openCalls).toBe(0);
});

test('mutated bytes never crash a connection, and every call of it ends', async () => {
  const bytes = clientBytes((client) => {
    sayCall(client, 1, echo, note);
    const metadata = Metadata.from({ a: 'b', 'c-bin': new Uint8Array([1, 2]) });
    client.open(3, '/zrpc.test.Notes/Chat', { metadata, deadlineAt: performance.now() + 1e6 });
    client.message(3, note, undefined);
    client.credit(0, 100);
    client.credit(3, 100);
    client.ping();
    client.message(3, note, undefined);
    client.cancel(3, new RpcError('canceled', 'enough'));
    sayCall(client, 5, '/zrpc.test.Notes/List', note);
    client.goaway(0, new RpcError('unavailable', 'bye'));
  });
  const mutation = fc.record({
    at: fc.nat(bytes.length - 1),
    to: fc.nat(255),
    cut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 6 }), async (mutations) => {
      const mutated = Uint8Array.from(bytes);
      let length = mutated.length;
      for (const { at, to, cut } of mutations) {
        if (cut) length = Math.min(length, at + 1);
        else mutated[at] = to;
      }
      const { connection } = scriptedServer({ maxMessageBytes: 10_000 });
      connection.receive(mutated.slice(0, length));
      await turn();
      connection.linkClosed();
      await connection.closed;
      expect(connection.openCalls).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
