import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { CallHandler, ServerCall } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { Metadata } from '../../core/metadata.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { FrameOutput } from '../../frames/frame-output.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';
import { firstLane } from '../../frames/lanes.ts';
import { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { UdpRelay } from '../../testing/udp-relay.ts';
import { dialQuic, listenQuic } from './quic.ts';
import type { QuicConnection } from './quic-connection.ts';
import { dialQuicEndpoint } from './quic-endpoint.ts';
import { QuicLanes } from './quic-lanes.ts';
import { QuicByteStream } from './quic-stream.ts';

const certificates = await testCertificates();
const serverTls = { cert: certificates.server.certificate, key: certificates.server.key };
const clientTls = { ca: certificates.authority };
const bidi = testMethod({ kind: 'bidi-stream' });
const open = testOpenOptions();

const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

async function serve(handler: CallHandler, limits: Partial<RpcLimits> = {}): Promise<number> {
  const listener = await listenQuic({
    host: '127.0.0.1',
    port: 0,
    tls: serverTls,
    handler,
    limits,
  });
  closers.push(() => listener.close({ graceMs: 0 }));
  return Number(new URL(listener.address).port);
}

async function dial(port: number, limits: Partial<RpcLimits> = {}): Promise<Connection> {
  const connection = await dialQuic({ host: '127.0.0.1', port, tls: clientTls, limits });
  closers.push(() => connection.close());
  return connection;
}

/** Sends back each message. */
function echo(call: ServerCall): void {
  call.sink = {
    onMessage: (bytes) => void call.sendMessage(bytes),
    onHalfClose: () => call.sendEnd({ error: undefined, metadata: Metadata.empty }),
    onCancel() {},
    onWritable() {},
  };
}

function nextEvent(sink: RecordingSink, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    sink.onEvent = (event) => {
      if (event === wanted) resolve();
    };
  });
}

test('a packet that is lost holds up its own call only', async () => {
  const relay = await UdpRelay.before(await serve(echo));
  const connection = await dial(relay.port);
  const order: string[] = [];
  const sinks = [new RecordingSink(), new RecordingSink()] as const;
  const [first, second] = sinks.map((sink) => connection.open(bidi, open, sink));
  for (const [i, call] of [first, second].entries()) {
    const answered = nextEvent(sinks[i] as RecordingSink, 'message');
    call?.sendMessage(utf8('begin'));
    await answered;
  }
  const both = [nextEvent(sinks[0], 'message'), nextEvent(sinks[1], 'message')].map((event, i) =>
    event.then(() => order.push(i === 0 ? 'first' : 'second')),
  );
  const lost = new Promise<void>((resolve) => {
    relay.fromClient = () => {
      resolve();
      return 'drop';
    };
  });
  first?.sendMessage(utf8('lost'));
  await lost;
  relay.fromClient = () => 'pass';
  second?.sendMessage(utf8('not lost'));
  await Promise.all(both);
  expect(order).toEqual(['second', 'first']);
  expect(sinks[0].texts).toEqual(['begin', 'lost']);
});

test('a call whose reader pauses holds up no other', async () => {
  const connection = await dial(
    await serve((call) => {
      echo(call);
      const pump = (): void => {
        while (call.sendMessage(new Uint8Array(10_000)));
      };
      call.sink = { ...call.sink, onWritable: pump };
      pump();
    }),
  );
  const slow = new RecordingSink();
  const slowCall = connection.open(bidi, open, slow);
  slowCall.pause();
  const quick = new RecordingSink();
  connection.open(bidi, open, quick);
  let count = 0;
  await new Promise<void>((resolve) => {
    quick.onEvent = () => {
      if (++count === 500) resolve();
    };
  });
  expect(slow.messages.length).toBe(0);
  const resumed = nextEvent(slow, 'message');
  slowCall.resume();
  await resumed;
});

test('a cancelled call ends at the server with its code, ahead of what it had sent', async () => {
  const cancelled = Promise.withResolvers<RpcError>();
  const port = await serve((call) => {
    call.pause();
    call.sink = { onMessage() {}, onHalfClose() {}, onCancel: cancelled.resolve, onWritable() {} };
    call.sendHeader(Metadata.from({ 'x-begun': '1' }));
  });
  const connection = await dial(port);
  const sink = new RecordingSink();
  const call = connection.open(bidi, open, sink);
  await nextEvent(sink, 'header');
  while (call.sendMessage(new Uint8Array(50_000)));
  call.cancel(new RpcError('deadline_exceeded', 'too late'));
  expect((await cancelled.promise).code).toBe('deadline_exceeded');
  expect(sink.code).toBe('deadline_exceeded');
});

test('what calls had sent that are cancelled, or answered early, gives its credit back', async () => {
  const limits = { streamWindowBytes: 65_536, connectionWindowBytes: 100_000 };
  const large = new Uint8Array(40_000);
  const port = await serve((call) => {
    if (call.metadata.has('x-early')) {
      call.sink = { onMessage() {}, onHalfClose() {}, onCancel() {}, onWritable() {} };
      call.sendEnd({ error: undefined, metadata: Metadata.empty });
    } else echo(call);
  }, limits);
  const connection = await dial(port, limits);
  const early = testOpenOptions({ metadata: Metadata.from({ 'x-early': '1' }) });
  for (let i = 0; i < 10; i++) {
    const unheard = connection.open(bidi, open, new RecordingSink());
    unheard.sendMessage(large);
    unheard.cancel(new RpcError('canceled', 'before it has left'));
    const answered = new RecordingSink();
    const call = connection.open(bidi, open, answered);
    call.sendMessage(large);
    await nextEvent(answered, 'message');
    call.sendMessage(large);
    call.cancel(new RpcError('canceled', 'while the answer is under way'));
    const ended = new RecordingSink();
    connection.open(bidi, early, ended).sendMessage(large);
    await ended.end;
  }
  const sink = new RecordingSink();
  connection.open(bidi, open, sink).sendMessage(utf8('still here'));
  await nextEvent(sink, 'message');
  expect(sink.texts).toEqual(['still here']);
});

test('a connection that goes silent ends its calls on both sides', async () => {
  const limits = { keepaliveIntervalMs: 300, keepaliveTimeoutMs: 300 };
  const cancelled = Promise.withResolvers<RpcError>();
  const port = await serve((call) => {
    call.sink = { onMessage() {}, onHalfClose() {}, onCancel: cancelled.resolve, onWritable() {} };
    call.sendHeader(Metadata.from({ 'x-begun': '1' }));
  }, limits);
  const relay = await UdpRelay.before(port);
  const connection = await dial(relay.port, limits);
  const sinks = [new RecordingSink(), new RecordingSink()] as const;
  connection.open(bidi, open, sinks[0]);
  connection.open(testMethod(), open, sinks[1]);
  await Promise.all(sinks.map((sink) => nextEvent(sink, 'header')));
  relay.close();
  for (const sink of sinks) expect((await sink.end).error?.code).toBe('unavailable');
  expect((await cancelled.promise).code).toBe('unavailable');
});

test('a server that closes lets a stream end, with all its messages', async () => {
  const calls: ServerCall[] = [];
  const listener = await listenQuic({
    host: '127.0.0.1',
    port: 0,
    tls: serverTls,
    handler(call) {
      echo(call);
      calls.push(call);
      call.sendMessage(utf8('begun'));
    },
  });
  const connection = await dial(Number(new URL(listener.address).port));
  const sink = new RecordingSink();
  connection.open(bidi, open, sink);
  await nextEvent(sink, 'message');
  const closed = listener.close();
  for (let i = 0; i < 40; i++) calls[0]?.sendMessage(new Uint8Array(10_000));
  calls[0]?.sendEnd({ error: undefined, metadata: Metadata.empty });
  await sink.end;
  expect(sink.code).toBe('ok');
  expect(sink.messages.length).toBe(41);
  await closed;
  expect(await connection.closed).toBeUndefined();
});

/** Lanes of a scripted QUIC connection, which says of no stream that it broke. */
function scripted(side: 'client' | 'server', handler: CallHandler): QuicLanes {
  const quic: Pick<QuicConnection, 'openStream' | 'whyClosed'> = {
    openStream: () => new QuicByteStream(),
    whyClosed: (callback) => callback(undefined),
  };
  const lanes = new QuicLanes(quic as QuicConnection, side);
  lanes.connection = new FrameConnection({
    link: { queuedBytes: 0, write: () => true, end() {}, destroy() {} },
    lanes,
    side,
    limits: limitsWith(undefined),
    peer: { transport: 'quic', address: 'script' },
    handler,
  });
  return lanes;
}

test('a call that has come and ended before the SETTINGS is read after them', () => {
  const seen: string[] = [];
  const lanes = scripted('server', (call) => {
    call.sink = {
      onMessage: (bytes) => void seen.push(new TextDecoder().decode(bytes)),
      onHalfClose: () => void seen.push('end'),
      onCancel: (error) => void seen.push(error.message),
      onWritable() {},
    };
  });
  const id = firstLane + 1;
  const { handler } = lanes.accept();
  handler.onData(header(id));
  handler.onData(frames((output) => void output.message(id, utf8('hello'), undefined)));
  handler.onData(frames((output) => output.end(id)));
  handler.onEnd();
  expect(seen).toEqual([]);
  lanes.connection?.receive(settings);
  lanes.ready();
  expect(seen).toEqual(['hello', 'end']);
  lanes.connection?.linkClosed();
});

test('a call that has ended is not broken by the end of its stream while its reader pauses', () => {
  const lanes = scripted('client', echo);
  lanes.connection?.receive(settings);
  lanes.ready();
  const sink = new RecordingSink();
  const call = lanes.connection?.open(bidi, open, sink);
  call?.pause();
  const id = firstLane + 1;
  const stream = lanes.streamOf(id);
  stream?.handler.onData(frames((output) => void output.message(id, utf8('hello'), undefined)));
  stream?.handler.onData(frames((output) => output.end(id)));
  stream?.handler.onEnd();
  expect(sink.code).toBeUndefined();
  call?.resume();
  expect(sink.texts).toEqual(['hello']);
  expect(sink.code).toBe('ok');
  lanes.connection?.linkClosed();
});

test('a call whose stream ends before it is broken', () => {
  const lanes = scripted('client', echo);
  lanes.connection?.receive(settings);
  lanes.ready();
  const sink = new RecordingSink();
  lanes.connection?.open(bidi, open, sink);
  lanes.streamOf(firstLane + 1)?.handler.onEnd();
  expect(sink.trailer?.error?.message).toBe('the stream of the call ended before the call');
  lanes.connection?.linkClosed();
});

/** The frames of a call, on whatever stream. */
function frames(write: (output: FrameOutput) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  const link: FrameLink = {
    queuedBytes: 0,
    write: (bytes, start, end) => parts.push(bytes.slice(start, end)) > 0,
    end() {},
    destroy() {},
  };
  const output = new FrameOutput(link, limitsWith(undefined), undefined);
  write(output);
  output.flush();
  return Buffer.concat(parts);
}

const settings = frames((output) => output.settings());
const header = (id: number): Uint8Array => frames((output) => output.open(id, '/a.B/C', open));

describe('a peer that breaks the rules', () => {
  let port: number;
  beforeAll(async () => {
    port = await serve(echo);
  });

  async function rawConnection(): Promise<QuicConnection> {
    const { connection, opened } = await dialQuicEndpoint({
      host: '127.0.0.1',
      port,
      tls: clientTls,
      protocol: 'zrpc/1',
      scheme: 'quic',
      limits: limitsWith(undefined),
    });
    await opened;
    return connection;
  }

  /** Opens the connection's stream, then one with these bytes: why the server closed. */
  async function closedBy(...bytes: Uint8Array[]): Promise<string> {
    const quic = await rawConnection();
    const closed = new Promise<string>((resolve) => {
      quic.handler = {
        onStream: () => undefined,
        onClose: (e) => resolve(e?.message ?? 'in order'),
      };
    });
    quic.openStream().write(settings);
    for (const one of bytes) quic.openStream().write(one);
    return await closed;
  }

  async function stillWorks(): Promise<void> {
    const connection = await dial(port);
    const sink = new RecordingSink();
    const call = connection.open(bidi, open, sink);
    call.sendMessage(utf8('well'));
    call.sendEnd();
    await sink.end;
    expect(sink.texts).toEqual(['well']);
  }

  test('by a stream that does not begin with a call', async () => {
    const message = frames(
      (output) => void output.message(firstLane + 1, new Uint8Array(3), undefined),
    );
    expect(await closedBy(message)).toContain('closed the connection');
    expect(await closedBy(header(7))).toContain('closed the connection');
    expect(await closedBy(header(firstLane + 2))).toContain('closed the connection');
    await stillWorks();
  });

  test('by a stream with two calls, and two streams with one', async () => {
    const two = Buffer.concat([header(firstLane + 1), header(firstLane + 3)]);
    expect(await closedBy(two)).toContain('closed the connection');
    const one = header(firstLane + 1);
    expect(await closedBy(one, one)).toContain('closed the connection');
    await stillWorks();
  });

  test('by messages that no credit was given for', async () => {
    const quic = await rawConnection();
    const closed = new Promise<void>((resolve) => {
      quic.handler = { onStream: () => undefined, onClose: () => resolve() };
    });
    // The SETTINGS never come, so that the server reads none of the others.
    quic.openStream().write(settings.subarray(0, 5));
    const stream: QuicByteStream = quic.openStream();
    for (let i = 0; i < 100; i++) stream.write(new Uint8Array(100_000));
    await closed;
    await stillWorks();
  });

  test('by any bytes', async () => {
    const id = firstLane + 1;
    const good = Buffer.concat([
      header(id),
      frames((output) => {
        output.message(id, new Uint8Array(9), undefined);
        output.end(id);
      }),
    ]);
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 5,
    });
    const mutated = changes.map((all) => {
      const copy = Buffer.from(good);
      for (const [at, value] of all) copy[at] = value;
      return copy;
    });
    const inputs = fc.sample(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), {
      numRuns: 60,
      seed: 3,
    });
    const connections = await Promise.all(
      inputs.map(async (bytes) => {
        const quic = await rawConnection();
        quic.openStream().write(settings);
        const stream = quic.openStream();
        stream.write(bytes);
        stream.end();
        return quic;
      }),
    );
    await stillWorks();
    for (const quic of connections) quic.close(0, '');
  });
});
