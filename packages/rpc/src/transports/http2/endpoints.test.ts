import { afterAll, afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { retryInfo } from '../../codec/error-details.ts';
import type { Listener, ServerCall, Transport } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { Metadata } from '../../core/metadata.ts';
import { isRefused } from '../../core/refused.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { fails } from '../../testing/contract/contract-bench.ts';
import { Notes, type NotesClient } from '../../testing/note-service.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { connectHttp2, dialHttp2, type Http2ConnectOptions } from './connect-http2.ts';
import { frameFlag, frameType } from './frame.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { type Http2ListenOptions, listenHttp2 } from './listen-http2.ts';
import { RawPeer } from './testing/raw-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-http2-'));
afterAll(() => rmSync(folder, { recursive: true }));

const certificates = await testCertificates();
const { authority, server, client } = certificates;
const tls = { cert: server.certificate, key: server.key };

const whoAmI = createServer().add(Notes, {
  echo: (note, { peer, metadata }) => ({
    text: [
      note.text,
      peer.transport,
      peer.certificate?.subject ?? '-',
      peer.certificate?.alternativeNames.join() ?? '-',
      metadata.get('user-agent'),
    ].join(' '),
  }),
}).handler;

const opened: (Listener | Transport)[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close({ graceMs: 0 });
});

async function listen(options: Partial<Http2ListenOptions> = {}): Promise<Listener> {
  const listener = await listenHttp2({
    host: '127.0.0.1',
    port: 0,
    handler: whoAmI,
    ...options,
  } as Http2ListenOptions);
  opened.push(listener);
  return listener;
}

function connect(options: Http2ConnectOptions): { notes: NotesClient; transport: Transport } {
  const transport = connectHttp2(options);
  opened.push(transport);
  return { notes: createClient(Notes, transport), transport };
}

describe('places', () => {
  test('TCP, by name and by address of both families', async () => {
    const { address } = await listen();
    const { port } = new URL(address);
    expect(address).toBe(`http://127.0.0.1:${port}`);
    const { notes } = connect({ url: `http://localhost:${port}`, userAgent: 'test/1' });
    expect((await notes.echo({ text: 'hi' })).text).toBe('hi http2 - - test/1 zrpc');
    const six = await listen({ host: '::1', port: 0 });
    expect(six.address).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await connect({ url: six.address }).notes.echo({ text: 'six' })).text).toStartWith(
      'six',
    );
  });

  test('a Unix socket, whose path is free again afterwards', async () => {
    const path = join(folder, 'a.sock');
    const listener = await listenHttp2({ path, handler: whoAmI });
    expect(listener.address).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { notes, transport } = connect({ path });
    expect((await notes.echo({ text: 'hi' })).text).toStartWith('hi http2');
    await expect(listenHttp2({ path, handler: whoAmI })).rejects.toMatchObject({
      code: 'already_exists',
    });
    await transport.close();
    await listener.close();
    expect(() => statSync(path)).toThrow();
  });

  test('the process at the other end of a Unix socket, and permissions for others', async () => {
    const path = join(folder, 'b.sock');
    const { handler } = createServer().add(Notes, {
      echo: (_note, { peer }) => ({ number: peer.process?.pid ?? 0 }),
    });
    opened.push(await listenHttp2({ path, mode: 0o666, handler }));
    expect(statSync(path).mode & 0o777).toBe(0o666);
    expect((await connect({ path }).notes.echo({})).number).toBe(process.pid);
  });

  test('a user who may not connect to a Unix socket is told so', async () => {
    const path = join(folder, 'c.sock');
    opened.push(await listenHttp2({ path, allowedUsers: [4_711], handler: whoAmI }));
    const error = await fails(connect({ path }).notes.echo({}), 'permission_denied');
    expect(error.message).toContain(`is not open to user ${process.getuid?.()}`);
  });

  test('one port for several listeners', async () => {
    const first = await listen({ host: '127.0.0.1', port: 0, reusePort: true });
    const port = Number(new URL(first.address).port);
    const second = await listen({ host: '127.0.0.1', port, reusePort: true });
    expect(second.address).toBe(first.address);
    await first.close();
    expect((await connect({ url: second.address }).notes.echo({ text: 'on' })).text).toStartWith(
      'on',
    );
    await expect(listen({ host: '127.0.0.1', port, reusePort: false })).rejects.toThrow();
  });

  test('nobody listens', async () => {
    const { notes } = connect({ url: 'http://127.0.0.1:1' });
    const error = await fails(notes.echo({}), 'unavailable');
    expect(error.message).toContain('http://127.0.0.1:1');
    const { notes: none } = connect({ path: join(folder, 'none.sock') });
    await fails(none.echo({}), 'unavailable');
  });

  test('targets that are none', () => {
    for (const url of ['localhost:50051', 'ftp://x', '', 'http://']) {
      expect(() => connectHttp2({ url })).toThrow(RpcError);
    }
    expect(() => connectHttp2({ url: 'http://x', authority: 'a\nb' })).toThrow('authority');
    expect(() => connectHttp2({ url: 'http://x', userAgent: 'ü' })).toThrow('user agent');
  });
});

describe('TLS', () => {
  test('a server that is trusted, a client that is known', async () => {
    const { address } = await listen({ tls: { ...tls, ca: authority } });
    expect(address).toStartWith('https://');
    const { notes } = connect({
      url: address,
      tls: { ca: authority, cert: client.certificate, key: client.key },
    });
    expect((await notes.echo({ text: 'hi' })).text).toBe(
      'hi http2 test-client URI:spiffe://test/client zrpc',
    );
  });

  test('on a Unix socket', async () => {
    const path = join(folder, 'tls.sock');
    const listener = await listenHttp2({ path, handler: whoAmI, tls });
    opened.push(listener);
    const { notes } = connect({ path, tls: { ca: authority } });
    expect((await notes.echo({ text: 'hi' })).text).toStartWith('hi http2');
  });

  test('a server that is not trusted, has expired or has another name', async () => {
    const strange = await listen({
      tls: { cert: certificates.strangerServer.certificate, key: certificates.strangerServer.key },
    });
    const expired = await listen({
      tls: { cert: certificates.expiredServer.certificate, key: certificates.expiredServer.key },
    });
    const good = await listen({ tls });
    const cases = [
      { url: strange.address, tls: { ca: authority } },
      { url: expired.address, tls: { ca: authority } },
      { url: good.address, tls: { ca: authority, serverName: 'other.example' } },
      { url: good.address },
    ];
    for (const options of cases) await fails(connect(options).notes.echo({}), 'unavailable');
  });

  test('a client without a certificate where one is asked for', async () => {
    const { address } = await listen({ tls: { ...tls, ca: authority } });
    await fails(connect({ url: address, tls: { ca: authority } }).notes.echo({}), 'unavailable');
  });

  test('a client without TLS, and a server without', async () => {
    const secure = await listen({ tls });
    const plain = secure.address.replace('https', 'http');
    const limits = { handshakeTimeoutMs: 500 };
    await fails(connect({ url: plain, limits }).notes.echo({}), 'unavailable');
    const open = await listen();
    const wrong = { url: open.address.replace('http', 'https'), tls: { ca: authority }, limits };
    await fails(connect(wrong).notes.echo({}), 'unavailable');
  });

  test('a client that does not offer h2 is not served', async () => {
    const { address } = await listen({ tls });
    const socket = tlsConnect({
      host: '127.0.0.1',
      port: Number(new URL(address).port),
      ca: authority,
      servername: 'localhost',
    });
    socket.on('error', () => {});
    await new Promise((resolve) => socket.on('close', resolve));
  });
});

describe('the end of a listener', () => {
  test('open calls end in order, new ones are refused', async () => {
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { handler } = createServer().add(Notes, {
      async echo(note) {
        started.resolve();
        await go.promise;
        return note;
      },
    });
    const listener = await listen({ handler });
    const { notes } = connect({ url: listener.address });
    const open = notes.echo({ text: 'open' });
    await started.promise;
    const closing = listener.close();
    go.resolve();
    expect((await open).text).toBe('open');
    await closing;
    await fails(notes.echo({}), 'unavailable');
  });

  test('a call that takes longer than the grace is told so', async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    const { handler } = createServer().add(Notes, {
      echo(_note, { signal }) {
        started.resolve();
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    const listener = await listen({ handler });
    const { notes } = connect({ url: listener.address });
    const call = notes.echo({});
    await started.promise;
    const closing = listener.close({ graceMs: 10 });
    const error = await fails(call, 'unavailable');
    expect(error.message).toContain('shutting down');
    expect(await aborted.promise).toBeInstanceOf(RpcError);
    await closing;
  });
});

test('the details of an error arrive', async () => {
  const { handler } = createServer().add(Notes, {
    echo() {
      throw new RpcError('resource_exhausted', 'later', { details: [retryInfo(1_500)] });
    },
  });
  const { notes } = connect({ url: (await listen({ handler })).address });
  const error = await fails(notes.echo({}), 'resource_exhausted');
  expect(error.details).toEqual([retryInfo(1_500)]);
});

describe('limits', () => {
  /** A server whose calls are answered when the test says so. */
  async function holding(limits: Http2ListenOptions['limits'] = {}): Promise<{
    listener: Listener;
    calls: ServerCall[];
    next: () => Promise<ServerCall>;
  }> {
    const calls: ServerCall[] = [];
    let wake: (() => void) | undefined;
    let taken = 0;
    const listener = await listen({
      limits,
      handler(call) {
        call.sink = {
          onMessage() {},
          onHalfClose() {},
          onCancel: () => call.sendEnd({ error: undefined, metadata: call.metadata }),
          onWritable() {},
        };
        calls.push(call);
        wake?.();
      },
    });
    const next = async (): Promise<ServerCall> => {
      while (calls.length <= taken) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return calls[taken++] as ServerCall;
    };
    return { listener, calls, next };
  }

  const end = (call: ServerCall): void => {
    call.sendMessage(utf8('done'));
    call.sendEnd({ error: undefined, metadata: call.metadata });
  };

  test('the server’s maxStreams: calls wait their turn, and one that waits can be cancelled', async () => {
    const { listener, calls, next } = await holding({ maxStreams: 2 });
    const { transport } = connect({ url: listener.address });
    const sinks = Array.from({ length: 5 }, () => new RecordingSink());
    const opens = sinks.map((sink, i) => {
      const call = transport.open(testMethod(), testOpenOptions(), sink);
      call.sendMessage(utf8(`call ${i}`));
      call.sendEnd();
      return call;
    });
    const first = await next();
    const second = await next();
    opens[2]?.cancel(new RpcError('canceled', 'enough'));
    expect(sinks[2]?.code).toBe('canceled');
    expect(calls.length).toBe(2);
    end(first);
    end(await next());
    end(second);
    end(await next());
    for (const i of [0, 1, 3, 4]) {
      await sinks[i]?.end;
      expect(sinks[i]?.texts).toEqual(['done']);
    }
  });

  test('the connection of calls that wait for a stream breaks: all end, none was sent', async () => {
    const { listener, calls, next } = await holding({ maxStreams: 1 });
    const { transport } = connect({ url: listener.address });
    const sinks = Array.from({ length: 5 }, () => new RecordingSink());
    for (const sink of sinks) transport.open(testMethod(), testOpenOptions(), sink).sendEnd();
    await next();
    await listener.close({ graceMs: 0 });
    const ends = await Promise.all(sinks.map((sink) => sink.end));
    expect(calls.length).toBe(1);
    expect(ends.map(({ error }) => error?.code)).toEqual(Array(5).fill('unavailable'));
    expect(ends.map(({ error }) => error !== undefined && isRefused(error))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test('metadata of a response: beyond the limit the call fails, beyond a frame it goes on', async () => {
    const { handler } = createServer().add(Notes, {
      echo({ text, number }, context) {
        if (text === 'header') context.sendHeader({ 'x-large': 'x'.repeat(number) });
        else context.trailer.append('x-large', 'x'.repeat(number));
        return {};
      },
    });
    const limits = { maxMetadataBytes: 50_000 };
    const { address } = await listen({ handler, limits });
    const { notes } = connect({ url: address, limits });
    const careful = connect({ url: address }).notes;
    for (const text of ['header', 'trailer']) {
      let seen = 0;
      const onHeader = (metadata: Metadata): void => {
        seen += metadata.get('x-large')?.length ?? 0;
      };
      await notes.echo({ text, number: 40_000 }, { onHeader, onTrailer: onHeader });
      expect(seen).toBe(40_000);
      await fails(notes.echo({ text, number: 60_000 }), 'resource_exhausted');
      await fails(careful.echo({ text, number: 40_000 }), 'resource_exhausted');
    }
  });

  test('header blocks that are longer than a frame of the peer go on in CONTINUATION', async () => {
    const metadata = Metadata.from({ 'x-large': 'x'.repeat(40_000) });
    const limits = { maxMetadataBytes: 50_000 };
    const { address } = await listen({
      limits,
      handler: (call) => call.sendEnd({ error: undefined, metadata }),
    });
    const peer = await RawPeer.connect(Number(new URL(address).port));
    peer.send(peer.request(1));
    const first = await peer.next(({ type }) => type === frameType.headers);
    const second = await peer.next(({ type }) => type === frameType.continuation);
    const third = await peer.next(({ type }) => type === frameType.continuation);
    expect([first, second, third].map((one) => [one?.flags, one?.payload.length])).toEqual([
      [frameFlag.endStream, 16_384],
      [0, 16_384],
      [frameFlag.endHeaders, expect.any(Number)],
    ]);
    const whole = Buffer.concat([first, second, third].map((one) => one?.payload ?? Buffer.of()));
    const names: string[] = [];
    new HpackDecoder().decode(whole, 0, whole.length, {
      onField: ({ name, value }) => names.push(`${name} ${value.length}`),
    });
    expect(names).toContain('x-large 40000');
    peer.close();
  });

  test('connections above maxConnections are closed', async () => {
    const listener = await listen({ limits: { maxConnections: 1 } });
    const { notes } = connect({ url: listener.address });
    await notes.echo({});
    await fails(connect({ url: listener.address }).notes.echo({}), 'unavailable');
    await notes.echo({});
  });

  test('a path that cannot be sent', async () => {
    const listener = await listen();
    const connection = await dialHttp2({ url: listener.address });
    opened.push(connection);
    for (const path of ['', 'x', '/a b', '/ä', '/a\n']) {
      const sink = new RecordingSink();
      connection.open(testMethod({ path }), testOpenOptions(), sink).sendEnd();
      expect((await sink.end).error?.code).toBe('invalid_argument');
    }
  });

  test('a dial that nobody waits for', async () => {
    const listener = await listen();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(dialHttp2({ url: listener.address }, signal)).rejects.toThrow('enough');
  });
});
