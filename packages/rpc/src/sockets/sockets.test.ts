import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestIdentity, testCertificates } from '../testing/test-certificates.ts';
import { bunSockets } from './bun-sockets.ts';
import { nodeSockets } from './node-sockets.ts';
import type {
  ByteSocket,
  DialOptions,
  ListenOptions,
  SocketHandler,
  SocketRuntime,
  TlsClientOptions,
  TlsServerOptions,
  TlsSession,
} from './socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-sockets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const certificates = await testCertificates();
const { authority, server, client } = certificates;
const h2: TlsServerOptions = { cert: server.certificate, key: server.key, protocols: ['h2'] };
const trusting: TlsClientOptions = { ca: authority, serverName: 'localhost', protocols: ['h2'] };

/** One end of a connection, that keeps what it is told. */
class End implements SocketHandler {
  readonly socket: ByteSocket;
  readonly #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #wanted: { bytes: number; resolve: () => void } | undefined;
  readonly closed: Promise<Error | undefined>;
  drained = 0;
  readonly #resolveClosed: (error: Error | undefined) => void;

  constructor(socket: ByteSocket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  /** Resolves when so many bytes have come. */
  async has(bytes: number): Promise<Buffer> {
    if (this.#receivedBytes < bytes) {
      await new Promise<void>((resolve) => {
        this.#wanted = { bytes, resolve };
      });
    }
    return Buffer.concat(this.#received);
  }

  onData(bytes: Uint8Array): void {
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#wanted !== undefined && this.#receivedBytes >= this.#wanted.bytes) {
      this.#wanted.resolve();
    }
  }

  onDrain(): void {
    this.drained++;
  }

  onClose(error?: Error): void {
    this.#resolveClosed(error);
  }
}

type Unplaced<T> = T extends unknown ? Omit<T, 'host' | 'port' | 'path'> : never;

async function pair(
  listening: SocketRuntime,
  dialling: SocketRuntime,
  listen: Unplaced<ListenOptions> = {},
  dial: Unplaced<DialOptions> = {},
): Promise<{ far: End; near: End; close: () => void }> {
  const accepted = Promise.withResolvers<End>();
  const listener = await listening.listen({ host: '127.0.0.1', port: 0, ...listen }, (socket) => {
    const end = new End(socket);
    accepted.resolve(end);
    return end;
  });
  let near: End | undefined;
  try {
    await dialling.dial({ host: '127.0.0.1', port: listener.port, ...dial }, (socket) => {
      near = new End(socket);
      return near;
    });
  } catch (error) {
    listener.close();
    throw error;
  }
  return { far: await accepted.promise, near: near as End, close: () => listener.close() };
}

const runtimes = [
  ['Bun', bunSockets, 'Bun', bunSockets],
  ['Node', nodeSockets, 'Node', nodeSockets],
  ['Bun', bunSockets, 'Node', nodeSockets],
  ['Node', nodeSockets, 'Bun', bunSockets],
] as const;

test.each([
  ['Bun', bunSockets],
  ['Node', nodeSockets],
])('%s says which address cannot be had, and why', async (_, sockets) => {
  const accept = (socket: ByteSocket) => new End(socket);
  const held = await sockets.listen({ host: '127.0.0.1', port: 0 }, accept);
  await expect(
    sockets.listen({ host: '127.0.0.1', port: held.port }, accept),
  ).rejects.toMatchObject({
    code: 'unavailable',
    message: `cannot listen at 127.0.0.1:${held.port}: another process listens there; stop it, or choose another port`,
    cause: { code: 'EADDRINUSE' },
  });
  held.close();
  const path = join(folder, 'none', 'x.sock');
  await expect(sockets.listen({ path }, accept)).rejects.toMatchObject({ code: 'unavailable' });
});

test.each([
  ['Bun', bunSockets],
  ['Node', nodeSockets],
])('%s: a file’s name where the text of its certificate belongs is told', async (_, sockets) => {
  const tls = { cert: '/etc/cert.pem', key: '/etc/key.pem' };
  const accept = (socket: ByteSocket) => new End(socket);
  const at = { host: '127.0.0.1', port: 1, tls };
  const error = expect.objectContaining({
    code: 'invalid_argument',
    message: 'tls.cert is not a text in PEM; give what is in the file, not its name',
  });
  await expect(sockets.listen(at, accept)).rejects.toThrow(error);
  await expect(sockets.dial(at, accept)).rejects.toThrow(error);
});

describe.each(runtimes)('%s’s listener, %#', (_, listening, __, dialling) => {
  test('bytes go both ways, and the end comes after them', async () => {
    const { far, near, close } = await pair(listening, dialling);
    expect(far.socket.address).toStartWith('127.0.0.1:');
    near.socket.write(Buffer.from('xhellox'), 1, 6);
    expect(String(await far.has(5))).toBe('hello');
    far.socket.write(Buffer.from('good bye'));
    far.socket.end();
    expect(String(await near.has(8))).toBe('good bye');
    await near.closed;
    await far.closed;
    close();
  });

  test('more than the kernel takes is queued, and arrives whole', async () => {
    const { far, near, close } = await pair(listening, dialling);
    far.socket.pause();
    const bytes = new Uint8Array(12 * 1024 * 1024).fill(7);
    expect(near.socket.write(bytes)).toBe(false);
    expect(near.socket.queuedBytes).toBeGreaterThan(0);
    bytes.fill(0);
    near.socket.end();
    far.socket.resume();
    const received = await far.has(bytes.length);
    expect(received.length).toBe(bytes.length);
    expect(received.indexOf(0)).toBe(-1);
    far.socket.end();
    await near.closed;
    close();
  });

  test('TLS: the protocol is agreed on, the client is known by its certificate', async () => {
    const { far, near, close } = await pair(
      listening,
      dialling,
      { tls: { ...h2, ca: authority } },
      { tls: { ...trusting, cert: client.certificate, key: client.key } },
    );
    const session = far.socket.tls as TlsSession;
    expect(session.protocol).toBe('h2');
    expect(near.socket.tls?.protocol).toBe('h2');
    expect(session.certificate?.subject).toBe('test-client');
    expect(session.certificate?.alternativeNames).toEqual(['URI:spiffe://test/client']);
    expect(session.certificate?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    near.socket.write(Buffer.from('secret'));
    expect(String(await far.has(6))).toBe('secret');
    near.socket.end();
    await far.closed;
    close();
  });

  test('TLS: a host that is an address is verified as one', async () => {
    const { near, close } = await pair(
      listening,
      dialling,
      { tls: h2 },
      { tls: { ca: authority, protocols: ['h2'] } },
    );
    expect(near.socket.tls?.protocol).toBe('h2');
    near.socket.destroy();
    close();
  });

  test('TLS: a server that cannot be trusted is refused', async () => {
    const faults: [TestIdentity, TlsClientOptions][] = [
      [certificates.strangerServer, trusting],
      [certificates.expiredServer, trusting],
      [server, { ...trusting, serverName: 'other.example' }],
    ];
    for (const [{ certificate, key }, options] of faults) {
      const result = pair(
        listening,
        dialling,
        { tls: { ...h2, cert: certificate, key } },
        { tls: options },
      );
      await expect(result).rejects.toThrow();
    }
  });

  test('TLS: a client without a trusted certificate is not let in', async () => {
    let accepted = 0;
    const listener = await listening.listen(
      { host: '127.0.0.1', port: 0, tls: { ...h2, ca: authority } },
      (socket) => {
        accepted++;
        return new End(socket);
      },
    );
    for (const identity of [undefined, certificates.strangerClient, certificates.expiredClient]) {
      const own = identity && { cert: identity.certificate, key: identity.key };
      let near: End | undefined;
      // In TLS 1.3 the client's side of the handshake is over before it is refused.
      const dialled = dialling.dial(
        { host: '127.0.0.1', port: listener.port, tls: { ...trusting, ...own } },
        (socket) => {
          near = new End(socket);
          return near;
        },
      );
      await dialled.then(
        () => near?.closed,
        () => {},
      );
    }
    expect(accepted).toBe(0);
    listener.close();
  });

  test('a dial that nobody waits for any more ends', async () => {
    const listener = await listening.listen(
      { host: '127.0.0.1', port: 0 },
      (socket) => new End(socket),
    );
    const abort = new AbortController();
    // It speaks no TLS: the handshake would last for ever.
    const dialled = dialling.dial(
      { host: '127.0.0.1', port: listener.port, tls: trusting, signal: abort.signal },
      (socket) => new End(socket),
    );
    abort.abort(new Error('enough'));
    await expect(dialled).rejects.toThrow('enough');
    listener.close();
  });

  test('a path that is a Unix socket, with TLS too', async () => {
    const path = join(folder, `${Math.random().toString(36).slice(2)}.sock`);
    const accepted = Promise.withResolvers<End>();
    const listener = await listening.listen({ path, tls: h2 }, (socket) => {
      const end = new End(socket);
      accepted.resolve(end);
      return end;
    });
    let near: End | undefined;
    await dialling.dial({ path, tls: trusting }, (socket) => {
      near = new End(socket);
      return near;
    });
    near?.socket.write(Buffer.from('x'));
    const far = await accepted.promise;
    await far.has(1);
    expect(far.socket.address).toBe(`unix:${path}`);
    near?.socket.end();
    await far.closed;
    listener.close();
  });
});

// Bun's `node:tls` has no limit of its own for the time of a handshake.
test('Bun: handshakes that do not end are bounded in number and time', async () => {
  const tls = { ...h2, handshakeTimeoutMs: 50, maxHandshakes: 2 };
  const listener = await bunSockets.listen(
    { host: '127.0.0.1', port: 0, tls },
    (socket) => new End(socket),
  );
  const silent = Array.from({ length: 4 }, () =>
    netConnect({ host: '127.0.0.1', port: listener.port }),
  );
  await Promise.all(
    silent.map((socket) => {
      socket.on('error', () => {});
      socket.resume();
      return new Promise((resolve) => {
        socket.on('close', resolve);
      });
    }),
  );
  listener.close();
});
