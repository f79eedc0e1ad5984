import { describe, expect, test } from 'bun:test';
import { okTrailer } from '../../../core/call.ts';
import type { RpcLimits } from '../../../core/limits.ts';
import { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';
import { testMethod, utf8 } from '../../../testing/test-method.ts';
import { type RecordedCall, RecordingHandler } from '../testing/recording-handler.ts';
import { EnvelopeReader, endStreamFlag } from '../wire/envelope-reader.ts';
import { envelope } from '../wire/envelope-writer.ts';
import { FetchServer } from './fetch-server.ts';

const path = '/test.Service/Method';
const peer = { transport: 'http', address: 'test' };
const proto = 'application/proto';
const stream = 'application/connect+proto';

describe('a unary call', () => {
  test('has path, metadata, deadline and peer before its body has come', async () => {
    const { server, calls } = serve('unary');
    const body = new TestBody();
    const response = server.handle(
      request(proto, body.stream, { 'x-a': '1', 'connect-timeout-ms': '60000' }),
      peer,
    );
    const { call } = calls.call;
    expect(call.path).toBe(path);
    expect([...call.metadata]).toEqual([['x-a', '1']]);
    expect(call.deadlineAt - performance.now()).toBeWithin(59_000, 60_001);
    expect(call.peer).toBe(peer);
    expect(calls.call.messages).toEqual([]);
    body.push(utf8('hel'));
    body.push(utf8('lo'));
    body.end();
    await calls.call.until((one) => one.isHalfClosed);
    expect(calls.call.messages).toEqual(['hello']);
    call.sendMessage(utf8('hi'));
    call.sendEnd(okTrailer);
    expect(await (await response).text()).toBe('hi');
  });

  test('may be refused before its body has come', async () => {
    const { server } = serve('unary', ({ call }) =>
      call.sendEnd({ error: new RpcError('permission_denied', 'no'), metadata: Metadata.empty }),
    );
    const body = new TestBody();
    const response = await server.handle(request(proto, body.stream), peer);
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ code: 'permission_denied', message: 'no' });
    expect(server.openCalls).toBe(0);
  });

  test('is not delivered while paused', async () => {
    const { server, calls } = serve('unary', ({ call }) => call.pause());
    void server.handle(request(proto, utf8('a')), peer);
    await settle();
    expect(calls.call.messages).toEqual([]);
    calls.call.onEvent = () => calls.call.call.pause();
    calls.call.call.resume();
    expect(calls.call).toMatchObject({ messages: ['a'], isHalfClosed: false });
    calls.call.call.resume();
    expect(calls.call.isHalfClosed).toBe(true);
  });

  test('copies what it is lent', async () => {
    const lent = utf8('lent');
    const { server } = serve('unary', (recorded) => {
      recorded.onEvent = () => {
        if (!recorded.isHalfClosed) return;
        recorded.call.sendMessage(lent);
        lent.fill(0);
        recorded.call.sendEnd(okTrailer);
      };
    });
    const response = await server.handle(request(proto, utf8('a')), peer);
    expect(await response.text()).toBe('lent');
  });

  test.each<[string, (call: RecordedCall) => void, string]>([
    ['two messages', twice, 'answered with more than one message'],
    ['none', ({ call }) => call.sendEnd(okTrailer), 'with the status OK and without a message'],
  ])('that is answered with %s is internal', async (_name, answer, message) => {
    const { server } = serve('unary', answer);
    const response = await server.handle(request(proto, utf8('a')), peer);
    expect(response.status).toBe(500);
    expect(((await response.json()) as { message: string }).message).toContain(message);
  });

  test('whose answer is too long is resource_exhausted, and the handler is told', async () => {
    const { server, calls } = serve('unary', ({ call }) => call.sendMessage(new Uint8Array(101)), {
      maxMessageBytes: 100,
    });
    const response = await server.handle(request(proto, utf8('a')), peer);
    expect(response.status).toBe(429);
    expect(calls.call.cancelledWith?.code).toBe('resource_exhausted');
  });

  test('of a client that leaves is canceled, and counts until its handler is done', async () => {
    const { server, calls } = serve('unary');
    const abort = new AbortController();
    void server.handle(request(proto, utf8('a'), {}, abort.signal), peer);
    await calls.call.until((one) => one.isHalfClosed);
    abort.abort();
    await calls.call.until((one) => one.cancelledWith !== undefined);
    expect(calls.call.cancelledWith?.code).toBe('canceled');
    expect(server.openCalls).toBe(1);
    calls.call.call.sendEnd(okTrailer);
    expect(server.openCalls).toBe(0);
  });

  test('whose body breaks off is canceled', async () => {
    const { server, calls } = serve('unary');
    const body = new TestBody();
    void server.handle(request(proto, body.stream), peer);
    body.fail();
    await calls.call.until((one) => one.cancelledWith !== undefined);
    expect(calls.call.cancelledWith?.code).toBe('canceled');
  });

  test('whose handler throws is internal, and keeps the reason', async () => {
    const { server } = serve('unary', () => {
      throw new Error('hunter2');
    });
    const response = await server.handle(request(proto, utf8('a')), peer);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
    expect(server.openCalls).toBe(0);
  });

  test('carries header and trailer of success and of failure', async () => {
    for (const error of [undefined, new RpcError('aborted', 'no')]) {
      const { server } = serve('unary', ({ call }) => {
        call.sendHeader(Metadata.from({ 'x-h': '1' }));
        if (error === undefined) call.sendMessage(utf8('m'));
        call.sendEnd({ error, metadata: Metadata.from({ 'x-t': ['2', '3'] }) });
      });
      const { headers } = await server.handle(request(proto, utf8('a')), peer);
      expect(headers.get('x-h')).toBe('1');
      expect(headers.get('trailer-x-t')).toBe('2, 3');
    }
  });

  test('is compressed from 1 KiB on, where the client takes it', async () => {
    for (const [length, accepted, expected] of [
      [1_023, 'gzip', null],
      [1_024, 'gzip', 'gzip'],
      [1_024, 'gzip, zstd', 'zstd'],
      [1_024, 'br', null],
    ] as const) {
      const { server } = serve('unary', ({ call }) => {
        call.sendMessage(new Uint8Array(length));
        call.sendEnd(okTrailer);
      });
      const headers = { 'accept-encoding': accepted };
      const response = await server.handle(request(proto, utf8('a'), headers), peer);
      expect(response.headers.get('content-encoding')).toBe(expected);
    }
  });
});

describe('a stream', () => {
  test('delivers messages as they come, and holds them while paused', async () => {
    const { server, calls } = serve('bidi-stream');
    const body = new TestBody();
    void server.handle(request(stream, body.stream), peer);
    const { call } = calls;
    body.push(Buffer.concat([envelope(0, utf8('a')), envelope(0, utf8('b')).subarray(0, 3)]));
    await call.until((one) => one.messages.length === 1);
    call.call.pause();
    body.push(Buffer.concat([envelope(0, utf8('b')).subarray(3), envelope(0, utf8('c'))]));
    body.end();
    await settle();
    expect(call.messages).toEqual(['a']);
    call.call.resume();
    await call.until((one) => one.isHalfClosed);
    expect(call.messages).toEqual(['a', 'b', 'c']);
  });

  test('reads no more of the request while paused', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(envelope(0, utf8('x')));
      },
    });
    const { server, calls } = serve('bidi-stream', ({ call }) => call.pause());
    void server.handle(request(stream, endless), peer);
    await settle();
    expect(calls.call.messages).toEqual([]);
    expect(pulled).toBeLessThan(5);
    calls.call.call.sendEnd(okTrailer);
  });

  test('that ends in its first turn has a body of one piece', async () => {
    const { server } = serve('server-stream', ({ call }) => {
      call.sendMessage(utf8('a'));
      call.sendMessage(utf8('b'));
      call.sendEnd(okTrailer);
    });
    const response = await server.handle(request(stream, envelope(0, utf8('q'))), peer);
    expect(await texts(response)).toEqual(['a', 'b', '2:{}']);
  });

  test('begins with its first message, or with its header', async () => {
    for (const begin of [
      ({ call }: RecordedCall) => call.sendHeader(Metadata.from({ 'x-h': '1' })),
      ({ call }: RecordedCall) => call.sendMessage(utf8('a')),
    ]) {
      const { server, calls } = serve('server-stream', begin);
      const response = await server.handle(request(stream, envelope(0, utf8('q'))), peer);
      calls.call.call.sendMessage(utf8('z'));
      calls.call.call.sendEnd({ error: new RpcError('aborted', ''), metadata: Metadata.empty });
      expect((await texts(response)).slice(-2)).toEqual(['z', '2:{"error":{"code":"aborted"}}']);
    }
  });

  test('tells its handler when there is no room, and when there is again', async () => {
    const { server, calls } = serve('server-stream', undefined, { streamWindowBytes: 1_000 });
    const response = server.handle(request(stream, envelope(0, utf8('q'))), peer);
    const { call } = calls.call;
    expect(call.sendMessage(new Uint8Array(500))).toBe(true);
    expect(call.sendMessage(new Uint8Array(500))).toBe(false);
    await settle();
    expect(calls.call.writable).toBe(0);
    const reader = ((await response).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(calls.call.writable).toBe(1);
    expect(call.sendMessage(new Uint8Array(500))).toBe(true);
    await reader.cancel();
  });

  test('whose handler does not wait for room is resource_exhausted', async () => {
    const { server, calls } = serve('server-stream', undefined, { maxQueuedBytes: 2_000_000 });
    const response = server.handle(request(stream, envelope(0, utf8('q'))), peer);
    let sent = 0;
    while (calls.call.cancelledWith === undefined && sent < 100) {
      calls.call.call.sendMessage(new Uint8Array(100_000));
      sent++;
    }
    expect(calls.call.cancelledWith?.code).toBe('resource_exhausted');
    expect(sent).toBe(20);
    expect((await texts(await response)).at(-1)).toContain('maxQueuedBytes');
  });

  test('whose response is not read any more is canceled', async () => {
    const { server, calls } = serve('server-stream', ({ call }) => call.sendMessage(utf8('a')));
    const response = await server.handle(request(stream, envelope(0, utf8('q'))), peer);
    await response.body?.cancel();
    expect(calls.call.cancelledWith?.code).toBe('canceled');
    expect(calls.call.call.sendMessage(utf8('b'))).toBe(true);
  });

  test('that is over reads no more of the request', async () => {
    const { server, calls } = serve('client-stream');
    const body = new TestBody();
    const response = server.handle(request(stream, body.stream), peer);
    calls.call.call.sendMessage(utf8('enough'));
    calls.call.call.sendEnd(okTrailer);
    expect(await texts(await response)).toEqual(['enough', '2:{}']);
    await body.cancelled;
  });

  test('that fails tells both sides once', async () => {
    const { server, calls } = serve('client-stream');
    const response = server.handle(request(stream, envelope(9, utf8('a'))), peer);
    expect((await texts(await response))[0]).toStartWith('2:{"error":{"code":"invalid_argument"');
    expect(calls.call).toMatchObject({ messages: [], isHalfClosed: false });
    expect(calls.call.cancelledWith?.code).toBe('invalid_argument');
  });
});

describe('all calls', () => {
  test('one peer has no more than it may', async () => {
    const { server, calls } = serve('unary', undefined, { maxStreams: 2 });
    for (let i = 0; i < 2; i++) void server.handle(request(proto, utf8('a')), peer);
    expect((await server.handle(request(proto, utf8('a')), peer)).status).toBe(429);
    void server.handle(request(proto, utf8('a')), { ...peer });
    expect(calls.calls).toHaveLength(3);
    calls.call.call.sendEnd(okTrailer);
    void server.handle(request(proto, utf8('a')), peer);
    expect(calls.calls).toHaveLength(4);
  });

  test('are told of when they begin and when they end; what is refused is none', async () => {
    const told: string[] = [];
    const watcher = {
      onCallBegin: ({ headers }: Request) => told.push(`begin ${headers.get('x-call')}`),
      onCallEnd: ({ headers }: Request) => told.push(`end ${headers.get('x-call')}`),
    };
    const calls = new RecordingHandler();
    const methods = () => testMethod();
    const server = new FetchServer({ handler: calls.handler, methods }, watcher);
    for (const name of ['a', 'b']) {
      void server.handle(request(proto, utf8('q'), { 'x-call': name }), peer);
    }
    await server.handle(request('text/plain', utf8('q'), { 'x-call': 'c' }), peer);
    await server.handle(request(proto, utf8('q'), { 'x-call': 'd', 'x-a-bin': '*' }), peer);
    calls.calls[1]?.call.sendEnd(okTrailer);
    calls.calls[0]?.call.sendEnd(okTrailer);
    calls.calls[0]?.call.sendEnd(okTrailer);
    expect(told).toEqual(['begin a', 'begin b', 'end b', 'end a']);
  });

  test('may end when the server closes; new ones are refused', async () => {
    const { server, calls } = serve('unary');
    const open = server.handle(request(proto, utf8('a')), peer);
    const drained = server.drain(60_000);
    expect((await server.handle(request(proto, utf8('a')), peer)).status).toBe(503);
    calls.call.call.sendMessage(utf8('m'));
    calls.call.call.sendEnd(okTrailer);
    expect((await open).status).toBe(200);
    await drained;
  });

  test('that do not end in time are unavailable', async () => {
    const { server, calls } = serve('unary');
    const open = server.handle(request(proto, utf8('a')), peer);
    await server.drain(0);
    expect((await open).status).toBe(503);
    expect(calls.call.cancelledWith?.code).toBe('unavailable');
  });
});

function serve(
  kind: 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream',
  onCall?: (call: RecordedCall) => void,
  limits: Partial<RpcLimits> = {},
): { server: FetchServer; calls: RecordingHandler } {
  const calls = new RecordingHandler(onCall);
  const method = testMethod({ kind });
  const server = new FetchServer({ handler: calls.handler, methods: () => method, limits });
  return { server, calls };
}

function request(
  type: string,
  body: Uint8Array | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Request {
  const init = { method: 'POST', body, headers: { 'content-type': type, ...headers } };
  return new Request(`http://test${path}`, { ...init, signal, duplex: 'half' } as RequestInit);
}

/** A body of a request that the test writes. */
class TestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly cancelled: Promise<void>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cancelled = promise;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => resolve(),
    });
  }

  push(bytes: Uint8Array): void {
    this.#controller?.enqueue(bytes);
  }

  end(): void {
    this.#controller?.close();
  }

  fail(): void {
    this.#controller?.error(new Error('the connection broke'));
  }
}

/** The payloads of a response, that of the end marked. */
async function texts(response: Response): Promise<string[]> {
  const reader = new EnvelopeReader(1 << 20);
  reader.push(await response.bytes());
  const found: string[] = [];
  while (reader.next()) {
    const text = Buffer.from(reader.payload).toString();
    found.push(reader.flags === endStreamFlag ? `2:${text}` : text);
  }
  return found;
}

function twice({ call }: RecordedCall): void {
  call.sendMessage(utf8('a'));
  call.sendMessage(utf8('b'));
}

/** Some turns of the event loop: what is to come without further input has come then. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
  }
}
