import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { compressor } from '../../compression/compressors.ts';
import { okTrailer, type ServerCall } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { ClientConnection } from './client-connection.ts';
import { ConnectionFault } from './connection-fault.ts';
import { clientPreface, frameFlag, frameType } from './frame.ts';
import { type Http2Limits, http2LimitsWith } from './http2-limits.ts';
import { ServerConnection } from './server-connection.ts';
import { MemorySocket } from './testing/memory-socket.ts';
import { block, frame, message, requestHeaders, settingsPayload, u32 } from './testing/raw-peer.ts';

/*
 * Sequences of frames that nearly make sense, then broken: bytes changed, cut out or said twice.
 * Whatever comes, nothing is thrown, every call ends exactly once, and what is held is bounded.
 */

const limits: Http2Limits = http2LimitsWith({
  maxStreams: 10,
  maxMessageBytes: 5_000,
  maxMetadataBytes: 2_000,
  maxPartialBytes: 20_000,
  maxQueuedBytes: 100_000,
  streamWindowBytes: 8_000,
});

const head = block(requestHeaders);
const odd = fc.nat(20).map((n) => 2 * n + 1);
const stream = fc.oneof(
  { weight: 9, arbitrary: odd },
  { weight: 1, arbitrary: fc.nat(2 ** 31 - 1) },
);
const value = fc.oneof(fc.nat(20_000), fc.nat(2 ** 32 - 1));
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 12, 0x25), fc.nat(255));
const someBytes = fc.uint8Array({ maxLength: 300 });

const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(stream, fc.boolean())
      .map(([id, ends]) => frame(frameType.headers, ends ? 5 : 4, id, head)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(stream, fc.nat(2_000), fc.boolean())
      .map(([id, size, ends]) =>
        frame(frameType.data, ends ? frameFlag.endStream : 0, id, message(Buffer.alloc(size))),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(stream, someBytes, flags)
      .map(([id, bytes, bits]) => frame(frameType.data, bits, id, bytes)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(stream, flags, someBytes)
      .map(([id, bits, bytes]) => frame(frameType.headers, bits, id, bytes)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(stream, fc.nat(head.length))
      .map(([id, at]) =>
        Buffer.concat([
          frame(frameType.headers, 0, id, head.subarray(0, at)),
          frame(frameType.continuation, 4, id, head.subarray(at)),
        ]),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(stream, value)
      .map(([id, code]) => frame(frameType.resetStream, 0, id, u32(code))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(0), stream), value)
      .map(([id, more]) => frame(frameType.windowUpdate, 0, id, u32(more))),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.tuple(fc.nat(7), value), { maxLength: 3 })
      .map((pairs) => frame(frameType.settings, 0, 0, settingsPayload(...pairs))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      frame(frameType.settings, 1, 0),
      frame(frameType.ping, 0, 0, '12345678'),
      frame(frameType.ping, 1, 0, '12345678'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(30), value)
      .map(([last, code]) => frame(frameType.goaway, 0, 0, Buffer.concat([u32(last), u32(code)]))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(255), flags, stream, someBytes)
      .map(([type, bits, id, bytes]) => frame(type, bits, id, bytes)),
  },
);

/** The streams that both tests have opened before anything else comes. */
const openStreams = [1, 3, 5, 7, 9, 11];
const openStream = fc.constantFrom(...openStreams);
const sizes = fc.oneof(fc.nat(50), fc.nat(5_500));

/** Frames that end no connection by themselves. */
const politeFrame: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(openStream, sizes, fc.constantFrom(0, 0, 0, 1))
      .map(([id, size, bits]) => frame(frameType.data, bits, id, message(Buffer.alloc(size)))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(openStream, sizes, fc.nat(2_000)).map(([id, size, at]) => {
      const whole = message(Buffer.alloc(size));
      const first = frame(frameType.data, 0, id, whole.subarray(0, at));
      return Buffer.concat([first, frame(frameType.data, 0, id, whole.subarray(at))]);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(openStream, sizes).map(([id, size]) => {
      const zipped = Bun.gzipSync(new Uint8Array(size));
      return frame(frameType.data, 0, id, message(zipped, 1));
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(openStream, fc.nat(13))
      .map(([id, code]) => frame(frameType.resetStream, 0, id, u32(code))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(0), openStream), fc.integer({ min: 1, max: 9_000 }))
      .map(([id, more]) => frame(frameType.windowUpdate, 0, id, u32(more))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(20_000), fc.nat(5_000))
      .map(([window, table]) =>
        frame(frameType.settings, 0, 0, settingsPayload([4, window], [1, table])),
      ),
  },
  {
    weight: 1,
    arbitrary: openStream.map((id) =>
      frame(frameType.headers, 5, id, block({ 'grpc-status': '0' })),
    ),
  },
);

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), at: fc.nat(), to: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), count: fc.nat(20) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), count: fc.nat(60) }),
);

const traffic = fc.record({
  frames: fc.oneof(
    { weight: 3, arbitrary: fc.array(politeFrame, { maxLength: 40, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(anyFrame, { maxLength: 25, size: 'max' }) },
  ),
  mutations: fc.array(mutation, { maxLength: 3 }),
  cuts: fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 5 }),
});

type Traffic = typeof traffic extends fc.Arbitrary<infer T> ? T : never;

function* chunksOf(hello: Buffer, { frames, mutations, cuts }: Traffic): Generator<Buffer> {
  let bytes = Buffer.concat([hello, ...frames]);
  for (const one of mutations) {
    // The hello stays, or nothing else would ever be looked at.
    const at = hello.length + (one.at % (bytes.length - hello.length + 1));
    if (one.kind === 'change') {
      bytes = Buffer.from(bytes);
      if (at < bytes.length) bytes[at] = one.to;
    } else if (one.kind === 'cut') {
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.count)]);
    } else {
      bytes = Buffer.concat([bytes.subarray(0, at + one.count), bytes.subarray(at)]);
    }
  }
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (cuts[i % cuts.length] as number);
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Ends of calls, by call; each must be 1 when the connection is gone. */
class Ends {
  readonly #ends: { count: number }[] = [];

  begin(): () => void {
    const one = { count: 0 };
    this.#ends.push(one);
    return () => {
      one.count++;
    };
  }

  check(): void {
    for (const { count } of this.#ends) expect(count).toBe(1);
  }
}

/** Does with its calls in turn what handlers do: echo, end at once, fail, pause, nothing. */
function handler(ends: Ends): (call: ServerCall) => void {
  let turn = 0;
  return (call) => {
    const kind = turn++ % 5;
    const ended = ends.begin();
    let isOver = false;
    const end = (error?: RpcError): void => {
      if (isOver) return;
      isOver = true;
      ended();
      call.sendEnd(error === undefined ? okTrailer : { error, metadata: Metadata.empty });
    };
    call.sink = {
      onMessage(bytes) {
        expect(bytes.length).toBeLessThanOrEqual(limits.maxMessageBytes);
        if (isOver) throw new Error('a message after the end');
        if (kind === 0) call.sendMessage(bytes);
      },
      onHalfClose() {
        if (kind < 4) end();
      },
      onCancel() {
        if (isOver) throw new Error('cancelled after its end');
        end();
      },
      onWritable() {},
    };
    if (kind === 1) end();
    if (kind === 2) end(new RpcError('not_found', 'no'));
    if (kind === 3) call.pause();
  };
}

/** What ended a connection is a fault of the peer that has a name, and nothing that was thrown here. */
function expectNamed(error: RpcError | undefined): void {
  if (error?.cause !== undefined) expect(error.cause).toBeInstanceOf(ConnectionFault);
}

test('a server', async () => {
  const zipped = block({ ...requestHeaders, 'grpc-encoding': 'gzip' });
  const hello = Buffer.concat([
    Buffer.from(clientPreface),
    frame(frameType.settings, 0, 0),
    ...openStreams.map((id) => frame(frameType.headers, 4, id, zipped)),
  ]);
  await fc.assert(
    fc.asyncProperty(traffic, async (wanted) => {
      const socket = new MemorySocket();
      const ends = new Ends();
      const connection = new ServerConnection({
        socket,
        limits,
        peer: { transport: 'http2', address: 'memory' },
        handler: handler(ends),
        compressor,
      });
      for (const chunk of chunksOf(hello, wanted)) {
        connection.onData(Uint8Array.from(chunk));
        expect(connection.openCalls).toBeLessThanOrEqual(limits.maxStreams);
        expect(connection.partialBytes).toBeLessThanOrEqual(limits.maxPartialBytes);
        expect(connection.sender.unsentBytes).toBeLessThanOrEqual(limits.maxQueuedBytes);
      }
      await Promise.resolve();
      connection.onClose();
      expectNamed(await connection.closed);
      ends.check();
      expect(connection.openCalls).toBe(0);
      expect([connection.partialBytes, connection.sender.unsentBytes]).toEqual([0, 0]);
    }),
    { numRuns: 400 },
  );
});

test('a client', async () => {
  const ok = block({
    ':status': '200',
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
  });
  const hello = Buffer.concat([
    frame(frameType.settings, 0, 0),
    ...openStreams.map((id) => frame(frameType.headers, 4, id, ok)),
  ]);
  await fc.assert(
    fc.asyncProperty(traffic, async (wanted) => {
      const connection = new ClientConnection({
        socket: new MemorySocket(),
        limits,
        scheme: 'http',
        authority: 'memory',
        userAgent: 'test',
      });
      const sinks = Array.from({ length: 8 }, () => new RecordingSink());
      for (const [i, sink] of sinks.entries()) {
        const call = connection.open(testMethod(), testOpenOptions(), sink);
        call.sendMessage(utf8('x'.repeat(i * 500)));
        if (i % 2 === 0) call.sendEnd();
        if (i === 4) call.pause();
      }
      for (const chunk of chunksOf(hello, wanted)) {
        connection.onData(Uint8Array.from(chunk));
        expect(connection.partialBytes).toBeLessThanOrEqual(limits.maxPartialBytes);
      }
      await Promise.resolve();
      connection.onClose();
      expectNamed(await connection.closed);
      // A RecordingSink throws when it is told anything after the end.
      for (const sink of sinks) expect(sink.trailer).toBeDefined();
      expect(connection.openCalls).toBe(0);
      expect([connection.partialBytes, connection.sender.unsentBytes]).toEqual([0, 0]);
    }),
    { numRuns: 400 },
  );
});
