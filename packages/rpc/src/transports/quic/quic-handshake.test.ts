import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createClient } from '../../core/client.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith } from '../../core/limits.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../sockets/socket.ts';
import { Notes } from '../../testing/note-service.ts';
import { type TestIdentity, testCertificates } from '../../testing/test-certificates.ts';
import { sendDatagrams, UdpRelay } from '../../testing/udp-relay.ts';
import { dialQuic, listenQuic } from './quic.ts';
import { dialQuicEndpoint } from './quic-endpoint.ts';

const certificates = await testCertificates();
const { authority } = certificates;
const serverTls = pair(certificates.server);

function pair({ certificate, key }: TestIdentity): TlsServerOptions {
  return { cert: certificate, key };
}

const handler = createServer().add(Notes, {
  echo: (note, { peer }) => ({ ...note, text: peer.certificate?.subject ?? note.text }),
  async *list() {
    for (;;) yield { payload: new Uint8Array(10_000) };
  },
}).handler;

const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

/** A server that tells the test which handshakes failed. */
class Server {
  readonly port: number;
  readonly #refusals: RpcError[] = [];
  #wake: () => void = () => {};

  private constructor(port: number) {
    this.port = port;
  }

  static async start(tls: TlsServerOptions): Promise<Server> {
    let server: Server | undefined;
    const listener = await listenQuic({
      host: '127.0.0.1',
      port: 0,
      tls,
      handler,
      onRefused: (error) => server?.refused(error),
    });
    closers.push(() => listener.close({ graceMs: 0 }));
    server = new Server(Number(new URL(listener.address).port));
    return server;
  }

  refused(error: RpcError): void {
    this.#refusals.push(error);
    this.#wake();
  }

  async nextRefusal(): Promise<RpcError> {
    for (;;) {
      const refusal = this.#refusals.shift();
      if (refusal !== undefined) return refusal;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A call on a new connection. */
  async call(tls: Partial<TlsClientOptions> = {}): Promise<string> {
    const connection = await this.dial(tls);
    const { text } = await createClient(Notes, connection).echo({ text: 'well' });
    await connection.close();
    return text;
  }

  dial(tls: Partial<TlsClientOptions> = {}, port: number = this.port): Promise<Connection> {
    const limits = { handshakeTimeoutMs: port === this.port ? 10_000 : 400 };
    return dialQuic({ host: '127.0.0.1', port, tls: { ca: authority, ...tls }, limits });
  }
}

async function failure(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe('a handshake that fails', () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start(serverTls);
  });

  test('by datagrams that are no QUIC', async () => {
    const initial = await firstDatagram(server);
    const anything = fc.uint8Array({ minLength: 1, maxLength: 1_300 });
    // A long header of version 1 or of one that nobody knows, then anything.
    const header = fc.constantFrom([0xc3, 0, 0, 0, 1], [0xc0, 0xba, 0xba, 0xba, 0xba]);
    const headed = fc
      .tuple(header, anything)
      .map(([start, rest]) => Uint8Array.of(...start, ...rest));
    // The first packet of a real client with a few bytes changed.
    const changes = fc.array(fc.tuple(fc.nat(initial.length - 1), fc.nat(255)), { maxLength: 4 });
    const mutated = changes.map((all) => {
      const copy = initial.slice();
      for (const [at, value] of all) copy[at] = value;
      return copy;
    });
    const datagrams = fc.sample(fc.oneof(anything, headed, mutated), { numRuns: 300, seed: 7 });
    await sendDatagrams(server.port, datagrams);
    expect(await server.call()).toBe('well');
  });

  test('by a client that speaks another protocol', async () => {
    const { opened } = await dialQuicEndpoint({
      host: '127.0.0.1',
      port: server.port,
      tls: { ca: authority },
      protocol: 'other/1',
      scheme: 'quic',
      limits: limitsWith(undefined),
    });
    const error = await failure(opened);
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('does not speak this protocol');
    expect((await server.nextRefusal()).message).toContain('does not speak this protocol');
    expect(await server.call()).toBe('well');
  });

  test('by a client that does not trust the server', async () => {
    const { certificate } = certificates.strangerServer;
    const error = await failure(server.dial({ ca: certificate }));
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('CN=localhost');
    expect(error.message).toContain('not signed by an authority of tls.ca');
    expect(await server.call()).toBe('well');
  });

  test('by a client that expects another name', async () => {
    const error = await failure(server.dial({ serverName: 'example.org' }));
    expect(error.message).toContain('is for another name (it has DNS:localhost');
    expect(await server.call({ serverName: 'localhost' })).toBe('well');
  });

  test('by a client that vanishes in the middle', async () => {
    const relay = await UdpRelay.before(server.port);
    let datagrams = 0;
    relay.fromClient = () => (datagrams++ === 0 ? 'pass' : 'drop');
    const heard = new Promise<void>((resolve) => {
      relay.fromServer = () => {
        resolve();
        return 'drop';
      };
    });
    const dialled = failure(server.dial({}, relay.port));
    await heard;
    relay.close();
    expect(await server.call()).toBe('well');
    expect((await dialled).message).toContain('no answer from quic://127.0.0.1');
  });

  test('by nobody listening', async () => {
    const relay = await UdpRelay.before(server.port);
    relay.close();
    const error = await failure(server.dial({}, relay.port));
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
  });
});

test('clients that are killed do not stop the server', async () => {
  const server = await Server.start(serverTls);
  // Each would stop it for a second, and the test take longer than it may.
  for (let i = 0; i < 8; i++) {
    const relay = await UdpRelay.before(server.port);
    const connection = await server.dial({}, relay.port);
    for await (const _ of createClient(Notes, connection).list({})) break;
    relay.close();
    expect(await server.call()).toBe('well');
  }
});

describe('with certificates of clients', () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start({ ...serverTls, ca: authority });
  });

  test('the peer has the verified certificate', async () => {
    expect(await server.call(pair(certificates.client))).toBe('test-client');
  });

  test('none is refused', async () => {
    const call = server.call();
    const error = await failure(call);
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('wants a client certificate: set tls.cert and tls.key');
    expect((await server.nextRefusal()).message).toContain('has shown no certificate');
    expect(await server.call(pair(certificates.client))).toBe('test-client');
  });

  test('one of a stranger is refused', async () => {
    const error = await failure(server.call(pair(certificates.strangerClient)));
    expect(error.message).toContain('the certificate of this side is not signed by an authority');
    expect((await server.nextRefusal()).message).toContain("the peer's certificate is not signed");
    expect(await server.call(pair(certificates.client))).toBe('test-client');
  });

  test('one that has expired is refused', async () => {
    const error = await failure(server.call(pair(certificates.expiredClient)));
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('the certificate of this side has expired');
    expect((await server.nextRefusal()).message).toContain("the peer's certificate has expired");
    expect(await server.call(pair(certificates.client))).toBe('test-client');
  });
});

test('a server whose certificate has expired is unavailable, and the message says when', async () => {
  const server = await Server.start(pair(certificates.expiredServer));
  const error = await failure(server.dial());
  expect(error.code).toBe('unavailable');
  expect(error.message).toMatch(
    /the server's certificate \(CN=localhost\) has expired on \w+ +\d+/,
  );
});

test('a port that is taken cannot be listened at', async () => {
  const server = await Server.start(serverTls);
  const { port } = server;
  const error = await failure(listenQuic({ host: '127.0.0.1', port, tls: serverTls, handler }));
  expect(error.code).toBe('unavailable');
  expect(error.message).toContain(`quic://127.0.0.1:${port}`);
});

test('what is no certificate is refused by its option', async () => {
  const tls = { cert: 'no', key: 'no' };
  const error = await failure(listenQuic({ host: '127.0.0.1', port: 0, tls, handler }));
  expect(error.code).toBe('invalid_argument');
  expect(error.message).toContain('tls.cert');
});

/** The first datagram of a client that wants to connect. */
async function firstDatagram(server: Server): Promise<Uint8Array> {
  const relay = await UdpRelay.before(server.port);
  const seen = new Promise<Uint8Array>((resolve) => {
    relay.fromClient = (datagram) => {
      resolve(datagram);
      return 'drop';
    };
  });
  const dialled = failure(server.dial({}, relay.port));
  const datagram = await seen;
  relay.close();
  await dialled;
  return datagram;
}
