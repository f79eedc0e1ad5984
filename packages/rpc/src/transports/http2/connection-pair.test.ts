import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { compressor } from '../../compression/compressors.ts';
import { type ClientSink, okTrailer, type ServerCall, type Trailer } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { testMethod } from '../../testing/test-method.ts';
import { ClientConnection } from './client-connection.ts';
import { http2LimitsWith } from './http2-limits.ts';
import { ServerConnection } from './server-connection.ts';
import { MemorySocket } from './testing/memory-socket.ts';

/*
 * Our client and our server over a network that cuts the bytes anywhere, is full now and then, and
 * has readers that pause: every message arrives, whole and in order.
 */

const scenario = fc.record({
  calls: fc.array(
    fc.record({
      sizes: fc.array(fc.oneof(fc.nat(20), fc.nat(3_000)), { maxLength: 6 }),
      compression: fc.constantFrom('identity' as const, 'gzip' as const),
      metadata: fc.nat(3),
      pausesAt: fc.nat(6),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  streamWindowBytes: fc.integer({ min: 1, max: 5_000 }),
  connectionWindowBytes: fc.integer({ min: 65_535, max: 70_000 }),
  highWater: fc.integer({ min: 1, max: 4_000 }),
  maxStreams: fc.integer({ min: 1, max: 6 }),
  cuts: fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 10 }),
});

test('whatever the network does, every message arrives', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (wanted) => {
      const wire = new Wire(wanted);
      await wire.run(() => wire.client.isReady);
      const calls = wanted.calls.map((call, i) => new Sender(wire, call, i));
      await wire.run(() => calls.every(({ isOver }) => isOver));
      for (const call of calls) {
        expect(call.trailer?.error).toBeUndefined();
        expect(call.received).toEqual(call.sent);
        expect(call.header?.get('x-call')).toBe(call.name);
        expect(call.trailer?.metadata.get('x-call')).toBe(call.name);
      }
      expect(wire.client.openCalls).toBe(0);
      expect(wire.server.openCalls).toBe(0);
      expect([wire.client.partialBytes, wire.server.partialBytes]).toEqual([0, 0]);
      expect([wire.client.sender.unsentBytes, wire.server.sender.unsentBytes]).toEqual([0, 0]);
      wire.client.onClose();
      wire.server.onClose();
    }),
    { numRuns: 60 },
  );
});

interface Scenario {
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly highWater: number;
  readonly maxStreams: number;
  readonly cuts: readonly number[];
}

class Wire {
  readonly client: ClientConnection;
  readonly server: ServerConnection;
  readonly #there = new MemorySocket();
  readonly #back = new MemorySocket();
  readonly #cuts: readonly number[];
  #turn = 0;
  /** Readers that have paused: one is let go in each turn. */
  readonly paused: (() => void)[] = [];

  constructor({ cuts, highWater, maxStreams, ...windows }: Scenario) {
    this.#cuts = cuts;
    this.#there.highWater = highWater;
    this.#back.highWater = highWater;
    const limits = http2LimitsWith(windows);
    this.server = new ServerConnection({
      socket: this.#back,
      limits: { ...limits, maxStreams },
      peer: { transport: 'http2', address: 'memory' },
      handler: (call) => echo(call, this),
      compressor,
    });
    this.client = new ClientConnection({
      socket: this.#there,
      limits,
      scheme: 'http',
      authority: 'memory',
      userAgent: 'test',
    });
  }

  /** Moves bytes until it is over, or nothing moves any more. */
  async run(isOver: () => boolean): Promise<void> {
    for (let still = 0; still < 3 && !isOver(); ) {
      await Promise.resolve();
      const moved = this.#move() || this.paused.length > 0;
      this.paused.shift()?.();
      still = moved ? 0 : still + 1;
    }
  }

  #move(): boolean {
    const most = this.#cuts[this.#turn++ % this.#cuts.length] as number;
    const there = this.#there.take(most, this.client);
    if (there.length > 0) this.server.onData(there);
    const back = this.#back.take(most, this.server);
    if (back.length > 0) this.client.onData(back);
    return there.length + back.length > 0;
  }
}

/** Sends every message back as soon as there is room. */
function echo(call: ServerCall, wire: Wire): void {
  const metadata = new Metadata();
  metadata.append('x-call', call.metadata.get('x-call') ?? '');
  call.sendHeader(metadata);
  call.sink = {
    onMessage(bytes) {
      if (call.sendMessage(bytes)) return;
      call.pause();
    },
    onHalfClose: () => call.sendEnd({ error: undefined, metadata }),
    onCancel: () => call.sendEnd(okTrailer),
    onWritable() {
      wire.paused.push(() => call.resume());
    },
  };
}

class Sender implements ClientSink {
  readonly name: string;
  readonly sent: string[] = [];
  readonly received: string[] = [];
  header: Metadata | undefined;
  trailer: Trailer | undefined;
  readonly #wire: Wire;
  readonly #pausesAt: number;
  readonly #sizes: number[];
  readonly #call: ReturnType<ClientConnection['open']>;

  constructor(
    wire: Wire,
    wanted: {
      sizes: number[];
      compression: 'identity' | 'gzip';
      metadata: number;
      pausesAt: number;
    },
    index: number,
  ) {
    this.#wire = wire;
    this.name = `call ${index}`;
    this.#sizes = [...wanted.sizes];
    this.#pausesAt = wanted.pausesAt;
    const metadata = new Metadata();
    metadata.append('x-call', this.name);
    for (let i = 0; i < wanted.metadata; i++) metadata.append(`x-${i}`, 'again and again');
    this.#call = wire.client.open(
      testMethod({ path: `/test.Service/Method${index % 3}` }),
      { metadata, deadlineAt: Number.POSITIVE_INFINITY, compression: wanted.compression },
      this,
    );
    this.#send();
  }

  get isOver(): boolean {
    return this.trailer !== undefined;
  }

  onHeader(metadata: Metadata): void {
    this.header = metadata;
  }

  onMessage(bytes: Uint8Array): void {
    this.received.push(Buffer.from(bytes).toString('latin1'));
    if (this.received.length !== this.#pausesAt) return;
    this.#call.pause();
    this.#wire.paused.push(() => this.#call.resume());
  }

  onEnd(trailer: Trailer): void {
    this.trailer = trailer;
  }

  onWritable(): void {
    this.#send();
  }

  #send(): void {
    for (let size = this.#sizes.shift(); size !== undefined; size = this.#sizes.shift()) {
      const text = `${this.name} ${this.sent.length} `.padEnd(size, 'abc');
      this.sent.push(text);
      if (!this.#call.sendMessage(Buffer.from(text))) return;
    }
    this.#call.sendEnd();
  }
}
