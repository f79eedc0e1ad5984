import { afterAll, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../../../core/call.ts';
import { createClient } from '../../../core/client.ts';
import { createServer } from '../../../core/server.ts';
import { RpcError } from '../../../rpc-error.ts';
import { leaveSocket } from '../../../testing/leave-socket.ts';
import { testCertificates } from '../../../testing/test-certificates.ts';
import { connectFetch } from '../client/connect-fetch.ts';
import { Talk, type TalkClient, type TalkHandlers } from '../testing/talk-service.ts';
import { serveBun } from './serve-bun.ts';
import { type ServeFetchOptions, serveFetch } from './serve-fetch.ts';
import { serveNode } from './serve-node.ts';

const certificates = await testCertificates();
const { authority, server: identity, client: clientIdentity } = certificates;
const { strangerClient, expiredClient } = certificates;
const tls = { cert: identity.certificate, key: identity.key };

const runtimes = [
  ['Bun.serve', async (options: ServeFetchOptions) => serveBun(options)],
  ['node:http', serveNode],
] as const;

const open: Listener[] = [];
afterAll(() => Promise.all(open.map((listener) => listener.close({ graceMs: 0 }))));

describe.each(runtimes)('%s', (name, serve) => {
  const isBun = name === 'Bun.serve';

  const start = async (
    handlers: Partial<TalkHandlers>,
    options: Partial<ServeFetchOptions> = {},
  ): Promise<Listener> => {
    const server = createServer().add(Talk, handlers);
    const methods = (path: string) => server.method(path);
    const listener = await serve({ handler: server.handler, methods, ...options });
    open.push(listener);
    return listener;
  };

  test('answers curl-like JSON', async () => {
    const { address } = await start({ say: ({ text }) => ({ text: `${text}!` }) });
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${address}/zrpc.talk.Talk/Say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"hi"}',
    });
    expect(await response.json()).toEqual({ text: 'hi!' });
  });

  test('knows its peers, one object for each connection', async () => {
    const peers: object[] = [];
    const { address } = await start({
      say(_word, { peer }) {
        peers.push(peer);
        return { text: `${peer.transport} ${peer.address}` };
      },
    });
    const client = clientOf(address);
    const { text } = await client.say({});
    expect(text).toMatch(/^http 127\.0\.0\.1:\d+$/);
    expect((await client.say({})).text).toBe(text);
    expect(peers[0]).toBe(peers[1] as object);
    const other = clientOf(address, { keepalive: false, headers: { connection: 'close' } });
    expect((await other.say({})).text).not.toBe(text);
  });

  test('listens on a Unix socket', async () => {
    const path = join(tmpdir(), `zrpc-fetch-${process.pid}-${isBun ? 'bun' : 'node'}.sock`);
    const { address } = await start(
      { say: (_word, { peer }) => ({ text: peer.address }) },
      { path },
    );
    expect(address).toBe(`unix:${path}`);
    const client = clientOf('http://localhost', { unix: path });
    expect((await client.say({})).text).toBe(`unix:${path}`);
  });

  test.each(isBun ? ['http1.1', 'http2', 'http3'] : ['http1.1', 'http2'])(
    'speaks %s over TLS',
    async (protocol) => {
      const { address } = await start(
        {
          say: (word) => word,
          async *chat(words) {
            for await (const { count } of words) yield { count: count + 1n };
          },
        },
        { tls, http2: true, http3: isBun },
      );
      expect(address).toStartWith('https://127.0.0.1:');
      // Of HTTP/3, Bun's fetch checks certificates by the system's authorities alone.
      const trust = protocol === 'http3' ? { rejectUnauthorized: false } : { ca: authority };
      const client = clientOf(address, { protocol, tls: trust });
      const text = 'x'.repeat(1_000_000);
      expect((await client.say({ text })).text).toBe(text);
      const counts: bigint[] = [];
      for await (const { count } of client.chat(words(3))) counts.push(count);
      expect(counts).toEqual([1n, 2n, 3n]);
    },
  );

  test('speaks HTTP/2 without TLS to clients that know beforehand', async () => {
    const { address } = await start({ say: (word) => word }, { http2: true, http1: isBun });
    const session = connectHttp2(address);
    const request = session.request({
      ':method': 'POST',
      ':path': '/zrpc.talk.Talk/Say',
      'content-type': 'application/json',
    });
    request.end('{"text":"h2c"}');
    expect(await new Response(request as never).text()).toBe('{"text":"h2c"}');
    session.close();
  });

  test.each([
    ['http1.1', undefined],
    ['http1.1', tls],
    ['http2', tls],
  ])(
    'lets open calls of %s end when it closes, and takes no new ones',
    async (protocol, secure) => {
      const started = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const listener = await start(
        {
          async say(word) {
            if (word.text !== 'last') return word;
            started.resolve();
            await go.promise;
            return word;
          },
        },
        secure === undefined ? {} : { tls: secure, http2: protocol === 'http2' },
      );
      const init = secure === undefined ? {} : { protocol, tls: { ca: authority } };
      const client = clientOf(listener.address, init);
      await client.say({ text: 'first' });
      const call = client.say({ text: 'last' });
      await started.promise;
      const closed = listener.close();
      expect(await codeOf(clientOf(listener.address, init).say({}))).toBe('unavailable');
      go.resolve();
      expect((await call).text).toBe('last');
      await closed;
    },
  );

  test('fails calls that do not end in time when it closes', async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const listener = await start({
      async *count(_word, { signal }) {
        yield { text: 'first' };
        signal.addEventListener('abort', () => ended.resolve(signal.reason));
        started.resolve();
        await new Promise(() => {});
      },
    });
    const words = clientOf(listener.address).count({})[Symbol.asyncIterator]();
    expect((await words.next()).value?.text).toBe('first');
    await started.promise;
    await listener.close({ graceMs: 1 });
    expect(await codeOf(words.next())).toBe('unavailable');
    expect(await ended.promise).toMatchObject({ code: 'unavailable' });
  });

  test('notices a client that leaves a stream', async () => {
    const ended = Promise.withResolvers<unknown>();
    const { address } = await start({
      async *count(_word, { signal }) {
        signal.addEventListener('abort', () => ended.resolve(signal.reason));
        yield { text: 'first' };
        await new Promise(() => {});
      },
    });
    for await (const { text } of clientOf(address).count({})) {
      expect(text).toBe('first');
      break;
    }
    expect(await ended.promise).toMatchObject({ code: 'canceled' });
  });

  test('a request that is none of HTTP does no harm', async () => {
    const { address } = await start({ say: (word) => word });
    const port = Number(new URL(address).port);
    for (const line of [
      '\0\0\0\0',
      'POST http:// HTTP/1.1',
      'GET /\u0000 HTTP/1.1',
      'POST //x HTTP/1.1',
    ]) {
      await exchange(port, `${line}\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    }
    expect((await clientOf(address).say({ text: 'on' })).text).toBe('on');
  });
});

describe('with an authority', () => {
  const secure = { ...tls, ca: authority };
  const whoIs = createServer().add(Talk, {
    say: (_word, { peer }) => ({ text: JSON.stringify(peer.certificate) }),
  });
  const options = { handler: whoIs.handler, methods: (path: string) => whoIs.method(path) };

  test.each(['http1.1', 'http2'])(
    'a client of %s needs a certificate, and calls say whose it is',
    async (protocol) => {
      const listener = await serveFetch({ ...options, tls: secure, http2: protocol === 'http2' });
      open.push(listener);
      const callAs = (identity?: { certificate: string; key: string }) => {
        const shown = identity && { cert: identity.certificate, key: identity.key };
        const init = { protocol, keepalive: false, tls: { ca: authority, ...shown } };
        return clientOf(listener.address, init).say({});
      };
      expect(JSON.parse((await callAs(clientIdentity)).text)).toEqual({
        subject: 'test-client',
        alternativeNames: ['URI:spiffe://test/client'],
        fingerprint: new X509Certificate(clientIdentity.certificate).fingerprint256
          .replaceAll(':', '')
          .toLowerCase(),
      });
      expect(await codeOf(callAs())).toBe('unavailable');
      expect(await codeOf(callAs(strangerClient))).toBe('unavailable');
      expect(await codeOf(callAs(expiredClient))).toBe('unavailable');
    },
  );

  test('what cannot tell whose certificate a client has is not served', async () => {
    expect(() => serveBun({ ...options, tls: secure })).toThrow('whose certificate');
    const http3 = serveFetch({ ...options, tls: secure, http2: true, http3: true });
    await expect(http3).rejects.toThrow('http3 cannot be served with tls.ca');
  });
});

test.each(runtimes)('%s: a certificate that is none is told by its option', async (_, serve) => {
  const options = { handler: () => {}, methods: () => undefined };
  const wrong = async () => await serve({ ...options, tls: { ...tls, key: '/etc/key.pem' } });
  await expect(wrong()).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('tls.key'),
  });
});

test('options that contradict themselves are refused', async () => {
  const options = { handler: () => {}, methods: () => undefined };
  await expect(serveFetch({ ...options, http3: true })).rejects.toThrow('http3 needs tls');
  await expect(serveFetch({ ...options, tls, http3: true, path: '/x' })).rejects.toThrow('a port');
  await expect(serveNode({ ...options, http3: true })).rejects.toThrow('http3 needs Bun');
  await expect(serveNode({ ...options, http2: true })).rejects.toThrow('needs tls');
  await expect(serveNode({ ...options, http1: false })).rejects.toThrow('both off');
});

test('a port that is taken is an error', async () => {
  const options = { handler: () => {}, methods: () => undefined };
  const listener = await serveFetch(options);
  const port = Number(new URL(listener.address).port);
  for (const [, serve] of runtimes) {
    await expect((async () => await serve({ ...options, port }))()).rejects.toMatchObject({
      code: 'unavailable',
      message: `cannot listen at 127.0.0.1:${port}: another process listens there; stop it, or choose another port`,
    });
  }
  await listener.close();
});

test('a Unix socket is its owner’s alone; one that was left behind is replaced, a live one is not', async () => {
  const path = join(tmpdir(), `zrpc-left-${crypto.randomUUID()}.sock`);
  await leaveSocket(path);
  const options = { path, handler: () => {}, methods: () => undefined };
  const listener = await serveFetch(options);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(serveFetch(options)).rejects.toMatchObject({ code: 'already_exists' });
  await listener.close();
});

function clientOf(baseUrl: string, init: Readonly<Record<string, unknown>> = {}): TalkClient {
  return createClient(Talk, connectFetch({ baseUrl, init }));
}

async function* words(end: number) {
  for (let count = 0; count < end; count++) yield { count: BigInt(count) };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return (error as RpcError).code;
}

/** Sends bytes and waits for the end of the connection. */
function exchange(port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write(text),
        data() {},
        close: () => resolve(),
        error: () => resolve(),
      },
    }).catch(reject);
  });
}
