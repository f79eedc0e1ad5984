import { beforeAll, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { createLogger } from '@zeke/foundation';
import {
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from '../testing/index.ts';
import { TlsFront } from './tls-front.ts';

let authority: TestAuthority;
let identity: TestIdentity;

beforeAll(async () => {
  authority = await testAuthority();
  identity = await authority.issue({ subject: 'CN=zeke', names: localNames });
});

type Inner = Parameters<typeof Bun.listen<undefined>>[0]['socket'];

/** A front before a plain listener that does what it is told. */
function rig(socket: Inner) {
  const inner = Bun.listen({ hostname: '127.0.0.1', port: 0, socket });
  const front = new TlsFront({
    host: '127.0.0.1',
    port: 0,
    reusePort: false,
    material: { ...identity, clientAuth: 'none', minVersion: '1.2' },
    innerPort: inner.port,
    log: createLogger({ level: 'silent' }),
  });
  return {
    front,
    inner,
    [Symbol.dispose]() {
      void front.stop();
      front.cut();
      inner.stop(true);
    },
  };
}

async function dial(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** Also with an error, which `once` would throw. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

test('whose connection it is, is known while it is there; a connection past the front is nobody', async () => {
  const ports: number[] = [];
  const connections: unknown[] = [];
  const closed = new Map<unknown, () => void>();
  using at = rig({
    data(raw) {
      connections.push(raw);
      ports.push(raw.remotePort);
      raw.write('known');
    },
    close: (raw) => closed.get(raw)?.(),
  });
  const socket = await dial(at.front.port);
  socket.write('hello');
  await once(socket, 'data');
  const [port = 0] = ports;
  expect(at.front.peerOf(port)).toEqual({ address: '127.0.0.1', certificate: undefined });
  const past = connectPlain({ host: '127.0.0.1', port: at.inner.port });
  past.write('hello');
  await once(past, 'data');
  expect(at.front.peerOf(ports[1] ?? 0)).toBeUndefined();
  past.destroy();
  const { promise, resolve } = Promise.withResolvers<void>();
  closed.set(connections[0], resolve);
  socket.destroy();
  await promise;
  expect(at.front.peerOf(port)).toBeUndefined();
});

test('a client that reads nothing makes the plain listener wait, and gets everything later', async () => {
  const total = 64 * 1_048_576;
  const chunk = new Uint8Array(65_536).fill(7);
  let sent = 0;
  const stalled = Promise.withResolvers<void>();
  const fill = (raw: { write(bytes: Uint8Array): number; end(): void }) => {
    while (sent < total) {
      const next = chunk.subarray(0, Math.min(chunk.length, total - sent));
      const taken = raw.write(next);
      sent += Math.max(0, taken);
      if (taken < next.length) {
        if (sent < total) stalled.resolve();
        return;
      }
    }
    raw.end();
  };
  using at = rig({ data: fill, drain: fill });
  let received = 0;
  const ended = Promise.withResolvers<void>();
  const tls = { ca: authority.cert, serverName: 'localhost' };
  const address = { hostname: '127.0.0.1', port: at.front.port };
  const socket = await Bun.connect({
    ...address,
    tls,
    socket: {
      handshake(raw) {
        raw.write('all of it');
        raw.pause();
      },
      data(_raw, bytes) {
        received += bytes.length;
      },
      close: () => ended.resolve(),
    },
  });
  await stalled.promise;
  // What the sockets of this machine hold is much less than what is to come.
  expect(sent).toBeLessThan(total);
  socket.resume();
  await ended.promise;
  expect(received).toBe(total);
});

test('a client that speaks no TLS, or leaves in the middle of it, takes nothing with it', async () => {
  using at = rig({ data: (raw) => void raw.write('fine') });
  const plain = connectPlain({ host: '127.0.0.1', port: at.front.port });
  plain.on('error', () => {});
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await closeOf(plain);
  const leaving = connectPlain({ host: '127.0.0.1', port: at.front.port });
  await once(leaving, 'connect');
  leaving.destroy();
  const socket = await dial(at.front.port);
  socket.write('hello');
  expect(String((await once(socket, 'data'))[0])).toBe('fine');
  socket.destroy();
});

test('where the plain listener is gone, the client is told by the end of its connection', async () => {
  using at = rig({ data() {} });
  at.inner.stop(true);
  const socket = connect({ host: '127.0.0.1', port: at.front.port, ca: authority.cert });
  socket.on('error', () => {});
  await closeOf(socket);
  expect(socket.destroyed).toBe(true);
});
